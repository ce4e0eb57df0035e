//! Where a request carries its session token: the `Authorization` header, or one of two cookies.

use axum::http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode_str;

use crate::oauth::FLOW_MAX_S;

/// Cookie that login sets for the bridge's own page, out of reach of scripts.
pub(crate) const SESSION_COOKIE: &str = "moim_session";
/// Cookie that the original's page sets by script, `Bearer%20` and the token. Login clears it, so one that is there is
/// newer than the session cookie.
pub(crate) const SCRIPT_COOKIE: &str = "Authorization";

/// A token and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The bare token.
    pub(crate) token: String,
    /// A browser adds a cookie by itself, whoever made the request; a header takes a script of the page.
    pub(crate) by_cookie: bool,
}

impl Credentials {
    /// The token of a request: of the header first, then of the cookies.
    pub(crate) fn find(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        if let Some(token) = header {
            return Some(Self { token, by_cookie: false });
        }
        let token = cookie(headers, SCRIPT_COOKIE).and_then(bearer).or_else(|| {
            let session = cookie(headers, SESSION_COOKIE)?;
            (!session.is_empty()).then(|| session.to_owned())
        })?;
        Some(Self { token, by_cookie: true })
    }
}

/// The `Set-Cookie` headers of a login: ours with the token, and the original page's cleared.
pub(crate) fn login_cookies(token: &str, max_age_s: u64, secure: bool) -> [String; 2] {
    [set(SESSION_COOKIE, token, max_age_s, "; HttpOnly", secure), set(SCRIPT_COOKIE, "", 0, "", secure)]
}

/// The `Set-Cookie` headers of a logout.
pub(crate) fn logout_cookies(secure: bool) -> [String; 2] {
    login_cookies("", 0, secure)
}

/// The `Set-Cookie` header that keeps a login by a provider until it ends, or that clears it. Lax: the provider's page
/// sends the browser back.
pub(crate) fn flow_cookie(flow: Option<&str>, secure: bool) -> String {
    let max_age_s = if flow.is_some() { FLOW_MAX_S } else { 0 };
    set(flow_name(secure), flow.unwrap_or_default(), max_age_s, "; HttpOnly", secure)
}

/// What the browser keeps of a login by a provider.
pub(crate) fn flow_of(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookie(headers, flow_name(secure))
}

/// With the prefix no other host of the domain can plant the cookie; browsers take it by https alone.
const fn flow_name(secure: bool) -> &'static str {
    if secure { "__Host-moim_oauth" } else { "moim_oauth" }
}

fn set(name: &str, value: &str, max_age_s: u64, http_only: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={max_age_s}{http_only}{secure}")
}

/// A cookie's value. Where a name comes twice the first counts, as browsers send the closest path first.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value: &HeaderValue| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|&(found, _)| found == name)
        .map(|(_, value)| value.trim_matches('"'))
}

/// The token behind `Bearer `, where the space may be URL-encoded or a plus.
pub(crate) fn bearer(value: &str) -> Option<String> {
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let (scheme, token) = value.trim().split_once([' ', '+'])?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(headers: &[(&'static str, &'static str)]) -> Option<(String, bool)> {
        let mut map = HeaderMap::new();
        for &(name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        Credentials::find(&map).map(|found| (found.token, found.by_cookie))
    }

    #[test]
    fn the_header_goes_before_the_cookies_and_a_script_cookie_before_ours() {
        let cookies = ("cookie", "theme=dark; moim_session=ours; Authorization=Bearer%20theirs");
        assert_eq!(find(&[cookies, ("authorization", "Bearer mine")]), Some(("mine".into(), false)));
        assert_eq!(find(&[cookies]), Some(("theirs".into(), true)));
        assert_eq!(find(&[("cookie", "moim_session=ours; Authorization=")]), Some(("ours".into(), true)));
    }

    #[test]
    fn a_bearer_may_be_url_encoded_or_not() {
        for value in ["Bearer a.b.c", "Bearer%20a.b.c", "bearer+a.b.c"] {
            let mut map = HeaderMap::new();
            map.insert("authorization", HeaderValue::from_static(value));
            assert_eq!(Credentials::find(&map).unwrap().token, "a.b.c", "{value}");
        }
        assert_eq!(find(&[("authorization", "Basic YTpi")]), None);
        assert_eq!(find(&[("cookie", "Authorization=Bearer%20")]), None);
    }
}
