//! When something runs again: after a conflict or a lost connection, ever later, until the caller has waited enough.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::dialect::{self, Fault};
use super::sql_error;
use crate::error::Error;
use crate::stats::AccountsStats;

/// First pause after a conflict: the other transaction is about to end.
const CONFLICT_PAUSE: Duration = Duration::from_millis(2);
/// First pause after a lost connection: a server that restarts takes longer.
const LOST_PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Doublings of the first pause.
const DOUBLINGS_MAX: u32 = 10;
const MARKS_BETWEEN_CLEANINGS: u64 = 1_024;

/// Why a run failed.
pub(super) enum Failed {
    /// The same again would fail alike.
    Finally(Error),
    /// It may succeed when it runs again.
    Perhaps(Fault, Error),
}

impl Failed {
    pub(super) fn of(error: &sqlx::Error) -> Self {
        Self::with(dialect::fault(error), sql_error(error))
    }

    pub(super) const fn with(fault: Fault, error: Error) -> Self {
        match fault {
            Fault::Answered => Self::Finally(error),
            Fault::Conflict | Fault::Lost => Self::Perhaps(fault, error),
        }
    }
}

/// Failed runs since the start.
#[derive(Default)]
pub(super) struct Counters {
    conflicts: AtomicU64,
    lost: AtomicU64,
    busy: AtomicU64,
    marks: AtomicU64,
}

impl Counters {
    /// Whether old marks of writes are to be deleted before the next one: at the first of many.
    pub(super) fn is_time_to_clean(&self) -> bool {
        self.marks.fetch_add(1, Ordering::Relaxed).is_multiple_of(MARKS_BETWEEN_CLEANINGS)
    }

    pub(super) fn count_into(&self, stats: &mut AccountsStats) {
        stats.busy_total = self.busy.load(Ordering::Relaxed);
        stats.conflicts_total = self.conflicts.load(Ordering::Relaxed);
        stats.lost_total = self.lost.load(Ordering::Relaxed);
    }

    fn count(&self, failed: &Failed) {
        let counter = match failed {
            Failed::Perhaps(Fault::Conflict, _) => &self.conflicts,
            Failed::Perhaps(_, _) => &self.lost,
            Failed::Finally(Error::Busy { .. }) => &self.busy,
            Failed::Finally(_) => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request's patience over its runs.
pub(super) struct Patience {
    deadline: Instant,
    failed: u32,
}

impl Patience {
    pub(super) fn new(wait: Duration) -> Self {
        Self { deadline: Instant::now() + wait, failed: 0 }
    }

    /// No run begins after it.
    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns when it is time to run again, or with the error that is to be told.
    pub(super) async fn again_after(&mut self, failed: Failed, counters: &Counters) -> Result<(), Error> {
        counters.count(&failed);
        let (first, error) = match failed {
            Failed::Finally(error) => return Err(error),
            Failed::Perhaps(Fault::Conflict, error) => (CONFLICT_PAUSE, error),
            Failed::Perhaps(_, error) => (LOST_PAUSE, error),
        };
        let pause = first.saturating_mul(1 << self.failed.min(DOUBLINGS_MAX)).min(PAUSE_MAX);
        self.failed += 1;
        // Half of it at random, or those who collided once would collide again.
        let until = Instant::now() + pause.mul_f64(0.5 + 0.5 * random_part());
        if until >= self.deadline {
            return Err(error);
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }
}

/// From 0 to 1. Without randomness the pause is whole.
fn random_part() -> f64 {
    getrandom::u32().map_or(1.0, |drawn| f64::from(drawn) / f64::from(u32::MAX))
}
