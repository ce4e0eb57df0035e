//! Peers that do not read what they are sent.

use std::collections::VecDeque;

use moim_engine::Limits;
use moim_wire::limits::{FRAME_BYTES_MAX, TEXT_CHARS_MAX};
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
    newest_text: String,
    gaps: u32,
    /// Frames that came while a page of history was awaited.
    held_back: VecDeque<Received>,
}

impl View {
    fn of(mut peer: Peer, room: RoomId) -> Self {
        peer.follow(0, room);
        Self { peer, room, seen: Vec::new(), newest_text: String::new(), gaps: 0, held_back: VecDeque::new() }
    }

    fn last(&self) -> MessageId {
        self.seen.last().copied().unwrap_or_default()
    }

    /// Reads up to the message of that text, filling gaps from the history.
    fn catch_up(&mut self, text: &str) {
        while self.newest_text != text {
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
            self.keep(id, message.text());
        }
    }

    fn keep(&mut self, id: MessageId, text: &str) {
        self.seen.push(id);
        text.clone_into(&mut self.newest_text);
    }

    fn fill_up_to(&mut self, newest: MessageId) {
        while self.last() < newest {
            let request = self.peer.history(self.room, self.last(), 200);
            let answer = loop {
                let received = self.peer.next().expect("the connection stands");
                if received.request == request {
                    break received;
                }
                self.held_back.push_back(received);
            };
            assert_eq!(answer.opcode, Opcode::HistoryPage, "{:?}", answer.error_code());
            page(&answer).iter().for_each(|(id, text)| self.keep(*id, text));
        }
    }

    /// Everything from the first of these on, once, in order.
    fn assert_saw(&self, ids: &[MessageId]) {
        let start = self.seen.iter().position(|id| *id == ids[0]).expect("the first was seen");
        assert_eq!(self.seen[start..], *ids);
    }
}

#[test]
fn who_does_not_read_gets_a_gap_when_it_does_and_finds_the_rest_in_the_history() {
    let scene = Scene::new(&options());
    let room = scene.room;
    let mut anna = scene.session(&scene.anna);
    let mut ben = View::of(scene.session(&scene.ben), room);
    let mut slow = View::of(with_small_buffers(&scene, &scene.ben), room);
    let reader = std::thread::spawn(move || {
        ben.catch_up("the end");
        ben
    });
    let mut ids = flood(&mut anna, room);
    let stats = scene.server.until("left out", |shards| shards[0].shed > 0);
    // What the three may have waiting, and a page of history on its way.
    let bound = 3 * QUEUE_BYTES_MAX + FRAME_BYTES_MAX;
    assert!(stats[0].queued_bytes as usize <= bound, "memory is bounded: {stats:?}");
    let sequence = ids.len() as u32 + 1;
    ids.push(anna.say_text(0, room, sequence, "the end"));
    reader.join().unwrap().assert_saw(&ids);
    slow.catch_up("the end");
    assert!(slow.gaps >= 1);
    ids.push(anna.say_text(0, room, sequence + 1, "and live again"));
    slow.catch_up("and live again");
    slow.assert_saw(&ids);
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
    assert!(queued <= QUEUE_BYTES_MAX + FRAME_BYTES_MAX, "{queued}");
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
