//! From an HTTP request to a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::greeting::Visitor;
use super::session::Session;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::Credentials;
use crate::origin::Source;
use crate::problem::Problem;

const SUBPROTOCOL: &str = "moim.v1";

/// `GET /ws`: checks the request and answers 101; the socket goes on in a task of its own.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let accept = check(&app, &parts.headers).inspect_err(|_| app.counters.upgrades_refused.one())?;
    let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned().ok_or_else(not_an_upgrade)?;
    let Ok(permit) = app.sockets.clone().try_acquire_owned() else {
        app.counters.sockets_refused.one();
        return Err(Problem::busy("as many sockets are open as this server takes", 5_000));
    };
    let token = Credentials::find(&parts.headers).map(|found| found.token);
    let visitor = Visitor { token, address: address.to_string() };
    app.tasks.spawn(serve(app.clone(), on_upgrade, visitor, permit));
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        .body(Body::empty())
        .map_err(|error| Problem::internal(&error))
}

/// The accept key, where the headers ask for what the bridge speaks.
fn check(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    if app.origins.source(headers) == Source::Foreign {
        return Err(Problem::forbidden("pages of this origin may not connect; add it to the allowed origins"));
    }
    if !lists(headers, header::CONNECTION, "upgrade") || !lists(headers, header::UPGRADE, "websocket") {
        return Err(not_an_upgrade());
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(Problem::bad_request("Sec-WebSocket-Version must be 13"));
    }
    if !lists(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(Problem::bad_request("the subprotocol moim.v1 must be offered"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or_else(|| Problem::bad_request("no Sec-WebSocket-Key"))?;
    Ok(derive_accept_key(key.as_bytes()))
}

fn not_an_upgrade() -> Problem {
    Problem::bad_request("/ws speaks WebSocket alone; the request asks for no upgrade")
}

/// Whether a comma-separated header names `wanted`, in whatever case.
fn lists(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(wanted))
}

async fn serve(app: Arc<App>, on_upgrade: OnUpgrade, visitor: Visitor, _permit: OwnedSemaphorePermit) {
    let Some((socket, read)) = Box::pin(socket(on_upgrade)).await else { return };
    app.counters.sockets_opened.one();
    app.counters.sockets.one();
    let mut session = Session::new(app.clone(), socket, visitor);
    // Boxed is what most of a socket's life does without.
    let farewell = match session.begin(read) {
        Ok(()) => match Box::pin(session.greet()).await {
            Ok(()) => session.run().await,
            Err(farewell) => farewell,
        },
        Err(farewell) => farewell,
    };
    Box::pin(session.part(farewell)).await;
    app.counters.sockets.less(1);
}

/// The connection itself, and what was read of it behind the request.
async fn socket(on_upgrade: OnUpgrade) -> Option<(TcpStream, Vec<u8>)> {
    let upgraded =
        on_upgrade.await.map_err(|error| tracing::debug!(%error, "a browser left during the upgrade")).ok()?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().expect("the server serves TCP alone");
    Some((parts.io.into_inner(), parts.read_buf.into()))
}
