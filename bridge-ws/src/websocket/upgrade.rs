//! From an HTTP request to a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::greeting::{self, Visitor};
use super::outgoing::FRAGMENT_BYTES_MAX;
use super::session::Session;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::Credentials;
use crate::origin::Source;
use crate::problem::Problem;

const SUBPROTOCOL: &str = "moim.v1";
/// Of each socket, for as long as it is open: an idle browser needs no more.
const READ_BUFFER_BYTES: usize = 2 * 1024;

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
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a browser left during the upgrade");
            return;
        }
    };
    app.counters.sockets_opened.one();
    app.counters.sockets.one();
    let config = socket_config(app.config.limits.socket_message_bytes_max);
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let farewell = match greeting::greet(&app, &mut socket, visitor).await {
        Ok(greeted) => Session::new(&app, &mut socket, greeted).run().await,
        Err(farewell) => farewell,
    };
    farewell.say(&mut socket, &app.counters).await;
    app.counters.sockets.less(1);
}

fn socket_config(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        // What is written leaves at once; frames were joined before.
        .write_buffer_size(0)
        .max_write_buffer_size(4 * FRAGMENT_BYTES_MAX)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}
