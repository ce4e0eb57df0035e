//! How fast one browser may send frames.

use tokio::time::Instant;

/// A bucket of tokens, one a frame, that refills steadily.
pub(crate) struct Rate {
    /// 0: as many as it likes.
    per_second: f64,
    burst: f64,
    tokens: f64,
    refilled: Instant,
}

impl Rate {
    /// A full bucket of `burst` frames that gains `per_second`; 0 a second is no limit.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second: f64::from(per_second), burst, tokens: burst, refilled: now }
    }

    /// Takes one frame's token, or says in how many milliseconds there will be one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), u32> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let gained = now.duration_since(self.refilled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.refilled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        // At most 1,000: at least one token a second.
        Err(((1.0 - self.tokens) / self.per_second * 1_000.0).ceil() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let start = Instant::now();
        let mut rate = Rate::new(10, 3, start);
        for _ in 0..3 {
            assert_eq!(rate.take(start), Ok(()));
        }
        assert_eq!(rate.take(start), Err(100));
        assert_eq!(rate.take(start + Duration::from_millis(110)), Ok(()));
        assert!(rate.take(start + Duration::from_millis(120)).is_err());
    }

    #[test]
    fn nothing_a_second_means_no_limit() {
        let now = Instant::now();
        let mut rate = Rate::new(0, 1, now);
        for _ in 0..1_000 {
            assert_eq!(rate.take(now), Ok(()));
        }
    }
}
