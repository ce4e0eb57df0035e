//! The HTTP side: listener, connections, and what holds for every request.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, sleep, timeout};
use tower::ServiceExt;
use utoipa::OpenApi as _;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::client_address::PeerAddress;
use crate::problem::Problem;
use crate::{operations, page, rest, stomp, websocket};

/// Pause after the system would not give a connection, as when it is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const HEADERS_MAX: usize = 100;
/// What the HTTP layer insists on.
const HEADER_BYTES_MIN: usize = 8 * 1024;

/// Everything that the bridge answers.
fn router(app: &Arc<App>) -> Router {
    let (rest, rest_document) = rest::router(app);
    let (operations, operations_document) = operations::routes().split_for_parts();
    let mut document = rest::Document::openapi().nest("/api", rest_document);
    document.merge(operations_document);
    Router::new()
        .route("/ws", get(websocket::upgrade))
        .route("/ws-stomp", get(stomp::upgrade))
        .nest("/api", rest)
        .merge(operations)
        .merge(SwaggerUi::new("/swagger-ui").url("/v3/api-docs", document))
        .fallback(page::page)
        .method_not_allowed_fallback(|| async { Problem::of_status(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(middleware::from_fn_with_state(app.clone(), every_request))
        .with_state(app.clone())
}

/// The time limit, the counters and the headers of every answer.
async fn every_request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let limits = &app.config.limits;
    let patience = if rest::is_upload(&request) { limits.upload_timeout } else { limits.request_timeout };
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let (request, is_whole) = watched(request);
    let Ok(mut response) = timeout(patience, next.run(request)).await else {
        // What the stores have begun goes on to its end.
        if changes && is_whole.load(Ordering::Relaxed) {
            const WHY: &str = "it took too long; whether it was done is not known";
            return Problem::outcome_unknown(WHY).into_response();
        }
        return Problem::of_status(StatusCode::REQUEST_TIMEOUT).into_response();
    };
    app.counters.requests.one();
    if response.status().is_server_error() {
        app.counters.requests_failed.one();
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let same_origin = HeaderValue::from_static("same-origin");
    headers.entry(HeaderName::from_static("cross-origin-opener-policy")).or_insert(same_origin);
    response
}

/// The request, and whether all of its body was read: nothing is done before.
fn watched(request: Request) -> (Request, Arc<AtomicBool>) {
    let length = request.body().size_hint().exact();
    let is_whole = Arc::new(AtomicBool::new(length.is_none_or(|length| length == 0)));
    let (read, mut so_far) = (is_whole.clone(), 0);
    let count = move |frame: Frame<Bytes>| {
        so_far += frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
        read.fetch_or(length.is_some_and(|length| so_far >= length), Ordering::Relaxed);
        frame
    };
    (request.map(|body| Body::new(body.map_frame(count))), is_whole)
}

/// Accepts connections until the bridge stops, and deals them to the threads.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener, threads: Vec<Handle>) {
    let mut next = threads.iter().cycle();
    let router = router(&app);
    let permits = Arc::new(Semaphore::new(app.config.limits.connections_max.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match (permits.clone().try_acquire_owned(), next.next()) {
                (Ok(permit), Some(thread)) => {
                    let connection = connection(app.clone(), router.clone(), stream, peer.ip(), permit);
                    app.tasks.spawn_on(connection, thread);
                }
                _ => app.counters.connections_refused.one(),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers one connection's requests. A socket that was upgraded goes on elsewhere.
async fn connection(app: Arc<App>, router: Router, stream: TcpStream, peer: IpAddr, _permit: OwnedSemaphorePermit) {
    // Readiness is told to the runtime in which a socket was made: this thread's from here on.
    let stream = stream.into_std().and_then(TcpStream::from_std);
    let stream = match stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "a connection was gone at once");
            return;
        }
    };
    app.counters.connections.one();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        router.clone().oneshot(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.limits.header_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(app.config.limits.header_bytes_max.max(HEADER_BYTES_MIN))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
    app.counters.connections.less(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_whole_once_its_last_byte_was_read() {
        let (request, is_whole) = watched(Request::new(Body::from("ten signs.")));
        assert!(!is_whole.load(Ordering::Relaxed));
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), "ten signs.");
        assert!(is_whole.load(Ordering::Relaxed));
        assert!(watched(Request::new(Body::empty())).1.load(Ordering::Relaxed), "there is nothing to be read");
    }
}
