//! What a stranger may not do in a room.

use moim_wire::{ErrorCode, MessageId, Opcode, RoomId};

use crate::support::Scene;

#[test]
fn a_stranger_is_refused_whatever_it_asks_of_the_room() {
    let scene = Scene::plain();
    let mut eve = scene.session(&scene.eve);
    let requests = [
        eve.open(0, scene.room, MessageId::ZERO),
        eve.send(0, scene.room, 1, "let me in"),
        eve.history(scene.room, MessageId(1), 100),
        eve.read(0, scene.room, MessageId(1)),
        eve.members(0, scene.room),
        eve.leave(0, scene.room),
    ];
    let mut codes: Vec<_> = requests.iter().map(|_| eve.next().unwrap()).map(|e| (e.request, e.error_code())).collect();
    codes.sort_unstable_by_key(|&(request, _)| request);
    assert_eq!(codes, requests.map(|request| (request, Some(ErrorCode::NotAMember))));
    scene.server.until_at_least(6, |stats| stats.refused);
    scene.end();
}

#[test]
fn a_strangers_typing_and_talk_reach_nobody() {
    let scene = Scene::plain();
    let (mut anna, mut ben, mut eve) =
        (scene.session(&scene.anna), scene.session(&scene.ben), scene.session(&scene.eve));
    ben.follow(0, scene.room);
    eve.typing(0, scene.room);
    eve.send(0, scene.room, 1, "from outside");
    // The room's owner has looked at both when it refuses what came after them.
    let request = eve.history(scene.room, MessageId(1), 1);
    assert_eq!(eve.answer(request).error_code(), Some(ErrorCode::NotAMember));
    let said = anna.say_text(0, scene.room, 1, "from inside");
    loop {
        let frame = ben.next().unwrap();
        assert_ne!(frame.opcode, Opcode::Typing);
        if frame.opcode == Opcode::Message {
            let message = frame.body::<moim_wire::schema::Message<'_>>();
            assert_ne!(message.text(), "from outside");
            if message.head().id() == said.0 {
                break;
            }
        }
    }
    scene.end();
}

#[test]
fn a_room_that_does_not_exist_is_no_such_room() {
    let scene = Scene::plain();
    let mut eve = scene.session(&scene.eve);
    for room in [RoomId(0), RoomId(4_000_000), RoomId(u32::MAX)] {
        let request = eve.open(0, room, MessageId::ZERO);
        assert_eq!(eve.answer(request).error_code(), Some(ErrorCode::NoSuchRoom), "{room}");
    }
    scene.end();
}
