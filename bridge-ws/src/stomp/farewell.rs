//! How a socket ends: perhaps an ERROR, then a close frame.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Socket;
use super::codec::{Command, DecodeError, Frame, encode};
use crate::stats::Counters;
use crate::trunk::NoSession;
use crate::websocket::outbox::Ending;

/// Time for the client to take the last bytes and answer the close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a socket ends.
#[derive(Debug)]
pub(super) enum Farewell {
    /// The client closed or broke the connection.
    Left,
    /// The client said DISCONNECT, and all before it is settled.
    Parted,
    /// Nothing was heard of it.
    Dead,
    /// An ERROR says why.
    Refused(Refusal),
    /// The trunk's, the engine's or the bridge's doing.
    Ended(Ending),
}

/// What an ERROR says.
#[derive(Debug)]
pub(super) struct Refusal {
    /// For people.
    message: String,
    /// Besides the message, as the receipt that the refused frame asked for, by which the client knows the frame.
    headers: Vec<(&'static str, String)>,
    close: CloseCode,
}

impl Refusal {
    /// The client did what STOMP or this server does not allow.
    pub(super) fn of(frame: &Frame, message: impl Into<String>) -> Self {
        Self::of_receipt(frame.header("receipt").map(str::to_owned), message)
    }

    /// The same of a frame that asked for that receipt.
    pub(super) fn of_receipt(receipt: Option<String>, message: impl Into<String>) -> Self {
        let headers = receipt.map(|receipt| ("receipt-id", receipt)).into_iter().collect();
        Self { message: message.into(), headers, close: CloseCode::Policy }
    }

    /// A fault, or a state, of the server's.
    pub(super) fn of_server(message: impl Into<String>, close: CloseCode) -> Self {
        Self { message: message.into(), headers: Vec::new(), close }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl From<Refusal> for Farewell {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DecodeError> for Farewell {
    fn from(error: DecodeError) -> Self {
        Refusal::of_server(error.to_string(), CloseCode::Protocol).into()
    }
}

impl From<NoSession> for Farewell {
    fn from(error: NoSession) -> Self {
        match error {
            NoSession::Full => {
                Refusal::of_server("as many sessions as this server takes; come back later", CloseCode::Again).into()
            }
            NoSession::Lost => Self::Ended(Ending::NoTrunk),
        }
    }
}

impl Farewell {
    /// The farewell for what the WebSocket layer complains of.
    pub(super) fn of_error(error: &Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                Refusal::of_server("the message is larger than this server takes", CloseCode::Size).into()
            }
            _ => Self::Left,
        }
    }

    /// Says it, counts it and waits a little for the client's answer.
    pub(super) async fn say(self, socket: &mut Socket, counters: &Counters) {
        tracing::debug!(farewell = ?self, "a STOMP socket ends");
        match self {
            Self::Refused(_) => counters.stomp_errors.one(),
            Self::Dead => counters.sockets_dead.one(),
            Self::Ended(Ending::TooSlow) => counters.sockets_slow.one(),
            _ => {}
        }
        // A client that reads nothing is not waited for: what could not be said is lost with the connection.
        let _ = timeout(CLOSE_TIMEOUT, self.exchange(socket)).await;
    }

    async fn exchange(self, socket: &mut Socket) -> Result<(), Error> {
        let (frame, close) = self.last_words();
        if let Some(frame) = frame {
            socket.feed(Message::text(frame)).await?;
        }
        if let Some(code) = close {
            socket.close(Some(CloseFrame { code, reason: "".into() })).await?;
        }
        while let Some(Ok(_)) = socket.next().await {}
        Ok(())
    }

    fn last_words(self) -> (Option<String>, Option<CloseCode>) {
        let of_server = |message, close| (Some(Refusal::of_server(message, close).frame()), Some(close));
        match self {
            Self::Left | Self::Dead => (None, None),
            Self::Parted => (None, Some(CloseCode::Normal)),
            Self::Refused(refusal) => (Some(refusal.frame()), Some(refusal.close)),
            Self::Ended(Ending::TooSlow) => of_server("this client reads too slowly", CloseCode::Again),
            Self::Ended(Ending::Stopping) => of_server("the server stops; come back in a moment", CloseCode::Restart),
            Self::Ended(Ending::NoTrunk) => {
                of_server("the engine is out of reach; come back in a moment", CloseCode::Restart)
            }
            Self::Ended(Ending::TrunkLost | Ending::SessionOver) => {
                of_server("the session is over; connect again", CloseCode::Restart)
            }
        }
    }
}

impl Refusal {
    fn frame(&self) -> String {
        let mut headers = vec![("message", self.message.as_str()), ("content-type", "text/plain;charset=UTF-8")];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let mut frame = String::new();
        encode(&mut frame, Command::Error, &headers, &self.message);
        frame
    }
}

/// What was asked to be confirmed is done.
pub(super) fn receipt(id: &str) -> String {
    let mut frame = String::new();
    encode(&mut frame, Command::Receipt, &[("receipt-id", id)], "");
    frame
}
