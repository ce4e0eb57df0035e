//! A socket's first frame: CONNECT, which becomes an ATTACH on a trunk.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Socket;
use super::codec::{Command, Decoder, Frame};
use super::farewell::{Farewell, Refusal};
use super::heartbeat::Offer;
use super::session::{Begun, Session};
use crate::app::App;
use crate::credentials::bearer;
use crate::trunk::{Introduction, random_device};
use crate::websocket::outbox::{Ending, Outbox};

pub(super) const VERSION: &str = "1.2";

/// What the upgrade said about the client.
pub(super) struct Visitor {
    /// Of its cookie or header.
    pub(super) token: Option<String>,
    pub(super) address: String,
}

/// Waits for CONNECT and begins the session. CONNECTED follows once the engine has looked at the token.
pub(super) async fn connect<'a>(
    app: &'a Arc<App>,
    socket: &'a mut Socket,
    visitor: Visitor,
) -> Result<Session<'a>, Farewell> {
    let mut decoder = Decoder::new(app.config.limits.body_bytes_max);
    let first = tokio::select! {
        first = timeout(app.config.limits.hello_timeout, first_frame(socket, &mut decoder)) => match first {
            Ok(first) => first?,
            Err(_) => {
                app.counters.sockets_silent.one();
                return Err(Refusal::of_server("no CONNECT within the time allowed", CloseCode::Policy).into());
            }
        },
        () = app.stop.cancelled() => return Err(Farewell::Ended(Ending::Stopping)),
    };
    let offer = check(&first)?;
    let token = first.header("Authorization").or_else(|| first.header("authorization")).and_then(bearer);
    let token = token.or(visitor.token).ok_or_else(|| Refusal::of(&first, "no token: log in first"))?;
    // A STOMP client numbers nothing itself and resends nothing.
    let device = random_device().map_err(|error| Refusal::of_server(error.to_string(), CloseCode::Error))?;
    let introduction = Introduction { request: 1, token, device, address: visitor.address, says_files: false };
    let outbox = Arc::new(Outbox::queue(&app.config.limits, app.counters.clone()));
    let attached = app.trunks.attach(&introduction, &outbox)?;
    Ok(Session::new(app, socket, Begun { outbox, attached, decoder, offer }))
}

async fn first_frame(socket: &mut Socket, decoder: &mut Decoder) -> Result<Frame, Farewell> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => decoder.push(text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => decoder.push(&bytes),
            Some(Ok(Message::Close(_))) | None => return Err(Farewell::Left),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Farewell::of_error(&error)),
        }
        if let Some(frame) = decoder.next()? {
            return Ok(frame);
        }
    }
}

/// The heart-beats of a CONNECT that this server can agree to. `login` and `passcode` mean nothing.
fn check(frame: &Frame) -> Result<Offer, Refusal> {
    if !matches!(frame.command, Command::Connect | Command::Stomp) {
        return Err(Refusal::of(frame, format!("CONNECT must be the first frame, not {}", frame.command)));
    }
    let versions = frame.header("accept-version").unwrap_or("1.0");
    if !versions.split(',').any(|version| version.trim() == VERSION) {
        let message = format!("STOMP {VERSION} is spoken here; accept-version names {versions}");
        return Err(Refusal::of(frame, message).with("version", VERSION));
    }
    let Some(header) = frame.header("heart-beat") else { return Ok(Offer::default()) };
    Offer::parse(header)
        .ok_or_else(|| Refusal::of(frame, format!("heart-beat \"{header}\" is not two numbers of milliseconds")))
}
