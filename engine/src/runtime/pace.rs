//! When the next group commit begins. A sync costs the same whatever it covers: a shard with time to spare buys latency
//! with it and syncs at once, a busy one gathers, so that syncs take a few hundredths of its core and not more.

use std::time::{Duration, Instant};

/// Below this share of its core a shard syncs at once.
const SPARE: f64 = 0.35;
/// From this share of its core on it gathers for as long as it may.
const BUSY: f64 = 0.65;
/// What the share is averaged over, about.
const WINDOW: Duration = Duration::from_millis(20);

/// Paces a shard's group commits by how busy its thread is.
#[derive(Debug)]
pub(super) struct Pace {
    interval_max: Duration,
    /// Share of the core that the thread takes, averaged.
    busy: f64,
    /// When the last commit began, and the thread's processor time at that moment.
    last: Option<(Instant, Duration)>,
}

impl Pace {
    /// At most `interval_max` lies between the beginnings of two commits while messages wait.
    pub(super) fn new(interval_max: Duration) -> Self {
        Self { interval_max, busy: 0.0, last: None }
    }

    /// How long the next commit should wait yet.
    pub(super) fn rest(&self, now: Instant) -> Duration {
        let Some((last, _)) = self.last else { return Duration::ZERO };
        let share = ((self.busy - SPARE) / (BUSY - SPARE)).clamp(0.0, 1.0);
        self.interval_max.mul_f64(share).saturating_sub(now.saturating_duration_since(last))
    }

    /// A commit begins; `processor` is the time that the thread has had of its core.
    pub(super) fn begin(&mut self, now: Instant, processor: Duration) {
        if let Some((last, had)) = self.last.replace((now, processor)) {
            let passed = now.saturating_duration_since(last).as_secs_f64();
            if passed > 0.0 {
                let share = (processor.saturating_sub(had).as_secs_f64() / passed).min(1.0);
                let weight = (passed / WINDOW.as_secs_f64()).min(1.0);
                self.busy += (share - self.busy) * weight;
            }
        }
    }
}

/// The time that this thread has had of its core.
pub(super) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(2);

    /// A shard that commits each millisecond and has `share` of its core meanwhile.
    fn after(share: f64) -> (Pace, Instant) {
        let mut pace = Pace::new(INTERVAL);
        let start = Instant::now();
        let step = Duration::from_millis(1);
        (0..200).for_each(|n| pace.begin(start + step * n, (step * n).mul_f64(share)));
        (pace, start + step * 199)
    }

    #[test]
    fn a_shard_with_time_to_spare_commits_at_once_and_a_busy_one_gathers() {
        let rest = |share| {
            let (pace, now) = after(share);
            pace.rest(now)
        };
        assert_eq!(rest(0.2), Duration::ZERO);
        assert_eq!(rest(0.9), INTERVAL);
        assert!(rest(0.5) > Duration::ZERO && rest(0.5) < INTERVAL);
    }

    #[test]
    fn what_has_passed_since_the_last_commit_counts() {
        let (pace, now) = after(1.0);
        assert_eq!(pace.rest(now + Duration::from_millis(1)), INTERVAL - Duration::from_millis(1));
        assert_eq!(pace.rest(now + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn a_long_silence_makes_a_busy_shard_one_with_time_to_spare() {
        let (mut pace, now) = after(1.0);
        pace.begin(now + Duration::from_secs(1), Duration::from_millis(201));
        assert_eq!(pace.rest(now + Duration::from_secs(1)), Duration::ZERO);
    }
}
