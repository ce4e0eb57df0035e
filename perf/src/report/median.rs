//! Medians over the rounds of a run, and how far the rounds lie apart.

/// A figure over several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Median {
    pub(crate) value: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Median {
    /// `None` of nothing.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (&least, &most) = (figures.first()?, figures.last()?);
        let upper = figures[figures.len() / 2];
        let lower = figures[(figures.len() - 1) / 2];
        Some(Self { value: f64::midpoint(lower, upper), least, most })
    }

    /// Distance between the extremes as a share of the median.
    pub(crate) fn spread(&self) -> f64 {
        if self.value == 0.0 { 0.0 } else { (self.most - self.least) / self.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_odd_and_even_numbers_of_rounds() {
        assert_eq!(Median::of([]), None);
        assert_eq!(Median::of([5.0, 1.0, 3.0]), Some(Median { value: 3.0, least: 1.0, most: 5.0 }));
        assert_eq!(Median::of([1.0, 2.0]).unwrap().value, 1.5);
        assert_eq!(Median::of([0.0]).unwrap().spread(), 0.0);
    }
}
