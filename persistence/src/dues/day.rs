//! Days of the calendar that dues fall due on, in Seoul.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::error::Error;
use crate::ledger::seoul;
use crate::sql::Value;

/// A day, written `2026-12-05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// An hour of the day, to the minute of it.
const MINUTES_OF_HOUR: i64 = 60;

impl Day {
    /// The day of that instant.
    pub fn of_ms(at_ms: u64) -> Self {
        Self(local(at_ms).date())
    }

    /// So many days later, or earlier below zero; at the calendar's end its last day.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// So many months later; of a month without that day, its last one.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        Self(self.0.saturating_add(months.months()))
    }

    /// The instant of an hour of it.
    pub(super) fn at_hour(self, hour: i8) -> u64 {
        let at = self.0.at(hour, 0, 0, 0).to_zoned(seoul()).map(|at| at.timestamp().as_millisecond());
        at.ok().and_then(|at| u64::try_from(at).ok()).unwrap_or(u64::MAX)
    }

    /// As a number of the form 20261205.
    pub fn digits(self) -> u32 {
        // Years are within 2000 to 2999, months and days above 0.
        u32::from(self.0.year().unsigned_abs()) * 10_000 + self.0.month() as u32 * 100 + self.0.day() as u32
    }

    pub(super) fn stored(self) -> i64 {
        self.digits().into()
    }

    pub(super) fn of_stored(stored: i64) -> Result<Self, Error> {
        let wrong = || Error::Internal(format!("{stored} is no day of the form 20261205"));
        let year = i16::try_from(stored / 10_000).map_err(|_| wrong())?;
        // Both are below 100.
        let (month, day) = ((stored / 100 % 100) as i8, (stored % 100) as i8);
        Date::new(year, month, day).map(Self).map_err(|_| wrong())
    }
}

/// Minutes since the midnight before an instant.
pub(super) fn minute_of_day(at_ms: u64) -> i64 {
    let local = local(at_ms);
    i64::from(local.hour()) * MINUTES_OF_HOUR + i64::from(local.minute())
}

fn local(at_ms: u64) -> jiff::civil::DateTime {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    at.to_zoned(seoul()).datetime()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_a_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let day = text.parse().ok().filter(|date: &Date| is_a_date && (2000..3000).contains(&date.year()));
        day.map(Self).ok_or_else(|| Error::InvalidField {
            field: "day",
            reason: format!("{text:?} is no day of the form 2026-12-05"),
        })
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Self::from(day.stored())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_of_seoul() {
        let midnight = day("2026-12-05").at_hour(0);
        assert_eq!(midnight, 1_796_396_400_000);
        assert_eq!((Day::of_ms(midnight), Day::of_ms(midnight - 1)), (day("2026-12-05"), day("2026-12-04")));
        assert_eq!(minute_of_day(midnight + 9 * 3_600_000 + 60_000), 541);
    }

    #[test]
    fn the_last_of_a_month_stays_the_last_and_comes_back() {
        let first = day("2027-01-31");
        let months: Vec<String> = (0..4).map(|months| first.plus_months(months).to_string()).collect();
        assert_eq!(months, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
    }

    #[test]
    fn what_is_stored_is_read_and_sorts() {
        let (early, late) = (day("2026-09-30"), day("2026-10-01"));
        assert!(early.stored() < late.stored());
        assert_eq!(Day::of_stored(late.stored()).unwrap(), late);
        assert!(Day::of_stored(20_261_340).is_err());
        for wrong in ["", "2026-2-1", "2026-02-30", "20260201", "2026-02-01T00:00", "9999-01-01"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }
}
