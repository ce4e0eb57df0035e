//! A resend is known for one also after a restart, and what fell out of memory is not taken for new.

use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{ErrorCode, MessageId, Opcode, schema};

use crate::support::child::ChildServer;
use crate::support::{Options, Peer, Scene, Server, page};

/// Resends these and returns what the server acknowledged them as.
fn resend(peer: &mut Peer, scene_room: moim_wire::RoomId, sequences: std::ops::RangeInclusive<u32>) -> Vec<MessageId> {
    let requests: Vec<_> = sequences.map(|sequence| peer.send(0, scene_room, sequence, "again")).collect();
    let acks = requests.into_iter().map(|request| {
        let ack = peer.answer(request);
        assert_eq!(ack.opcode, Opcode::Ack, "{:?}", ack.error_code());
        let ack = ack.body::<schema::Ack<'_>>();
        assert!(ack.duplicate());
        MessageId(ack.id())
    });
    acks.collect()
}

#[test]
fn the_newest_window_is_known_and_what_lies_below_is_too_old() {
    let scene = Scene::plain();
    let mut peer = scene.server.session(&scene.anna.token, 5);
    let window = SENDS_IN_FLIGHT_MAX as u32;
    let ids: Vec<_> = (1..=3 * window).map(|n| peer.say_text(0, scene.room, n, &format!("number {n}"))).collect();
    let Scene { server, data, anna, room, .. } = scene;
    server.stop();
    for shards in [1, 3] {
        let server = Server::start(data.path(), &Options { shards, ..Options::default() });
        let mut peer = server.session(&anna.token, 5);
        let known = resend(&mut peer, room, 2 * window + 1..=3 * window);
        assert_eq!(known, ids[2 * window as usize..]);
        let request = peer.send(0, room, 1, "again");
        assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::SequenceTooOld));
        // The same numbers of another device are its own.
        let mut other = server.session(&anna.token, 100 + u32::from(shards));
        other.say_text(0, room, 1, "another device");
        server.stop();
    }
}

#[test]
fn after_a_kill_what_was_acknowledged_is_there_and_a_resend_is_known() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Options::default());
    let (anna, token) = server.person("anna");
    let room = server.room(anna, &[]);
    server.stop();
    let mut acknowledged: Vec<MessageId> = Vec::new();
    let mut sequence = 0u32;
    for _ in 0..4 {
        let child = ChildServer::start(data.path());
        let mut peer = Peer::connect(child.address);
        peer.hello(&token, 5, 0);
        peer.expect(Opcode::Welcome);
        if sequence > 0 {
            let first = sequence.saturating_sub(9).max(1);
            let known = resend(&mut peer, room, first..=sequence);
            assert_eq!(known, acknowledged[first as usize - 1..]);
        }
        for _ in 0..100 {
            sequence += 1;
            acknowledged.push(peer.say_text(0, room, sequence, &format!("number {sequence}")));
        }
        child.kill();
    }
    let server = Server::start(data.path(), &Options::default());
    assert!(server.engine.recovery().iter().any(|report| report.records > 0));
    let mut peer = server.session(&token, 5);
    let mut seen: Vec<(MessageId, String)> = Vec::new();
    loop {
        let after = seen.last().map_or(MessageId(1), |&(id, _)| id);
        let request = peer.history(room, after, 200);
        let answer = peer.answer(request);
        seen.extend(page(&answer));
        if !answer.body::<schema::HistoryPage<'_>>().more() {
            break;
        }
    }
    seen.retain(|(_, text)| text.starts_with("number"));
    assert_eq!(seen.iter().map(|&(id, _)| id).collect::<Vec<_>>(), acknowledged);
    server.stop();
}
