//! What every request and socket of the bridge shares.

use std::sync::Arc;

use crate::stores::Stores;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agents;
use crate::config::Config;
use crate::oauth::Oauth;
use crate::origin::Origins;
use crate::people::People;
use crate::problem::Problem;
use crate::stats::Counters;
use crate::stomp::Stomp;
use crate::trunk::Trunks;

/// Shared state, one a bridge.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) origins: Origins,
    /// Whom the stores know; messages come and go over the trunks.
    pub(crate) persistence: Stores,
    /// Names beside messages.
    pub(crate) people: People,
    pub(crate) trunks: Trunks,
    /// Who speaks to the engine for those who call over REST.
    pub(crate) agents: Agents,
    /// What STOMP clients share.
    pub(crate) stomp: Stomp,
    pub(crate) counters: Arc<Counters>,
    /// Who may say who somebody is.
    pub(crate) oauth: Oauth,
    /// One permit an upload.
    pub(crate) uploads: Semaphore,
    /// One permit a download.
    pub(crate) downloads: Arc<Semaphore>,
    /// One permit a WebSocket.
    pub(crate) sockets: Arc<Semaphore>,
    /// Every task that a graceful stop waits for.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the bridge stops.
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Lets pass in a trial alone what a public server must not offer.
    pub(crate) fn require_trial(&self, what: &str) -> Result<(), Problem> {
        if self.config.trial {
            return Ok(());
        }
        Err(Problem::forbidden(format!("{what} is switched off on this server; trial.enabled switches it on")))
    }
}
