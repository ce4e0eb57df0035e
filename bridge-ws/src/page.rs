//! The web page, embedded in the binary.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use rust_embed::RustEmbed;
use std::borrow::Cow;

use crate::problem::Problem;

const INDEX: &str = "index.html";
/// Vite puts files here whose names change with their content.
const HASHED: &str = "assets/";
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Built;

struct File {
    data: Cow<'static, [u8]>,
    etag: String,
}

fn built(path: &str) -> Option<File> {
    let file = Built::get(path)?;
    let hash = file.metadata.sha256_hash();
    let etag = hash.iter().take(12).fold(String::from("\""), |etag, byte| etag + &format!("{byte:02x}")) + "\"";
    Some(File { data: file.data, etag })
}

/// Whether this build has the page: it is left out where Node was not there.
pub fn is_embedded() -> bool {
    Built::get(INDEX).is_some()
}

/// Answers what no other route does: a file of the page, the page itself for a path of its own, or 404.
pub(crate) async fn page(request: axum::extract::Request) -> Response<Body> {
    answer(request.method(), request.uri().path(), request.headers(), built)
}

fn answer(method: &Method, path: &str, headers: &HeaderMap, files: fn(&str) -> Option<File>) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    if let Some(file) = files(path) {
        return serve(path, file, headers);
    }
    if !accepts_html(headers) && path != INDEX {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    match files(INDEX) {
        Some(index) => serve(INDEX, index, headers),
        None => left_out(),
    }
}

/// A file, or 304 where the browser has it already.
fn serve(path: &str, file: File, headers: &HeaderMap) -> Response<Body> {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|value| value.split(',').any(|tag| tag.trim().trim_start_matches("W/") == file.etag))
    });
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let content_type = content_type(path);
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = match file.data {
        _ if known => Body::empty(),
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    };
    let headers =
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, caching.into()), (header::ETAG, file.etag)];
    (status, headers, [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], body).into_response()
}

fn content_type(path: &str) -> String {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT || mime.subtype() == mime_guess::mime::JAVASCRIPT;
    if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

/// Whether a person looks at it, who should see the page rather than an error.
fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
}

/// What stands in for the page in a build without Node.
fn left_out() -> Response<Body> {
    const TEXT: &str = include_str!("left_out.html");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (headers, TEXT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn complete(path: &str) -> Option<File> {
        let data: &'static [u8] = match path {
            "index.html" => b"<!doctype html>",
            "assets/index-4f2a.js" => b"moim()",
            _ => return None,
        };
        Some(File { data: data.into(), etag: "\"1\"".into() })
    }

    fn get(path: &str, accept: &'static str, files: fn(&str) -> Option<File>) -> Response<Body> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        answer(&Method::GET, path, &headers, files)
    }

    fn header_of(response: &Response<Body>, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_hashed_file_may_be_kept_for_ever_and_the_page_is_asked_for_each_time() {
        let script = get("/assets/index-4f2a.js", "*/*", complete);
        assert_eq!(header_of(&script, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert!(header_of(&script, header::CACHE_CONTROL).contains("immutable"));
        let page = get("/", "text/html", complete);
        assert_eq!(header_of(&page, header::CACHE_CONTROL), "no-cache");
        assert!(header_of(&page, header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
    }

    #[test]
    fn a_path_of_the_page_is_the_page_and_a_missing_file_is_not() {
        assert_eq!(get("/rooms/7", "text/html,*/*", complete).status(), StatusCode::OK);
        assert_eq!(get("/assets/gone.js", "*/*", complete).status(), StatusCode::NOT_FOUND);
        assert_eq!(answer(&Method::POST, "/", &HeaderMap::new(), complete).status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn a_browser_that_has_the_file_gets_no_second_copy() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"0\", W/\"1\""));
        assert_eq!(answer(&Method::GET, "/", &headers, complete).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn a_build_without_the_page_says_so() {
        let page = get("/", "*/*", |_| None);
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(header_of(&page, header::CONTENT_TYPE), "text/html; charset=utf-8");
    }
}
