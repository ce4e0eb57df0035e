//! Peers that do not read what they are sent.

use std::collections::VecDeque;

use moim_engine::Limits;
use moim_wire::limits::TEXT_CHARS_MAX;
use moim_wire::{ErrorCode, MessageId, Opcode, RoomId, schema};

use crate::support::{Options, Peer, Person, Received, Scene, page};

const QUEUE_BYTES_MAX: usize = 64 * 1024;
/// What the kernel keeps for a peer at most, on both sides of a loopback connection, and more.
const KERNEL_BYTES: usize = 16 << 20;

fn options() -> Options {
    let defaults = Options::default();
    let limits = Limits { session_queue_bytes_max: QUEUE_BYTES_MAX, ..defaults.limits };
    Options { shards: 1, limits, segment_bytes: 16 << 20, ..defaults }
}

/// A session whose system takes little for it unread.
fn with_small_buffers(scene: &Scene, of: &Person) -> Peer {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&scene.server.engine.address().into()).unwrap();
    let mut peer = Peer::on(socket.into());
    peer.hello(&of.token, 77, 0);
    peer.expect(Opcode::Welcome);
    peer
}

/// Says so much that it does not fit into what the kernel keeps; the ids.
fn flood(speaker: &mut Peer, room: RoomId) -> Vec<MessageId> {
    let text = "가".repeat(TEXT_CHARS_MAX);
    let messages = (KERNEL_BYTES / text.len()) as u32;
    let mut ids = Vec::new();
    for window in (1..=messages).collect::<Vec<_>>().chunks(32) {
        let requests: Vec<_> = window.iter().map(|&sequence| speaker.send(0, room, sequence, &text)).collect();
        for request in requests {
            let ack = speaker.answer(request);
            ids.push(MessageId(ack.body::<schema::Ack<'_>>().id()));
        }
    }
    ids
}

/// What a client keeps of a room that it follows.
struct View {
    peer: Peer,
    room: RoomId,
    seen: Vec<MessageId>,
    gaps: u32,
    /// Frames that came while a page of history was awaited.
    held_back: VecDeque<Received>,
}

impl View {
    fn last(&self) -> MessageId {
        self.seen.last().copied().unwrap_or_default()
    }

    /// Follows the room up to that message, filling gaps from the history.
    fn catch_up(&mut self, newest: MessageId) {
        while self.last() != newest {
            let received = self.held_back.pop_front().or_else(|| self.peer.next());
            let received = received.expect("a slow reader is not hung up on");
            match received.opcode {
                Opcode::Message => self.take(&received),
                Opcode::Gap => {
                    let gap = received.body::<schema::Gap<'_>>();
                    assert!(MessageId(gap.after()) <= self.last(), "it leaves nothing out");
                    self.gaps += 1;
                    self.fill_up_to(MessageId(gap.newest_id()));
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, received: &Received) {
        let message = received.body::<schema::Message<'_>>();
        let (id, prev_id) = (MessageId(message.head().id()), MessageId(message.head().prev_id()));
        if id > self.last() {
            assert!(self.seen.is_empty() || prev_id == self.last(), "nothing is left out without a GAP");
            self.seen.push(id);
        }
    }

    fn fill_up_to(&mut self, newest: MessageId) {
        while self.last() < newest {
            let request = self.peer.history(self.room, self.last(), 200);
            loop {
                let received = self.peer.next().expect("the connection stands");
                if received.request != request {
                    self.held_back.push_back(received);
                    continue;
                }
                assert_eq!(received.opcode, Opcode::HistoryPage, "{:?}", received.error_code());
                self.seen.extend(page(&received).into_iter().map(|(id, _)| id));
                break;
            }
        }
    }
}

#[test]
fn who_does_not_read_gets_a_gap_when_it_does_and_finds_the_rest_in_the_history() {
    let scene = Scene::new(&options());
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let mut slow = with_small_buffers(&scene, &scene.ben);
    slow.follow(0, scene.room);
    ben.follow(0, scene.room);
    let room = scene.room;
    let reader = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.last() != Some(&"the end".to_owned()) {
            seen.push(ben.expect_talk().body::<schema::Message<'_>>().text().to_owned());
        }
        seen.len()
    });
    let mut ids = flood(&mut anna, room);
    let stats = scene.server.until("left out", |shards| shards[0].shed > 0);
    assert!(stats[0].queued_bytes as usize <= 3 * QUEUE_BYTES_MAX, "memory is bounded: {stats:?}");
    let sequence = ids.len() as u32 + 1;
    ids.push(anna.say_text(0, room, sequence, "the end"));
    let mut view = View { peer: slow, room, seen: Vec::new(), gaps: 0, held_back: VecDeque::new() };
    view.catch_up(*ids.last().unwrap());
    assert!(view.gaps >= 1);
    ids.push(anna.say_text(0, room, sequence + 1, "and live again"));
    view.catch_up(*ids.last().unwrap());
    let start = view.seen.iter().position(|id| *id == ids[0]).expect("the first was not left out");
    assert_eq!(view.seen[start..], ids, "everything, once, in order");
    assert_eq!(reader.join().unwrap(), ids.len() - 1, "whoever reads sees all of it live");
    scene.server.until_at_least(1, |stats| stats.gaps);
    scene.end();
}

#[test]
fn who_asks_on_without_reading_is_put_off() {
    let scene = Scene::new(&options());
    let mut anna = scene.session(&scene.anna);
    flood(&mut anna, scene.room);
    let mut greedy = with_small_buffers(&scene, &scene.ben);
    let requests: Vec<_> = (0..400).map(|_| greedy.history(scene.room, MessageId::ZERO, 20)).collect();
    scene.server.until_at_least(1, |stats| stats.busy);
    let queued = scene.server.stat(|stats| stats.queued_bytes) as usize;
    assert!(queued <= QUEUE_BYTES_MAX + moim_wire::limits::FRAME_BYTES_MAX, "{queued}");
    scene.assert_talks();
    let mut pages = 0;
    for request in requests {
        let answer = greedy.answer(request);
        pages += usize::from(answer.opcode == Opcode::HistoryPage);
        assert!(matches!(answer.opcode, Opcode::HistoryPage | Opcode::Busy), "every request is answered");
    }
    assert!(pages > 0);
    greedy.round_trip();
    scene.end();
}

#[test]
fn who_asked_for_far_too_much_at_once_is_parted_with() {
    // Nothing is kept in memory, so that all answers are under way from the store when the first arrives.
    let mut options = options();
    options.limits.recent_bytes_max = 0;
    options.limits.session_queue_bytes_max = 16 * 1024;
    let scene = Scene::new(&options);
    let mut anna = scene.session(&scene.anna);
    let ids = flood(&mut anna, scene.room);
    scene.server.until("confirmed", |shards| shards[0].unconfirmed_bytes == 0 && shards[0].recent_bytes == 0);
    let mut greedy = with_small_buffers(&scene, &scene.ben);
    let mut all = Vec::new();
    for _ in 0..400 {
        let args = schema::HistoryArgs { room: scene.room.0, before: 0, after: ids[0].0, limit: 20 };
        let (_, frame) = greedy.frame(0, |encoder, out, envelope| {
            encoder.frame(out, Opcode::History, envelope, |b| schema::History::create(b, &args));
        });
        all.extend(frame);
    }
    greedy.write(&all);
    scene.server.until_at_least(1, |stats| stats.slow_readers);
    scene.assert_talks();
    assert_eq!(greedy.until_closed(), Some(ErrorCode::SlowReader));
    scene.end();
}

#[test]
fn who_never_reads_again_is_ended_after_twice_the_heartbeat() {
    let mut options = options();
    options.limits.heartbeat = std::time::Duration::from_secs(1);
    let scene = Scene::new(&options);
    let mut slow = with_small_buffers(&scene, &scene.ben);
    slow.follow(0, scene.room);
    flood(&mut scene.session(&scene.anna), scene.room);
    scene.server.until("rid of it", |shards| shards[0].connections == 0);
    scene.end();
}
