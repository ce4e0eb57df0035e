//! After a start: what the journal has that the message store may not have.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::checkpoint;
use super::folder::{numbers, segment_path, spare_number};
use super::format::{Scan, SegmentHeader, Tail, scan};
use crate::error::Error;

/// What recovery found in one shard's folder.
#[derive(Debug, Default)]
pub struct Recovered {
    /// MESSAGE frames back to back, in order, of every batch taken in after the checkpoint.
    pub batches: Vec<Bytes>,
    /// Records in them.
    pub records: u64,
    /// Position after the last record.
    pub position: u64,
    /// Segments read.
    pub segments: Vec<u64>,
    /// Number of the next segment: above every one that was, also of one that lies there as a spare.
    pub next_number: u64,
    /// The segment taken in last was written without syncs.
    was_relaxed: bool,
    /// Bytes at which the newest segment was cut, where its last batch was torn.
    pub torn_at: Option<u64>,
}

/// Reads a shard's folder, one segment in memory at a time, and hands over each one's batches after the checkpoint.
/// Changes nothing on disk.
///
/// # Errors
/// [`Error::Damaged`] or [`Error::Missing`] when acknowledged messages may be lost, [`Error::File`]; those of `take`.
pub fn recover(folder: &Path, mut take: impl FnMut(&[Bytes]) -> Result<(), Error>) -> Result<Recovered, Error> {
    let mut recovered = Recovered::after(checkpoint::read(folder)?);
    let segments = numbers(folder, "segment-")?;
    for (at, &number) in segments.iter().enumerate() {
        let is_newest = at + 1 == segments.len();
        let path = segment_path(folder, number);
        let bytes = fs::read(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        recovered.take_segment(&path, number, is_newest, &Bytes::from(bytes))?;
        take(&recovered.batches)?;
        recovered.batches.clear();
    }
    let newest = segments.last().copied().max(spare_number(folder)).unwrap_or(0);
    recovered.next_number = newest + 1;
    Ok(recovered)
}

impl Recovered {
    /// Nothing yet after that checkpoint.
    pub fn after(checkpoint: u64) -> Self {
        Self { position: checkpoint, ..Self::default() }
    }

    /// Takes in the next segment, numbers rising: the bytes of the file at `path`.
    ///
    /// # Errors
    /// As [`recover`].
    pub fn take_segment(&mut self, path: &Path, number: u64, is_newest: bool, bytes: &Bytes) -> Result<(), Error> {
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
        for batch in batches {
            if batch.last_position() > self.position {
                self.batches.push(bytes.slice(batch.payload.clone()));
                self.records += u64::from(batch.records);
                self.position = batch.last_position();
            }
        }
        self.was_relaxed = header.is_relaxed;
        self.segments.push(number);
        Ok(())
    }
}
