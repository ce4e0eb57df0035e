//! Times as the original writes them: ISO local date-times in Asia/Seoul, to the second.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{self, TimeZone};

/// Seoul keeps no summer time, so its offset stands for the zone and no zone files are needed.
const SEOUL_HOURS: i8 = 9;

/// The present.
pub(crate) fn now() -> String {
    format(Timestamp::now())
}

/// The instant of that many milliseconds of Unix time.
pub(crate) fn of_unix_ms(unix_ms: u64) -> String {
    format(instant(unix_ms))
}

/// The same for those who ask for no local time: in UTC, as RFC 3339 writes it.
pub(crate) fn utc(unix_ms: u64) -> String {
    instant(unix_ms).to_string()
}

fn instant(unix_ms: u64) -> Timestamp {
    let instant = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    instant.unwrap_or(Timestamp::MAX)
}

/// Unix milliseconds of a time in Seoul, or of one with an offset.
pub(crate) fn read(text: &str) -> Option<u64> {
    let text = text.trim();
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => text.parse::<DateTime>().ok()?.to_zoned(seoul()).ok()?.timestamp(),
    };
    u64::try_from(instant.as_millisecond()).ok()
}

fn seoul() -> TimeZone {
    TimeZone::fixed(tz::offset(SEOUL_HOURS))
}

fn format(instant: Timestamp) -> String {
    instant.to_zoned(seoul()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_seoul_sees_it() {
        assert_eq!(of_unix_ms(1_763_771_400_999), "2025-11-22T09:30:00");
        assert_eq!(utc(1_763_771_400_999), "2025-11-22T00:30:00.999Z");
        assert_eq!(now().len(), "2025-11-22T09:30:00".len());
        assert!(!of_unix_ms(u64::MAX).is_empty());
    }

    #[test]
    fn a_time_is_seouls_unless_it_says_otherwise() {
        let written = 1_763_771_400_000;
        for text in ["2025-11-22T09:30:00", "2025-11-22T09:30", "2025-11-22T00:30:00Z", "2025-11-22T01:30:00+01:00"] {
            assert_eq!(read(text), Some(written), "{text}");
        }
        for text in ["", "soon", "2025-13-22T09:30:00", "-2025-11-22T09:30:00", "09:30"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
