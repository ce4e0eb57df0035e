//! The settings of each part, from the one configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::{Config, Durability};

/// The stores' settings.
pub(crate) fn stores(config: &Config) -> moim_persistence::Config {
    moim_persistence::Config {
        accounts: config.store.accounts.clone(),
        connections: config.store.connections,
        store_wait: config.store.wait,
        migrate: config.store.migrate,
        messages: config.store.messages.clone(),
        ..moim_persistence::Config::new(&config.data)
    }
}

/// Where the shards' journals lie in a data folder.
pub(crate) fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// The engine's settings.
pub(crate) fn engine(config: &Config, trunk_secret: String) -> moim_engine::Config {
    let limits = &config.limits;
    let defaults = moim_engine::Limits::default();
    let segment_bytes = config.journal.segment.as_usize();
    moim_engine::Config {
        listen: config.engine.listen,
        shards: config.engine.shards,
        processors: Vec::new(),
        durability: match config.engine.durability {
            Durability::Durable => moim_engine::Durability::Durable,
            Durability::Relaxed => moim_engine::Durability::Relaxed,
        },
        trunk_secret,
        journal: moim_engine::JournalConfig {
            folder: journal_folder(&config.data),
            segment_bytes: config.journal.segment.0,
            commit_interval: config.engine.commit_interval,
            disk_reserve_bytes: config.journal.disk_reserve.0,
        },
        limits: moim_engine::Limits {
            connections_max: limits.connections_max as usize,
            sessions_per_trunk_max: limits.sessions_per_trunk_max as usize,
            rooms_per_session_max: limits.rooms_per_session_max as usize,
            sends_per_second: limits.sends_per_second_max,
            sends_burst: limits.sends_burst_max,
            session_queue_bytes_max: limits.out_queue_max.as_usize(),
            hello_timeout: limits.hello_timeout.duration(),
            heartbeat: limits.heartbeat.duration(),
            unconfirmed_bytes_max: limits.unconfirmed_max.as_usize(),
            // A segment must take four batches.
            batch_bytes_max: defaults.batch_bytes_max.min(segment_bytes / 4),
            ..defaults
        },
    }
}

/// The bridge's settings, without what it shows of others.
pub(crate) fn bridge(config: &Config, engine: SocketAddr, trunk_secret: String) -> moim_bridge::Config {
    let defaults = moim_bridge::Limits::default();
    moim_bridge::Config {
        trunks: config.bridge.trunks.into(),
        allowed_origins: config.bridge.allowed_origins.iter().map(ToString::to_string).collect(),
        secure_cookies: config.bridge.secure_cookies,
        trust_forwarded: config.bridge.trust_forwarded,
        trial: config.trial,
        limits: moim_bridge::Limits {
            sockets_max: config.bridge.sockets_max as usize,
            trunk_sessions_max: config.limits.sessions_per_trunk_max as usize,
            ..defaults
        },
        ..moim_bridge::Config::new(config.bridge.listen, engine, trunk_secret)
    }
}
