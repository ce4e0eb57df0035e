//! A shard's journal folder as images of bytes. What was written and not synced a crash may keep, lose or tear.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use moim_engine::journal::{BLOCK_BYTES, Recovered, SegmentHeader};

use crate::random::Random;

#[derive(Debug, Default)]
pub(crate) struct Disk {
    segments: BTreeMap<u64, Vec<u8>>,
    /// A retired segment, its old bytes and all.
    spare: Option<Vec<u8>>,
    pub(crate) checkpoint: u64,
    /// What lay where blocks were written since the last sync.
    unsynced: Vec<Unsynced>,
}

#[derive(Debug)]
struct Unsynced {
    segment: u64,
    offset: usize,
    before: Vec<u8>,
}

impl Disk {
    /// Makes the spare file, or a new one, the segment of that header, durably.
    pub(crate) fn activate(&mut self, header: &SegmentHeader, blocks: usize) {
        let mut image = self.spare.take().unwrap_or_default();
        image.resize(blocks * BLOCK_BYTES, 0);
        image[..BLOCK_BYTES].copy_from_slice(&header.encode());
        self.segments.insert(header.number, image);
    }

    pub(crate) fn write_block(&mut self, segment: u64, offset: usize, block: &[u8]) {
        let image = self.segments.get_mut(&segment).expect("writes go to the newest segment");
        if image.len() < offset + block.len() {
            image.resize(offset + block.len(), 0);
        }
        let place = &mut image[offset..offset + block.len()];
        self.unsynced.push(Unsynced { segment, offset, before: place.to_vec() });
        place.copy_from_slice(block);
    }

    /// Syncs that segment's file alone.
    pub(crate) fn sync(&mut self, segment: u64) {
        self.unsynced.retain(|unsynced| unsynced.segment != segment);
    }

    /// A segment that is given up becomes the spare where there is none.
    pub(crate) fn retire(&mut self, segment: u64) {
        let image = self.segments.remove(&segment);
        self.spare = self.spare.take().or(image);
    }

    /// Above every segment that was, also the one that lies there as the spare.
    pub(crate) fn next_number(&self) -> u64 {
        let spare = self.spare.as_ref().and_then(|image| SegmentHeader::decode(image)).map(|header| header.number);
        self.segments.keys().last().copied().max(spare).unwrap_or_default() + 1
    }

    /// The machine dies: all, none, the first or any of the unsynced blocks are on the disk.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let how = random.below(4);
        let kept = if unsynced.is_empty() { 0 } else { random.below(unsynced.len() + 1) };
        // Undone from the newest on, for a block may have been written twice.
        for (nth, Unsynced { segment, offset, before }) in unsynced.into_iter().enumerate().rev() {
            let is_kept = match how {
                0 => true,
                1 => false,
                2 => nth < kept,
                _ => random.one_in(2),
            };
            if !is_kept && let Some(image) = self.segments.get_mut(&segment) {
                image[offset..offset + before.len()].copy_from_slice(&before);
            }
        }
    }

    /// A segment's bytes; `None` once it is given up.
    pub(crate) fn image(&self, segment: u64) -> Option<&[u8]> {
        self.segments.get(&segment).map(Vec::as_slice)
    }

    /// What a start reads, and the batches after the checkpoint.
    pub(crate) fn recover(&self) -> Result<(Recovered, Vec<Bytes>), moim_engine::Error> {
        let mut recovered = Recovered::after(self.checkpoint);
        let mut batches = Vec::new();
        let newest = self.segments.keys().last().copied().unwrap_or_default();
        for (&number, image) in &self.segments {
            let path = PathBuf::from(format!("segment-{number}"));
            let bytes = Bytes::copy_from_slice(image);
            batches.extend(recovered.take_segment(&path, number, number == newest, &bytes)?);
        }
        recovered.next_number = self.next_number();
        Ok((recovered, batches))
    }
}
