//! What a person at a terminal sees while the load runs.

use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};

use super::window::Interval;

/// One line on the terminal that is written over; nothing where there is no terminal.
pub(super) struct Progress {
    title: String,
    is_shown: bool,
    intervals: Cell<u32>,
}

impl Progress {
    pub(super) fn new(title: String) -> Self {
        Self { title, is_shown: stderr().is_terminal(), intervals: Cell::new(0) }
    }

    /// Says what is being done.
    pub(super) fn say(&self, what: &str) {
        self.write(&format!("\r\x1b[K{}: {what}", self.title));
    }

    /// Shows an interval's figures, once a second.
    pub(super) fn show(&self, present: usize, interval: &Interval) {
        self.intervals.set(self.intervals.get() + 1);
        if self.intervals.get() % 4 != 1 {
            return;
        }
        let per_s = |count: u64| (count as f64 / interval.length_s).round();
        self.say(&format!(
            "{present} connections, {} deliveries/s, {} publishes/s, p99 {:.2} ms",
            per_s(interval.counts.deliveries),
            per_s(interval.counts.publishes),
            interval.deliveries.value_at_quantile(0.99) as f64 / 1e6,
        ));
    }

    fn write(&self, text: &str) {
        if self.is_shown {
            // A terminal that went away leaves nobody to tell.
            let _ = stderr().write_all(text.as_bytes());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("\r\x1b[K");
    }
}
