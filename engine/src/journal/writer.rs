//! Writing a shard's journal: one batch at a time, then one sync for all of it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use glommio::io::{DmaFile, OpenOptions};

use super::backlog::Backlog;
use super::folder;
use super::format::{BLOCK_BYTES, SegmentHeader, batch_bytes, encode_batch};
use crate::config::Durability;
use crate::error::Error;
use crate::shard::SealedBatch;

/// Why a batch is not in the journal. It may be tried again; nothing of it will be read unless it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("{0}")]
    Segment(#[from] Error),
    #[error("write or sync of segment {segment}: {source}")]
    Write { segment: u64, source: io::Error },
}

/// The segment being written.
struct Current {
    file: DmaFile,
    header: SegmentHeader,
    offset: u64,
}

/// A shard's journal, open for writing.
pub(crate) struct Journal {
    folder: PathBuf,
    segment_bytes: u64,
    durability: Durability,
    shards: u16,
    next_number: u64,
    current: Option<Current>,
    /// What is written goes there, for the store and for readers.
    backlog: Arc<Backlog>,
    /// A spare file lies ready.
    has_spare: bool,
}

impl Journal {
    /// A journal that goes on in a segment of that number.
    pub(crate) fn new(
        folder: PathBuf,
        segment_bytes: u64,
        (durability, shards): (Durability, u16),
        next_number: u64,
        backlog: Arc<Backlog>,
    ) -> Self {
        Self { folder, segment_bytes, durability, shards, next_number, current: None, backlog, has_spare: false }
    }

    /// Whether the next segment's file must still be prepared, which [`prepare_spare`] does off this thread.
    pub(crate) fn wants_spare(&self) -> bool {
        !self.has_spare
    }

    pub(crate) fn spare_is_ready(&mut self) {
        self.has_spare = true;
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    pub(crate) fn segment_bytes(&self) -> u64 {
        self.segment_bytes
    }

    /// Writes the batch and, in durable mode, syncs it.
    pub(crate) async fn append(&mut self, batch: &SealedBatch) -> Result<(), AppendError> {
        let bytes = batch_bytes(batch.frames.len());
        if self.current.as_ref().is_none_or(|current| current.offset + bytes as u64 > self.segment_bytes) {
            self.next_segment(batch.first).await?;
        }
        let Some(current) = self.current.as_mut() else {
            return Err(AppendError::Write { segment: self.next_number, source: io::ErrorKind::NotFound.into() });
        };
        let segment = current.header.number;
        let mut buffer = current.file.alloc_dma_buffer(bytes);
        let records = (batch.last - batch.first) as u32;
        encode_batch(buffer.as_bytes_mut(), &current.header, batch.first, records, &batch.frames);
        let result = write(&current.file, buffer, current.offset).await;
        if let Err(source) = result {
            // What a failed write or sync left on disk is unknown: the batch is tried again in a segment of its own.
            self.close_current().await;
            return Err(AppendError::Write { segment, source });
        }
        current.offset += bytes as u64;
        self.backlog.appended(batch, current.offset);
        Ok(())
    }

    async fn close_current(&mut self) {
        if let Some(Current { file, .. }) = self.current.take() {
            self.backlog.closed();
            // Closing can only fail on a descriptor that is gone already.
            let _ = file.close().await;
        }
    }

    async fn next_segment(&mut self, first_position: u64) -> Result<(), AppendError> {
        self.close_current().await;
        let salt = getrandom::u64().map_err(|error| AppendError::Write {
            segment: self.next_number,
            source: io::Error::other(format!("no randomness for the segment's salt: {error}")),
        })?;
        let is_relaxed = self.durability == Durability::Relaxed;
        let header = SegmentHeader { number: self.next_number, first_position, salt, is_relaxed, shards: self.shards };
        let (folder, segment_bytes) = (self.folder.clone(), self.segment_bytes);
        let path = glommio::executor()
            .spawn_blocking(move || {
                let spare = folder::prepare_spare(&folder, segment_bytes)?;
                folder::activate(&folder, &spare, &header)
            })
            .await?;
        self.has_spare = false;
        self.next_number += 1;
        let segment = header.number;
        // Durable: each write is one with its sync, a single operation of the kernel's instead of two.
        let flags = if is_relaxed { 0 } else { libc::O_DSYNC };
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).dma_open(&path).await;
        let file = opened.map_err(|error| AppendError::Write { segment, source: error.into() })?;
        self.current = Some(Current { file, header, offset: BLOCK_BYTES as u64 });
        self.backlog.opened(header);
        Ok(())
    }
}

async fn write(file: &DmaFile, buffer: glommio::io::DmaBuffer, offset: u64) -> io::Result<()> {
    let bytes = buffer.len();
    let written = file.write_at(buffer, offset).await.map_err(io::Error::from)?;
    if written != bytes {
        return Err(io::Error::new(io::ErrorKind::WriteZero, format!("{written} of {bytes} bytes written")));
    }
    Ok(())
}

/// Prepares the next segment's file. Blocks.
pub(crate) fn prepare_spare(folder: &std::path::Path, segment_bytes: u64) -> Result<(), Error> {
    folder::prepare_spare(folder, segment_bytes).map(drop)
}
