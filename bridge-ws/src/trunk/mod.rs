//! The bridge's connections to the engine. Each carries many browsers' sessions; a room's message crosses each once.

mod connection;
mod gathering;
mod link;
mod outgoing;
mod requests;
mod routes;
mod sessions;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use link::{Attached, Introduction, random_device};
pub(crate) use outgoing::Weight;
pub(crate) use requests::RequestError;
pub(crate) use routes::NoSession;

use crate::config::{Config, Limits};
use crate::stats::Counters;
use crate::threads::Threads;
use crate::websocket::outbox::{Ending, Outbox};
use link::Link;

/// All trunks of the bridge.
pub(crate) struct Trunks {
    slots: Vec<Arc<Slot>>,
}

/// Place of one trunk, empty while it is not connected.
struct Slot {
    engine: SocketAddr,
    secret: String,
    limits: Limits,
    counters: Arc<Counters>,
    link: Mutex<Option<Arc<Link>>>,
}

impl Trunks {
    /// Starts the tasks that keep the trunks connected. Returns before any is.
    pub(crate) fn start(
        config: &Config,
        threads: &Threads,
        counters: &Arc<Counters>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let slot = |number: usize| {
            let slot = Arc::new(Slot {
                engine: config.engine,
                secret: config.trunk_secret.clone(),
                limits: config.limits.clone(),
                counters: counters.clone(),
                link: Mutex::new(None),
            });
            let thread = &threads.handles()[number % threads.handles().len()];
            tasks.spawn_on(connection::keep(slot.clone(), stop.clone()), thread);
            slot
        };
        Self { slots: (0..config.trunks).map(slot).collect() }
    }

    /// Begins a session on the trunk that carries the fewest.
    pub(crate) fn attach(&self, introduction: &Introduction, outbox: &Arc<Outbox>) -> Result<Attached, NoSession> {
        self.links().min_by_key(|link| link.sessions()).ok_or(NoSession::Lost)?.attach(introduction, outbox.clone())
    }

    /// Has the engine sequence a room's committed changes up to `change`.
    pub(crate) async fn sync(&self, room: u32, change: u64) -> Result<(), RequestError> {
        let link = self.links().next().ok_or(RequestError::Lost)?;
        link.sync(room, change).await
    }

    /// Has the engine end the sessions of a login; login 0: of all the user's logins.
    pub(crate) async fn revoke(&self, user: u32, login: u64) -> Result<(), RequestError> {
        let link = self.links().next().ok_or(RequestError::Lost)?;
        link.revoke(user, login).await
    }

    /// The trunks that stand now.
    fn links(&self) -> impl Iterator<Item = Arc<Link>> {
        self.slots.iter().filter_map(|slot| slot.link().clone())
    }
}

impl Slot {
    fn publish(&self, link: Arc<Link>) {
        *self.link() = Some(link);
        self.counters.trunks_up.one();
    }

    /// Takes the trunk down and ends what it carried.
    fn withdraw(&self, ending: Ending) {
        let link = self.link().take();
        if let Some(link) = link {
            self.counters.trunks_up.less(1);
            self.counters.trunks_lost.one();
            link.lose(ending);
        }
    }

    fn link(&self) -> MutexGuard<'_, Option<Arc<Link>>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
