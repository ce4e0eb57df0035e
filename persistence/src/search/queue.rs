//! From the lanes to the index: bounded, and never waited for. What does not fit is not kept; its rooms are, and are read
//! from the store when there is time.

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use foldhash::fast::RandomState;
use moim_wire::RoomId;

use super::entry;

/// See the module.
pub(super) struct Queue {
    bytes_max: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    batches: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    /// Since when the oldest waits that was taken out and is not done with.
    taken: Option<Instant>,
    missed: HashSet<RoomId, RandomState>,
    /// Rooms that were missed and are not read yet.
    behind: usize,
    missed_total: u64,
    closing: bool,
}

/// What waits.
pub(super) struct QueueStats {
    pub(super) bytes: usize,
    pub(super) bytes_max: usize,
    /// Since when the oldest does, taken out or not.
    pub(super) since: Option<Instant>,
    /// Rooms that were missed.
    pub(super) rooms_behind: usize,
    /// How often something did not fit.
    pub(super) missed_total: u64,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    Batch(Bytes),
    /// Nothing came in time.
    Nothing,
    /// Nothing comes any more.
    Closed,
}

impl Queue {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Takes frames that the store has; false when they do not fit, whose rooms are then to be [`Self::miss`]ed.
    pub(super) fn offer(&self, frames: &[Bytes]) -> bool {
        let bytes: usize = frames.iter().map(Bytes::len).sum();
        let mut state = self.state();
        if state.closing || state.bytes + bytes > self.bytes_max {
            return false;
        }
        state.bytes += bytes;
        let now = Instant::now();
        state.batches.extend(frames.iter().map(|frames| (now, frames.clone())));
        self.changed.notify_one();
        true
    }

    /// Remembers whose messages did not fit. Done before later ones of the same rooms are offered, so that whoever takes
    /// those knows that some are missing before them.
    pub(super) fn miss(&self, frames: &[Bytes]) {
        let mut rooms = HashSet::with_hasher(RandomState::default());
        for frames in frames {
            entry::for_each(frames, |entry| {
                rooms.insert(entry.room);
            });
        }
        let mut state = self.state();
        state.missed.extend(rooms);
        state.missed_total += 1;
        self.changed.notify_one();
    }

    /// The next batch, or the news that there is none, after `wait` at the latest.
    pub(super) fn next(&self, wait: Option<Duration>) -> Next {
        let is_idle = |state: &mut State| state.batches.is_empty() && state.missed.is_empty() && !state.closing;
        let state = self.state();
        let mut state = match wait {
            Some(wait) => {
                self.changed.wait_timeout_while(state, wait, is_idle).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner),
        };
        match state.batches.pop_front() {
            Some((since, frames)) => {
                state.bytes -= frames.len();
                state.taken = state.taken.or(Some(since));
                Next::Batch(frames)
            }
            None if state.closing => Next::Closed,
            None => Next::Nothing,
        }
    }

    /// The rooms missed since this was asked last. Asked after a batch was taken and before it is used.
    pub(super) fn missed(&self) -> HashSet<RoomId, RandomState> {
        let mut state = self.state();
        state.behind += state.missed.len();
        std::mem::take(&mut state.missed)
    }

    /// What was taken out is done with, but for what waits since then and for so many rooms.
    pub(super) fn done(&self, but_since: Option<Instant>, but_rooms: usize) {
        let mut state = self.state();
        (state.taken, state.behind) = (but_since, but_rooms);
    }

    /// Takes nothing more; what is in it can still be taken out.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }

    /// Waits so long, or until it is closed; whether it is.
    pub(super) fn closes_within(&self, wait: Duration) -> bool {
        let open = |state: &mut State| !state.closing;
        let waited = self.changed.wait_timeout_while(self.state(), wait, open).unwrap_or_else(PoisonError::into_inner);
        waited.0.closing
    }

    /// What waits, seen at one instant: nothing is ever between two of these places.
    pub(super) fn stats(&self) -> QueueStats {
        let state = self.state();
        QueueStats {
            bytes: state.bytes,
            bytes_max: self.bytes_max,
            since: state.taken.or(state.batches.front().map(|(since, _)| *since)),
            rooms_behind: state.behind + state.missed.len(),
            missed_total: state.missed_total,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
