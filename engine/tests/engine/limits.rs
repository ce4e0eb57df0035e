//! Each limit that an operator sets: a clear answer, a counter, and everyone else unharmed.

use moim_engine::Limits;
use moim_wire::{ErrorCode, MessageId, Opcode, schema};

use crate::support::{Options, Peer, Scene};

fn with(change: impl FnOnce(&mut Limits)) -> Scene {
    let mut options = Options { shards: 1, ..Options::default() };
    change(&mut options.limits);
    Scene::new(&options)
}

#[test]
fn connections_max() {
    let scene = with(|limits| limits.connections_max = 4);
    let mut taken: Vec<Peer> = (0..4).map(|_| scene.session(&scene.anna)).collect();
    for turned_away in 1..=3 {
        let mut peer = scene.server.connect();
        let goodbye = peer.next().unwrap();
        assert_eq!(goodbye.error_code(), Some(ErrorCode::TooManyConnections));
        assert!(goodbye.body::<schema::Goodbye<'_>>().retry_after_ms() > 0);
        assert!(peer.next().is_none());
        scene.server.until_at_least(turned_away, |stats| stats.turned_away);
    }
    taken.iter_mut().for_each(Peer::round_trip);
    taken.truncate(2);
    scene.server.until("room for more", |shards| shards[0].connections <= 2);
    scene.end();
}

#[test]
fn sessions_per_trunk_max() {
    let scene = with(|limits| limits.sessions_per_trunk_max = 3);
    let mut trunk = scene.trunk();
    for session in 1..=3 {
        let request = trunk.attach_user(session, scene.ben.user, session);
        assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    }
    let request = trunk.attach_user(4, scene.ben.user, 4);
    let refused = trunk.answer(request);
    assert_eq!((refused.opcode, refused.session), (Opcode::Goodbye, 4));
    assert_eq!(refused.error_code(), Some(ErrorCode::TooManySessions));
    scene.server.until_at_least(1, |stats| stats.refused);
    trunk.follow(3, scene.room);
    trunk.detach(1);
    let request = trunk.attach_user(4, scene.ben.user, 4);
    assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    scene.end();
}

#[test]
fn rooms_per_session_max() {
    let scene = with(|limits| limits.rooms_per_session_max = 2);
    let rooms: Vec<_> = (0..4).map(|_| scene.server.room(scene.anna.user, &[])).collect();
    let mut anna = scene.session(&scene.anna);
    anna.follow(0, rooms[0]);
    anna.follow(0, rooms[1]);
    let request = anna.open(0, rooms[2], MessageId::ZERO);
    assert_eq!(anna.answer(request).error_code(), Some(ErrorCode::TooManyRooms));
    scene.server.until_at_least(1, |stats| stats.refused);
    let request = anna.close(0, rooms[0]);
    assert_eq!(anna.answer(request).opcode, Opcode::Closed);
    anna.follow(0, rooms[2]);
    anna.follow(0, rooms[2]);
    scene.end();
}

#[test]
fn rooms_per_session_max_of_rooms_opened_all_at_once() {
    let mut options = Options { shards: 2, ..Options::default() };
    options.limits.rooms_per_session_max = 2;
    let scene = Scene::new(&options);
    let rooms: Vec<_> = (0..12).map(|_| scene.server.room(scene.anna.user, &[])).collect();
    let mut anna = scene.session(&scene.anna);
    let requests: Vec<_> = rooms.iter().map(|&room| anna.open(0, room, MessageId::ZERO)).collect();
    let answers: Vec<_> = requests.into_iter().map(|request| anna.answer(request)).collect();
    let opened = answers.iter().filter(|answer| answer.opcode == Opcode::Opened).count();
    assert_eq!(opened, 2);
    let refused = answers.iter().filter(|answer| answer.error_code() == Some(ErrorCode::TooManyRooms)).count();
    assert_eq!(refused, 10);
    scene.server.stop();
}

#[test]
fn sends_per_second() {
    let scene = with(|limits| (limits.sends_per_second, limits.sends_burst) = (1, 5));
    let mut anna = scene.session(&scene.anna);
    let requests: Vec<_> = (1..=50).map(|sequence| anna.send(0, scene.room, sequence, "quick")).collect();
    let mut acknowledged = 0;
    for request in requests {
        let answer = anna.answer(request);
        match answer.opcode {
            Opcode::Ack => acknowledged += 1,
            _ => {
                assert_eq!(answer.error_code(), Some(ErrorCode::RateLimited));
                assert!((1..=1_000).contains(&answer.body::<schema::Error<'_>>().retry_after_ms()));
            }
        }
    }
    assert!((5..50).contains(&acknowledged), "{acknowledged}");
    scene.server.until_at_least(1, |stats| stats.refused);
    anna.round_trip();
    scene.end();
}

#[test]
fn rooms_max() {
    let scene = with(|limits| limits.rooms_max = 2);
    let rooms: Vec<_> = (0..3).map(|_| scene.server.room(scene.anna.user, &[])).collect();
    let mut anna = scene.session(&scene.anna);
    anna.follow_when_there_is_room(rooms[0]);
    anna.follow_when_there_is_room(rooms[1]);
    let request = anna.open(0, rooms[2], MessageId::ZERO);
    assert_eq!(anna.answer(request).opcode, Opcode::Busy);
    scene.server.until_at_least(1, |stats| stats.busy);
    anna.say_text(0, rooms[0], 1, "unharmed");
    // Rooms that nobody follows any more make room.
    for room in [rooms[0], rooms[1]] {
        let request = anna.close(0, room);
        assert_eq!(anna.answer(request).opcode, Opcode::Closed);
    }
    anna.follow_when_there_is_room(rooms[2]);
    scene.server.stop();
}

#[test]
fn devices_per_room_max() {
    let scene = with(|limits| limits.devices_per_room_max = 2);
    let mut known = Vec::new();
    // Devices at rest are left to the store and known again when they speak again.
    for device in [1, 2, 3, 4, 5, 6, 1] {
        let mut peer = scene.server.session(&scene.anna.token, device);
        let ack = loop {
            let request = peer.send(0, scene.room, 1, "one of many");
            match peer.answer(request) {
                ack if ack.opcode == Opcode::Ack => break ack,
                busy => assert_eq!(busy.opcode, Opcode::Busy),
            }
        };
        known.push(ack.body::<schema::Ack<'_>>().duplicate());
    }
    assert_eq!(known, [false, false, false, false, false, false, true]);
    scene.server.stop();
}

#[test]
fn parked_max_and_batch_bytes_max() {
    let mut options = Options { shards: 1, ..Options::default() };
    (options.limits.parked_max, options.limits.batch_bytes_max) = (4, 4096);
    let scene = Scene::new(&options);
    let mut anna = scene.session(&scene.anna);
    let text = "x".repeat(3_000);
    let requests: Vec<_> = (1..=60).map(|sequence| anna.send(0, scene.room, sequence, &text)).collect();
    let answers: Vec<_> = requests.into_iter().map(|request| anna.answer(request)).collect();
    assert!(answers.iter().all(|answer| matches!(answer.opcode, Opcode::Ack | Opcode::Busy)));
    let busy = answers.iter().filter(|answer| answer.opcode == Opcode::Busy).count() as u64;
    assert!(busy > 0 && busy < 60, "{busy}");
    scene.server.until_at_least(busy, |stats| stats.busy);
    scene.end();
}

#[test]
fn store_requests_max() {
    let scene = with(|limits| limits.store_requests_max = 1);
    let mut anna = scene.session(&scene.anna);
    let requests: Vec<_> = (0..30).map(|_| anna.members(0, scene.room)).collect();
    let answers: Vec<_> = requests.into_iter().map(|request| anna.answer(request)).collect();
    assert!(answers.iter().any(|answer| answer.opcode == Opcode::MemberList));
    assert!(answers.iter().all(|answer| matches!(answer.opcode, Opcode::MemberList | Opcode::Busy)));
    anna.round_trip();
    scene.server.stop();
}

#[test]
fn store_requests_max_of_those_who_have_no_session_yet() {
    let scene = with(|limits| limits.store_requests_max = 1);
    let mut trunk = scene.trunk();
    let mut all = Vec::new();
    for session in 1..=20 {
        let (_, frame) = trunk.frame(session, |encoder, out, envelope| {
            encoder.frame(out, Opcode::Attach, envelope, |b| {
                let token = Some(b.create_string(&scene.anna.token));
                schema::Attach::create(b, &schema::AttachArgs { token, device: 1, ..Default::default() })
            });
        });
        all.extend(frame);
    }
    // In one piece, so that they are all looked at before the first is through.
    trunk.write(&all);
    let answers: Vec<_> = (1..=20).map(|_| trunk.next().unwrap()).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.opcode == Opcode::Goodbye).collect();
    assert!(!refused.is_empty());
    for goodbye in refused {
        assert_eq!(goodbye.error_code(), Some(ErrorCode::StoreUnavailable));
        assert!(goodbye.body::<schema::Goodbye<'_>>().retry_after_ms() > 0);
    }
    trunk.round_trip();
    scene.server.stop();
}

#[test]
fn feed_bytes_max() {
    let scene = with(|limits| limits.feed_bytes_max = 1);
    let mut anna = scene.session(&scene.anna);
    for sequence in 1..=50 {
        anna.say_text(0, scene.room, sequence, "the store is given this from the journal's file");
    }
    scene.server.until_at_least(1, |stats| stats.read_back_bytes);
    scene.server.until("confirmed", |shards| shards[0].unconfirmed_records == 0);
    assert_eq!(scene.server.stat(|stats| stats.feed_bytes), 0);
    let count = scene.server.persistence.messages().count_after(scene.room, MessageId::ZERO, 1_000);
    assert!(scene.server.wait(count) >= 50);
    scene.server.stop();
}
