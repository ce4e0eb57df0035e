//! Bytes that are no frames.

use std::io::Write as _;

use moim_wire::{ErrorCode, Opcode};

use crate::support::{Scene, raw_frame};

/// Bytes that look like nothing, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| step()).collect()
}

#[test]
fn noise_is_answered_with_goodbye_and_the_end() {
    let scene = Scene::plain();
    for seed in 1..=100 {
        let mut peer = scene.server.connect();
        peer.write(&noise(seed, 64));
        let code = peer.until_closed();
        assert!(matches!(code, Some(ErrorCode::FrameSize | ErrorCode::Version)), "{seed}: {code:?}");
    }
    scene.server.until_at_least(100, |stats| stats.disconnected);
    scene.end();
}

#[test]
fn a_flood_of_noise_ends_one_connection_alone() {
    let scene = Scene::plain();
    let (mut flood, mut ben) = (scene.session(&scene.ben), scene.session(&scene.ben));
    // The server hangs up in the middle of it.
    let _ = flood.socket.write_all(&noise(7, 4 << 20));
    assert!(matches!(flood.until_closed(), Some(ErrorCode::FrameSize | ErrorCode::Version)));
    ben.round_trip();
    scene.end();
}

#[test]
fn another_major_version_is_answered_with_goodbye() {
    let scene = Scene::plain();
    let mut peer = scene.server.connect();
    let mut frame = raw_frame(Opcode::Hello as u8, 1, &[]);
    frame[4] = 9;
    peer.write(&frame);
    assert_eq!(peer.until_closed(), Some(ErrorCode::Version));
    scene.end();
}

#[test]
fn what_comes_after_the_noise_is_not_heard() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let (_, send) = peer.frame(0, |encoder, out, envelope| {
        let fields = moim_wire::SendFields { room: scene.room.0, sequence: 1, text: "after", ..Default::default() };
        encoder.send(out, envelope, &fields);
    });
    peer.write(&[vec![0xff; 12], send].concat());
    assert_eq!(peer.until_closed(), Some(ErrorCode::FrameSize));
    let mut ben = scene.session(&scene.ben);
    let request = ben.history(scene.room, moim_wire::MessageId(1), 100);
    let texts: Vec<_> = crate::support::page(&ben.answer(request)).into_iter().map(|(_, text)| text).collect();
    assert!(!texts.contains(&"after".to_owned()));
    scene.end();
}
