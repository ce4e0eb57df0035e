//! How long to wait before the next attempt to connect.

use std::time::Duration;

use crate::config::{Reconnect, jitter};

/// Attempts since a connection last held.
#[derive(Debug)]
pub(crate) struct Backoff {
    reconnect: Reconnect,
    attempts: u32,
    waited: Duration,
}

impl Backoff {
    pub(crate) const fn new(reconnect: Reconnect) -> Self {
        Self { reconnect, attempts: 0, waited: Duration::ZERO }
    }

    /// The wait before the next attempt, where the server asked for at least `hint`.
    pub(crate) fn wait(&mut self, hint: Duration) -> Duration {
        let Reconnect { delay_min, delay_max } = self.reconnect;
        let delay = delay_min.saturating_mul(1 << self.attempts.min(16)).min(delay_max);
        self.attempts += 1;
        self.waited = hint + jitter(delay);
        self.waited
    }

    /// A connection broke after this long. Only one that outlived the wait for it ends the series: a server that
    /// welcomes and drops at once must not be hammered.
    pub(crate) fn lived(&mut self, time: Duration) {
        if time >= self.waited {
            self.attempts = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECONNECT: Reconnect = Reconnect { delay_min: Duration::from_millis(100), delay_max: Duration::from_secs(1) };

    #[test]
    fn waits_grow_to_the_longest_and_never_undercut_the_servers_hint() {
        let mut backoff = Backoff::new(RECONNECT);
        for attempt in 0..40 {
            let full = Duration::from_millis(100 << attempt.min(10)).min(RECONNECT.delay_max);
            let wait = backoff.wait(Duration::ZERO);
            assert!(full / 2 <= wait && wait <= full, "attempt {attempt}: {wait:?}");
        }
        assert!(backoff.wait(Duration::from_secs(5)) >= Duration::from_secs(5));
    }

    #[test]
    fn a_connection_that_held_ends_the_series_and_one_that_was_dropped_at_once_does_not() {
        let mut backoff = Backoff::new(RECONNECT);
        for _ in 0..5 {
            backoff.wait(Duration::ZERO);
        }
        backoff.lived(Duration::from_millis(1));
        assert!(backoff.wait(Duration::ZERO) >= RECONNECT.delay_max / 2);
        backoff.lived(RECONNECT.delay_max);
        assert!(backoff.wait(Duration::ZERO) <= RECONNECT.delay_min);
    }
}
