//! Whole frames whose bodies do not verify.

use moim_wire::{ErrorCode, Opcode};

use crate::support::{SECRET, Scene, raw_frame, raw_session_frame};

/// Operations whose bodies are read.
const WITH_BODY: [Opcode; 13] = [
    Opcode::Hello,
    Opcode::Login,
    Opcode::Ping,
    Opcode::Open,
    Opcode::Close,
    Opcode::Send,
    Opcode::History,
    Opcode::Read,
    Opcode::Typing,
    Opcode::Join,
    Opcode::Leave,
    Opcode::Members,
    Opcode::Rooms,
];
const BROKEN: [&[u8]; 4] = [&[], &[0xff; 3], &[0xff; 64], &[4, 0, 0, 0, 0xf0, 0xff, 0xff, 0x7f, 1, 2, 3, 4]];

#[test]
fn a_body_that_does_not_verify_ends_a_native_session() {
    let scene = Scene::plain();
    for opcode in WITH_BODY {
        for body in BROKEN {
            let mut peer = scene.session(&scene.anna);
            peer.write(&raw_frame(opcode as u8, 1, body));
            assert_eq!(peer.until_closed(), Some(ErrorCode::Malformed), "{} {body:?}", opcode.name());
        }
    }
    scene.end();
}

#[test]
fn a_hello_that_does_not_verify_ends_the_connection() {
    let scene = Scene::plain();
    for body in BROKEN {
        let mut peer = scene.server.connect();
        peer.write(&raw_frame(Opcode::Hello as u8, 1, body));
        assert_eq!(peer.until_closed(), Some(ErrorCode::Malformed));
    }
    scene.end();
}

#[test]
fn on_a_trunk_the_session_that_sent_it_ends_alone() {
    let scene = Scene::plain();
    let mut trunk = scene.server.connect();
    trunk.hello(SECRET, 0, 1);
    trunk.expect(Opcode::Welcome);
    for (session, person) in [(1, &scene.anna), (2, &scene.ben)] {
        trunk.attach_user(session, person.user, session);
        trunk.expect(Opcode::Welcome);
    }
    trunk.write(&raw_session_frame(Opcode::Open as u8, 1, &[0xff; 64]));
    let goodbye = trunk.next().expect("the trunk stands");
    assert_eq!((goodbye.opcode, goodbye.session), (Opcode::Goodbye, 1));
    assert_eq!(goodbye.error_code(), Some(ErrorCode::Malformed));
    trunk.follow(2, scene.room);
    let request = trunk.open(1, scene.room, moim_wire::MessageId::ZERO);
    assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::HelloExpected), "session 1 is over");
    trunk.write(&raw_frame(Opcode::Sync as u8, 1, &[0xff; 64]));
    assert_eq!(trunk.until_closed(), Some(ErrorCode::Malformed));
    scene.end();
}
