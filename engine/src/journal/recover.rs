//! After a start: what a shard's folder holds, checked from the first byte to the last.

use std::fs::{self, File};
use std::path::Path;

use bytes::Bytes;
use moim_wire::{MessageId, RoomId};

use super::checkpoint;
use super::folder::{numbers, segment_path, spare_number};
use super::format::{Scan, SegmentHeader, Tail, scan};
use super::record::records;
use super::withdrawn::Withdrawn;
use crate::error::Error;

/// What recovery found in one shard's folder.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Position up to which the message store has everything.
    pub checkpoint: u64,
    /// Records after it.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Messages that they withdraw: position, room and id.
    pub withdrawn: Vec<(u64, RoomId, MessageId)>,
    /// When the oldest of them was given its id, in Unix milliseconds.
    pub oldest_ms: Option<u64>,
    /// Position after the last record.
    pub position: u64,
    /// Segments, oldest first: header, where the last batch that reads ends, and the position after it.
    pub segments: Vec<(SegmentHeader, u64, u64)>,
    /// Number of the next segment: above every one that was, also of one that lies there as a spare.
    pub next_number: u64,
    /// The segment taken in last was written without syncs.
    was_relaxed: bool,
    /// Bytes at which the newest segment was cut, where its last batch was torn.
    pub torn_at: Option<u64>,
}

/// Reads a shard's folder, one segment in memory at a time. Changes nothing on disk.
///
/// # Errors
/// [`Error::Damaged`] or [`Error::Missing`] when acknowledged messages may be lost, [`Error::File`].
pub fn recover(folder: &Path) -> Result<Recovered, Error> {
    let mut recovered = Recovered::after(checkpoint::read(folder)?);
    let segments = numbers(folder, "segment-")?;
    for (at, &number) in segments.iter().enumerate() {
        let is_newest = at + 1 == segments.len();
        let path = segment_path(folder, number);
        let bytes = fs::read(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        recovered.take_segment(&path, number, is_newest, &bytes.into())?;
    }
    let newest = segments.last().copied().max(spare_number(folder)).unwrap_or(0);
    recovered.next_number = newest + 1;
    Ok(recovered)
}

/// Syncs what was read of the segments: what a process that was killed had written and not synced is shown from here on,
/// and a power cut must not take it back.
pub(crate) fn sync_segments(folder: &Path, recovered: &Recovered) -> Result<(), Error> {
    for (header, ..) in &recovered.segments {
        let path = segment_path(folder, header.number);
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|source| Error::File { path, source })?;
    }
    Ok(())
}

impl Recovered {
    /// Nothing yet after that checkpoint.
    pub fn after(checkpoint: u64) -> Self {
        Self { checkpoint, position: checkpoint, ..Self::default() }
    }

    /// Takes in the next segment, numbers rising: the bytes of the file at `path`. Returns the batches of it that come
    /// after the checkpoint, each once.
    ///
    /// # Errors
    /// As [`recover`].
    pub fn take_segment(
        &mut self,
        path: &Path,
        number: u64,
        is_newest: bool,
        bytes: &Bytes,
    ) -> Result<Vec<Bytes>, Error> {
        let damaged = |offset: usize, what: &str| Error::Damaged {
            path: path.to_owned(),
            offset: offset as u64,
            what: what.into(),
        };
        let header = SegmentHeader::decode(bytes).ok_or_else(|| damaged(0, "its header does not check"))?;
        if header.number != number {
            return Err(damaged(0, "its header names another segment"));
        }
        if header.first_position > self.position && self.was_relaxed {
            // The end of the segment before, which nobody synced, is gone.
            self.position = header.first_position;
        }
        if header.first_position > self.position {
            let (from, to) = (self.position, header.first_position);
            return Err(Error::Missing { from, to, path: path.to_owned() });
        }
        let Scan { batches, end, tail } = scan(bytes, &header);
        match tail {
            Tail::Damaged { intact_at } => {
                return Err(damaged(end, &format!("the batch there does not check, the one at {intact_at} does")));
            }
            Tail::Torn if is_newest || header.is_relaxed => self.torn_at = Some(end as u64),
            // A write that failed was done again in the next segment, whose first position tells whether all is there.
            Tail::Torn | Tail::Clean => {}
        }
        let last = batches.last().map_or(header.first_position, super::Batch::last_position);
        let mut taken = Vec::new();
        for batch in batches {
            if batch.last_position() > self.position {
                let frames = bytes.slice(batch.payload.clone());
                self.oldest_ms =
                    self.oldest_ms.or_else(|| records(&frames).next().map(|(_, record)| record.id.unix_ms()));
                self.withdrawn.extend(Withdrawn::of_frames(batch.last_position(), &frames));
                taken.push(frames);
                self.records += u64::from(batch.records);
                self.bytes += batch.payload.len() as u64;
                self.position = batch.last_position();
            }
        }
        self.was_relaxed = header.is_relaxed;
        self.segments.push((header, end as u64, last));
        Ok(taken)
    }
}
