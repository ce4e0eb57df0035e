//! Ids above the newest of a room.

use moim_wire::{ErrorCode, MessageId, Opcode, schema};

use crate::support::{Scene, page};

#[test]
fn to_have_seen_or_read_what_is_not_there_yet_is_refused() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    let newest = anna.say_text(0, scene.room, 1, "the newest");
    for future in [MessageId(newest.0 + 1), MessageId::MAX, MessageId(u64::MAX)] {
        let request = anna.open(0, scene.room, future);
        assert_eq!(anna.answer(request).error_code(), Some(ErrorCode::IdFromTheFuture));
        let request = anna.read(0, scene.room, future);
        assert_eq!(anna.answer(request).error_code(), Some(ErrorCode::IdFromTheFuture));
    }
    let request = anna.open(0, scene.room, newest);
    assert_eq!(anna.answer(request).body::<schema::Opened<'_>>().newest_id(), newest.0);
    let request = anna.read(0, scene.room, newest);
    assert_eq!(anna.answer(request).opcode, Opcode::Done);
    scene.end();
}

#[test]
fn history_after_the_newest_is_an_empty_page() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    anna.say_text(0, scene.room, 1, "the newest");
    for future in [MessageId::MAX, MessageId(u64::MAX)] {
        let request = anna.history(scene.room, future, 100);
        let answer = anna.answer(request);
        assert!(page(&answer).is_empty() && !answer.body::<schema::HistoryPage<'_>>().more());
    }
    scene.end();
}

#[test]
fn a_reply_to_a_message_of_the_future_is_refused() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    let newest = anna.say_text(0, scene.room, 1, "the newest");
    let mut reply = |sequence, reference| {
        let fields = moim_wire::SendFields {
            room: scene.room.0,
            sequence,
            text: "as you will have said",
            kind: schema::Kind::Reply,
            reference,
        };
        let request = anna.say(|encoder, out, envelope| encoder.send(out, envelope, &fields));
        anna.answer(request)
    };
    assert_eq!(reply(2, newest.0 + 1_000_000).error_code(), Some(ErrorCode::InvalidField));
    assert_eq!(reply(3, newest.0).opcode, Opcode::Ack);
    scene.end();
}
