//! A file's bytes, on their way to a member.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use moim_persistence::{Error, FileEntry, FileId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;

use super::disposition::content_disposition;
use super::for_member;
use super::media_type::is_inline;
use super::range::{Wanted, wanted};
use crate::app::App;
use crate::problem::{Envelope, Problem};
use crate::rest::caller::Caller;
use crate::rest::input::InPath;
use crate::rest::openapi::Refused;

const RETRY_AFTER_MS: u64 = 1_000;
/// Pieces that wait for the socket, beside the one that it takes from and the one that is being read.
const PIECES_WAITING: usize = 1;
/// Whatever a file is, it is no page of this origin: nothing in it runs, nothing is loaded by it.
const POLICY: &str = "default-src 'none'; sandbox";

/// `GET /file/{fileId}`: for members of its channel. Answers `Range`, `If-None-Match` and HEAD.
#[utoipa::path(get, path = "/file/{id}", tag = "file", params(("id" = u64, Path, description = "The file")), responses(
    (status = 200, description = "The file's bytes", body = Vec<u8>, content_type = "*/*"),
    (status = 206, description = "The part of them that was asked for", body = Vec<u8>, content_type = "*/*"),
    (status = 304, description = "The caller has them already"),
    (status = 416, description = "The file has no such bytes", body = Envelope),
    Refused,
))]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    method: Method,
    headers: HeaderMap,
    InPath(id): InPath<u64>,
) -> Result<Response, Problem> {
    let file = for_member(&app, FileId(id), caller.user).await?;
    let tag = format!("\"{}\"", file.tag());
    let (status, start, end) = match wanted(&headers, file.size, &tag) {
        Wanted::All => (StatusCode::OK, 0, file.size),
        Wanted::Part(start, end) => (StatusCode::PARTIAL_CONTENT, start, end),
        Wanted::NotModified => (StatusCode::NOT_MODIFIED, 0, 0),
        Wanted::Nothing => return Ok(not_satisfiable(file.size)),
    };
    let mut answer = described(&file, tag)?;
    let value = |text: String| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert(header::CONTENT_RANGE, value(format!("bytes {start}-{}/{}", end - 1, file.size))?);
    }
    if status == StatusCode::NOT_MODIFIED {
        return Ok((status, answer).into_response());
    }
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    if method == Method::HEAD {
        return Ok((status, answer).into_response());
    }
    let permit = app.downloads.clone().try_acquire_owned().map_err(|_| {
        app.counters.transfers_refused.one();
        Problem::busy("as many downloads are under way as this server carries at once", RETRY_AFTER_MS)
    })?;
    app.counters.files_fetched.one();
    let (pieces, mut taken) = mpsc::channel(PIECES_WAITING);
    app.tasks.spawn(read(app.clone(), file, (start, end), pieces, permit));
    let body = Body::from_stream(stream::poll_fn(move |cx| taken.poll_recv(cx)));
    Ok((status, answer, body).into_response())
}

/// What every answer about a file says of it. It is fetched anew each time, so that who may not have it any more does not.
fn described(file: &FileEntry, tag: String) -> Result<HeaderMap, Problem> {
    let disposition = content_disposition(is_inline(&file.content_type), &file.name);
    let value = |text: String| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    let fixed = HeaderValue::from_static;
    Ok(HeaderMap::from_iter([
        (header::CONTENT_TYPE, value(file.content_type.clone())?),
        (header::CONTENT_DISPOSITION, value(disposition)?),
        (header::ETAG, value(tag)?),
        (header::ACCEPT_RANGES, fixed("bytes")),
        (header::CACHE_CONTROL, fixed("private, no-cache")),
        (header::CONTENT_SECURITY_POLICY, fixed(POLICY)),
        (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-site")),
    ]))
}

fn not_satisfiable(size: u64) -> Response {
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "RangeNotSatisfiable",
        format!("the file has {size} bytes, none of them in the range asked for"),
    );
    let mut response = problem.into_response();
    if let Ok(value) = HeaderValue::try_from(format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// Reads on as the socket takes. A reader who takes nothing for too long is given up, so that he holds nothing for ever.
async fn read(
    app: Arc<App>,
    file: FileEntry,
    (mut start, end): (u64, u64),
    pieces: Sender<Result<Bytes, Error>>,
    _permit: OwnedSemaphorePermit,
) {
    let files = app.persistence.accounts().files();
    while start < end {
        let piece = tokio::select! {
            piece = files.piece(&file, start, end) => piece,
            () = app.stop.cancelled() => return,
        };
        let read = match &piece {
            Ok(bytes) => bytes.len() as u64,
            Err(error) => {
                tracing::warn!(file = file.id.0, %error, "a download breaks off");
                0
            }
        };
        let taken = tokio::select! {
            taken = timeout(app.config.limits.transfer_stall, pieces.send(piece)) => taken,
            () = app.stop.cancelled() => return,
        };
        if taken.is_err() {
            app.counters.downloads_slow.one();
        }
        if read == 0 || !matches!(taken, Ok(Ok(()))) {
            return;
        }
        start += read;
    }
}
