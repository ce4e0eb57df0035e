//! The shards' numbers, one sample a shard.

use moim_engine::ShardStats;

use super::exposition::Page;
use super::exposition::Type::{Counter, Gauge};

pub(super) fn write(page: &mut Page, shards: &[ShardStats]) {
    let described: Vec<_> = shards.iter().map(ShardStats::describe).collect();
    let Some(first) = described.first() else { return };
    for (at, (name, only_rises, help, _)) in first.iter().enumerate() {
        let (kind, ending) = if *only_rises { (Counter, "_total") } else { (Gauge, "") };
        let samples =
            described.iter().enumerate().map(|(shard, numbers)| ([("shard", shard.to_string())], numbers[at].3));
        page.family(kind, &format!("moim_engine_{name}{ending}"), help.trim(), samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_told_for_every_shard() {
        let shards = [
            ShardStats { accepted: 7, connections: 2, ..ShardStats::default() },
            ShardStats { accepted: 9, ..ShardStats::default() },
        ];
        let mut page = Page::default();
        write(&mut page, &shards);
        let text = page.into_text();
        assert!(text.contains("# TYPE moim_engine_accepted_total counter\n"), "{text}");
        assert!(text.contains("moim_engine_accepted_total{shard=\"1\"} 9\n"), "{text}");
        assert!(
            text.contains("# TYPE moim_engine_connections gauge\nmoim_engine_connections{shard=\"0\"} 2\n"),
            "{text}"
        );
    }
}
