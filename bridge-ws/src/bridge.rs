//! Starts and stops a bridge with threads of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agents;
use crate::app::App;
use crate::config::Config;
use crate::error::Error;
use crate::oauth::Oauth;
use crate::origin::Origins;
use crate::people::People;
use crate::stats::{Counters, Stats};
use crate::stomp::Stomp;
use crate::stores::Stores;
use crate::threads::Threads;
use crate::trunk::Trunks;
use crate::{files_cleaning, server};

/// Connections that wait to be accepted, as when all browsers come back at once. The system may allow fewer.
const BACKLOG: u32 = 4_096;

/// A running bridge. Dropping it stops it at once; [`stop`](Self::stop) stops it gracefully.
pub struct BridgeHandle {
    app: Arc<App>,
    local_addr: SocketAddr,
    threads: Threads,
}

/// Starts a bridge: it listens when this returns, and connects to the engine by itself, now and after every loss.
/// Blocks for an instant. May be called on any thread.
///
/// # Errors
/// [`Error::Listen`] where the address cannot be had, [`Error::Origin`], [`Error::Oauth`], [`Error::Zero`], [`Error::Threads`].
pub fn start(config: Config, stores: impl Into<Stores>) -> Result<BridgeHandle, Error> {
    check(&config)?;
    let persistence: Stores = stores.into();
    let oauth = Oauth::new(&config, persistence.accounts())?;
    let origins = Origins::new(&config.allowed_origins)?;
    let threads = Threads::start(config.threads)?;
    let entered = threads.first().enter();
    let listen_error = |source| Error::Listen { address: config.listen, source };
    let listener = listen(config.listen).map_err(listen_error)?;
    let local_addr = listener.local_addr().map_err(listen_error)?;
    let (counters, tasks, stop) = (Arc::new(Counters::default()), TaskTracker::new(), CancellationToken::new());
    let trunks = Trunks::start(&config, &threads, &counters, &tasks, &stop);
    let sockets = Arc::new(Semaphore::new(config.limits.sockets_max.min(Semaphore::MAX_PERMITS)));
    let people = People::new(persistence.accounts().users());
    let agents = Agents::default();
    let stomp = Stomp::new(&config.limits, persistence.accounts(), counters.clone());
    let uploads = Semaphore::new(config.limits.uploads_max.min(Semaphore::MAX_PERMITS));
    let downloads = Arc::new(Semaphore::new(config.limits.downloads_max.min(Semaphore::MAX_PERMITS)));
    let app = Arc::new(App {
        config,
        origins,
        persistence,
        people,
        trunks,
        agents,
        stomp,
        oauth,
        counters,
        uploads,
        downloads,
        sockets,
        tasks,
        stop,
    });
    app.tasks.spawn(files_cleaning::clean(app.clone()));
    app.tasks.spawn(server::serve(app.clone(), listener, threads.handles().to_vec()));
    drop(entered);
    tracing::info!(%local_addr, engine = %app.config.engine, trunks = app.config.trunks, "bridge listens for browsers");
    Ok(BridgeHandle { app, local_addr, threads })
}

fn check(config: &Config) -> Result<(), Error> {
    if config.trunks == 0 {
        return Err(Error::Zero("trunks"));
    }
    if config.threads == 0 {
        return Err(Error::Zero("threads"));
    }
    if config.limits.ping_interval.is_zero() {
        return Err(Error::Zero("the milliseconds of limits.ping_interval"));
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl BridgeHandle {
    /// The address that browsers reach; with the port that was free where port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The counters as they stand.
    pub fn stats(&self) -> Stats {
        self.app.counters.read()
    }

    /// Stops accepting, tells sockets to come back later, lets requests end, and returns when all is done or
    /// [`Limits::stop_timeout`](crate::Limits::stop_timeout) is over. Blocks the calling thread.
    pub fn stop(self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        let patience = self.app.config.limits.stop_timeout;
        let (done, ended) = mpsc::sync_channel(1);
        let tasks = self.app.tasks.clone();
        self.threads.first().spawn(async move {
            tasks.wait().await;
            // Nobody listens once the time is over.
            let _ = done.send(());
        });
        if ended.recv_timeout(patience).is_err() {
            tracing::warn!(left = self.app.tasks.len(), "the bridge stops with connections still open");
        }
    }
}

impl Drop for BridgeHandle {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}
