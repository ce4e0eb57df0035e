//! What an operator sees of a journal.

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint;
use super::folder::{numbers, segment_path, shard_folders};
use super::format::{SegmentHeader, Tail, scan};
use super::recover::recover;
use crate::error::Error;

/// One segment as it lies on disk.
#[derive(Clone, Debug)]
pub struct SegmentReport {
    /// Its shard.
    pub shard: u16,
    /// Its file.
    pub path: PathBuf,
    /// Its header, where that reads.
    pub header: Option<SegmentHeader>,
    /// Batches that read.
    pub batches: usize,
    /// Records in them.
    pub records: u64,
    /// Bytes used of `bytes`.
    pub used_bytes: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What follows the last batch that reads.
    pub tail: Tail,
    /// The shard's checkpoint: records before this position are in the message store.
    pub checkpoint: u64,
}

/// Looks at every segment of a journal's folder. Changes nothing.
///
/// # Errors
/// [`Error::File`], and [`Error::Damaged`] of a checkpoint.
pub fn inspect(journal: &Path) -> Result<Vec<SegmentReport>, Error> {
    let mut reports = Vec::new();
    for (shard, folder) in shard_folders(journal)? {
        let checkpoint = checkpoint::read(&folder)?;
        for number in numbers(&folder, "segment-")? {
            reports.push(report(shard, segment_path(&folder, number), checkpoint)?);
        }
    }
    Ok(reports)
}

fn report(shard: u16, path: PathBuf, checkpoint: u64) -> Result<SegmentReport, Error> {
    let segment = fs::read(&path).map_err(|source| Error::File { path: path.clone(), source })?;
    let header = SegmentHeader::decode(&segment);
    let scan = header.as_ref().map(|header| scan(&segment, header));
    let records = scan.iter().flat_map(|scan| &scan.batches).map(|batch| u64::from(batch.records)).sum();
    Ok(SegmentReport {
        shard,
        path,
        header,
        batches: scan.as_ref().map_or(0, |scan| scan.batches.len()),
        records,
        used_bytes: scan.as_ref().map_or(0, |scan| scan.end as u64),
        bytes: segment.len() as u64,
        tail: scan.map_or(Tail::Clean, |scan| scan.tail),
        checkpoint,
    })
}

/// Reads a journal as a start would and says how many records wait for the message store, by shard.
///
/// # Errors
/// What would stop the start: [`Error::Damaged`], [`Error::Missing`], [`Error::File`].
pub fn verify(journal: &Path) -> Result<Vec<(u16, u64)>, Error> {
    let shards = shard_folders(journal)?;
    shards.into_iter().map(|(shard, folder)| Ok((shard, recover(&folder)?.records))).collect()
}
