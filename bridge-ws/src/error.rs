//! Why a bridge does not start.

use std::io;
use std::net::SocketAddr;

/// The bridge could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address for browsers is taken or not this machine's.
    #[error("cannot listen for browsers on {address}: {source}; choose another address or end what holds it")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No threads for the bridge.
    #[error("cannot start the bridge's threads: {0}")]
    Threads(#[source] io::Error),
    /// An allowed origin is not one.
    #[error("\"{0}\" is no origin; write scheme://host or scheme://host:port, without a path")]
    Origin(String),
    /// A provider of logins cannot be used as it is configured.
    #[error("logins by a provider: {0}")]
    Oauth(String),
    /// A number that must be at least one is none.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}
