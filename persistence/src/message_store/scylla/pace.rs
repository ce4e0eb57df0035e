//! How many batches the server is given at once: as many as it answers soon, found by trying.
//!
//! Each answer that comes soon lets a little more in, each overload or late answer halves it: additive increase,
//! multiplicative decrease, as a connection's congestion window. All lanes share one pace.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Batches under way at once, at first and at most.
const FIRST: f64 = 8.0;
pub(super) const MOST: usize = 64;
/// A batch answered later than this tells of a queue at the server.
const LATE: Duration = Duration::from_millis(250);

pub(super) struct Pace {
    state: Mutex<State>,
    freed: Notify,
    overloaded: AtomicU64,
}

struct State {
    limit: f64,
    under_way: usize,
    /// Answers to what was sent before the last decrease tell nothing new.
    decreased: Option<Instant>,
}

/// A place in the window; its end frees it.
pub(super) struct Place<'a> {
    pace: &'a Pace,
    begun: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        let state = State { limit: FIRST, under_way: 0, decreased: None };
        Self { state: Mutex::new(state), freed: Notify::new(), overloaded: AtomicU64::new(0) }
    }
}

impl State {
    fn enter(&mut self) -> bool {
        let may = self.under_way < self.limit as usize;
        self.under_way += usize::from(may);
        may
    }
}

impl Pace {
    /// Waits for a place.
    pub(super) async fn enter(&self) -> Place<'_> {
        loop {
            let freed = self.freed.notified();
            if self.state().enter() {
                return Place { pace: self, begun: Instant::now() };
            }
            freed.await;
        }
    }

    /// Batches that may be under way, and answers that were late or spoke of overload.
    pub(super) fn stats(&self) -> (u64, u64) {
        (self.state().limit as u64, self.overloaded.load(Ordering::Relaxed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// The server did it.
    pub(super) fn done(self) {
        if self.begun.elapsed() > LATE {
            return self.overloaded();
        }
        let mut state = self.pace.state();
        // One more for each round of as many answers.
        state.limit = (state.limit + 1.0 / state.limit).min(MOST as f64);
    }

    /// The server has too much to do.
    pub(super) fn overloaded(self) {
        self.pace.overloaded.fetch_add(1, Ordering::Relaxed);
        let mut state = self.pace.state();
        if state.decreased.is_none_or(|decreased| decreased < self.begun) {
            state.limit = (state.limit / 2.0).max(1.0);
            state.decreased = Some(Instant::now());
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let room = {
            let mut state = self.pace.state();
            state.under_way -= 1;
            (state.limit as usize).saturating_sub(state.under_way)
        };
        // One for the place, and one for what the limit grew by.
        for _ in 0..room.min(2) {
            self.pace.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_window_grows_with_answers_and_halves_once_for_one_overload() {
        let pace = Pace::default();
        for _ in 0..10_000 {
            pace.enter().await.done();
        }
        assert_eq!(pace.stats().0, MOST as u64);
        let mut places = Vec::new();
        for _ in 0..MOST {
            places.push(pace.enter().await);
        }
        let beyond = pace.enter();
        tokio::pin!(beyond);
        assert!(futures_util::poll!(&mut beyond).is_pending());
        // All of one burst.
        places.into_iter().for_each(Place::overloaded);
        assert_eq!(pace.stats(), (MOST as u64 / 2, MOST as u64));
        beyond.await.overloaded();
        assert_eq!(pace.stats().0, MOST as u64 / 4);
        for _ in 0..10 {
            pace.enter().await.overloaded();
        }
        assert_eq!(pace.stats().0, 1, "one is always tried");
    }
}
