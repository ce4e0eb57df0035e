//! From an HTTP request to a socket: what holds for every path that speaks WebSocket.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::app::App;
use crate::origin::Source;
use crate::problem::Problem;

/// A request that may become a socket.
pub(crate) struct Upgrade {
    accept: String,
    on_upgrade: OnUpgrade,
    permit: OwnedSemaphorePermit,
}

/// A socket to be, once its answer has reached the browser. Its place among the sockets is taken.
pub(crate) struct Promised {
    on_upgrade: OnUpgrade,
    permit: OwnedSemaphorePermit,
}

impl Upgrade {
    /// Checks what does not depend on the protocol that will be spoken, and takes a place among the sockets.
    pub(crate) fn of(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let accept = check(app, &parts.headers).inspect_err(|_| app.counters.upgrades_refused.one())?;
        let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned().ok_or_else(not_an_upgrade)?;
        let Ok(permit) = app.sockets.clone().try_acquire_owned() else {
            app.counters.sockets_refused.one();
            return Err(Problem::busy("as many sockets are open as this server takes", 5_000));
        };
        Ok(Self { accept, on_upgrade, permit })
    }

    /// The answer that names the subprotocol, where there is one, and the socket that follows it.
    pub(crate) fn agree(self, subprotocol: Option<&'static str>) -> Result<(Response, Promised), Problem> {
        let mut response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(subprotocol) = subprotocol {
            response = response.header(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        let response = response.body(Body::empty()).map_err(|error| Problem::internal(&error))?;
        Ok((response, Promised { on_upgrade: self.on_upgrade, permit: self.permit }))
    }
}

impl Promised {
    /// The connection, with the permit to be dropped after it. `None` where the browser left meanwhile.
    pub(crate) async fn connection(self) -> Option<(Upgraded, OwnedSemaphorePermit)> {
        match self.on_upgrade.await {
            Ok(upgraded) => Some((upgraded, self.permit)),
            Err(error) => {
                tracing::debug!(%error, "a browser left during the upgrade");
                None
            }
        }
    }
}

/// The accept key, where the headers ask for a socket and come from a page that may have one.
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
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or_else(|| Problem::bad_request("no Sec-WebSocket-Key"))?;
    Ok(derive_accept_key(key.as_bytes()))
}

fn not_an_upgrade() -> Problem {
    Problem::bad_request("this path speaks WebSocket alone; the request asks for no upgrade")
}

/// Whether a comma-separated header names `wanted`, in whatever case.
pub(crate) fn lists(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(wanted))
}
