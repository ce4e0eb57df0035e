//! What can go wrong, as a caller can act on it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use moim_wire::body::BodyError;
use moim_wire::{ErrorCode, RoomId, limits};

use crate::chain::ChainFault;
use crate::money::WalletId;

/// Why a call failed or a stream ended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server cannot be reached.
    #[error("cannot reach {address}: {source}")]
    Connect {
        /// As configured.
        address: String,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Nobody answered in time, or something that does not speak the protocol.
    #[error("{address} did not welcome the client within {timeout:?}")]
    HandshakeTimeout {
        /// As configured.
        address: String,
        /// As configured.
        timeout: Duration,
    },
    /// There is no connection at the moment and nothing was asked; the client is trying to get one.
    #[error("not connected at the moment; nothing was asked")]
    NotConnected,
    /// The connection broke before the answer came: the request may or may not have been carried out. Sends and payments
    /// never end so; they are asked again.
    #[error("the connection broke before the answer came")]
    Disconnected,
    /// The server refused the request. A send that ends so is not stored.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The answer to a send or a payment was lost and asked again it was refused, or the server failed over it: it may
    /// or may not have been carried out.
    #[error("whether it was carried out is not known; the last that the server said: {0}")]
    Uncertain(Refusal),
    /// The server had too much to do, several times in a row. Nothing changed.
    #[error("the server is busy, again after {} ms", .retry_after.as_millis())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The server ended the session for good: another attempt with the same credentials would end likewise.
    #[error("the server ended the session: {0}")]
    SessionEnded(Refusal),
    /// The server said something that the protocol does not allow.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// The text is longer than a message may be.
    #[error("a text of {chars} characters; a message holds at most {}", limits::TEXT_CHARS_MAX)]
    TextTooLong {
        /// Unicode scalar values.
        chars: usize,
    },
    /// A request with a text, such as a password or a key, that no frame holds. It was not asked.
    #[error("a request of {bytes} bytes; the server takes {bytes_max}")]
    RequestTooLong {
        /// Of its frame.
        bytes: usize,
        /// As the server said in its welcome.
        bytes_max: usize,
    },
    /// A stream of this room is open already; a client follows a room once.
    #[error("room {0} is open already")]
    AlreadyOpen(RoomId),
    /// The entries that the server gives do not form the chain that they are said to form.
    #[error("the entries of wallet {wallet} are not what was written: {fault}")]
    Chain {
        /// Whose entries.
        wallet: WalletId,
        /// What is wrong with them.
        fault: ChainFault,
    },
    /// The device has numbered 2^32 - 1 sends; continue with a new device.
    #[error("the device has used up its sequences; connect with a new device")]
    SequencesUsedUp,
    /// The client was closed.
    #[error("the client is closed")]
    Closed,
}

impl Error {
    /// The server's code, where it gave one that this version knows.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(refusal) | Self::Uncertain(refusal) | Self::SessionEnded(refusal) => refusal.error_code(),
            _ => None,
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        Self::Protocol(error.to_string())
    }
}

/// What the server said when it refused something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The protocol's number for the reason; 0 where it gave none.
    pub code: u16,
    /// For people.
    pub message: String,
    /// When another attempt has a chance; zero: it has none, or the server does not know.
    pub retry_after: Duration,
}

impl Refusal {
    /// The code's name; `None` where a newer server gives a code that this version does not know.
    pub const fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::from_u16(self.code)
    }

    /// Whether the reason passes by itself, so that the same request may be asked again later.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(
            self.error_code(),
            Some(ErrorCode::RateLimited | ErrorCode::StorageFull | ErrorCode::StoreUnavailable | ErrorCode::Internal)
        )
    }

    /// Whether a session that ended so would end so again however often it is begun.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(
            self.error_code(),
            Some(
                ErrorCode::Version
                    | ErrorCode::FrameSize
                    | ErrorCode::Malformed
                    | ErrorCode::TokenInvalid
                    | ErrorCode::TokenExpired
                    | ErrorCode::TokenRevoked
                    | ErrorCode::LoginFailed
            )
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error_code() {
            Some(code) => write!(f, "{} ({}): {}", code.name(), self.code, self.message),
            None => write!(f, "code {}: {}", self.code, self.message),
        }
    }
}
