//! The signals that end a server: the first asks it to stop, a later one makes it.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// Terminals and `make` send a first signal to the whole group and pass it on to the child once more. What comes within
/// this time of the first is the same wish.
const ECHO: Duration = Duration::from_secs(1);

/// SIGTERM and SIGINT, caught from here on.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches both; needs a tokio runtime.
    pub(crate) fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns the name of the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Returns when another one comes that is no echo of the first, which came just now.
    pub(crate) async fn insistent(&mut self) -> &'static str {
        let first = Instant::now();
        loop {
            let name = self.next().await;
            if first.elapsed() > ECHO {
                return name;
            }
        }
    }
}
