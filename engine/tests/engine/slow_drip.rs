//! Peers that say what they say byte by byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Duration;

use moim_engine::Limits;
use moim_wire::{ErrorCode, Opcode, SendFields};

use crate::support::{Options, Peer, Scene, raw_frame};

/// Writes a byte of an endless frame whenever nothing has come for a moment, until the server hangs up.
fn drip_for_ever(peer: &mut Peer) {
    let frame = raw_frame(Opcode::Login as u8, 1, &[0; 32_000]);
    let patience = peer.socket.read_timeout().unwrap();
    peer.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut heard = Vec::new();
    for byte in frame.chunks(1) {
        let mut piece = [0; 256];
        let _ = peer.socket.write_all(byte);
        match peer.socket.read(&mut piece) {
            Ok(0) => break,
            Ok(bytes) => heard.extend_from_slice(&piece[..bytes]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    peer.socket.set_read_timeout(patience).unwrap();
    peer.take(&heard);
}

fn impatient() -> Options {
    let heartbeat = Duration::from_secs(1);
    let hello_timeout = Duration::from_secs(1);
    let defaults = Options::default();
    Options { limits: Limits { heartbeat, hello_timeout, ..defaults.limits }, ..defaults }
}

#[test]
fn a_send_that_comes_byte_by_byte_is_carried_out() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let fields = SendFields { room: scene.room.0, sequence: 1, text: "drip, drop", ..Default::default() };
    let (request, frame) = peer.frame(0, |encoder, out, envelope| encoder.send(out, envelope, &fields));
    frame.chunks(1).for_each(|byte| peer.write(byte));
    assert_eq!(peer.answer(request).opcode, Opcode::Ack);
    scene.end();
}

#[test]
fn who_drips_instead_of_saying_hello_is_ended_by_the_hello_timeout() {
    let scene = Scene::new(&impatient());
    let mut peer = scene.server.connect();
    drip_for_ever(&mut peer);
    assert_eq!(peer.until_closed(), Some(ErrorCode::HelloExpected));
    scene.end();
}

#[test]
fn who_drips_without_end_is_as_good_as_silent() {
    let scene = Scene::new(&impatient());
    let mut peer = scene.session(&scene.anna);
    drip_for_ever(&mut peer);
    assert_eq!(peer.until_closed(), Some(ErrorCode::Idle));
    scene.end();
}
