//! What `/health` says: whether messages are taken, and how far the stores are behind.

use moim_engine::ShardStats;
use moim_persistence::{SearchState, SearchStats, Stats};
use serde_json::{Value, json};

use crate::config::Config;
use crate::metrics;

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Starting,
    Running,
    Stopping,
}

/// One word for all: anything but `UP` is answered with 503, so that a balancer sends people elsewhere.
pub(crate) fn status(stage: Stage, shards: &[ShardStats]) -> &'static str {
    match stage {
        Stage::Starting => "STARTING",
        Stage::Stopping => "STOPPING",
        Stage::Running if shards.iter().any(|shard| shard.storage_full != 0) => "STORAGE_FULL",
        Stage::Running if shards.iter().any(|shard| shard.store_behind != 0) => "STORE_BEHIND",
        Stage::Running => "UP",
    }
}

/// The whole answer.
pub(crate) fn page(stage: Stage, config: &Config, shards: &[ShardStats], stores: &Stats) -> Value {
    json!({
        "status": status(stage, shards),
        "version": env!("CARGO_PKG_VERSION"),
        "shards": config.engine.shards,
        "durability": config.engine.durability.name(),
        "store": {
            "answers": stores.messages.open,
            "lag_messages": metrics::store_lag(shards),
            "lag_bytes": shards.iter().map(|shard| shard.unconfirmed_bytes).sum::<u64>(),
            "lag_s": shards.iter().map(|shard| shard.unconfirmed_s).max().unwrap_or(0),
            "journal_bytes": shards.iter().map(|shard| shard.journal_bytes).sum::<u64>(),
            "journal_bytes_max": config.journal.disk_max.0,
        },
        "search": search(stores.search.as_ref()),
    })
}

/// Search is a convenience: whatever befalls it, the server is as healthy as before.
fn search(search: Option<&SearchStats>) -> Value {
    let Some(search) = search else { return json!({ "state": "OFF" }) };
    let state = match search.state {
        SearchState::Opening => "OPENING",
        SearchState::Failed => "FAILED",
        SearchState::Ready if search.rooms_behind > 0 => "BEHIND",
        SearchState::Ready => "UP",
    };
    json!({ "state": state, "rooms_behind": search.rooms_behind, "lag_ms": search.lag_ms, "messages": search.messages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_tells_of_itself() {
        let behind = SearchStats { state: SearchState::Ready, rooms_behind: 3, ..SearchStats::default() };
        assert_eq!(search(Some(&behind))["state"], "BEHIND");
        assert_eq!(search(Some(&SearchStats { rooms_behind: 0, ..behind }))["state"], "UP");
        assert_eq!(search(Some(&SearchStats::default()))["state"], "OPENING");
        assert_eq!(search(None)["state"], "OFF");
    }

    #[test]
    fn a_full_disk_and_a_stop_are_told_and_a_slow_store_is_not_an_outage() {
        let full = [ShardStats::default(), ShardStats { storage_full: 1, ..ShardStats::default() }];
        let behind = [ShardStats { unconfirmed_records: 1_000_000, ..ShardStats::default() }];
        assert_eq!(status(Stage::Running, &full), "STORAGE_FULL");
        assert_eq!(status(Stage::Stopping, &behind), "STOPPING");
        assert_eq!(status(Stage::Starting, &[]), "STARTING");
        assert_eq!(status(Stage::Running, &behind), "UP");
        let too_far = [ShardStats { store_behind: 1, ..ShardStats::default() }];
        assert_eq!(status(Stage::Running, &too_far), "STORE_BEHIND");
    }
}
