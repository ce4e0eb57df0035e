//! Writing a shard's journal: one batch at a time, then one sync for all of it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use glommio::io::{DmaFile, OpenOptions};

use super::checkpoint;
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

/// Segments that are full, with the position after their last record, oldest first. Shared, so that they can be given up
/// while a batch is being written.
pub(crate) type Closed = Rc<RefCell<VecDeque<(u64, u64)>>>;

/// A shard's journal, open for writing.
pub(crate) struct Journal {
    folder: PathBuf,
    segment_bytes: u64,
    durability: Durability,
    next_number: u64,
    current: Option<Current>,
    closed: Closed,
    /// A spare file lies ready.
    has_spare: bool,
}

impl Journal {
    /// A journal whose next segment has that number; the records of those before are in the message store by now.
    pub(crate) fn new(folder: PathBuf, segment_bytes: u64, durability: Durability, next_number: u64) -> Self {
        Self {
            folder,
            segment_bytes,
            durability,
            next_number,
            current: None,
            closed: Closed::default(),
            has_spare: false,
        }
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

    pub(crate) fn segment_count(&self) -> usize {
        self.closed.borrow().len() + usize::from(self.current.is_some())
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
            self.close_current(batch.first).await;
            return Err(AppendError::Write { segment, source });
        }
        current.offset += bytes as u64;
        Ok(())
    }

    async fn close_current(&mut self, last_position: u64) {
        if let Some(Current { file, header, .. }) = self.current.take() {
            self.closed.borrow_mut().push_back((header.number, last_position));
            // Closing can only fail on a descriptor that is gone already.
            let _ = file.close().await;
        }
    }

    async fn next_segment(&mut self, first_position: u64) -> Result<(), AppendError> {
        self.close_current(first_position).await;
        let salt = getrandom::u64().map_err(|error| AppendError::Write {
            segment: self.next_number,
            source: io::Error::other(format!("no randomness for the segment's salt: {error}")),
        })?;
        let is_relaxed = self.durability == Durability::Relaxed;
        let header = SegmentHeader { number: self.next_number, first_position, salt, is_relaxed };
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
        Ok(())
    }

    pub(crate) fn closed(&self) -> Closed {
        Rc::clone(&self.closed)
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

/// Writes the checkpoint, then gives up the segments before it. Blocks.
pub(crate) fn retire(folder: &std::path::Path, position: u64, segments: &[u64]) -> Result<(), Error> {
    checkpoint::write(folder, position)?;
    give_up(folder, segments)
}

/// Gives up segments that lie before the checkpoint. Blocks.
pub(crate) fn give_up(folder: &std::path::Path, segments: &[u64]) -> Result<(), Error> {
    segments.iter().try_for_each(|&number| folder::retire(folder, number))
}
