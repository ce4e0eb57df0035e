//! Peers that do not read what they are sent.

use moim_engine::Limits;
use moim_wire::limits::TEXT_CHARS_MAX;
use moim_wire::{ErrorCode, MessageId, Opcode, RoomId, schema};

use crate::support::{Options, Peer, Person, Scene, messages_of};

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

/// What arrives of the room until a message of that id, gaps filled from its history.
fn catch_up(peer: &mut Peer, room: RoomId, newest: MessageId) -> (Vec<MessageId>, u32) {
    let (mut seen, mut gaps, mut last) = (Vec::new(), 0, None);
    while last != Some(newest) {
        let received = peer.next().expect("a slow reader is not hung up on");
        match received.opcode {
            Opcode::Message => {
                let message = received.body::<schema::Message<'_>>();
                let (id, prev_id) = (message.head().id(), message.head().prev_id());
                assert!(last.is_none_or(|last| last == MessageId(prev_id)), "no gap without a GAP");
                last = Some(MessageId(id));
                seen.push(MessageId(id));
            }
            Opcode::Gap => {
                gaps += 1;
                let gap = received.body::<schema::Gap<'_>>();
                assert_eq!(Some(MessageId(gap.after())), last, "it begins where was stopped");
                while last != Some(MessageId(gap.newest_id())) {
                    let request = peer.history(room, last.unwrap(), 200);
                    let answer = peer.answer(request);
                    let page = messages_of(answer.body::<schema::HistoryPage<'_>>().frames().bytes());
                    seen.extend(page.iter().map(|&(id, _)| id).filter(|id| id.0 <= gap.newest_id()));
                    last = seen.last().copied();
                }
            }
            _ => {}
        }
    }
    (seen, gaps)
}

#[test]
fn who_does_not_read_gets_a_gap_when_it_does_and_finds_the_rest_in_the_history() {
    let scene = Scene::new(&options());
    let (mut anna, mut slow, mut ben) =
        (scene.session(&scene.anna), with_small_buffers(&scene, &scene.ben), scene.session(&scene.ben));
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
    let (seen, gaps) = catch_up(&mut slow, room, *ids.last().unwrap());
    assert!(gaps >= 1);
    let start = seen.iter().position(|id| *id == ids[0]).expect("the first was not left out");
    assert_eq!(seen[start..], ids, "everything, once, in order");
    let live = anna.say_text(0, room, sequence + 1, "and live again");
    assert_eq!(slow.expect_talk().body::<schema::Message<'_>>().head().prev_id(), ids.last().unwrap().0);
    assert!(live > *ids.last().unwrap());
    assert_eq!(reader.join().unwrap(), ids.len(), "whoever reads sees all of it live");
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
