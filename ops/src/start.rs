//! The composition root: stores, engine and bridge in one process, started in this order and stopped in the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use moim_bridge::BridgeHandle;
use moim_engine::{Engine, ShardStats};
use moim_persistence::Persistence;

use crate::config::Config;
use crate::health::{self, Stage};
use crate::{metrics, secret, settings};

/// Why a server did not start, or did not stop in order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Stores(#[from] moim_persistence::Error),
    #[error(transparent)]
    Engine(#[from] moim_engine::Error),
    #[error(transparent)]
    Bridge(#[from] moim_bridge::Error),
    #[error("the trunk's secret: {0}")]
    Secret(#[source] std::io::Error),
}

/// A running server.
pub(crate) struct Server {
    watched: Arc<Watched>,
    bridge: BridgeHandle,
    engine_address: SocketAddr,
}

/// What metrics and health look at. The engine is taken out when it stops.
struct Watched {
    config: Config,
    persistence: Persistence,
    engine: Mutex<(Stage, Option<Engine>)>,
}

impl Server {
    /// Opens the stores, recovers the journal, listens. What was started before an error is stopped again.
    pub(crate) fn start(config: &Config) -> Result<Self, Error> {
        let persistence = Persistence::open(&settings::stores(config))?;
        let started = Self::start_on(config, &persistence);
        if started.is_err() {
            // The error that is told is the first one.
            let _ = persistence.close();
        }
        started
    }

    fn start_on(config: &Config, persistence: &Persistence) -> Result<Self, Error> {
        let trunk_secret = match &config.engine.trunk_secret {
            Some(secret) => secret.clone(),
            None => secret::read_or_draw(&config.data).map_err(Error::Secret)?,
        };
        persistence.keep_schedule();
        let engine = Engine::start(&settings::engine(config, trunk_secret.clone()), persistence)?;
        for found in engine.recovery().iter().filter(|found| found.records > 0 || found.torn_at.is_some()) {
            tracing::info!(shard = found.shard, records = found.records, torn_at = found.torn_at, "journal recovered");
        }
        let engine_address = engine.address();
        let watched = Arc::new(Watched {
            config: config.clone(),
            persistence: persistence.clone(),
            engine: Mutex::new((Stage::Starting, Some(engine))),
        });
        match moim_bridge::start(watched.bridge_config(engine_address, trunk_secret), persistence.clone()) {
            Ok(bridge) => {
                watched.set(Stage::Running);
                Ok(Self { watched, bridge, engine_address })
            }
            Err(error) => {
                watched.stop_engine()?;
                Err(error.into())
            }
        }
    }

    /// Where native clients and trunks connect.
    pub(crate) fn engine_address(&self) -> SocketAddr {
        self.engine_address
    }

    /// Where browsers connect.
    pub(crate) fn bridge_address(&self) -> SocketAddr {
        self.bridge.local_addr()
    }

    /// Whether browsers' frames reach the engine.
    pub(crate) fn is_joined(&self) -> bool {
        self.bridge.stats().trunks_up > 0
    }

    /// The stores that it runs on.
    pub(crate) fn persistence(&self) -> &Persistence {
        &self.watched.persistence
    }

    /// Stops taking in, finishes what was accepted, syncs, tells everyone goodbye. Blocks.
    pub(crate) fn stop(self) -> Result<(), Error> {
        self.watched.set(Stage::Stopping);
        self.bridge.stop();
        let engine = self.watched.stop_engine();
        // The stores are closed even where a shard failed: what they took is synced.
        let stores = self.watched.persistence.clone().close();
        engine?;
        Ok(stores?)
    }
}

impl Watched {
    fn bridge_config(self: &Arc<Self>, engine: SocketAddr, trunk_secret: String) -> moim_bridge::Config {
        let mut config = settings::bridge(&self.config, engine, trunk_secret);
        let watched = Arc::clone(self);
        config.metrics = Arc::new(move || metrics::page(&watched.shards().1, &watched.persistence.stats()));
        let watched = Arc::clone(self);
        config.health = Arc::new(move || {
            let (stage, shards) = watched.shards();
            health::page(stage, &watched.config, &shards, &watched.persistence.stats())
        });
        config
    }

    fn set(&self, stage: Stage) {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).0 = stage;
    }

    fn shards(&self) -> (Stage, Vec<ShardStats>) {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        (engine.0, engine.1.as_ref().map(Engine::stats).unwrap_or_default())
    }

    fn stop_engine(&self) -> Result<(), Error> {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).1.take();
        // Not under the lock: whoever asks for the health meanwhile must not wait for the drain.
        engine.map_or(Ok(()), |engine| Ok(engine.stop()?))
    }
}
