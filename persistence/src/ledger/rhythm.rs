//! When a reservation runs: at a minute of the day, each day or on a day of each month, by the clocks of a zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::error::Error;

/// How often a reservation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// At its minute of each day.
    Daily,
    /// At its minute of its day of each month; of a month without that day, on the last one.
    Monthly,
}

/// Seoul keeps no summer time, so its offset stands for the zone and no zone files are needed.
pub(crate) fn seoul() -> TimeZone {
    TimeZone::fixed(tz::offset(9))
}

impl Rhythm {
    /// The run after the one that `zone` calls `local`. `day` is the day of the month that was booked: the 31st is the
    /// 28th in February and the 31st again in March.
    fn after(self, local: DateTime, day: i8) -> Result<DateTime, jiff::Error> {
        match self {
            Self::Daily => local.checked_add(1.day()),
            Self::Monthly => {
                let first = local.date().first_of_month().checked_add(1.month())?;
                let date = Date::new(first.year(), first.month(), day.min(first.days_in_month()))?;
                Ok(date.to_datetime(local.time()))
            }
        }
    }

    /// When the run after that of `run_at_ms` is. A minute that a zone skips in spring is the one an hour later; of one that
    /// comes twice in autumn the first is taken: each run happens once. `minute` is the minute of the day that was booked,
    /// which a skipped one must not shift for good.
    pub(super) fn next_ms(self, run_at_ms: u64, day: i8, minute: i16, zone: &TimeZone) -> Result<u64, Error> {
        self.next(run_at_ms, day, minute, zone)
            .map_err(|error| Error::Internal(format!("the run after {run_at_ms}: {error}")))
    }

    fn next(self, run_at_ms: u64, day: i8, minute: i16, zone: &TimeZone) -> Result<u64, jiff::Error> {
        let ran = local_of(run_at_ms, zone)?;
        let booked = ran.date().at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
        let next = self.after(booked, day)?.to_zoned(zone.clone())?.timestamp();
        Ok(u64::try_from(next.as_millisecond()).unwrap_or(u64::MAX))
    }
}

/// Day of the month and minute of the day of an instant.
pub(super) fn day_and_minute(at_ms: u64, zone: &TimeZone) -> Result<(i8, i16), Error> {
    let local = local_of(at_ms, zone).map_err(|error| Error::Internal(format!("the instant {at_ms}: {error}")))?;
    Ok((local.day(), i16::from(local.hour()) * 60 + i16::from(local.minute())))
}

fn local_of(at_ms: u64, zone: &TimeZone) -> Result<DateTime, jiff::Error> {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX))?;
    Ok(at.to_zoned(zone.clone()).datetime())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The local times of a first run and of those that follow it.
    fn runs(rhythm: Rhythm, first: &str, times: usize, zone: &TimeZone) -> Vec<String> {
        let first: DateTime = first.parse().unwrap();
        let mut at_ms = first.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond() as u64;
        let (day, minute) = day_and_minute(at_ms, zone).unwrap();
        let mut runs = Vec::new();
        for _ in 0..times {
            runs.push(local_of(at_ms, zone).unwrap().strftime("%Y-%m-%dT%H:%M").to_string());
            let next_ms = rhythm.next_ms(at_ms, day, minute, zone).unwrap();
            assert!(next_ms > at_ms);
            at_ms = next_ms;
        }
        runs
    }

    #[test]
    fn the_thirty_first_is_the_last_day_of_a_shorter_month_and_comes_back() {
        let months = runs(Rhythm::Monthly, "2027-12-31T09:30", 5, &seoul());
        let expected = ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"];
        assert_eq!(months, expected.map(|date| format!("{date}T09:30")));
        assert_eq!(runs(Rhythm::Monthly, "2027-01-30T00:00", 2, &seoul())[1], "2027-02-28T00:00");
    }

    #[test]
    fn a_daily_one_comes_each_day_at_its_minute() {
        let days = runs(Rhythm::Daily, "2028-02-28T23:59", 3, &seoul());
        assert_eq!(days, ["2028-02-28T23:59", "2028-02-29T23:59", "2028-03-01T23:59"]);
    }

    #[test]
    fn a_zone_with_summer_time_neither_skips_nor_doubles_a_run() {
        // Of New York, given by rule so that no zone files are needed: it skips 02:30 on 14 March 2027.
        let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let spring = runs(Rhythm::Daily, "2027-03-13T02:30", 3, &zone);
        assert_eq!(spring, ["2027-03-13T02:30", "2027-03-14T03:30", "2027-03-15T02:30"]);
        // And has 01:30 twice on 7 November.
        let autumn = runs(Rhythm::Daily, "2027-11-06T01:30", 3, &zone);
        assert_eq!(autumn, ["2027-11-06T01:30", "2027-11-07T01:30", "2027-11-08T01:30"]);
    }
}
