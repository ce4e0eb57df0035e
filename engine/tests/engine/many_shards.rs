//! Rooms and followers on every shard.

use moim_engine::Limits;
use moim_wire::{MessageId, Opcode, RoomId, schema};

use crate::support::{Options, Peer, Scene};

const PEERS: usize = 12;
const ROOMS: usize = 16;
const EACH: u32 = 20;

fn options(shards: u16, mesh_items_max: usize) -> Options {
    let defaults = Options::default();
    let limits = Limits { mesh_items_max, ..defaults.limits };
    Options { shards, limits, segment_bytes: 4 * 1024 * 1024, ..defaults }
}

/// Everybody follows every room; each room is spoken in from every connection. All see all of it, in one order.
fn everybody_sees_everything(options: &Options) {
    let scene = Scene::new(options);
    let rooms: Vec<RoomId> = (0..ROOMS).map(|_| scene.server.room(scene.anna.user, &[scene.ben.user])).collect();
    let mut peers: Vec<Peer> = (0..PEERS).map(|_| scene.session(&scene.ben)).collect();
    for peer in &mut peers {
        for &room in &rooms {
            peer.follow(0, room);
        }
    }
    for (nth, peer) in peers.iter_mut().enumerate() {
        for sequence in 1..=EACH {
            for &room in rooms.iter().skip(nth % 4).step_by(4) {
                peer.send(0, room, sequence, &format!("{nth} says {sequence}"));
            }
        }
    }
    let streams: Vec<_> = peers.iter_mut().map(|peer| everything(peer, &rooms)).collect();
    assert!(streams.iter().all(|stream| *stream == streams[0]), "one order for all");
    scene.end();
}

/// What a peer sees, room by room.
fn everything(peer: &mut Peer, rooms: &[RoomId]) -> Vec<Vec<MessageId>> {
    let mut seen = vec![Vec::new(); rooms.len()];
    let mut left = ROOMS * (PEERS / 4) * EACH as usize;
    while left > 0 {
        let received = peer.expect_talk();
        let message = received.body::<schema::Message<'_>>();
        let room = rooms.iter().position(|room| room.0 == message.head().room()).unwrap();
        seen[room].push(MessageId(message.head().id()));
        left -= 1;
    }
    assert!(seen.iter().flat_map(|ids| ids.windows(2)).all(|pair| pair[0] < pair[1]));
    seen
}

#[test]
fn messages_cross_shards_in_one_order_for_all() {
    everybody_sees_everything(&options(4, 16_384));
}

#[test]
fn a_full_queue_between_shards_holds_back_and_loses_nothing() {
    everybody_sees_everything(&options(4, 2));
}

#[test]
fn a_close_does_not_overtake_its_open() {
    let scene = Scene::new(&options(4, 16_384));
    let rooms: Vec<RoomId> = (0..ROOMS).map(|_| scene.server.room(scene.anna.user, &[scene.ben.user])).collect();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let requests: Vec<_> = rooms.iter().map(|&room| (ben.open(0, room, MessageId::ZERO), ben.close(0, room))).collect();
    for (open, close) in requests {
        assert_eq!(ben.answer(open).opcode, Opcode::Opened);
        assert_eq!(ben.answer(close).opcode, Opcode::Closed);
    }
    for room in rooms {
        anna.say_text(0, room, 1, "to nobody");
    }
    ben.round_trip_in_silence();
    scene.end();
}

#[test]
fn a_kick_reaches_followers_on_every_shard() {
    let scene = Scene::new(&options(4, 16_384));
    let mut peers: Vec<Peer> = (0..PEERS).map(|_| scene.session(&scene.ben)).collect();
    for peer in &mut peers {
        peer.follow(0, scene.room);
    }
    let rooms = scene.server.persistence.accounts().rooms();
    let change = scene.server.wait(rooms.remove(scene.anna.user, scene.room, scene.ben.user));
    let mut trunk = scene.trunk();
    let request = trunk.sync(scene.room, change.change);
    assert_eq!(trunk.answer(request).opcode, Opcode::Done);
    for peer in &mut peers {
        peer.expect(Opcode::Closed);
    }
    let change = scene.server.wait(rooms.add(scene.anna.user, scene.room, scene.ben.user));
    let request = trunk.sync(scene.room, change.change);
    assert_eq!(trunk.answer(request).opcode, Opcode::Done);
    scene.end();
}
