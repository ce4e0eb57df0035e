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
        search: config.search.enabled,
        search_memory_bytes: config.search.memory.as_usize(),
        files: config.files.store.clone(),
        file_bytes_max: config.files.size_max.0,
        files_of_user_bytes_max: config.files.per_user_max.0,
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
            disk_bytes_max: config.journal.disk_max.0,
            keep_confirmed: config.journal.keep_confirmed.duration(),
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
            // A segment must take four batches.
            batch_bytes_max: defaults.batch_bytes_max.min(segment_bytes / 4),
            ..defaults
        },
    }
}

/// The bridge's settings, without what it shows of others.
pub(crate) fn bridge(config: &Config, engine: SocketAddr, trunk_secret: String) -> moim_bridge::Config {
    let defaults = moim_bridge::Limits::default();
    let (frames_per_second, frames_burst) = frames(&moim_engine::Limits {
        sends_per_second: config.limits.sends_per_second_max,
        sends_burst: config.limits.sends_burst_max,
        ..moim_engine::Limits::default()
    });
    moim_bridge::Config {
        trunks: config.bridge.trunks.into(),
        allowed_origins: config.bridge.allowed_origins.iter().map(ToString::to_string).collect(),
        public_url: match config.bridge.public_url.as_str() {
            "" => format!("http://{}", config.bridge.listen),
            url => url.to_owned(),
        },
        oauth: config.bridge.oauth.clone(),
        secure_cookies: config.bridge.secure_cookies,
        trust_forwarded: config.bridge.trust_forwarded,
        trial: config.trial,
        bank: config.bank.clone(),
        file_types: config.files.types.clone(),
        limits: moim_bridge::Limits {
            sockets_max: config.bridge.sockets_max as usize,
            trunk_sessions_max: config.limits.sessions_per_trunk_max as usize,
            frames_per_second,
            frames_burst,
            ..defaults
        },
        ..moim_bridge::Config::new(config.bridge.listen, engine, trunk_secret)
    }
}

/// What a browser may send a second and at once: what its session in the engine may, sends and other requests together.
/// The engine judges each kind; the bridge keeps from it what it could only refuse.
const fn frames(engine: &moim_engine::Limits) -> (u32, u32) {
    let burst = engine.sends_burst.saturating_add(engine.requests_burst);
    match engine.sends_per_second {
        // Whoever lifts the one limit lifts all.
        0 => (0, burst),
        sends => (sends.saturating_add(engine.requests_per_second), burst),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_lets_through_what_the_engine_takes() {
        let engine = moim_engine::Limits::default();
        let bridge = moim_bridge::Limits::default();
        assert_eq!(frames(&engine), (bridge.frames_per_second, bridge.frames_burst));
        let faster = moim_engine::Limits { sends_per_second: 5_000, ..engine };
        assert_eq!(frames(&faster).0, 5_000 + engine.requests_per_second);
        let unlimited = moim_engine::Limits { sends_per_second: 0, ..engine };
        assert_eq!(frames(&unlimited).0, 0);
    }
}
