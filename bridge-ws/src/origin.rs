//! Which web pages may use the bridge: its own, and those of the configured origins.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::error::Error;

/// Origins that may use the bridge besides its own.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    allowed: Vec<HeaderValue>,
}

/// What a request's headers say about the page it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A page of an allowed origin or of the bridge itself.
    Allowed,
    /// No browser, or one that says nothing: no `Origin` and no `Sec-Fetch-Site`.
    Unknown,
    /// A page of another site.
    Foreign,
}

impl Origins {
    pub(crate) fn new(allowed: &[String]) -> Result<Self, Error> {
        let allowed = allowed.iter().map(|origin| parse(origin).ok_or_else(|| Error::Origin(origin.clone())));
        Ok(Self { allowed: allowed.collect::<Result<_, _>>()? })
    }

    /// The configured origins, as `Origin` headers write them.
    pub(crate) fn allowed(&self) -> &[HeaderValue] {
        &self.allowed
    }

    /// Judges a request by its headers. A browser lets no page forge them.
    pub(crate) fn source(&self, headers: &HeaderMap) -> Source {
        if let Some(origin) = headers.get(header::ORIGIN) {
            let allowed = self.allowed.contains(origin) || is_own(origin, headers.get(header::HOST));
            return if allowed { Source::Allowed } else { Source::Foreign };
        }
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            None => Source::Unknown,
            // `none`: the user's own doing, as an address typed in.
            Some(b"same-origin" | b"none") => Source::Allowed,
            Some(_) => Source::Foreign,
        }
    }
}

/// The scheme does not count: behind a proxy that ends TLS the bridge does not know its own.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    match (authority, host.and_then(|host| host.to_str().ok())) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Browsers write origins in lower case and without a path; what is not so would never match.
fn parse(origin: &str) -> Option<HeaderValue> {
    let (scheme, authority) = origin.split_once("://")?;
    let plain = |text: &str| !text.is_empty() && !text.contains(['/', '?', '#', '@', ' ']);
    if !plain(scheme) || !plain(authority) {
        return None;
    }
    HeaderValue::from_str(&origin.to_ascii_lowercase()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(allowed: &[&str], headers: &[(&'static str, &'static str)]) -> Source {
        let allowed: Vec<String> = allowed.iter().map(|&origin| origin.to_owned()).collect();
        let mut map = HeaderMap::new();
        for &(name, value) in headers {
            map.insert(name, HeaderValue::from_static(value));
        }
        Origins::new(&allowed).unwrap().source(&map)
    }

    #[test]
    fn a_page_of_the_same_host_is_allowed_whatever_its_scheme() {
        let host = ("host", "chat.example:8080");
        assert_eq!(source(&[], &[host, ("origin", "https://chat.example:8080")]), Source::Allowed);
        assert_eq!(source(&[], &[host, ("origin", "http://chat.example")]), Source::Foreign);
        assert_eq!(source(&[], &[host, ("origin", "null")]), Source::Foreign);
    }

    #[test]
    fn a_configured_origin_is_allowed_and_no_other_that_looks_like_it() {
        let allowed = ["http://localhost:3000"];
        assert_eq!(source(&allowed, &[("origin", "http://localhost:3000")]), Source::Allowed);
        assert_eq!(source(&allowed, &[("origin", "http://localhost:3000.evil.example")]), Source::Foreign);
    }

    #[test]
    fn a_request_without_an_origin_is_judged_by_its_fetch_metadata() {
        assert_eq!(source(&[], &[]), Source::Unknown);
        assert_eq!(source(&[], &[("sec-fetch-site", "same-origin")]), Source::Allowed);
        assert_eq!(source(&[], &[("sec-fetch-site", "cross-site")]), Source::Foreign);
        assert_eq!(source(&[], &[("sec-fetch-site", "same-site")]), Source::Foreign);
    }

    #[test]
    fn an_origin_with_a_path_is_refused_at_start() {
        for wrong in ["http://a.example/", "a.example", "*", "http://"] {
            assert!(Origins::new(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
