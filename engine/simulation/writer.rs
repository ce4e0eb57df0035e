//! A shard's journal being written, one step at a time: a crash finds it in any of them.

use std::collections::VecDeque;

use moim_engine::journal::{BLOCK_BYTES, SegmentHeader, batch_bytes, encode_batch};
use moim_engine::shard::SealedBatch;

use crate::disk::Disk;
use crate::lane::Lane;
use crate::random::Random;

/// How far the batch under way has come.
#[derive(Debug, Default)]
pub(crate) enum Stage {
    #[default]
    Idle,
    /// Taken from the shard, not on disk.
    Sealed(SealedBatch),
    /// Some blocks are written.
    Writing(SealedBatch, VecDeque<(usize, Vec<u8>)>),
    /// All are, and not synced.
    Written(SealedBatch),
    /// Synced, and the shard does not know.
    Synced(SealedBatch),
}

impl Stage {
    /// What a crash in it is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Idle => "crash: idle",
            Self::Sealed(_) => "crash: sealed",
            Self::Writing(..) => "crash: writing",
            Self::Written(_) => "crash: written",
            Self::Synced(_) => "crash: synced",
        }
    }
}

#[derive(Debug)]
struct Current {
    header: SegmentHeader,
    offset: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) stage: Stage,
    current: Option<Current>,
    next_number: u64,
    segment_blocks: usize,
    shards: u16,
}

/// What a step led to.
pub(crate) enum Progress {
    /// Nothing that concerns others.
    None,
    /// The batch's bytes are on the disk for good.
    Synced(SealedBatch),
    /// The shard is to be told.
    Committed(SealedBatch, u64),
}

impl Writer {
    pub(crate) fn new(disk: &Disk, segment_blocks: usize, shards: u16) -> Self {
        Self { next_number: disk.next_number(), segment_blocks, shards, ..Self::default() }
    }

    /// A batch that may or may not be found after a crash.
    pub(crate) fn in_doubt(&self) -> Option<&SealedBatch> {
        match &self.stage {
            Stage::Sealed(batch) | Stage::Writing(batch, _) | Stage::Written(batch) => Some(batch),
            Stage::Idle | Stage::Synced(_) => None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// The next step of the batch under way.
    pub(crate) fn step(&mut self, disk: &mut Disk, lane: &mut Lane, random: &mut Random) -> Progress {
        match std::mem::take(&mut self.stage) {
            Stage::Idle => {}
            Stage::Sealed(batch) => self.begin(batch, disk, lane, random),
            Stage::Writing(batch, mut blocks) => {
                let segment = self.segment();
                for (offset, block) in blocks.drain(..random.between(1, blocks.len())) {
                    disk.write_block(segment, offset, &block);
                }
                self.stage = if blocks.is_empty() { Stage::Written(batch) } else { Stage::Writing(batch, blocks) };
            }
            Stage::Written(batch) => {
                disk.sync(self.segment());
                self.stage = Stage::Synced(batch.clone());
                return Progress::Synced(batch);
            }
            Stage::Synced(batch) => return Progress::Committed(batch, self.offset()),
        }
        Progress::None
    }

    fn segment(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.header.number)
    }

    /// Where the batch under way ends.
    fn offset(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.offset as u64)
    }

    fn begin(&mut self, batch: SealedBatch, disk: &mut Disk, lane: &mut Lane, random: &mut Random) {
        let bytes = batch_bytes(batch.frames.len());
        let is_full = |current: &Current| current.offset + bytes > self.segment_blocks * BLOCK_BYTES;
        if self.current.as_ref().is_none_or(is_full) {
            self.next_segment(batch.first, disk, lane, random);
        }
        let current = self.current.as_mut().expect("there is a segment by now");
        let mut image = vec![0; bytes];
        let records = (batch.last - batch.first) as u32;
        encode_batch(&mut image, &current.header, batch.first, records, &batch.frames);
        let offset = current.offset;
        let blocks = image.chunks(BLOCK_BYTES).enumerate().map(|(nth, b)| (offset + nth * BLOCK_BYTES, b.to_vec()));
        self.stage = Stage::Writing(batch, blocks.collect());
        current.offset += bytes;
    }

    fn next_segment(&mut self, first_position: u64, disk: &mut Disk, lane: &mut Lane, random: &mut Random) {
        self.close_current(lane);
        let header = SegmentHeader {
            number: self.next_number,
            first_position,
            salt: random.number(),
            is_relaxed: false,
            shards: self.shards,
        };
        self.next_number += 1;
        disk.activate(&header, self.segment_blocks);
        self.current = Some(Current { header, offset: BLOCK_BYTES });
        lane.begin_segment(header, BLOCK_BYTES as u64);
    }

    fn close_current(&mut self, lane: &mut Lane) {
        if self.current.take().is_some() {
            lane.close_segment();
        }
    }

    /// The write or sync under way failed; what of it is on the disk nobody knows. True where there was one.
    pub(crate) fn fail(&mut self, lane: &mut Lane) -> bool {
        match std::mem::take(&mut self.stage) {
            Stage::Writing(batch, _) | Stage::Written(batch) => {
                self.close_current(lane);
                self.stage = Stage::Sealed(batch);
                true
            }
            other => {
                self.stage = other;
                false
            }
        }
    }
}
