//! The message store stands still while more is said than memory may hold: it costs disk.

use moim_persistence::PageQuery;
use moim_wire::{ErrorCode, MessageId, Opcode};

use crate::support::stall::options;
use crate::support::{Scene, StallingStore, page, whole_room};

#[test]
fn a_backlog_larger_than_memory_costs_disk_and_drains_when_the_store_is_back() {
    const NAME: &str =
        "backlog_larger_than_memory::a_backlog_larger_than_memory_costs_disk_and_drains_when_the_store_is_back";
    StallingStore::with(NAME, |store| {
        let options = options();
        let scene = Scene::on(store.data(), &options);
        let mut anna = scene.session(&scene.anna);
        let mut said = scene.say_much(&mut anna, 1, 20);
        scene.server.until_confirmed();
        let filler = store.stall();
        said.extend(scene.say_much(&mut anna, 21, 600));
        scene.server.until_stalled();
        let shards = scene.server.until("far behind", |shards| shards[0].unconfirmed_bytes > 1_500_000);
        assert!(shards[0].feed_bytes <= options.limits.feed_bytes_max as u64, "{shards:?}");
        assert!(shards[0].segments >= 7 && shards[0].storage_full + shards[0].store_behind == 0, "{shards:?}");
        scene.server.until("indexed", |shards| shards[0].indexes >= 5 && shards[0].unconfirmed_s >= 2);
        drop(filler);
        scene.server.until_confirmed();
        assert!(scene.server.stat(|stats| stats.read_back_bytes) > 1_500_000, "from the journal's files");
        scene.server.until("given up", |shards| shards[0].segments <= 2);
        let stored = scene.server.persistence.messages();
        let count = scene.server.wait(stored.count_after(scene.room, MessageId::ZERO, 10_000));
        assert!(count as usize >= said.len(), "{count} stored of {}", said.len());
        let page = scene.server.wait(stored.page(scene.room, PageQuery::Before(MessageId(u64::MAX)), 1, 1 << 20));
        assert_eq!(page.newest, said.last().map(|&(id, _)| id));
        assert_eq!(whole_room(&mut scene.session(&scene.ben), scene.room), said);
        scene.end();
    });
}

#[test]
fn history_from_segments_needs_no_store_and_joins_with_what_it_has() {
    const NAME: &str = "backlog_larger_than_memory::history_from_segments_needs_no_store_and_joins_with_what_it_has";
    StallingStore::with(NAME, |store| {
        let scene = Scene::on(store.data(), &options());
        let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
        let mut said = scene.say_much(&mut anna, 1, 50);
        scene.server.until_confirmed();
        let filler = store.stall();
        said.extend(scene.say_much(&mut anna, 51, 300));
        scene.server.until_stalled();
        // Read your writes, long after they left memory, from closed segments and from the one in use.
        for nth in [60, 150, 250, 340] {
            let request = ben.history(scene.room, said[nth].0, 5);
            let answer = ben.answer(request);
            assert_eq!(answer.opcode, Opcode::HistoryPage, "{:?}", answer.error_code());
            assert_eq!(page(&answer), said[nth + 1..nth + 6]);
        }
        assert!(scene.server.persistence.stats().lanes[0].retries_total > 0);
        // What only the store has it cannot give now, and says so at once.
        let request = ben.history(scene.room, said[10].0, 5);
        let answer = ben.answer(request);
        let is_refused = answer.error_code() == Some(ErrorCode::StoreUnavailable);
        assert!(is_refused || page(&answer) == said[11..16], "{:?}", answer.error_code());
        drop(filler);
        // Whatever of it the store has by now.
        assert_eq!(whole_room_when_there_is_a_store(&scene), said);
        scene.server.until_confirmed();
        assert_eq!(whole_room(&mut scene.session(&scene.ben), scene.room), said);
        scene.end();
    });
}

/// All pages, asked again from the first on where the store does not answer yet.
fn whole_room_when_there_is_a_store(scene: &Scene) -> Vec<(MessageId, String)> {
    let mut ben = scene.session(&scene.ben);
    loop {
        let request = ben.history(scene.room, MessageId(1), 1);
        if ben.answer(request).opcode == Opcode::HistoryPage {
            return whole_room(&mut ben, scene.room);
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}
