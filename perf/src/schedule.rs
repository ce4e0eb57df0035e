//! When messages are due in an open load. The schedule is fixed before the first message leaves and never waits for
//! the server, so that a stall shows in every message that was due during it.

use serde::{Deserialize, Serialize};

/// How the instants lie within the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrivals {
    /// At random, as independent people would: exponential gaps.
    #[default]
    Poisson,
    /// At equal distances.
    Even,
}

/// An endless rising sequence of instants.
#[derive(Debug)]
pub(crate) struct Schedule {
    arrivals: Arrivals,
    start_ns: u64,
    per_second: f64,
    taken: u64,
    next_ns: u64,
    random: Random,
}

impl Schedule {
    /// A schedule of `per_second` instants that begins at `start_ns` on the run's clock.
    pub(crate) fn new(arrivals: Arrivals, per_second: f64, start_ns: u64, seed: u64) -> Self {
        Self { arrivals, start_ns, per_second, taken: 0, next_ns: start_ns, random: Random(seed) }
    }

    /// The next instant, nanoseconds on the run's clock.
    pub(crate) const fn next_ns(&self) -> u64 {
        self.next_ns
    }

    /// Takes the next instant if it is not after `now_ns`: the message's number and when it was due.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<(u64, u64)> {
        if self.next_ns > now_ns {
            return None;
        }
        let due = (self.taken, self.next_ns);
        self.taken += 1;
        self.next_ns = match self.arrivals {
            // From the start each time, so that rounding does not add up.
            Arrivals::Even => self.start_ns + (self.taken as f64 * 1e9 / self.per_second) as u64,
            Arrivals::Poisson => self.next_ns + (-(1.0 - self.random.unit()).ln() * 1e9 / self.per_second) as u64,
        };
        Some(due)
    }
}

/// SplitMix64: enough for spreading a load, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// From 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to, not including, `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instants(arrivals: Arrivals, count: usize) -> Vec<u64> {
        let mut schedule = Schedule::new(arrivals, 1_000.0, 5_000, 1);
        (0..count).map(|_| schedule.take_due(u64::MAX).expect("all are due").1).collect()
    }

    #[test]
    fn even_instants_do_not_drift() {
        let instants = instants(Arrivals::Even, 3_001);
        assert_eq!(instants[0], 5_000);
        assert_eq!(instants[1], 1_005_000);
        assert_eq!(instants[3_000], 3_000_005_000);
    }

    #[test]
    fn random_instants_keep_the_rate_and_rise() {
        let instants = instants(Arrivals::Poisson, 20_000);
        assert!(instants.is_sorted());
        let seconds = (instants[19_999] - instants[0]) as f64 / 1e9;
        assert!((19.0..21.0).contains(&seconds), "{seconds} s for 20,000 at 1,000/s");
    }

    #[test]
    fn nothing_is_due_before_its_time_and_a_stall_loses_nothing() {
        let mut schedule = Schedule::new(Arrivals::Even, 1_000.0, 0, 1);
        assert_eq!(schedule.take_due(0), Some((0, 0)));
        assert_eq!(schedule.take_due(999_999), None);
        assert_eq!(schedule.next_ns(), 1_000_000);
        let stalled: Vec<_> = std::iter::from_fn(|| schedule.take_due(3_500_000)).collect();
        assert_eq!(stalled, [(1, 1_000_000), (2, 2_000_000), (3, 3_000_000)]);
    }
}
