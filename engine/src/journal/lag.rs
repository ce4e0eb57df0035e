//! How far the message store is behind: in records, bytes and time.

use std::collections::VecDeque;

/// Marks that are remembered; then every other one is forgotten.
const MARKS_MAX: usize = 1_024;

/// A moment of the journal.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    position: u64,
    /// Bytes of all records up to there.
    bytes: u64,
    at_ms: u64,
}

/// Marks from the confirmed position to the newest. Bytes and time between two are estimated; at the end they are exact.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    marks: VecDeque<Mark>,
    newest: Mark,
    /// Least distance of two marks.
    step_ms: u64,
}

/// How far behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Records not confirmed.
    pub records: u64,
    /// Bytes of them, about.
    pub bytes: u64,
    /// Age of the oldest of them in seconds.
    pub seconds: u64,
}

impl std::fmt::Display for Behind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { records, bytes, seconds } = self;
        write!(f, "{records} messages, {} MiB, {seconds} s", bytes / (1024 * 1024))
    }
}

impl Lag {
    pub(crate) fn starting_at(position: u64, at_ms: u64) -> Self {
        let newest = Mark { position, bytes: 0, at_ms };
        Self { marks: VecDeque::from([newest]), newest, step_ms: 0 }
    }

    /// Records with `bytes` bytes have been written up to `position`.
    pub(crate) fn written(&mut self, position: u64, bytes: u64, now_ms: u64) {
        self.newest = Mark { position, bytes: self.newest.bytes + bytes, at_ms: now_ms };
        if self.marks.back().is_none_or(|mark| now_ms.saturating_sub(mark.at_ms) >= self.step_ms) {
            self.marks.push_back(self.newest);
        }
        if self.marks.len() > MARKS_MAX {
            let mut nth = 0;
            self.marks.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
            self.step_ms = (self.step_ms * 2).max(1);
        }
    }

    /// Everything up to `position` is in the store, or no longer in it where it is lower than before.
    pub(crate) fn behind(&mut self, confirmed: u64, settled: u64, now_ms: u64) -> Behind {
        while self.marks.len() >= 2 && self.marks[1].position <= settled {
            self.marks.pop_front();
        }
        if confirmed >= self.newest.position {
            self.step_ms = 0;
            return Behind::default();
        }
        let next = self.marks.partition_point(|mark| mark.position <= confirmed);
        let after = self.marks.get(next).copied().unwrap_or(self.newest);
        let before = next.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or(after);
        let share = |total: u64| {
            let (done, of) =
                (confirmed.saturating_sub(before.position), after.position.saturating_sub(before.position));
            (u128::from(total) * u128::from(done) / u128::from(of.max(1))) as u64
        };
        let bytes = before.bytes + share(after.bytes.saturating_sub(before.bytes));
        let since_ms = before.at_ms + share(after.at_ms.saturating_sub(before.at_ms));
        Behind {
            records: self.newest.position - confirmed,
            bytes: self.newest.bytes.saturating_sub(bytes),
            seconds: now_ms.saturating_sub(since_ms) / 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_has_everything_is_not_behind_and_one_that_stands_still_is_ever_more() {
        let mut lag = Lag::starting_at(100, 0);
        lag.written(110, 1_000, 10_000);
        assert_eq!(lag.behind(110, 110, 10_000), Behind::default());
        lag.written(120, 3_000, 20_000);
        lag.written(130, 3_000, 30_000);
        assert_eq!(lag.behind(110, 110, 50_000), Behind { records: 20, bytes: 6_000, seconds: 40 });
        assert_eq!(lag.behind(120, 110, 50_000), Behind { records: 10, bytes: 3_000, seconds: 30 });
        assert_eq!(lag.behind(125, 110, 50_000), Behind { records: 5, bytes: 1_500, seconds: 25 });
        // A rewind.
        assert_eq!(lag.behind(110, 110, 50_000).records, 20);
    }

    #[test]
    fn an_hour_of_batches_takes_little_memory() {
        let mut lag = Lag::starting_at(0, 0);
        for batch in 1..=3_600_000 {
            lag.written(batch, 10, batch);
        }
        assert!(lag.marks.len() <= MARKS_MAX + 1);
        let behind = lag.behind(1_800_000, 0, 3_600_000);
        assert_eq!((behind.records, behind.seconds), (1_800_000, 1_800));
        assert!((17_990_000..=18_010_000).contains(&behind.bytes), "{behind:?}");
    }
}
