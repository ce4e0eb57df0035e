//! What `/metrics` says: snapshots of everyone's counters, taken when somebody asks. The bridge adds its own.

mod engine;
mod exposition;
mod process;
mod stores;

use moim_engine::ShardStats;
use moim_persistence::Stats;

use exposition::Page;
use exposition::Type::Gauge;

/// The page's lines for a whole server.
pub(crate) fn page(shards: &[ShardStats], stores: &Stats) -> String {
    let mut page = Page::default();
    build(&mut page);
    process::write(&mut page);
    engine::write(&mut page, shards);
    stores::write(&mut page, stores);
    page.into_text()
}

/// The page's lines for a bridge alone; the bridge adds its own.
pub(crate) fn page_of_a_bridge() -> String {
    let mut page = Page::default();
    build(&mut page);
    process::write(&mut page);
    page.into_text()
}

fn build(page: &mut Page) {
    let version = ([("version", env!("CARGO_PKG_VERSION").to_owned())], 1);
    page.family(Gauge, "moim_build_info", "Always 1; the version is in the label.", [version]);
}

/// Messages that the journal has and the message store has not confirmed.
pub(crate) fn store_lag(shards: &[ShardStats]) -> u64 {
    shards.iter().map(|shard| shard.unconfirmed_records).sum()
}
