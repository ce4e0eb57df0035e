//! Operations of a newer version, and those that are not for the one who asks.

use moim_wire::{ErrorCode, Opcode};

use crate::support::{Scene, raw_frame, raw_session_frame};

#[test]
fn an_unknown_operation_is_refused_and_the_session_goes_on() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    for opcode in (0..=u8::MAX).filter(|&opcode| Opcode::from_u8(opcode).is_none()) {
        peer.write(&raw_frame(opcode, u32::from(opcode) + 1_000, b"whatever it carries"));
        let answer = peer.answer(u32::from(opcode) + 1_000);
        assert_eq!((answer.opcode, answer.error_code()), (Opcode::Error, Some(ErrorCode::UnknownOperation)));
    }
    peer.round_trip();
    let mut trunk = scene.trunk();
    trunk.attach_user(4, scene.anna.user, 1);
    trunk.expect(Opcode::Welcome);
    trunk.write(&raw_session_frame(0x7e, 4, &[]));
    let answer = trunk.next().unwrap();
    assert_eq!((answer.session, answer.error_code()), (4, Some(ErrorCode::UnknownOperation)));
    trunk.round_trip();
    scene.end();
}

#[test]
fn an_unknown_flag_is_ignored() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let (request, mut ping) = peer.frame(0, |encoder, out, envelope| {
        encoder.frame(out, Opcode::Ping, envelope, |b| {
            moim_wire::schema::Ping::create(b, &moim_wire::schema::PingArgs { stamp: 3 })
        });
    });
    ping[7] = 0x80;
    peer.write(&ping);
    assert_eq!(peer.answer(request).opcode, Opcode::Pong);
    scene.end();
}

#[test]
fn an_answer_is_no_request() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    for opcode in [Opcode::Welcome, Opcode::Ack, Opcode::Message, Opcode::HistoryPage, Opcode::Error] {
        peer.write(&raw_frame(opcode as u8, 1_000, &[]));
        assert_eq!(peer.answer(1_000).error_code(), Some(ErrorCode::NotAllowedHere), "{}", opcode.name());
    }
    peer.round_trip();
    scene.end();
}
