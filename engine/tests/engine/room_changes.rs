//! Who joins, leaves, is added and removed, through the protocol and beside it.

use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, MessageId, Opcode, UserId};

use crate::support::{Peer, Received, Scene};

/// Waits for the event of that kind about that user.
fn expect_event(peer: &mut Peer, kind: Kind, about: UserId) {
    loop {
        let received = peer.expect(Opcode::Message);
        let message = received.body::<schema::Message<'_>>();
        if message.kind() == kind && message.reference() == u64::from(about.0) {
            return;
        }
    }
}

fn done(answer: &Received) {
    assert_eq!(answer.opcode, Opcode::Done, "{:?}", answer.error_code());
}

#[test]
fn a_join_and_a_leave_are_seen_by_the_others_in_order() {
    let scene = Scene::plain();
    let (mut ben, mut eve) = (scene.session(&scene.ben), scene.session(&scene.eve));
    ben.follow(0, scene.room);
    let request = eve.join(0, scene.room);
    done(&eve.answer(request));
    expect_event(&mut ben, Kind::MemberJoined, scene.eve.user);
    let request = eve.join(0, scene.room);
    assert_eq!(eve.answer(request).error_code(), Some(ErrorCode::AlreadyMember));
    eve.say_text(0, scene.room, 1, "hello all");
    let request = eve.leave(0, scene.room);
    done(&eve.answer(request));
    assert_eq!(ben.expect_talk().body::<schema::Message<'_>>().text(), "hello all");
    expect_event(&mut ben, Kind::MemberLeft, scene.eve.user);
    let request = eve.send(0, scene.room, 2, "one word more");
    assert_eq!(eve.answer(request).error_code(), Some(ErrorCode::NotAMember));
    scene.end();
}

#[test]
fn who_is_removed_is_put_out_after_being_shown_why_and_sees_nothing_more() {
    let scene = Scene::plain();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let mut trunk = scene.trunk();
    trunk.attach_user(8, scene.ben.user, 99);
    trunk.expect(Opcode::Welcome);
    ben.follow(0, scene.room);
    trunk.follow(8, scene.room);
    let rooms = scene.server.persistence.accounts().rooms();
    let change = scene.server.wait(rooms.remove(scene.anna.user, scene.room, scene.ben.user));
    let request = trunk.sync(scene.room, change.change);
    expect_event(&mut ben, Kind::MemberRemoved, scene.ben.user);
    assert_eq!(ben.expect(Opcode::Closed).error_code(), Some(ErrorCode::NotAMember));
    anna.say_text(0, scene.room, 1, "now that he is gone");
    ben.round_trip_in_silence();
    done_and_closed(&mut trunk, request);
    for request in [ben.open(0, scene.room, MessageId::ZERO), ben.history(scene.room, MessageId(1), 10)] {
        assert_eq!(ben.answer(request).error_code(), Some(ErrorCode::NotAMember));
    }
    let back = scene.server.wait(rooms.add(scene.anna.user, scene.room, scene.ben.user));
    let request = trunk.sync(scene.room, back.change);
    done(&trunk.answer(request));
    scene.end();
}

/// Session 8 was put out and SYNC answered, in whatever order.
fn done_and_closed(trunk: &mut Peer, sync: u32) {
    let (mut is_done, mut is_closed) = (false, false);
    while !(is_done && is_closed) {
        let received = trunk.next().unwrap();
        is_done |= received.request == sync && received.opcode == Opcode::Done;
        is_closed |= received.session == 8 && received.error_code() == Some(ErrorCode::NotAMember);
    }
    trunk.round_trip_in_silence();
}

#[test]
fn a_change_that_nobody_announced_is_found() {
    let scene = Scene::plain();
    let mut ben = scene.session(&scene.ben);
    ben.follow(0, scene.room);
    let beside = moim_persistence::Config::new(scene.data.path());
    let beside = moim_persistence::Persistence::open_accounts_only(&beside).unwrap();
    scene.server.wait(beside.rooms().add(scene.anna.user, scene.room, scene.eve.user));
    expect_event(&mut ben, Kind::MemberJoined, scene.eve.user);
    scene.session(&scene.eve).say_text(0, scene.room, 1, "I am in");
    scene.end();
}

#[test]
fn a_sync_of_a_change_that_is_not_there_is_refused() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    let request = trunk.sync(scene.room, 4_000);
    assert_eq!(trunk.answer(request).error_code(), Some(ErrorCode::InvalidField));
    let request = trunk.sync(scene.room, 1);
    done(&trunk.answer(request));
    scene.end();
}

#[test]
fn a_deleted_room_is_closed_for_everybody() {
    let scene = Scene::plain();
    let (mut anna, mut ben) = (scene.session(&scene.anna), scene.session(&scene.ben));
    let room = scene.server.room(scene.anna.user, &[scene.ben.user]);
    ben.follow(0, room);
    anna.follow(0, room);
    let change = scene.server.wait(scene.server.persistence.accounts().rooms().delete(scene.anna.user, room));
    let mut trunk = scene.trunk();
    let request = trunk.sync(room, change.change);
    done(&trunk.answer(request));
    for peer in [&mut anna, &mut ben] {
        expect_event(peer, Kind::RoomDeleted, UserId(0));
        assert_eq!(peer.expect(Opcode::Closed).error_code(), Some(ErrorCode::RoomDeleted));
        let request = peer.open(0, room, MessageId::ZERO);
        assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::NoSuchRoom));
    }
    scene.end();
}

#[test]
fn changes_survive_a_restart_each_once() {
    let scene = Scene::plain();
    let mut eve = scene.session(&scene.eve);
    for _ in 0..5 {
        let request = eve.join(0, scene.room);
        done(&eve.answer(request));
        let request = eve.leave(0, scene.room);
        done(&eve.answer(request));
    }
    let Scene { server, data, anna, room, .. } = scene;
    server.stop();
    let server = crate::support::Server::start(data.path(), &Default::default());
    let mut peer = server.session(&anna.token, 1);
    let request = peer.history(room, MessageId(1), 200);
    let answer = peer.answer(request);
    // Made with one member and another, then ten changes more.
    assert!(answer.body::<schema::HistoryPage<'_>>().count() <= 12);
    let eves = crate::support::page(&answer).into_iter().filter(|(_, text)| text == "eve").count();
    assert_eq!(eves, 10);
    server.stop();
}

#[test]
fn hundreds_of_waiting_changes_are_taken_out_of_the_outbox_in_a_few_orders() {
    const CHANGES: u64 = 300;
    let Scene { server, data, anna, eve, room, .. } = Scene::plain();
    server.stop();
    let beside = moim_persistence::Config::new(data.path());
    let beside = moim_persistence::Persistence::open_accounts_only(&beside).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..CHANGES / 2 {
        runtime.block_on(beside.rooms().add(anna.user, room, eve.user)).unwrap();
        runtime.block_on(beside.rooms().remove(anna.user, room, eve.user)).unwrap();
    }
    let server = crate::support::Server::start(data.path(), &Default::default());
    server.session(&anna.token, 1).follow(0, room);
    server.until("an empty outbox", |_| runtime.block_on(beside.rooms().rooms_with_changes(1)).unwrap().is_empty());
    // An order for each change would take one each; polls take a few a second.
    let requests = server.persistence.stats().requests.total;
    assert!(requests < CHANGES / 2, "{requests} requests for {CHANGES} changes");
    server.stop();
}
