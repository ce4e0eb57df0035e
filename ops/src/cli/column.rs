//! What stands in a line of columns, which programs read as well as people.

use std::fmt::{self, Display, Formatter, Write};

/// A text that people wrote, as one column: nobody adds a column or a line by what he calls himself. A dash where there is
/// none.
pub(super) struct Column<'a>(pub(super) &'a str);

impl Display for Column<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        self.0.chars().try_for_each(|c| f.write_char(if c.is_control() { ' ' } else { c }))
    }
}

/// Date and time of this machine's zone.
pub(super) fn local_time(unix_ms: u64) -> String {
    let millisecond = i64::try_from(unix_ms).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millisecond) {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => unix_ms.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_column_whatever_is_in_it() {
        assert_eq!(Column("하늘\t0 KRW\r\nfund").to_string(), "하늘 0 KRW  fund");
        assert_eq!(Column("").to_string(), "-");
    }
}
