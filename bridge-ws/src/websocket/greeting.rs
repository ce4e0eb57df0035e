//! A socket's first frame: HELLO, which becomes an ATTACH on a trunk.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use moim_wire::limits::REQUEST_BYTES_MAX;
use moim_wire::{DecodeError, ErrorCode, Frame, Opcode, body, schema};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::Socket;
use super::farewell::Farewell;
use super::outbox::{Ending, Outbox};
use crate::app::App;
use crate::trunk::{Attached, Introduction, NoSession};

/// What the upgrade said about the browser.
pub(super) struct Visitor {
    /// Of its cookie or header.
    pub(super) token: Option<String>,
    pub(super) address: String,
}

/// A socket whose session was asked for.
pub(super) struct Greeted {
    pub(super) attached: Attached,
    pub(super) outbox: Arc<Outbox>,
    /// Frames that came in one message with HELLO.
    pub(super) rest: Bytes,
}

/// Waits for HELLO and begins the session. WELCOME, or GOODBYE, will come out of the outbox.
pub(super) async fn greet(app: &App, socket: &mut Socket, visitor: Visitor) -> Result<Greeted, Farewell> {
    let first = tokio::select! {
        first = timeout(app.config.limits.hello_timeout, first_message(socket)) => first.map_err(|_| Farewell::Silent)??,
        () = app.stop.cancelled() => return Err(Farewell::Ended(Ending::Stopping)),
    };
    let (introduction, rest) = read_hello(first, visitor)?;
    let outbox = Arc::new(Outbox::new(&app.config.limits, app.counters.clone()));
    let attached = app.trunks.attach(&introduction, &outbox).map_err(|error| match error {
        NoSession::Full => Farewell::Full,
        NoSession::Lost => Farewell::Ended(Ending::NoTrunk),
    })?;
    Ok(Greeted { attached, outbox, rest })
}

/// Control frames before HELLO are passed over; the time for HELLO runs on.
async fn first_message(socket: &mut Socket) -> Result<Bytes, Farewell> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
            Some(Ok(Message::Text(_))) => return Err(Farewell::Text),
            Some(Ok(Message::Close(_))) | None => return Err(Farewell::Left),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Farewell::of_error(&error)),
        }
    }
}

fn read_hello(mut bytes: Bytes, visitor: Visitor) -> Result<(Introduction, Bytes), Farewell> {
    let frame = whole_frame(&bytes)?;
    if frame.opcode() != Some(Opcode::Hello) {
        return Err(Farewell::HelloExpected);
    }
    let hello = body::read::<schema::Hello<'_>>(frame.body()).map_err(|_| Farewell::Garbage(ErrorCode::Malformed))?;
    let own = hello.token().filter(|token| !token.is_empty()).map(str::to_owned);
    let introduction = Introduction {
        request: frame.header.request,
        token: own.or(visitor.token).ok_or(Farewell::NoToken)?,
        device: hello.device(),
        address: visitor.address,
    };
    let length = frame.bytes.len();
    bytes.advance(length);
    Ok((introduction, bytes))
}

/// The first frame of a message. A message holds whole frames, so one that is cut is none.
pub(super) fn whole_frame(bytes: &[u8]) -> Result<Frame<'_>, Farewell> {
    match Frame::first(bytes, REQUEST_BYTES_MAX) {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => Err(Farewell::Garbage(ErrorCode::FrameSize)),
        Err(DecodeError::FrameSize { length, .. }) if length > REQUEST_BYTES_MAX => Err(Farewell::TooLarge),
        Err(error) => Err(Farewell::Garbage(error.code())),
    }
}
