//! Money: whole won, never rounded, never past what a browser's number holds.

use std::fmt;

/// An amount or a balance in whole won, between -(2^53 - 1) and 2^53 - 1, so that a browser's number holds it exactly.
/// There is no arithmetic on it that could overflow in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Won(i64);

impl Won {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that there can be.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The most that comes in from outside at once: a slip of a bank's, or of a hand's, does not fill the ledger.
    pub const DEPOSIT_MAX: Self = Self(1_000_000_000_000);

    /// That many won; `None` out of bounds.
    pub const fn new(won: i64) -> Option<Self> {
        if won.unsigned_abs() <= Self::MAX.0 as u64 { Some(Self(won)) } else { None }
    }

    /// As a number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum; `None` out of bounds.
    pub const fn plus(self, other: Self) -> Option<Self> {
        // Two numbers of 53 bits have a sum of 54.
        Self::new(self.0 + other.0)
    }

    /// The difference; `None` out of bounds.
    pub const fn minus(self, other: Self) -> Option<Self> {
        Self::new(self.0 - other.0)
    }

    /// The same amount the other way.
    #[must_use]
    pub const fn negated(self) -> Self {
        // The bounds are symmetric.
        Self(-self.0)
    }
}

impl fmt::Display for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KRW", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sum_leaves_the_bounds() {
        let one = Won::new(1).unwrap();
        assert_eq!(Won::MAX.plus(one), None);
        assert_eq!(Won::MAX.negated().minus(one), None);
        assert_eq!(Won::MAX.minus(one).and_then(|less| less.plus(one)), Some(Won::MAX));
        assert_eq!((Won::new(i64::MIN), Won::new(i64::MAX)), (None, None));
    }
}
