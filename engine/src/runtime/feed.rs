//! One folder's way into the message store: batches in order from the last position that is settled, and what comes back.
//!
//! Recent batches come from memory, older ones are read back from their segments, off this thread. So the journal is the
//! queue: a store that is down for an hour costs disk.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moim_persistence::Batch;
use moim_wire::{MessageId, RoomId};

use super::Signal;
use crate::error::Error;
use crate::journal::{Backlog, Behind, KeptWindow, Lag, Recovered};
use crate::shard::SealedBatch;

/// Bytes of batches read back at once, about.
const READ_BACK_BYTES: usize = 2 * 1024 * 1024;

/// One folder's way into the message store.
pub(super) struct Feed {
    backlog: Arc<Backlog>,
    recent: RefCell<Queue>,
    /// There may be something to offer.
    signal: Signal,
    window: RefCell<KeptWindow>,
    keep_ms: u64,
    lag: RefCell<Lag>,
    started: Instant,
    /// Position after the last batch in the journal.
    committed: Cell<u64>,
    /// Newest confirmation: when, what, and of which generation.
    newest: Cell<(u64, u64, u64)>,
    /// What was offered last, where a window is kept.
    offered: RefCell<Option<Batch>>,
    /// Position of the checkpoint on disk.
    written: Arc<AtomicU64>,
    is_writing: Cell<bool>,
    /// Bytes read back from segments, and how often the store has taken confirmations back.
    read_back_bytes: Cell<u64>,
    rewinds: Cell<u64>,
}

/// Committed batches in memory, contiguous up to the newest. Bounded in bytes; the oldest are left to their segments.
struct Queue {
    batches: VecDeque<SealedBatch>,
    bytes: usize,
    bytes_max: usize,
}

impl Queue {
    fn push(&mut self, batch: SealedBatch) {
        self.bytes += batch.frames.len();
        self.batches.push_back(batch);
        while self.bytes > self.bytes_max && self.pop() {}
    }

    fn pop(&mut self) -> bool {
        let Some(batch) = self.batches.pop_front() else { return false };
        self.bytes -= batch.frames.len();
        true
    }

    /// The batch that comes after `position`, if it is still here.
    fn after(&mut self, position: u64) -> Option<SealedBatch> {
        while self.batches.front().is_some_and(|batch| batch.last <= position) {
            self.pop();
        }
        self.batches.front().filter(|batch| batch.first <= position).cloned()
    }
}

/// How far the feeder has come.
pub(super) struct Cursor {
    pub(super) position: u64,
    /// The segment read from last, and where its next batch begins.
    segment: (u64, u64),
}

impl Cursor {
    pub(super) fn at(position: u64) -> Self {
        Self { position, segment: (0, 0) }
    }
}

impl Feed {
    /// The batch in the journal that ends at `position` withdraws these messages: pages are emptied of them from here on.
    pub(super) fn withdrawn(&self, position: u64, withdrawn: &[(RoomId, MessageId)]) {
        if !withdrawn.is_empty() {
            self.backlog.withdrew(position, withdrawn);
        }
    }

    pub(super) fn new(
        backlog: Arc<Backlog>,
        recovered: &Recovered,
        bytes_max: usize,
        keep: Duration,
        now_ms: u64,
    ) -> Self {
        let keep_ms = keep.as_millis() as u64;
        let Recovered { checkpoint, position, bytes, oldest_ms, .. } = *recovered;
        let mut lag = Lag::starting_at(checkpoint, oldest_ms.unwrap_or(now_ms));
        if position > checkpoint {
            lag.written(position, bytes, now_ms);
        }
        Self {
            backlog,
            recent: RefCell::new(Queue { batches: VecDeque::new(), bytes: 0, bytes_max }),
            signal: Signal::default(),
            window: RefCell::new(KeptWindow::new(keep_ms, checkpoint)),
            keep_ms,
            lag: RefCell::new(lag),
            started: Instant::now(),
            committed: Cell::new(position),
            newest: Cell::default(),
            offered: RefCell::default(),
            written: Arc::new(AtomicU64::new(checkpoint)),
            is_writing: Cell::new(false),
            read_back_bytes: Cell::new(0),
            rewinds: Cell::new(0),
        }
    }

    /// A batch is in the journal.
    pub(super) fn committed(&self, batch: SealedBatch, now_ms: u64) {
        self.committed.set(batch.last);
        self.lag.borrow_mut().written(batch.last, batch.frames.len() as u64, now_ms);
        self.recent.borrow_mut().push(batch);
        self.signal.raise();
    }

    /// Whether the store says that it has everything.
    pub(super) fn is_confirmed(&self) -> bool {
        self.backlog.confirmed() >= self.committed.get()
    }

    pub(super) fn confirmed(&self) -> u64 {
        self.backlog.confirmed()
    }

    pub(super) fn behind(&self, now_ms: u64) -> Behind {
        self.lag.borrow_mut().behind(self.backlog.confirmed(), self.backlog.settled(), now_ms)
    }

    pub(super) fn bytes_in_memory(&self) -> usize {
        self.recent.borrow().bytes
    }

    pub(super) fn read_back_bytes(&self) -> u64 {
        self.read_back_bytes.get()
    }

    pub(super) fn rewinds(&self) -> u64 {
        self.rewinds.get()
    }

    pub(super) fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    /// Waits until there may be something to offer.
    pub(super) async fn wait(&self) {
        self.signal.wait().await;
    }

    pub(super) fn wake(&self) {
        self.signal.raise();
    }

    /// A batch is about to be offered.
    pub(super) fn offered(&self, batch: &Batch) {
        if self.keep_ms > 0 {
            *self.offered.borrow_mut() = Some(batch.clone());
        }
    }

    pub(super) fn count_rewind(&self) {
        self.rewinds.set(self.rewinds.get() + 1);
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The next batches after the cursor; none when all are offered.
    pub(super) async fn next(&self, cursor: &mut Cursor) -> Result<Vec<SealedBatch>, Error> {
        loop {
            cursor.position = cursor.position.max(self.backlog.settled());
            if let Some(batch) = self.recent.borrow_mut().after(cursor.position) {
                return Ok(vec![batch]);
            }
            let Some(segment) = self.backlog.segment_after(cursor.position) else { return Ok(Vec::new()) };
            let number = segment.number();
            let at = if cursor.segment.0 == number { cursor.segment.1 } else { 0 };
            let read = glommio::executor().spawn_blocking(move || segment.read_back(at, READ_BACK_BYTES)).await?;
            cursor.segment = (number, read.next);
            let mut batches = read.batches;
            let bytes: usize = batches.iter().map(|batch| batch.frames.len()).sum();
            self.read_back_bytes.set(self.read_back_bytes.get() + bytes as u64);
            batches.retain(|batch| batch.last > cursor.position);
            if !batches.is_empty() {
                return Ok(batches);
            }
        }
    }

    /// Takes note of what the store has confirmed, or taken back.
    pub(super) fn take_confirmation(&self) {
        let position = *self.backlog.lane().confirmed.borrow();
        let (_, newest, generation) = self.newest.get();
        let now_ms = self.now_ms();
        let mut window = self.window.borrow_mut();
        if position < newest || generation != self.backlog.generation() {
            window.rewound();
        }
        self.newest.set((now_ms, position, self.backlog.generation()));
        // The store may have taken this back between the two looks; then it says so next.
        if position > 0 {
            window.confirmed(now_ms, position);
        }
        self.backlog.settle(window.settled());
    }

    /// Moves the checkpoint on disk and gives up segments; false while another call is about it. What fails is done again
    /// by the next.
    pub(super) async fn write_checkpoint(&self) -> bool {
        if self.is_writing.get() {
            return false;
        }
        if !self.backlog.has_moved(self.written.load(Ordering::Acquire)) {
            return true;
        }
        self.is_writing.set(true);
        let (backlog, written) = (Arc::clone(&self.backlog), Arc::clone(&self.written));
        let done = glommio::executor().spawn_blocking(move || backlog.write_checkpoint(&written)).await;
        self.is_writing.set(false);
        if let Err(error) = done {
            tracing::warn!(%error, "the checkpoint cannot be moved; it is tried again");
        }
        true
    }

    /// Nothing comes any more, and the store has been silent for a part of the window: its answer to the last batch once more
    /// tells that it is still alive, so that what it confirmed settles.
    pub(super) fn knock(&self) -> Option<Batch> {
        let (at_ms, position, generation) = self.newest.get();
        let is_due = self.keep_ms > 0 && self.is_confirmed() && self.now_ms() >= at_ms + self.window.borrow().part_ms();
        let is_open = position > self.backlog.settled() && generation == self.backlog.generation();
        self.offered.borrow().clone().filter(|offered| is_due && is_open && offered.generation == generation)
    }
}
