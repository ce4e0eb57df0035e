//! Which bytes of a file a request wants (RFC 9110): one range, or all.

use axum::http::{HeaderMap, HeaderValue, header};

/// What to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// From the first up to, not including, the second.
    Part(u64, u64),
    /// Bytes that the file does not have.
    Nothing,
    /// The caller has this file already.
    NotModified,
}

/// Reads a request's headers about a file of `size` bytes whose `ETag` is `tag`. What it does not understand it passes
/// over, several ranges among it: all bytes are then a right answer.
pub(super) fn wanted(headers: &HeaderMap, size: u64, tag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH)
        && tags.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    {
        return Wanted::NotModified;
    }
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Wanted::All;
    }
    text(header::RANGE).and_then(|range| part(range, size)).unwrap_or(Wanted::All)
}

fn part(range: &str, size: u64) -> Option<Wanted> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    let (start, end) = match (first, last) {
        ("", last) => (size.saturating_sub(number(last)?), size),
        (first, "") => (number(first)?, size),
        (first, last) => {
            let (first, last): (u64, u64) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            (first, last.saturating_add(1).min(size))
        }
    };
    Some(if start < end { Wanted::Part(start, end) } else { Wanted::Nothing })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(header::HeaderName, &'static str)]) -> Wanted {
        let pairs = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        wanted(&pairs.collect(), 10, "\"a\"")
    }

    #[test]
    fn a_range_is_of_bytes_that_are_there() {
        for (range, wanted) in [
            ("bytes=0-3", Wanted::Part(0, 4)),
            ("bytes=4-", Wanted::Part(4, 10)),
            ("bytes=-3", Wanted::Part(7, 10)),
            ("bytes=-30", Wanted::Part(0, 10)),
            ("bytes=8-99", Wanted::Part(8, 10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=3-1", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=+1-", Wanted::All),
            ("items=0-3", Wanted::All),
            ("bytes=99999999999999999999-", Wanted::All),
        ] {
            assert_eq!(of(&[(header::RANGE, range)]), wanted, "{range}");
        }
    }

    #[test]
    fn who_has_the_file_gets_no_bytes_and_who_had_another_gets_all() {
        assert_eq!(of(&[(header::IF_NONE_MATCH, "\"b\", W/\"a\"")]), Wanted::NotModified);
        assert_eq!(of(&[(header::IF_NONE_MATCH, "\"b\"")]), Wanted::All);
        let range = (header::RANGE, "bytes=0-3");
        assert_eq!(of(&[range.clone(), (header::IF_RANGE, "\"a\"")]), Wanted::Part(0, 4));
        assert_eq!(of(&[range, (header::IF_RANGE, "\"b\"")]), Wanted::All);
    }
}
