//! Why a request was refused or a session ended. PROTOCOL.md says what a client must do on each.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        /// The code of an ERROR, GOODBYE or CLOSED frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum ErrorCode {
            $($(#[$doc])* $name = $value,)*
        }

        impl ErrorCode {
            /// Every code, in the order of their numbers.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The code of that number, `None` where this version knows none.
            pub const fn from_u16(value: u16) -> Option<Self> {
                match value {
                    $($value => Some(ErrorCode::$name),)*
                    _ => None,
                }
            }

            /// The code's name as PROTOCOL.md and logs write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(ErrorCode::$name => stringify!($name),)*
                }
            }
        }
    };
}

error_codes! {
    // 1-19: the connection ends after these.
    /// The header's version is not spoken here.
    Version = 1,
    /// The length field is below the header's size or above the limit.
    FrameSize = 2,
    /// The body does not verify as what its operation carries.
    Malformed = 3,
    /// No HELLO within the time allowed, or another operation before it.
    HelloExpected = 4,
    /// Silent for twice the heartbeat.
    Idle = 5,
    /// The server stops; come back after `retry_after_ms`.
    ShuttingDown = 6,
    /// As many connections as the server takes.
    TooManyConnections = 7,
    /// The client reads too slowly even for GAPs.
    SlowReader = 8,

    // 20-39: the session ends after these.
    /// The token is not one of this server's, or damaged.
    TokenInvalid = 20,
    /// The token has ended.
    TokenExpired = 21,
    /// The login was ended: logout, password change or account deletion.
    TokenRevoked = 22,
    /// As many sessions as a trunk may carry.
    TooManySessions = 23,

    // 40-: the request alone is refused, the session goes on.
    /// The operation is not known to this version.
    UnknownOperation = 40,
    /// The operation is known, but not for this kind of session.
    NotAllowedHere = 41,
    /// A field's value is out of its bounds; the message names it.
    InvalidField = 42,
    /// No such room, or it is not for the caller to know.
    NoSuchRoom = 43,
    /// The caller is no member of the room.
    NotAMember = 44,
    /// The room's password is wrong or missing, or the wallet's.
    WrongPassword = 45,
    /// The caller is a member already.
    AlreadyMember = 46,
    /// The caller's role does not suffice.
    NotAllowed = 47,
    /// An id above the newest of the room.
    IdFromTheFuture = 48,
    /// The sequence lies below what the server remembers of this device.
    SequenceTooOld = 49,
    /// As many rooms as a session may follow.
    TooManyRooms = 50,
    /// Too many sends in too short a time; retry after `retry_after_ms`.
    RateLimited = 51,
    /// The server's disk is full; nothing was stored.
    StorageFull = 52,
    /// A store does not answer; retry after `retry_after_ms`.
    StoreUnavailable = 53,
    /// E-mail or password is wrong.
    LoginFailed = 54,
    /// The room was deleted.
    RoomDeleted = 55,
    /// A fault of the server's own; the message says what it logged.
    Internal = 56,
    /// The wallet can spend less than that.
    InsufficientFunds = 57,
    /// The caller has no wallet.
    NoWallet = 58,
    /// The key came with another request before.
    KeyReused = 59,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_u16(code as u16), Some(code));
        }
    }
}
