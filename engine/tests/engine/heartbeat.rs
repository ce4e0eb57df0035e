//! Silence.

use std::time::Duration;

use moim_engine::Limits;
use moim_wire::{ErrorCode, Opcode};

use crate::support::{Options, Scene, raw_frame};

fn quick() -> Options {
    let defaults = Options::default();
    Options { limits: Limits { heartbeat: Duration::from_secs(1), ..defaults.limits }, ..defaults }
}

#[test]
fn a_silent_peer_is_asked_and_then_ended() {
    let scene = Scene::new(&quick());
    let mut peer = scene.session(&scene.anna);
    peer.expect(Opcode::Ping);
    assert_eq!(peer.until_closed(), Some(ErrorCode::Idle));
    scene.server.until_at_least(1, |stats| stats.disconnected);
    scene.end();
}

#[test]
fn who_answers_lives_on() {
    let scene = Scene::new(&quick());
    let mut peer = scene.session(&scene.anna);
    // When the second PING comes a silent peer would have been ended.
    for _ in 0..2 {
        let ping = peer.expect(Opcode::Ping);
        peer.write(&raw_frame(Opcode::Pong as u8, ping.request, &ping.bytes[12..]));
    }
    peer.round_trip();
    scene.end();
}

#[test]
fn who_says_goodbye_is_let_go() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    peer.ask(0, Opcode::Goodbye, |b| moim_wire::schema::Goodbye::create(b, &Default::default()));
    let goodbye = peer.next().expect("the server says it, too");
    assert_eq!((goodbye.opcode, goodbye.error_code()), (Opcode::Goodbye, None));
    assert!(peer.next().is_none());
    scene.end();
}
