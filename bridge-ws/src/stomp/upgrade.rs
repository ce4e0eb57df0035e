//! From an HTTP request to a socket that speaks STOMP.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::connect::{Visitor, connect};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::Credentials;
use crate::problem::Problem;
use crate::upgrade::{Promised, Upgrade, lists};

const SUBPROTOCOL: &str = "v12.stomp";
/// Of each socket, for as long as it is open.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Frames gather up to here before they are written; each is a message of its own, as clients expect.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;

/// `GET /ws-stomp`: checks the request and answers 101; the socket goes on in a task of its own.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let upgrade = Upgrade::of(&app, &parts)?;
    let subprotocol = subprotocol(&parts.headers).inspect_err(|_| app.counters.upgrades_refused.one())?;
    let (response, promised) = upgrade.agree(subprotocol)?;
    let token = Credentials::find(&parts.headers).map(|found| found.token);
    let visitor = Visitor { token, address: address.to_string() };
    app.tasks.spawn(serve(app.clone(), promised, visitor));
    Ok(response)
}

/// Scripts offer none; a browser that offers some must be answered with one of them.
fn subprotocol(headers: &HeaderMap) -> Result<Option<&'static str>, Problem> {
    if !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return Ok(None);
    }
    if lists(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Ok(Some(SUBPROTOCOL));
    }
    Err(Problem::bad_request("of subprotocols v12.stomp is spoken here; offer it, or none"))
}

async fn serve(app: Arc<App>, promised: Promised, visitor: Visitor) {
    let message_bytes_max = app.config.limits.socket_message_bytes_max;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max));
    let Some((upgraded, _permit)) = promised.connection().await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    app.counters.sockets_opened.one();
    app.counters.sockets.one();
    app.counters.stomp_sockets.one();
    let farewell = match connect(&app, &mut socket, visitor).await {
        Ok(session) => session.run().await,
        Err(farewell) => farewell,
    };
    farewell.say(&mut socket, &app.counters).await;
    app.counters.stomp_sockets.less(1);
    app.counters.sockets.less(1);
}
