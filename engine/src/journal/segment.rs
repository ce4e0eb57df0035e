//! A segment that is not written any more: its batches in order for the message store, its messages by room for readers.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, Sequence};

use super::folder::{index_path, segment_path};
use super::format::{BLOCK_BYTES, SegmentHeader, batches_of, claimed_bytes};
use super::index::{Index, IndexBuilder, Place};
use super::page::Page;
use super::recent::Recent;
use super::record::Sender;
use super::source::Source;
use crate::error::Error;
use crate::shard::SealedBatch;

/// Bytes read at once where a whole segment is read.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// Where a segment's bytes are.
#[derive(Debug)]
enum Lies {
    /// In this folder.
    In(PathBuf),
    /// In memory: the simulation has no files.
    Image(Bytes),
}

/// A segment from its first batch to its last. Whoever holds it while it is given up reads what was there, or nothing:
/// the store has it by then.
#[derive(Debug)]
pub struct Segment {
    lies: Lies,
    header: SegmentHeader,
    /// Where its last batch ends.
    end: u64,
    /// Position after its last record.
    last: u64,
    /// The same in memory, for as long as the store may catch up before an index is worth its work.
    recent: Mutex<Option<Arc<Recent>>>,
    /// Its index lies beside it and was seen to be intact.
    has_index: Mutex<bool>,
    /// Bytes of that file.
    index_bytes: AtomicU64,
}

/// Batches read back, and where the next one begins.
#[derive(Debug)]
pub struct ReadBack {
    /// In order.
    pub batches: Vec<SealedBatch>,
    /// Place in the segment.
    pub next: u64,
}

impl Segment {
    pub(super) fn on_disk(
        folder: PathBuf,
        header: SegmentHeader,
        end: u64,
        last: u64,
        recent: Option<Arc<Recent>>,
    ) -> Self {
        Self::new(Lies::In(folder), header, (end, last), recent)
    }

    /// A segment whose bytes are in memory, up to where its last batch ends.
    pub fn in_memory(image: Bytes, header: SegmentHeader, last: u64) -> Self {
        let end = image.len() as u64;
        Self::new(Lies::Image(image), header, (end, last), None)
    }

    fn new(lies: Lies, header: SegmentHeader, (end, last): (u64, u64), recent: Option<Arc<Recent>>) -> Self {
        let (recent, has_index, index_bytes) = (Mutex::new(recent), Mutex::new(false), AtomicU64::new(0));
        Self { lies, header, end, last, recent, has_index, index_bytes }
    }

    /// Rises from segment to segment.
    pub fn number(&self) -> u64 {
        self.header.number
    }

    /// Position before its first record.
    pub fn first_position(&self) -> u64 {
        self.header.first_position
    }

    /// How many shards there were; 0 where it does not say.
    pub(super) fn shards(&self) -> u16 {
        self.header.shards
    }

    /// Position after its last record.
    pub fn last_position(&self) -> u64 {
        self.last
    }

    /// Bytes of the index beside it.
    pub(super) fn index_bytes(&self) -> u64 {
        self.index_bytes.load(Ordering::Relaxed)
    }

    /// Whole batches from `at` on, which is 0 or where a batch begins: about `bytes` bytes of them though always one; none
    /// at the end of the segment. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`]; [`Error::File`], also of a segment that was given up.
    pub fn read_back(&self, at: u64, bytes: usize) -> Result<ReadBack, Error> {
        let at = at.max(BLOCK_BYTES as u64);
        let read = self.read_batches(at, bytes)?;
        if read.is_empty() && at < self.end {
            return Err(self.file_error(io::ErrorKind::NotFound.into()));
        }
        let next = read.last().map_or(self.end, |&(_, end, _)| end);
        Ok(ReadBack { batches: read.into_iter().map(|(_, _, batch)| batch).collect(), next })
    }

    /// Batches with the places of their payloads and their ends.
    fn read_batches(&self, at: u64, bytes: usize) -> Result<Vec<(u64, u64, SealedBatch)>, Error> {
        let Some(source) = self.open()? else { return Ok(Vec::new()) };
        let left = self.end.saturating_sub(at) as usize;
        let mut length = bytes.next_multiple_of(BLOCK_BYTES).min(left);
        while length > 0 {
            let piece = source.read(at, length).map_err(|source| self.file_error(source))?;
            let (batches, _) = batches_of(&piece, &self.header);
            if !batches.is_empty() {
                let read = batches.into_iter().map(|batch| {
                    let place = at + batch.payload.start as u64;
                    let end = (at + batch.payload.end as u64).next_multiple_of(BLOCK_BYTES as u64);
                    let (first, last) = (batch.first_position, batch.last_position());
                    (place, end, SealedBatch { frames: piece.slice(batch.payload), first, last })
                });
                return Ok(read.collect());
            }
            match claimed_bytes(&piece, &self.header) {
                // Larger than what was read of it.
                Some(claimed) if claimed > length && claimed <= left => length = claimed,
                _ => return Err(self.damaged(at)),
            }
        }
        Ok(Vec::new())
    }

    /// The room's messages nearest in the direction asked, as far as this segment has them. Blocks.
    pub(super) fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> Result<Page, Error> {
        if let Some(recent) = self.recent() {
            return Ok(recent.page(room, query, limit));
        }
        let (Some(index), Some(source)) = (self.index()?, self.open()?) else { return Ok(Page::default()) };
        let mut places = index.page(room, query, limit + 1).map_err(|source| self.file_error(source))?;
        let more = places.len() > limit;
        if more {
            let surplus = if matches!(query, PageQuery::Before(_)) { 0 } else { limit };
            places.remove(surplus);
        }
        let frame = |place: Place| Ok((place.id, source.read(place.at.into(), place.bytes as usize)?));
        let frames: io::Result<_> = places.into_iter().map(frame).collect();
        Ok(Page { frames: frames.map_err(|source| self.file_error(source))?, more })
    }

    /// The newest sends of a device in this segment, rising. Blocks.
    pub(super) fn sends(&self, sender: Sender) -> Result<Vec<(Sequence, MessageId)>, Error> {
        if let Some(recent) = self.recent() {
            return Ok(recent.sends(sender));
        }
        let Some(index) = self.index()? else { return Ok(Vec::new()) };
        index.sends(sender).map_err(|source| self.file_error(source))
    }

    /// Sees to it that the index lies beside the segment, and lets go of what is in memory; false where the index could not
    /// be written. Blocks.
    pub(crate) fn leave_to_index(&self) -> Result<bool, Error> {
        self.index()?;
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(*self.has_index.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether [`Self::leave_to_index`] has yet to be called, or has failed. Does not wait for who is about it.
    pub(super) fn wants_index(&self) -> bool {
        self.has_index.try_lock().is_ok_and(|has_index| !*has_index) || self.recent().is_some()
    }

    fn recent(&self) -> Option<Arc<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The index as it lies beside the segment, made where there is none that checks; `None` once the segment is gone.
    /// One that cannot be written is kept nowhere: memory must not grow on a full disk.
    fn index(&self) -> Result<Option<Index>, Error> {
        let mut has_index = self.has_index.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = |source| self.file_error(source);
        if let Lies::In(folder) = &self.lies
            && let Ok(file) = File::open(index_path(folder, self.number()))
            && let Some(index) = Index::open(Source::File(file), &self.header).map_err(fault)?
            && (*has_index || index.is_intact().map_err(fault)?)
        {
            *has_index = true;
            self.index_bytes.store(index.bytes(), Ordering::Relaxed);
            return Ok(Some(index));
        }
        let Some(bytes) = self.make_index()? else { return Ok(None) };
        *has_index = self.write_index(&bytes);
        self.index_bytes.store(if *has_index { bytes.len() as u64 } else { 0 }, Ordering::Relaxed);
        Index::open(Source::Image(bytes.into()), &self.header).map_err(fault)
    }

    fn make_index(&self) -> Result<Option<Vec<u8>>, Error> {
        let mut builder = IndexBuilder::default();
        let mut at = BLOCK_BYTES as u64;
        while at < self.end {
            let batches = self.read_batches(at, PIECE_BYTES)?;
            let Some(&(_, end, _)) = batches.last() else { return Ok(None) };
            batches.iter().for_each(|(place, _, batch)| builder.add(*place, &batch.frames));
            at = end;
        }
        Ok(Some(builder.finish(&self.header)))
    }

    fn write_index(&self, bytes: &[u8]) -> bool {
        let Lies::In(folder) = &self.lies else { return false };
        let path = index_path(folder, self.number());
        let written = fs::write(&path, bytes);
        if let Err(error) = &written {
            tracing::warn!(path = %path.display(), %error, "an index cannot be written; its segment is read whole instead");
        }
        // Of a segment that was given up meanwhile nothing is left behind, nor half an index on a full disk.
        let is_kept = written.is_ok() && segment_path(folder, self.number()).exists();
        if !is_kept {
            let _ = fs::remove_file(&path);
        }
        is_kept
    }

    /// The segment's bytes; `None` once it is given up.
    fn open(&self) -> Result<Option<Source>, Error> {
        match &self.lies {
            Lies::Image(image) => Ok(Some(Source::Image(image.clone()))),
            Lies::In(folder) => match File::open(segment_path(folder, self.number())) {
                Ok(file) => Ok(Some(Source::File(file))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(self.file_error(source)),
            },
        }
    }

    fn path(&self) -> PathBuf {
        match &self.lies {
            Lies::In(folder) => segment_path(folder, self.number()),
            Lies::Image(_) => PathBuf::from("memory"),
        }
    }

    fn file_error(&self, source: io::Error) -> Error {
        Error::File { path: self.path(), source }
    }

    fn damaged(&self, offset: u64) -> Error {
        Error::Damaged {
            path: self.path(),
            offset,
            what: "a batch that was read before does not check any more".into(),
        }
    }
}
