//! A stop, as SIGTERM causes it, in the middle of everything.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::mpsc::{SyncSender, sync_channel};

use moim_wire::{ErrorCode, MessageId, Opcode, RoomId, SendFields, schema};

use crate::support::{Peer, Scene, Server, page};

const PEERS: u32 = 6;
/// Acknowledgements, of all peers together, after which the server is stopped.
const LOAD: usize = 600;
const WINDOW: usize = 32;

/// Somebody who talks without a pause.
struct Talker {
    peer: Peer,
    room: RoomId,
    nth: u32,
    /// Texts of sends that are not acknowledged, by request.
    under_way: HashMap<u32, String>,
    acknowledged: BTreeMap<MessageId, String>,
}

impl Talker {
    /// Talks until the server says GOODBYE; the hint when to return.
    fn talk(mut self, acked: &SyncSender<()>) -> (Self, u32) {
        let mut sequence = 0;
        loop {
            while self.under_way.len() < WINDOW {
                sequence += 1;
                self.send(sequence);
            }
            let received = self.peer.next().expect("nobody is left without GOODBYE");
            match received.opcode {
                Opcode::Ack => {
                    let id = MessageId(received.body::<schema::Ack<'_>>().id());
                    self.acknowledged.insert(id, self.under_way.remove(&received.request).unwrap());
                    // Full when enough were counted.
                    let _ = acked.try_send(());
                }
                Opcode::Goodbye => {
                    assert_eq!(received.error_code(), Some(ErrorCode::ShuttingDown));
                    let hint = received.body::<schema::Goodbye<'_>>().retry_after_ms();
                    return (self, hint);
                }
                other => panic!("{}: {:?}", other.name(), received.error_code()),
            }
        }
    }

    fn send(&mut self, sequence: u32) {
        let text = format!("{} says {sequence}", self.nth);
        let fields = SendFields { room: self.room.0, sequence, text: &text, ..Default::default() };
        let (request, frame) = self.peer.frame(0, |encoder, out, envelope| encoder.send(out, envelope, &fields));
        self.under_way.insert(request, text);
        // The server may be gone by now; what it said before that is still to be read.
        let _ = self.peer.socket.write_all(&frame);
    }
}

#[test]
fn what_was_acknowledged_before_a_stop_is_there_after_it_and_all_are_told_when_to_return() {
    let scene = Scene::plain();
    let rooms: Vec<_> = (0..4).map(|_| scene.server.room(scene.anna.user, &[])).collect();
    let (acked, count) = sync_channel(LOAD);
    let talkers: Vec<_> = (0..PEERS)
        .map(|nth| {
            let (peer, room) = (scene.server.session(&scene.anna.token, nth + 1), rooms[nth as usize % rooms.len()]);
            let talker = Talker { peer, room, nth, under_way: HashMap::new(), acknowledged: BTreeMap::new() };
            let acked = acked.clone();
            std::thread::spawn(move || talker.talk(&acked))
        })
        .collect();
    let (mut idle, mut trunk) = (scene.session(&scene.ben), scene.trunk());
    count.iter().take(LOAD).for_each(drop);
    let Scene { server, data, anna, .. } = scene;
    server.stop();
    for peer in [&mut idle, &mut trunk] {
        assert_eq!(peer.until_closed(), Some(ErrorCode::ShuttingDown));
    }
    let server = Server::start(data.path(), &Default::default());
    assert!(server.engine.recovery().iter().all(|report| report.records == 0), "the stores had everything");
    for talker in talkers {
        let (talker, hint_ms) = talker.join().unwrap();
        assert!(hint_ms > 0);
        let mut peer = server.session(&anna.token, 99);
        let stored = history(&mut peer, talker.room);
        for (id, text) in &talker.acknowledged {
            assert_eq!(stored.get(id), Some(text), "acknowledged, and lost");
        }
        let own = stored.values().filter(|text| text.starts_with(&format!("{} says", talker.nth)));
        let mut own: Vec<_> = own.collect();
        let count = own.len();
        own.sort_unstable();
        own.dedup();
        assert_eq!(own.len(), count, "stored twice");
    }
    server.stop();
}

/// All of a room.
fn history(peer: &mut Peer, room: RoomId) -> BTreeMap<MessageId, String> {
    let mut messages = BTreeMap::new();
    loop {
        let after = messages.last_key_value().map_or(MessageId(1), |(&id, _)| id);
        let request = peer.history(room, after, 200);
        let answer = peer.answer(request);
        messages.extend(page(&answer));
        if !answer.body::<schema::HistoryPage<'_>>().more() {
            return messages;
        }
    }
}

#[test]
fn what_was_read_before_a_stop_is_read_after_it() {
    let scene = Scene::plain();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let id = anna.say_text(0, scene.room, 1, "read me");
    let request = ben.read(0, scene.room, id);
    assert_eq!(ben.answer(request).opcode, Opcode::Done);
    let Scene { server, data, ben, room, .. } = scene;
    server.stop();
    let server = Server::start(data.path(), &Default::default());
    let opened = server.session(&ben.token, 1).follow(0, room);
    assert_eq!(opened.body::<schema::Opened<'_>>().read_mark(), id.0);
    server.stop();
}

#[test]
fn a_peer_that_does_not_read_does_not_hold_up_the_stop() {
    let scene = Scene::plain();
    let deaf = scene.session(&scene.ben);
    let mut trunk = scene.trunk();
    let (_, half) = trunk.frame(0, |encoder, out, envelope| {
        encoder
            .frame(out, Opcode::Sync, envelope, |b| schema::Sync::create(b, &schema::SyncArgs { room: 1, change: 1 }));
    });
    trunk.write(&half[..half.len() - 1]);
    scene.server.stop();
    drop(deaf);
    assert_eq!(trunk.until_closed(), Some(ErrorCode::ShuttingDown));
}
