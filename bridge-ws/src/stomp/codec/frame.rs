//! What a frame is once it is read.

use std::fmt;

macro_rules! commands {
    ($($name:ident = $text:literal,)*) => {
        /// The first line of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Command {
            $($name,)*
        }

        impl Command {
            /// The command of that name; names are upper case.
            pub(crate) fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

commands! {
    Connect = "CONNECT",
    Stomp = "STOMP",
    Send = "SEND",
    Subscribe = "SUBSCRIBE",
    Unsubscribe = "UNSUBSCRIBE",
    Ack = "ACK",
    Nack = "NACK",
    Begin = "BEGIN",
    Commit = "COMMIT",
    Abort = "ABORT",
    Disconnect = "DISCONNECT",
    Connected = "CONNECTED",
    Message = "MESSAGE",
    Receipt = "RECEIPT",
    Error = "ERROR",
}

impl Command {
    /// CONNECT and CONNECTED are as in STOMP 1.0, which knew no escapes.
    pub(super) const fn escapes(self) -> bool {
        !matches!(self, Self::Connect | Self::Connected)
    }

    pub(super) const fn may_have_body(self) -> bool {
        matches!(self, Self::Send | Self::Message | Self::Error)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A whole frame, its headers unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) command: Command,
    /// In the order they came, repeated ones too.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    /// The value of a header. Of a repeated one the first counts.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
