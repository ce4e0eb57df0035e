//! Frames that end before they should.

use std::net::Shutdown;

use moim_wire::{MessageId, Opcode, SendFields, schema};

use crate::support::{Peer, SECRET, Scene, page};

fn send_frame(peer: &mut Peer, scene: &Scene, text: &str) -> (u32, Vec<u8>) {
    let fields = SendFields { room: scene.room.0, sequence: 1, text, ..Default::default() };
    peer.frame(0, |encoder, out, envelope| encoder.send(out, envelope, &fields))
}

#[test]
fn a_frame_cut_by_the_end_of_the_connection_is_not_carried_out() {
    let scene = Scene::plain();
    for cut in [1, 11, 12, 30] {
        let mut peer = scene.session(&scene.anna);
        let (_, frame) = send_frame(&mut peer, &scene, "half of it");
        peer.write(&frame[..cut]);
        peer.socket.shutdown(Shutdown::Write).unwrap();
        assert_eq!(peer.until_closed(), None, "nobody is left to say goodbye to");
    }
    let mut ben = scene.session(&scene.ben);
    let request = ben.history(scene.room, MessageId(1), 100);
    assert!(page(&ben.answer(request)).iter().all(|(_, text)| text != "half of it"));
    scene.end();
}

#[test]
fn a_frame_that_comes_in_two_halves_is_carried_out() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let (request, frame) = send_frame(&mut peer, &scene, "all of it");
    let (head, tail) = frame.split_at(frame.len() / 2);
    let (_, ping) = peer.frame(0, |encoder, out, envelope| {
        encoder.frame(out, Opcode::Ping, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp: 1 }));
    });
    // The answer to the PING tells that the first half was taken on its own.
    peer.write(&[&ping, head].concat());
    peer.expect(Opcode::Pong);
    peer.write(tail);
    assert_eq!(peer.answer(request).opcode, Opcode::Ack);
    scene.end();
}

#[test]
fn half_a_frame_behind_a_trunks_hello_is_not_lost() {
    let scene = Scene::plain();
    let mut trunk = scene.server.connect();
    let (_, hello) = trunk.frame(0, |encoder, out, envelope| {
        encoder.frame(out, Opcode::Hello, envelope, |b| {
            let token = Some(b.create_string(SECRET));
            schema::Hello::create(b, &schema::HelloArgs { token, capabilities: 1, ..Default::default() })
        });
    });
    let (request, attach) = trunk.frame(5, |encoder, out, envelope| {
        let args = schema::AttachArgs { user: scene.anna.user.0, device: 9, ..Default::default() };
        encoder.frame(out, Opcode::Attach, envelope, |b| schema::Attach::create(b, &args));
    });
    let (head, tail) = attach.split_at(attach.len() / 2);
    trunk.write(&[&hello, head].concat());
    trunk.expect(Opcode::Welcome);
    trunk.write(tail);
    let welcome = trunk.answer(request);
    assert_eq!((welcome.opcode, welcome.session), (Opcode::Welcome, 5));
    scene.end();
}
