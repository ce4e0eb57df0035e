//! How far the journal may forget: what a store confirmed may still be lost with it until it has synced by itself.

use std::collections::VecDeque;

/// Confirmations that are remembered of one window.
const SAMPLES: u64 = 64;
/// Into how many parts a window is divided. A silence of the store, however long, counts as one of them at most.
const PARTS: u64 = 8;

/// Confirmed positions that are younger than the window.
///
/// A confirmation's age is counted in the store's life, as its further confirmations show it, not by the clock: a store
/// that is away, or frozen, lets nothing grow old, so that all it may have lost is still here when it is back.
#[derive(Debug)]
pub struct KeptWindow {
    keep_ms: u64,
    /// When each was confirmed, in the store's life.
    young: VecDeque<(u64, u64)>,
    /// How long the store has lived, and when that was counted.
    life_ms: u64,
    counted_ms: u64,
    settled: u64,
}

impl KeptWindow {
    /// Nothing is kept past a confirmation for `keep_ms` 0. The journal begins at `position`.
    pub fn new(keep_ms: u64, position: u64) -> Self {
        Self { keep_ms, young: VecDeque::new(), life_ms: 0, counted_ms: 0, settled: position }
    }

    /// The store has confirmed `position`. `now_ms` is of a clock that only rises.
    pub fn confirmed(&mut self, now_ms: u64, position: u64) {
        self.life_ms += now_ms.saturating_sub(self.counted_ms).min(self.part_ms());
        self.counted_ms = now_ms;
        let (life_ms, step_ms) = (self.life_ms, self.keep_ms / SAMPLES);
        let is_close = |&(at_ms, _): &(u64, u64)| life_ms - at_ms < step_ms;
        if self.young.len() >= 2 && self.young.get(self.young.len() - 2).is_some_and(is_close) {
            // Counted as younger than it is, which keeps more than is needed.
            self.young.pop_back();
        }
        self.young.push_back((life_ms, position));
        while let Some(&(at_ms, position)) = self.young.front()
            && at_ms + self.keep_ms <= life_ms
        {
            self.settled = self.settled.max(position);
            self.young.pop_front();
        }
    }

    /// The store takes back what it confirmed.
    pub fn rewound(&mut self) {
        self.young.clear();
    }

    /// Up to here the store has everything for good.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// The longest silence that counts whole.
    pub fn part_ms(&self) -> u64 {
        (self.keep_ms / PARTS).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_window_what_is_confirmed_is_settled() {
        let mut window = KeptWindow::new(0, 5);
        assert_eq!(window.settled(), 5);
        window.confirmed(0, 7);
        assert_eq!(window.settled(), 7);
    }

    /// Confirms `position` again and again until it is so late.
    fn live_until(window: &mut KeptWindow, now_ms: &mut u64, until_ms: u64, position: u64) {
        while *now_ms < until_ms {
            *now_ms += 100;
            window.confirmed(*now_ms, position);
        }
    }

    #[test]
    fn a_store_that_is_away_or_frozen_lets_nothing_grow_old() {
        let (mut window, mut now_ms) = (KeptWindow::new(1_000, 0), 0);
        live_until(&mut window, &mut now_ms, 100, 10);
        live_until(&mut window, &mut now_ms, 900, 20);
        assert_eq!(window.settled(), 0);
        // Frozen for an hour, it may still have synced nothing of it.
        now_ms += 3_600_000;
        window.confirmed(now_ms, 30);
        assert_eq!(window.settled(), 0);
        let soon = now_ms + 300;
        live_until(&mut window, &mut now_ms, soon, 30);
        assert_eq!(window.settled(), 20);
        // Away: what it confirmed before counts no more.
        window.rewound();
        let later = now_ms + 900;
        live_until(&mut window, &mut now_ms, later, 25);
        assert_eq!(window.settled(), 20);
        let later = now_ms + 300;
        live_until(&mut window, &mut now_ms, later, 40);
        assert_eq!(window.settled(), 25);
    }

    #[test]
    fn many_confirmations_take_little_memory_and_are_settled_in_time() {
        let mut window = KeptWindow::new(6_400, 0);
        for now_ms in 0..100_000 {
            window.confirmed(now_ms, now_ms);
            assert!(window.young.len() <= SAMPLES as usize + 2);
        }
        assert!((100_000 - 6_400 - 300..=100_000 - 6_400).contains(&window.settled()), "{}", window.settled());
    }
}
