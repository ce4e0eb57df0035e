//! After a start: what the journal has that the message store may not have.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::checkpoint;
use super::folder::{numbers, segment_path};
use super::format::{Scan, SegmentHeader, Tail, scan};
use crate::error::Error;

/// What recovery found in one shard's folder.
#[derive(Debug, Default)]
pub struct Recovered {
    /// MESSAGE frames back to back, in order, of every batch after the checkpoint.
    pub batches: Vec<Bytes>,
    /// Records in them.
    pub records: u64,
    /// Position after the last record.
    pub position: u64,
    /// Segments read.
    pub segments: Vec<u64>,
    /// Bytes at which the newest segment was cut, where its last batch was torn.
    pub torn_at: Option<u64>,
}

/// Reads a shard's folder. Changes nothing on disk.
///
/// # Errors
/// [`Error::Damaged`] or [`Error::Missing`] when acknowledged messages may be lost, [`Error::File`].
pub fn recover(folder: &Path) -> Result<Recovered, Error> {
    let checkpoint = checkpoint::read(folder)?;
    let mut recovered = Recovered { position: checkpoint, ..Recovered::default() };
    let segments = numbers(folder, "segment-")?;
    for (at, &number) in segments.iter().enumerate() {
        let is_newest = at + 1 == segments.len();
        take_segment(folder, number, is_newest, checkpoint, &mut recovered)?;
    }
    Ok(recovered)
}

fn take_segment(
    folder: &Path,
    number: u64,
    is_newest: bool,
    checkpoint: u64,
    recovered: &mut Recovered,
) -> Result<(), Error> {
    let path = segment_path(folder, number);
    let bytes = Bytes::from(fs::read(&path).map_err(|source| Error::File { path: path.clone(), source })?);
    let damaged =
        |offset: usize, what: &str| Error::Damaged { path: path.clone(), offset: offset as u64, what: what.into() };
    let header = SegmentHeader::decode(&bytes).ok_or_else(|| damaged(0, "its header does not check"))?;
    if header.number != number {
        return Err(damaged(0, "its header names another segment"));
    }
    if header.first_position > recovered.position {
        let (from, to) = (recovered.position, header.first_position);
        return Err(Error::Missing { from, to, path });
    }
    let Scan { batches, end, tail } = scan(&bytes, &header);
    match tail {
        Tail::Damaged { intact_at } => {
            return Err(damaged(end, &format!("the batch there does not check, the one at {intact_at} does")));
        }
        Tail::Torn if is_newest => recovered.torn_at = Some(end as u64),
        // A write that failed was done again in the next segment, whose first position tells whether all is there.
        Tail::Torn | Tail::Clean => {}
    }
    for batch in batches {
        if batch.last_position() > recovered.position.max(checkpoint) {
            recovered.batches.push(bytes.slice(batch.payload.clone()));
            recovered.records += u64::from(batch.records);
            recovered.position = batch.last_position();
        }
    }
    recovered.segments.push(number);
    Ok(())
}
