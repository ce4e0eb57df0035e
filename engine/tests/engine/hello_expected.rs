//! Connections that begin with something else than HELLO.

use moim_wire::{ErrorCode, MessageId, Opcode};

use crate::support::{Scene, raw_frame};

#[test]
fn anything_but_login_ping_and_hello_ends_a_connection_that_has_not_said_hello() {
    let scene = Scene::plain();
    let mut peer = scene.server.connect();
    peer.send(0, scene.room, 1, "no hello");
    assert_eq!(peer.until_closed(), Some(ErrorCode::HelloExpected));
    let mut peer = scene.server.connect();
    peer.open(0, scene.room, MessageId::ZERO);
    assert_eq!(peer.until_closed(), Some(ErrorCode::HelloExpected));
    for opcode in [0x7f, Opcode::Ack as u8, Opcode::Detach as u8] {
        let mut peer = scene.server.connect();
        peer.write(&raw_frame(opcode, 1, &[]));
        assert_eq!(peer.until_closed(), Some(ErrorCode::HelloExpected), "{opcode:#04x}");
    }
    let mut peer = scene.server.connect();
    peer.round_trip();
    scene.end();
}

#[test]
fn what_does_not_wait_for_welcome_ends_the_connection() {
    let scene = Scene::plain();
    let mut peer = scene.server.connect();
    let (_, hello) = peer.frame(0, |encoder, out, envelope| {
        encoder.frame(out, Opcode::Hello, envelope, |b| {
            let token = Some(b.create_string(&scene.anna.token));
            let args = moim_wire::schema::HelloArgs { token, device: 1, ..Default::default() };
            moim_wire::schema::Hello::create(b, &args)
        });
    });
    peer.write(&[hello.clone(), hello].concat());
    assert_eq!(peer.until_closed(), Some(ErrorCode::HelloExpected));
    scene.end();
}

#[test]
fn a_second_hello_is_refused_and_the_session_goes_on() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let request = peer.hello(&scene.ben.token, 1, 0);
    assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::NotAllowedHere));
    peer.round_trip();
    scene.end();
}
