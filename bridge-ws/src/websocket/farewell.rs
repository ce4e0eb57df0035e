//! How a socket ends: perhaps a GOODBYE, then a close frame with the code for it.

use std::io;
use std::time::Duration;

use moim_wire::{Encoder, Envelope, ErrorCode};
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::decoder::Decoder;
use super::outbox::{Ending, Outbox};
use super::outgoing::put_header;
use crate::stats::Counters;

/// Time for the browser to take the last bytes and answer the close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// What is read, and passed over, at once while the browser's close is waited for.
const REST_BYTES: usize = 4 * 1024;
const RETRY_AFTER_MS: u32 = 1_000;

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The browser closed or broke the connection.
    Left,
    /// The browser took leave with GOODBYE.
    TookLeave,
    /// HELLO did not come in time.
    Silent,
    /// Another operation came before HELLO.
    HelloExpected,
    /// Neither HELLO nor the upgrade carried a token.
    NoToken,
    /// What came is no frame, or its body does not verify.
    Garbage(ErrorCode),
    /// A frame or message above the limit.
    TooLarge,
    /// Text, which no client of the subprotocol sends.
    Text,
    /// The browser floods the socket with control frames.
    Flood,
    /// Two pings went unanswered.
    Dead,
    /// The trunks carry as many sessions as they may.
    Full,
    /// The trunk's, the engine's or the bridge's doing.
    Ended(Ending),
}

impl Farewell {
    /// The farewell for what the WebSocket layer complains of.
    pub(super) fn of_error(error: &Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLarge,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Left,
            Error::Protocol(_) | Error::Utf8(_) => Self::Garbage(ErrorCode::Malformed),
            _ => Self::Left,
        }
    }

    /// Says it, counts it and waits a little for the browser's answer.
    pub(super) async fn say(self, outbox: &Outbox, reader: OwnedReadHalf, decoder: Decoder, counters: &Counters) {
        tracing::debug!(farewell = ?self, "a socket ends");
        self.count(counters);
        outbox.last_words(&self.words());
        let exchange = async {
            std::future::poll_fn(|cx| outbox.poll_clear(cx)).await?;
            match self.close() {
                Some(_) => until_closed(reader, decoder).await,
                None => Ok(()),
            }
        };
        // A browser that reads nothing is not waited for: what could not be said is lost with the connection.
        let _ = timeout(CLOSE_TIMEOUT, exchange).await;
    }

    /// GOODBYE and the close frame.
    fn words(self) -> Vec<u8> {
        let mut words = Vec::new();
        if let Some((code, message, retry_after_ms)) = self.goodbye() {
            let mut frame = Vec::new();
            Encoder::new().goodbye(&mut frame, Envelope::default(), Some(code), message, retry_after_ms);
            put_header(&mut words, frame.len());
            words.append(&mut frame);
        }
        if let Some((code, reason)) = self.close() {
            let close = Frame::close(Some(CloseFrame { code, reason: reason.into() }));
            close.format(&mut words).expect("writing to a Vec cannot fail");
        }
        words
    }

    /// What GOODBYE says; `None` where the engine has said it, or nobody would hear it.
    const fn goodbye(self) -> Option<(ErrorCode, &'static str, u32)> {
        match self {
            Self::Silent => Some((ErrorCode::HelloExpected, "no HELLO within the time allowed", 0)),
            Self::HelloExpected => Some((ErrorCode::HelloExpected, "HELLO must be the first frame", 0)),
            Self::NoToken => Some((ErrorCode::TokenInvalid, "no token: log in first", 0)),
            Self::Garbage(code) => Some((code, "this cannot be read as frames", 0)),
            Self::TooLarge => Some((ErrorCode::FrameSize, "the frame or message is larger than this server takes", 0)),
            Self::Full => Some((ErrorCode::TooManySessions, "as many sessions as this server takes", RETRY_AFTER_MS)),
            Self::Ended(Ending::Stopping) => Some((ErrorCode::ShuttingDown, "the server stops", RETRY_AFTER_MS)),
            Self::Ended(Ending::NoTrunk) => {
                Some((ErrorCode::ShuttingDown, "the engine is out of reach", RETRY_AFTER_MS))
            }
            _ => None,
        }
    }

    const fn close(self) -> Option<(CloseCode, &'static str)> {
        match self {
            Self::Left | Self::Dead => None,
            Self::TookLeave | Self::Ended(Ending::SessionOver) => Some((CloseCode::Normal, "goodbye")),
            Self::Silent | Self::HelloExpected => Some((CloseCode::Policy, "HELLO expected")),
            Self::NoToken => Some((CloseCode::Policy, "no token")),
            Self::Flood => Some((CloseCode::Policy, "too many control frames")),
            Self::Garbage(_) => Some((CloseCode::Protocol, "not a frame")),
            Self::TooLarge => Some((CloseCode::Size, "too large")),
            Self::Text => Some((CloseCode::Unsupported, "binary messages only")),
            Self::Full => Some((CloseCode::Again, "full")),
            Self::Ended(Ending::TooSlow) => Some((CloseCode::Again, "reads too slowly")),
            Self::Ended(Ending::TrunkLost | Ending::NoTrunk | Ending::Stopping) => {
                Some((CloseCode::Restart, "come back"))
            }
        }
    }

    fn count(self, counters: &Counters) {
        match self {
            Self::Silent => counters.sockets_silent.one(),
            Self::Garbage(_) | Self::TooLarge | Self::Text | Self::HelloExpected | Self::Flood => {
                counters.sockets_garbage.one();
            }
            Self::Dead => counters.sockets_dead.one(),
            Self::Ended(Ending::TooSlow) => counters.sockets_slow.one(),
            _ => {}
        }
    }
}

/// Passes over what the browser still sends until it answers the close, or hangs up where it can no longer be followed.
async fn until_closed(mut reader: OwnedReadHalf, mut decoder: Decoder) -> io::Result<()> {
    let mut rest = vec![0; REST_BYTES];
    let mut follows = true;
    loop {
        let read = reader.read(&mut rest).await?;
        if read == 0 {
            return Ok(());
        }
        if follows {
            match decoder.feed(&mut rest[..read], &mut Vec::new(), |_| Ok(())) {
                Err(Farewell::Left) => return Ok(()),
                fed => follows = fed.is_ok(),
            }
        }
    }
}
