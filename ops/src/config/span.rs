//! Lengths of time as an operator writes them: `1 ms`, `30 s`, `5 min`. A number without a unit is refused: nobody
//! could tell what it meant.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const UNITS: [(&str, u64); 5] = [("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// A length of time in whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u64);

impl Span {
    pub(crate) const fn us(count: u64) -> Self {
        Self(count)
    }

    pub(crate) const fn ms(count: u64) -> Self {
        Self(count * 1_000)
    }

    pub(crate) const fn seconds(count: u64) -> Self {
        Self(count * 1_000_000)
    }

    pub(crate) const fn duration(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, us) = UNITS.iter().find(|(_, us)| self.0 >= *us && self.0.is_multiple_of(*us)).unwrap_or(&("s", 1));
        write!(f, "{} {unit}", self.0 / us)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, us)| *us);
        let number: Option<u64> = number.parse().ok();
        number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor)).map(Self).ok_or_else(|| {
            format!("{text:?} is no length of time; write a whole number and one of us, ms, s, min, h, as in \"30 s\"")
        })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time with its unit, such as \"30 s\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_shown_in_the_largest_whole_unit() {
        for (text, us, shown) in [
            ("1 ms", 1_000, "1 ms"),
            ("1000us", 1_000, "1 ms"),
            ("90 s", 90_000_000, "90 s"),
            ("120 s", 120_000_000, "2 min"),
            ("24 h", 86_400_000_000, "24 h"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span, Span(us), "{text}");
            assert_eq!(span.to_string(), shown);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in ["5", "", "s", "-1 s", "1.5 s", "1 day", "18446744073709551615 h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
