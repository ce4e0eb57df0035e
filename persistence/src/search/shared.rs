//! What the thread that keeps the index and those who search share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::{IndexReader, Searcher};
use tokio::sync::watch;

use super::index::Fields;
use super::queue::Queue;
use crate::error::Error;
use crate::stats::{SearchState, SearchStats};

pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) counters: Counters,
    index: Mutex<Index>,
    /// Has one version more at each commit and each failure.
    changes: watch::Sender<()>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) added: AtomicU64,
    pub(super) removed: AtomicU64,
    pub(super) searches: AtomicU64,
    messages: AtomicU64,
    commits: AtomicU64,
    failures: AtomicU64,
}

struct Index {
    state: SearchState,
    open: Option<(Fields, IndexReader)>,
}

impl Shared {
    pub(super) fn new(queue_bytes_max: usize) -> Self {
        Self {
            queue: Queue::new(queue_bytes_max),
            counters: Counters::default(),
            index: Mutex::new(Index { state: SearchState::Opening, open: None }),
            changes: watch::Sender::new(()),
        }
    }

    /// The index is being opened.
    pub(super) fn opening(&self) {
        self.index().state = SearchState::Opening;
    }

    /// The index is open: searches see its commits from here on.
    pub(super) fn opened(&self, fields: Fields, reader: IndexReader) {
        {
            let mut index = self.index();
            index.state = SearchState::Ready;
            index.open = Some((fields, reader));
        }
        self.changes.send_replace(());
    }

    /// The index failed. What it had can still be found until it is opened anew.
    pub(super) fn failed(&self) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        self.index().state = SearchState::Failed;
        self.changes.send_replace(());
    }

    pub(super) fn committed(&self, messages: u64) {
        self.counters.messages.store(messages, Ordering::Relaxed);
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.changes.send_replace(());
    }

    /// The index as it was committed last.
    pub(super) fn searcher(&self) -> Result<(Fields, Searcher), Error> {
        let index = self.index();
        let (fields, reader) =
            index.open.as_ref().ok_or_else(|| Error::Unavailable("the search index is being opened".to_owned()))?;
        Ok((*fields, reader.searcher()))
    }

    /// Whether everything that was stored before can be found.
    pub(super) fn is_complete(&self) -> bool {
        let stats = self.stats();
        stats.state == SearchState::Ready && stats.rooms_behind == 0 && stats.lag_ms == 0
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    pub(super) fn stats(&self) -> SearchStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let queue = self.queue.stats();
        SearchStats {
            state: self.index().state,
            messages: count(&self.counters.messages),
            rooms_behind: queue.rooms_behind as u64,
            // What waits has waited a millisecond at least.
            lag_ms: queue.since.map_or(0, |since| since.elapsed().as_millis().max(1) as u64),
            queued_bytes: queue.bytes as u64,
            queued_bytes_max: queue.bytes_max as u64,
            overflows_total: queue.missed_total,
            added_total: count(&self.counters.added),
            removed_total: count(&self.counters.removed),
            commits_total: count(&self.counters.commits),
            failures_total: count(&self.counters.failures),
            searches_total: count(&self.counters.searches),
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
