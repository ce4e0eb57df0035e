//! How to reach the server, as whom, and from which device.

use std::fmt;
use std::time::Duration;

use moim_wire::{DeviceId, Sequence};

/// Everything that [`Client::connect`](crate::Client::connect) needs. [`Config::new`] fills in what seldom changes.
#[derive(Clone, Debug)]
pub struct Config {
    /// Host and port of the server's native listener, `127.0.0.1:7420` by default there.
    pub address: String,
    /// As whom.
    pub credentials: Credentials,
    /// From which device; a new one unless set.
    pub device: Device,
    /// Name and version of the program, for the server's logs.
    pub agent: String,
    /// When to try again after a break.
    pub reconnect: Reconnect,
    /// How long connecting, logging in and HELLO may take together.
    pub handshake_timeout: Duration,
}

impl Config {
    /// A configuration with a new device, this crate's name as agent and the default waits.
    pub fn new(address: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            address: address.into(),
            credentials,
            device: Device::random(),
            agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            reconnect: Reconnect::default(),
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

/// As whom to connect.
#[derive(Clone)]
pub enum Credentials {
    /// A session token, as LOGIN or the web login gives it. The client ends when the token does.
    Token(String),
    /// E-mail and password: logs in at first and whenever the token has ended.
    Password {
        /// The account's e-mail address.
        email: String,
        /// Its password.
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Password { email, .. } => write!(f, "Password({email}, …)"),
        }
    }
}

/// An installation that sends. The server recognises a resend by device, room and sequence, therefore a device's
/// sequences must never fall.
///
/// [`Device::random`] is right for every process that may be killed at any time. Keep a device across restarts only if
/// [`Client::device`](crate::Client::device) is stored after the last send: an older one would number new messages
/// like old ones, and the server would take them for resends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Chosen at random, never 0.
    pub id: DeviceId,
    /// The next send's number, in whatever room.
    pub next: Sequence,
}

impl Device {
    /// A device that nobody has used.
    pub fn random() -> Self {
        Self { id: DeviceId(random_u32().max(1)), next: Sequence(1) }
    }
}

/// Exponential back-off between attempts to connect again: each wait is between half of and the whole current delay,
/// which doubles from `delay_min` up to `delay_max`. A server's hint when to return lengthens a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The first delay.
    pub delay_min: Duration,
    /// The longest delay.
    pub delay_max: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { delay_min: Duration::from_millis(100), delay_max: Duration::from_secs(30) }
    }
}

/// Somewhere between half of `delay` and all of it, so that clients of one server do not return in step.
pub(crate) fn jitter(delay: Duration) -> Duration {
    delay / 2 + (delay / 2).mul_f64(f64::from(random_u32()) / f64::from(u32::MAX))
}

pub(crate) fn random_u32() -> u32 {
    getrandom::u32().expect("the operating system gives random bytes to every process")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_show_in_logs() {
        let password = Credentials::Password { email: "a@b.c".into(), password: "hunter2".into() };
        assert!(!format!("{password:?} {:?}", Credentials::Token("hunter2".into())).contains("hunter2"));
    }
}
