//! A bridge's connection: many sessions, one frame for all of them.

use moim_wire::limits::CATCH_UP_MAX;
use moim_wire::{Encoder, Envelope, ErrorCode, MessageId, Opcode, schema};

use crate::support::{Peer, SECRET, Scene, raw_session_frame};

fn attached(scene: &Scene, sessions: std::ops::RangeInclusive<u32>) -> Peer {
    let mut trunk = scene.trunk();
    for session in sessions {
        let request = trunk.attach_user(session, scene.ben.user, 1_000 + session);
        let welcome = trunk.answer(request);
        assert_eq!((welcome.opcode, welcome.session), (Opcode::Welcome, session));
    }
    trunk
}

#[test]
fn sessions_attach_by_token_and_by_user_and_speak_for_themselves() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    let request = trunk.attach_token(1, &scene.anna.token, 11);
    let welcome = trunk.answer(request);
    let welcome = welcome.body::<schema::Welcome<'_>>();
    assert_eq!((welcome.user(), welcome.name()), (scene.anna.user.0, Some("anna")));
    let request = trunk.attach_user(2, scene.ben.user, 22);
    assert_eq!(trunk.answer(request).body::<schema::Welcome<'_>>().user(), scene.ben.user.0);
    let mut watcher = scene.session(&scene.anna);
    watcher.follow(0, scene.room);
    for (session, user) in [(1, scene.anna.user), (2, scene.ben.user)] {
        trunk.say_text(session, scene.room, 1, "my own words");
        let message = watcher.expect_talk();
        assert_eq!(message.body::<schema::Message<'_>>().head().sender(), user.0);
    }
    let request = trunk.rooms(1);
    let rooms = trunk.answer(request);
    assert_eq!((rooms.opcode, rooms.session), (Opcode::RoomList, 1));
    scene.end();
}

#[test]
fn a_rooms_message_comes_once_for_all_sessions_that_follow_it() {
    let scene = Scene::plain();
    let mut trunk = attached(&scene, 1..=5);
    for session in 1..=5 {
        trunk.follow(session, scene.room);
    }
    let said = scene.session(&scene.anna).say_text(0, scene.room, 1, "once");
    let message = trunk.expect_talk();
    assert_eq!((message.session, message.body::<schema::Message<'_>>().head().id()), (0, said.0));
    trunk.round_trip_in_silence();
    // The last that follows keeps the room on the trunk.
    for session in 1..=4 {
        let request = if session % 2 == 0 { trunk.detach(session) } else { trunk.close(session, scene.room) };
        if session % 2 == 1 {
            assert_eq!(trunk.answer(request).opcode, Opcode::Closed);
        }
    }
    let said = scene.session(&scene.anna).say_text(0, scene.room, 1, "once more");
    assert_eq!(trunk.expect_talk().body::<schema::Message<'_>>().head().id(), said.0);
    let request = trunk.close(5, scene.room);
    assert_eq!(trunk.answer(request).opcode, Opcode::Closed);
    scene.session(&scene.anna).say_text(0, scene.room, 1, "to nobody");
    trunk.round_trip_in_silence();
    scene.end();
}

#[test]
fn what_was_missed_is_addressed_to_the_session_that_missed_it() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    let first = anna.say_text(0, scene.room, 1, "seen by both");
    let missed: Vec<_> = (2..=4).map(|n| anna.say_text(0, scene.room, n, "missed by one")).collect();
    let mut trunk = attached(&scene, 1..=2);
    trunk.follow(1, scene.room);
    let request = trunk.open(2, scene.room, first);
    assert_eq!(trunk.answer(request).opcode, Opcode::Opened);
    for id in missed {
        let message = trunk.next().unwrap();
        assert_eq!((message.opcode, message.session), (Opcode::Message, 2));
        assert_eq!(message.body::<schema::Message<'_>>().head().id(), id.0);
    }
    trunk.round_trip_in_silence();
    scene.end();
}

#[test]
fn too_much_missed_is_a_gap_addressed_likewise() {
    let scene = Scene::plain();
    let mut anna = scene.session(&scene.anna);
    let first = anna.say_text(0, scene.room, 1, "seen");
    let mut newest = first;
    for sequence in 2..=CATCH_UP_MAX as u32 + 2 {
        newest = anna.say_text(0, scene.room, sequence, "missed");
    }
    let mut trunk = attached(&scene, 7..=7);
    let request = trunk.open(7, scene.room, first);
    assert_eq!(trunk.answer(request).opcode, Opcode::Opened);
    let gap = trunk.next().unwrap();
    assert_eq!((gap.opcode, gap.session), (Opcode::Gap, 7));
    let gap = gap.body::<schema::Gap<'_>>();
    assert_eq!((gap.room(), gap.after(), gap.newest_id()), (scene.room.0, first.0, newest.0));
    trunk.round_trip_in_silence();
    scene.end();
}

#[test]
fn a_detached_session_is_gone_and_its_number_never_used_again() {
    let scene = Scene::plain();
    let mut trunk = attached(&scene, 1..=2);
    trunk.follow(1, scene.room);
    trunk.detach(1);
    for request in [trunk.open(1, scene.room, MessageId::ZERO), trunk.close(1, scene.room), trunk.rooms(1)] {
        assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::HelloExpected));
    }
    for number in [0, 1, 2] {
        let request = trunk.attach_user(number, scene.anna.user, 1);
        assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::InvalidField), "{number}");
    }
    let request = trunk.attach_user(3, scene.anna.user, 1);
    assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    trunk.follow(2, scene.room);
    scene.end();
}

#[test]
fn a_session_detached_while_its_token_is_checked_never_stands() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    // All in one piece, so that no check is through before the next begins.
    let mut bytes = Vec::new();
    for (number, token) in [(1, &*scene.eve.token), (2, "nonsense"), (3, &scene.anna.token)] {
        bytes.extend(trunk.frame(number, attach(token)).1);
        bytes.extend(raw_session_frame(Opcode::Detach as u8, number, &[]));
    }
    let (last, frame) = trunk.frame(4, attach(&scene.ben.token));
    bytes.extend(frame);
    trunk.write(&bytes);
    let welcome = trunk.next().unwrap();
    assert_eq!((welcome.opcode, welcome.request), (Opcode::Welcome, last), "{:?}", welcome.error_code());
    assert_eq!(welcome.body::<schema::Welcome<'_>>().user(), scene.ben.user.0);
    scene.session(&scene.anna).round_trip();
    trunk.round_trip_in_silence();
    scene.end();
}

fn attach(token: &str) -> impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope) {
    move |encoder, out, envelope| {
        encoder.frame(out, Opcode::Attach, envelope, |b| {
            let token = Some(b.create_string(token));
            schema::Attach::create(b, &schema::AttachArgs { token, device: 1, ..Default::default() })
        });
    }
}

#[test]
fn a_wrong_secret_is_no_trunk() {
    let scene = Scene::plain();
    for secret in ["", "a wrong secret", &SECRET[1..], &format!("{SECRET}x"), scene.anna.token.as_str()] {
        let mut peer = scene.server.connect();
        peer.hello(secret, 0, 1);
        assert_eq!(peer.until_closed(), Some(ErrorCode::TokenInvalid));
    }
    scene.end();
}

#[test]
fn a_wrong_secret_is_not_made_good_by_the_right_one_behind_it() {
    let scene = Scene::plain();
    let mut peer = scene.server.connect();
    let hello = |secret: &'static str| {
        move |encoder: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope| {
            encoder.frame(out, Opcode::Hello, envelope, |b| {
                let token = Some(b.create_string(secret));
                schema::Hello::create(b, &schema::HelloArgs { token, capabilities: 1, ..Default::default() })
            });
        }
    };
    let (_, wrong) = peer.frame(0, hello("wrong"));
    let (_, right) = peer.frame(0, hello(SECRET));
    peer.write(&[wrong, right].concat());
    assert_eq!(peer.until_closed(), Some(ErrorCode::TokenInvalid));
    scene.end();
}

#[test]
fn what_sessions_do_is_not_for_the_trunk_itself() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    let requests =
        [trunk.open(0, scene.room, MessageId::ZERO), trunk.send(0, scene.room, 1, "who?"), trunk.join(0, scene.room)];
    for request in requests {
        assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::NotAllowedHere));
    }
    let request = trunk.attach_user(0, scene.anna.user, 1);
    assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::InvalidField));
    trunk.round_trip();
    scene.end();
}

#[test]
fn what_trunks_do_is_not_for_native_sessions() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let requests = [
        peer.attach_user(3, scene.ben.user, 1),
        peer.attach_user(0, scene.ben.user, 1),
        peer.detach(3),
        peer.sync(scene.room, 1),
        peer.revoke(scene.ben.user, 0),
    ];
    for request in requests {
        assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::NotAllowedHere));
    }
    let request = peer.open(3, scene.room, MessageId::ZERO);
    assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::HelloExpected), "it has no session but its own");
    scene.end();
}

#[test]
fn a_trunk_that_goes_leaves_no_session_behind() {
    let scene = Scene::plain();
    for _ in 0..3 {
        let mut trunk = attached(&scene, 1..=10);
        trunk.follow(1, scene.room);
    }
    scene.server.until("without sessions", |shards| shards.iter().all(|s| s.sessions == 0 && s.connections == 0));
    scene.end();
}
