//! A room talks.

use crate::support::{Options, Server, page};
use moim_wire::{MessageId, Opcode, schema};

#[test]
fn what_one_member_says_the_others_see_and_the_sender_is_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Options::default());
    let (anna, anna_token) = server.person("anna");
    let (ben, ben_token) = server.person("ben");
    let room = server.room(anna, &[ben]);
    let (mut anna, mut ben) = (server.session(&anna_token, 1), server.session(&ben_token, 1));
    anna.open(0, room, MessageId::ZERO);
    anna.expect(Opcode::Opened);
    ben.open(0, room, MessageId::ZERO);
    ben.expect(Opcode::Opened);
    anna.send(0, room, 1, "안녕하세요");
    let ack = anna.expect(Opcode::Ack);
    let ack = ack.body::<schema::Ack<'_>>();
    assert!(!ack.duplicate() && ack.sequence() == 1);
    let message = ben.expect_talk();
    let message = message.body::<schema::Message<'_>>();
    assert_eq!((message.head().id(), message.text()), (ack.id(), "안녕하세요"));
    anna.send(0, room, 1, "안녕하세요");
    let again = anna.expect(Opcode::Ack);
    let again = again.body::<schema::Ack<'_>>();
    assert!(again.duplicate() && again.id() == ack.id());
    server.stop();
}

#[test]
fn after_a_stop_and_a_start_everything_is_there_and_a_resend_is_still_known() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Options::default());
    let (anna, token) = server.person("anna");
    let room = server.room(anna, &[]);
    let mut peer = server.session(&token, 7);
    let mut ids = Vec::new();
    for sequence in 1..=500 {
        peer.send(0, room, sequence, &format!("number {sequence}"));
        ids.push(MessageId(peer.expect(Opcode::Ack).body::<schema::Ack<'_>>().id()));
    }
    server.stop();
    // One shard less: the journal of the other is taken over.
    let server = Server::start(data.path(), &Options { shards: 1, ..Options::default() });
    let mut peer = server.session(&token, 7);
    peer.send(0, room, 480, "number 480");
    let ack = peer.expect(Opcode::Ack);
    let ack = ack.body::<schema::Ack<'_>>();
    assert!(ack.duplicate());
    assert_eq!(ack.id(), ids[479].0);
    let mut seen = Vec::new();
    loop {
        let after = seen.last().map_or(MessageId(1), |&(id, _)| id);
        let request = peer.history(room, after, 200);
        let answer = peer.answer(request);
        seen.extend(page(&answer));
        if !answer.body::<schema::HistoryPage<'_>>().more() {
            break;
        }
    }
    let talk: Vec<_> = seen.iter().filter(|(_, text)| text.starts_with("number")).map(|&(id, _)| id).collect();
    assert_eq!(talk, ids);
    server.stop();
}
