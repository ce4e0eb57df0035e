//! What a journal keeps for the message store: segments in order, from the last that is not settled to the one in use.
//!
//! Three positions: up to `settled` the store has everything for good, and the journal may forget it; up to `confirmed` the
//! store says that it has it; the rest is here alone. Written by the shard's thread, read by whoever answers for rooms.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moim_persistence::Lane;
use moim_wire::{MessageId, RoomId};

use super::checkpoint;
use super::folder;
use super::format::{BLOCK_BYTES, SegmentHeader};
use super::recent::Recent;
use super::recover::Recovered;
use super::segment::Segment;
use super::view::{Part, View};
use super::withdrawn::Withdrawn;
use crate::error::Error;
use crate::shard::SealedBatch;

/// One folder's backlog.
#[derive(Debug)]
pub(crate) struct Backlog {
    folder: PathBuf,
    lane: Lane,
    settled: AtomicU64,
    shards: u16,
    /// Some segments are of a life with another number of shards: their rooms may be any shard's now.
    has_others: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    closed: VecDeque<Arc<Segment>>,
    open: Option<Open>,
    withdrawn: Withdrawn,
    /// Settled and not yet given up: numbers, and whether somebody still reads them.
    retiring: Vec<(u64, bool)>,
}

/// The segment in use.
#[derive(Debug)]
struct Open {
    header: SegmentHeader,
    end: u64,
    last: u64,
    recent: Arc<Recent>,
}

impl Backlog {
    /// What a recovery found in `folder`, with the way into the store, for a life with that many shards.
    pub(crate) fn new(folder: &Path, lane: Lane, recovered: &Recovered, shards: u16) -> Self {
        let segment = |&(header, end, last): &(SegmentHeader, u64, u64)| {
            Arc::new(Segment::on_disk(folder.to_owned(), header, end, last, None))
        };
        let closed: VecDeque<_> = recovered.segments.iter().map(segment).collect();
        let backlog = Self {
            folder: folder.to_owned(),
            lane,
            settled: AtomicU64::new(recovered.checkpoint),
            shards,
            has_others: AtomicBool::new(true),
            state: Mutex::new(State {
                closed,
                withdrawn: Withdrawn::recovered(&recovered.withdrawn),
                ..State::default()
            }),
        };
        backlog.settle(recovered.checkpoint);
        backlog
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// A segment is begun.
    pub(super) fn opened(&self, header: SegmentHeader) {
        let (end, last) = (BLOCK_BYTES as u64, header.first_position);
        self.state().open = Some(Open { header, end, last, recent: Arc::default() });
    }

    /// A batch is in the segment in use, which it ends.
    pub(super) fn appended(&self, batch: &SealedBatch, end: u64) {
        if let Some(open) = &mut self.state().open {
            open.recent.push(batch.clone());
            (open.end, open.last) = (end, batch.last);
        }
    }

    /// The batch that ends at `position` withdraws these messages.
    pub(crate) fn withdrew(&self, position: u64, withdrawn: &[(RoomId, MessageId)]) {
        self.state().withdrawn.push(position, withdrawn);
    }

    /// The segment in use is written no more.
    pub(super) fn closed(&self) {
        let mut state = self.state();
        if let Some(Open { header, end, last, recent }) = state.open.take() {
            let segment = Segment::on_disk(self.folder.clone(), header, end, last, Some(recent));
            state.closed.push_back(Arc::new(segment));
        }
    }

    /// Up to here the store has everything for good.
    pub(crate) fn settled(&self) -> u64 {
        self.settled.load(Ordering::Acquire)
    }

    /// Up to here the store says that it has everything. May fall.
    pub(crate) fn confirmed(&self) -> u64 {
        (*self.lane.confirmed.borrow()).max(self.settled())
    }

    /// How often the store has taken confirmations back.
    pub(crate) fn generation(&self) -> u64 {
        self.lane.rewind.borrow().generation
    }

    /// The store has everything up to `position` for good: segments before it are read no more.
    pub(crate) fn settle(&self, position: u64) {
        self.settled.fetch_max(position, Ordering::AcqRel);
        let mut state = self.state();
        while let Some(segment) = state.closed.pop_front_if(|segment| segment.last_position() <= position) {
            // Nobody can come to hold it who does not by now.
            let is_read = Arc::strong_count(&segment) > 1;
            state.retiring.push((segment.number(), is_read));
        }
        if let Some(open) = &state.open {
            open.recent.settled(position);
        }
        state.withdrawn.settled(position);
        let has_others = state.closed.iter().any(|segment| segment.shards() != self.shards);
        self.has_others.store(has_others, Ordering::Release);
    }

    /// Writes the checkpoint where it has moved, and gives up what lies before it. What fails is done by the next call.
    /// Blocks.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn write_checkpoint(&self, written: &AtomicU64) -> Result<(), Error> {
        let (position, retiring) = {
            let state = self.state();
            (self.settled(), state.retiring.clone())
        };
        if position > written.load(Ordering::Acquire) {
            checkpoint::write(&self.folder, position)?;
            written.store(position, Ordering::Release);
        }
        for (number, is_read) in retiring {
            folder::retire(&self.folder, number, is_read)?;
            self.state().retiring.retain(|&(retired, _)| retired != number);
        }
        Ok(())
    }

    /// Whether [`Self::write_checkpoint`] has something to do.
    pub(crate) fn has_moved(&self, written: u64) -> bool {
        self.settled() > written || !self.state().retiring.is_empty()
    }

    /// What the store has not confirmed, oldest first; for who is not the journal's owner what may be of his rooms.
    fn parts(&self, is_owner: bool) -> Vec<Part> {
        if !is_owner && !self.has_others.load(Ordering::Acquire) {
            return Vec::new();
        }
        let confirmed = self.confirmed();
        let state = self.state();
        let waits = |segment: &&Arc<Segment>| {
            segment.last_position() > confirmed && (is_owner || segment.shards() != self.shards)
        };
        let mut parts: Vec<_> = state.closed.iter().filter(waits).cloned().map(Part::Closed).collect();
        if let Some(open) = state.open.as_ref().filter(|open| is_owner && open.last > confirmed) {
            parts.push(Part::Open(open.recent.clone()));
        }
        parts
    }

    /// The segment that has what comes after `position`; `None` when nothing does.
    pub(crate) fn segment_after(&self, position: u64) -> Option<Arc<Segment>> {
        let state = self.state();
        if let Some(segment) = state.closed.iter().find(|segment| segment.last_position() > position) {
            return Some(segment.clone());
        }
        let open = state.open.as_ref().filter(|open| open.last > position)?;
        Some(Arc::new(Segment::on_disk(self.folder.clone(), open.header, open.end, open.last, None)))
    }

    /// The oldest closed segment that the store has not confirmed and that can only be read from memory, or whole.
    pub(crate) fn without_index(&self) -> Option<Arc<Segment>> {
        let confirmed = self.confirmed();
        let state = self.state();
        let mut waiting = state.closed.iter().filter(|segment| segment.last_position() > confirmed);
        waiting.find(|segment| segment.wants_index()).cloned()
    }

    /// Segments, and the bytes that they and their indexes take; of the one in use what is written.
    pub(crate) fn size(&self, segment_bytes: u64) -> (u64, u64) {
        let state = self.state();
        let closed = (state.closed.len() + state.retiring.len()) as u64;
        let open = state.open.as_ref().map(|open| open.end);
        let indexes: u64 = state.closed.iter().map(|segment| segment.index_bytes()).sum();
        (closed + u64::from(open.is_some()), closed * segment_bytes + indexes + open.unwrap_or(0))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The backlogs of all folders.
#[derive(Debug)]
pub(crate) struct Backlogs {
    of: Vec<(u16, Arc<Backlog>)>,
}

impl Backlogs {
    pub(crate) fn new(of: Vec<(u16, Arc<Backlog>)>) -> Self {
        Self { of }
    }

    /// The backlog of that folder.
    pub(crate) fn of(&self, folder: u16) -> Option<&Arc<Backlog>> {
        self.of.iter().find(|(of, _)| *of == folder).map(|(_, backlog)| backlog)
    }

    /// What the store may not have of the rooms of that shard.
    pub(crate) fn view(&self, shard: u16) -> View {
        let has_others = self.of.iter().any(|(_, backlog)| backlog.has_others.load(Ordering::Acquire));
        let parts = self.of.iter().map(|(of, backlog)| backlog.parts(*of == shard)).collect();
        let withdrawn = self.of.iter().map(|(_, backlog)| backlog.state().withdrawn.clone()).collect();
        View::new(parts, !has_others).without(withdrawn)
    }

    /// How far that folder is settled.
    pub(crate) fn settled(&self, folder: u16) -> u64 {
        self.of(folder).map_or(0, |backlog| backlog.settled())
    }

    /// How often the store has taken confirmations back. When it changes, a page that was read meanwhile may miss what was
    /// confirmed and lost.
    pub(crate) fn generation(&self) -> u64 {
        self.of.iter().map(|(_, backlog)| backlog.generation()).sum()
    }
}
