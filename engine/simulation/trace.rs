//! What happened lately, in words, for whoever has to understand a failure.

use std::collections::VecDeque;

/// Lines of a run. Nothing is written down, or even put into words, unless somebody wants to read it.
pub(crate) struct Trace {
    /// Lines kept; 0: none.
    lines_max: usize,
    lines: VecDeque<String>,
    pub(crate) step: usize,
}

impl Trace {
    pub(crate) fn keeping(lines_max: usize) -> Self {
        Self { lines_max, lines: VecDeque::new(), step: 0 }
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if self.lines_max == 0 {
            return;
        }
        if self.lines.len() == self.lines_max {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{:>6}  {}", self.step, line()));
    }

    /// What comes after a failure explains nothing.
    pub(crate) fn end(&mut self) {
        self.lines_max = 0;
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}
