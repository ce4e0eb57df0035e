//! A message is taken back.

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, Frame, MessageId, Opcode, SendFields, body, withdrawal};

use moim_engine::Limits;

use crate::support::{Options, Peer, Received, Scene};

/// Sends a Delete; its answer.
fn withdraw(peer: &mut Peer, scene: &Scene, sequence: u32, id: MessageId) -> Received {
    let fields =
        SendFields { room: scene.room.0, sequence, kind: Kind::Delete, reference: id.0, ..SendFields::default() };
    let request = peer.say_for(0, |encoder, out, envelope| encoder.send(out, envelope, &fields));
    peer.answer(request)
}

/// Kind, reference and text of a message as the room's past has it.
fn past(peer: &mut Peer, scene: &Scene, id: MessageId) -> (Kind, u64, String) {
    let request = peer.history(scene.room, MessageId(id.0 - 1), 1);
    let answer = peer.answer(request);
    let page = answer.body::<schema::HistoryPage<'_>>();
    let frame = Frame::first(page.frames().bytes(), FRAME_BYTES_MAX).unwrap().unwrap();
    let message = body::read::<schema::Message<'_>>(frame.body()).unwrap();
    assert_eq!(message.head().id(), id.0);
    assert_eq!(withdrawal::is_withdrawn(&message), message.text().is_empty());
    (message.kind(), message.reference(), message.text().to_owned())
}

/// Nothing that the store has confirmed stays in memory.
fn forgetful() -> Options {
    let limits = Limits { recent_bytes_max: 0, ..Options::default().limits };
    Options { limits, ..Options::default() }
}

#[test]
fn its_author_takes_it_back_and_followers_hear_of_it() {
    let scene = Scene::plain();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    anna.follow(0, scene.room);
    let id = ben.say_text(0, scene.room, 1, "said in haste");
    anna.expect_talk();
    assert_eq!(withdraw(&mut ben, &scene, 2, id).opcode, Opcode::Ack);
    let heard = anna.expect(Opcode::Message);
    let heard = heard.body::<schema::Message<'_>>();
    assert_eq!((heard.kind(), heard.reference(), heard.text()), (Kind::Delete, id.0, ""));
    assert_eq!(past(&mut anna, &scene, id), (Kind::Delete, id.0, String::new()));
    scene.end();
}

#[test]
fn an_admin_may_and_another_member_may_not() {
    let scene = Scene::plain();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let annas = anna.say_text(0, scene.room, 1, "the admin's");
    let bens = ben.say_text(0, scene.room, 1, "a member's");
    assert_eq!(withdraw(&mut ben, &scene, 2, annas).error_code(), Some(ErrorCode::NotAllowed));
    assert_eq!(past(&mut ben, &scene, annas).2, "the admin's");
    assert_eq!(withdraw(&mut anna, &scene, 2, bens).opcode, Opcode::Ack);
    assert_eq!(past(&mut ben, &scene, bens).2, "");
    scene.end();
}

#[test]
fn what_is_no_talk_of_the_room_cannot_be_taken_back() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    let id = anna.say_text(0, scene.room, 1, "once");
    let ack = withdraw(&mut anna, &scene, 2, id);
    let by = MessageId(ack.body::<schema::Ack<'_>>().id());
    // Ben's joining, which was sequenced before the talk, has a lower id.
    let request = anna.history(scene.room, MessageId(1), 1);
    let joining = crate::support::page(&anna.answer(request))[0].0;
    let wrong = [id, by, joining, MessageId(id.0 - 1), MessageId(by.0 + 1), MessageId::ZERO, MessageId(u64::MAX)];
    for (sequence, wrong) in (3..).zip(wrong) {
        assert_eq!(withdraw(&mut anna, &scene, sequence, wrong).error_code(), Some(ErrorCode::InvalidField), "{wrong}");
    }
    let with_text = SendFields { room: scene.room.0, sequence: 90, text: "no", kind: Kind::Delete, reference: id.0 };
    let request = anna.say_for(0, |encoder, out, envelope| encoder.send(out, envelope, &with_text));
    assert_eq!(anna.answer(request).error_code(), Some(ErrorCode::InvalidField));
    scene.end();
}

#[test]
fn one_that_is_in_the_store_alone_is_taken_back_there_and_after_a_restart_too() {
    let scene = Scene::new(&forgetful());
    let mut ben = scene.session(&scene.ben);
    let old = ben.say_text(0, scene.room, 1, "long ago");
    ben.say_text(0, scene.room, 2, "and since");
    scene.server.until("everything is stored", |shards| {
        shards.iter().all(|shard| shard.unconfirmed_bytes == 0 && shard.recent_bytes == 0)
    });
    let mut eve = scene.session(&scene.eve);
    assert_eq!(withdraw(&mut eve, &scene, 1, old).error_code(), Some(ErrorCode::NotAMember));
    assert_eq!(withdraw(&mut ben, &scene, 3, old).opcode, Opcode::Ack);
    assert_eq!(past(&mut ben, &scene, old).2, "");
    // Said again after a break it is known.
    assert!(withdraw(&mut ben, &scene, 3, old).body::<schema::Ack<'_>>().duplicate());

    let Scene { server, room, anna, ben, eve, data } = scene;
    server.stop();
    let server = crate::support::Server::start(data.path(), &Options::default());
    let scene = Scene { server, room, anna, ben, eve, data };
    let mut anna = scene.session(&scene.anna);
    assert_eq!(past(&mut anna, &scene, old), (Kind::Delete, old.0, String::new()));
    scene.end();
}

#[test]
fn a_greeting_has_no_words_of_its_own() {
    let scene = Scene::plain();
    let mut ben = scene.session(&scene.ben);
    let enter = |text| SendFields { room: scene.room.0, sequence: 1, text, kind: Kind::Enter, reference: 0 };
    let request = ben.say_for(0, |encoder, out, envelope| encoder.send(out, envelope, &enter("as somebody else")));
    assert_eq!(ben.answer(request).error_code(), Some(ErrorCode::InvalidField));
    let request = ben.say_for(0, |encoder, out, envelope| encoder.send(out, envelope, &enter("")));
    assert_eq!(ben.answer(request).opcode, Opcode::Ack);
    scene.end();
}
