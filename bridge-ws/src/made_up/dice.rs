//! Chance that repeats itself.

use std::time::Duration;

/// A generator of the SplitMix kind: good enough to shuffle a conversation.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The same seed, the same rolls.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Of one thing among those of a seed, so that it is the same whatever was rolled for others.
    pub(super) fn of(seed: u64, nth: u32) -> Self {
        let mut dice = Self::new(seed ^ (u64::from(nth) << 32));
        Self(dice.roll())
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap_or(0)
    }

    /// Around `mean`: between half of it and half as much again.
    pub fn around(&mut self, mean: Duration) -> Duration {
        mean / 2 + mean.mul_f64(self.below(1000) as f64 / 1000.0)
    }

    /// Puts `items` into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_a_shuffle_loses_nothing() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..20).collect();
            Dice::new(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert_ne!(shuffled(7), shuffled(8));
        let mut sorted = shuffled(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn pauses_stay_around_their_mean() {
        let mut dice = Dice::new(1);
        let mean = Duration::from_secs(4);
        for _ in 0..1000 {
            let pause = dice.around(mean);
            assert!(pause >= mean / 2 && pause <= mean * 3 / 2);
        }
    }
}
