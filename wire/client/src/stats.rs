//! What happened on the way, for metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a client since it was connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections that stood after the first.
    pub reconnects: u64,
    /// SEND frames written a second time, with the sequence of the first.
    pub resends: u64,
    /// BUSY answers.
    pub busy: u64,
    /// Gaps filled from the history.
    pub gaps: u64,
    /// Messages dropped because their stream was not read; the stream fetches them from the history.
    pub messages_shed: u64,
    /// Read marks, typing and presence dropped because their stream was not read.
    pub events_shed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) reconnects: AtomicU64,
    pub(crate) resends: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) messages_shed: AtomicU64,
    pub(crate) events_shed: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            reconnects: get(&self.reconnects),
            resends: get(&self.resends),
            busy: get(&self.busy),
            gaps: get(&self.gaps),
            messages_shed: get(&self.messages_shed),
            events_shed: get(&self.events_shed),
        }
    }
}
