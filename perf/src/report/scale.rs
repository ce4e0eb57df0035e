//! Axes: where a value lies, and which values are written beside.

/// How values spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From 0 to the given end.
    Linear { end: f64 },
    /// From one power of ten to another, both above 0.
    Logarithmic { start: f64, end: f64 },
}

impl Scale {
    /// A linear axis with room for all values.
    pub(super) fn linear(values: impl Iterator<Item = f64>) -> Self {
        let most = values.fold(0.0, f64::max);
        let step = step(most);
        Self::Linear { end: ((most / step).ceil() * step).max(step) }
    }

    /// A logarithmic axis with room for all values above 0.
    pub(super) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::MAX, 0.0f64);
        for value in values.filter(|value| *value > 0.0) {
            (least, most) = (least.min(value), most.max(value));
        }
        if most == 0.0 {
            (least, most) = (1.0, 10.0);
        }
        let start = 10f64.powf(least.log10().floor());
        Self::Logarithmic { start, end: 10f64.powf(most.log10().ceil()).max(start * 10.0) }
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn place(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { end } => value / end,
            Self::Logarithmic { start, end } => (value.max(start) / start).log10() / (end / start).log10(),
        };
        share.clamp(0.0, 1.0)
    }

    /// Values to write beside the axis.
    pub(super) fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear { end } => {
                let step = step(end);
                (0..=(end / step).round() as u32).map(|i| f64::from(i) * step).collect()
            }
            Self::Logarithmic { start, end } => {
                let decades = (end / start).log10().round() as i32;
                (0..=decades).map(|i| start * 10f64.powi(i)).collect()
            }
        }
    }
}

/// One, two or five times a power of ten: four to ten of them make up the whole.
fn step(whole: f64) -> f64 {
    if whole <= 0.0 {
        return 1.0;
    }
    let rough = whole / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    match rough / power {
        share if share < 1.5 => power,
        share if share < 3.5 => 2.0 * power,
        share if share < 7.5 => 5.0 * power,
        _ => 10.0 * power,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_on_a_round_value() {
        let scale = Scale::linear([3.0, 47.0].into_iter());
        assert_eq!(scale, Scale::Linear { end: 50.0 });
        assert_eq!(scale.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(scale.place(25.0), 0.5);
        assert_eq!(Scale::linear(std::iter::empty()).place(1.0), 1.0);
    }

    #[test]
    fn a_logarithmic_axis_covers_whole_decades() {
        let scale = Scale::logarithmic([0.0, 30.0, 2_000.0].into_iter());
        assert_eq!(scale.ticks().len(), 4);
        assert!((scale.place(100.0) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(scale.place(0.0), 0.0);
    }
}
