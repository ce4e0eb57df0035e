//! The journal holds as much for a message store that is behind as it may.

use moim_wire::{ErrorCode, Opcode, schema};

use crate::support::stall::options;
use crate::support::{Options, Peer, Scene, StallingStore, whole_room};

/// Says something; its id, or what was wrong.
fn try_to_say(peer: &mut Peer, scene: &Scene, sequence: u32, text: &str) -> Result<moim_wire::MessageId, String> {
    let request = peer.send(0, scene.room, sequence, text);
    let answer = peer.answer(request);
    match answer.opcode {
        Opcode::Ack => Ok(moim_wire::MessageId(answer.body::<schema::Ack<'_>>().id())),
        _ => {
            assert_eq!(answer.error_code(), Some(ErrorCode::StorageFull));
            let error = answer.body::<schema::Error<'_>>();
            assert!(error.retry_after_ms() > 0);
            Err(error.message().unwrap().to_owned())
        }
    }
}

#[test]
fn past_the_budget_sends_are_refused_until_the_store_has_caught_up() {
    const NAME: &str = "disk_budget_reached::past_the_budget_sends_are_refused_until_the_store_has_caught_up";
    StallingStore::with(NAME, |store| {
        let options = Options { disk_bytes_max: 1 << 20, ..options() };
        let scene = Scene::on(store.data(), &options);
        let mut anna = scene.session(&scene.anna);
        anna.say_text(0, scene.room, 1, "1 before");
        scene.server.until_confirmed();
        let filler = store.stall();
        let mut said = Vec::new();
        let mut sequence = 1;
        let why = loop {
            sequence += 1;
            let text = format!("{sequence} {}", "x".repeat(3_500));
            match try_to_say(&mut anna, &scene, sequence, &text) {
                Ok(id) => said.push((id, text)),
                Err(why) => break why,
            }
        };
        assert!(why.starts_with("the message store is behind by ") && why.contains(" messages, "), "{why}");
        let shards = scene.server.until("told", |shards| shards[0].store_behind == 1);
        assert!(shards[0].journal_bytes >= options.disk_bytes_max && shards[0].storage_full == 0, "{shards:?}");
        assert!(shards[0].journal_bytes < options.disk_bytes_max + 2 * options.segment_bytes, "{shards:?}");
        drop(filler);
        scene.server.until("taken again", |shards| shards[0].store_behind == 0);
        sequence += 1;
        let text = format!("{sequence} after");
        said.push((try_to_say(&mut anna, &scene, sequence, &text).unwrap(), text));
        scene.server.until_confirmed();
        assert_eq!(whole_room(&mut scene.session(&scene.ben), scene.room)[1..], said);
        scene.end();
    });
}
