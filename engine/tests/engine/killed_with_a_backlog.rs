//! kill -9 while the message store stands still, and a start while it still does.

use moim_wire::{ErrorCode, MessageId, Opcode, RoomId, schema};

use crate::support::child::{ChildServer, options};
use crate::support::{Options, Peer, Server, StallingStore, whole_room};

fn session(address: std::net::SocketAddr, token: &str, device: u32) -> Peer {
    let mut peer = Peer::connect(address);
    peer.hello(token, device, 0);
    peer.expect(Opcode::Welcome);
    peer
}

/// Says so much; what was acknowledged.
fn say(peer: &mut Peer, room: RoomId, sequences: std::ops::Range<u32>) -> Vec<(MessageId, String)> {
    let text = |sequence: u32| format!("{sequence} {}", "x".repeat(2_000));
    sequences.map(|sequence| (peer.say_text(0, room, sequence, &text(sequence)), text(sequence))).collect()
}

/// Asks for the newest page until the server has one to give; every refusal before that says when to ask again.
fn until_loaded(peer: &mut Peer, room: RoomId) {
    loop {
        let request = peer.history(room, MessageId(1), 1);
        let answer = peer.answer(request);
        if answer.opcode == Opcode::HistoryPage {
            return;
        }
        assert_eq!(answer.error_code(), Some(ErrorCode::StoreUnavailable));
        assert!(answer.body::<schema::Error<'_>>().retry_after_ms() > 0);
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

#[test]
fn killed_with_a_backlog_a_server_starts_at_once_and_shows_all_of_it() {
    const NAME: &str = "killed_with_a_backlog::killed_with_a_backlog_a_server_starts_at_once_and_shows_all_of_it";
    StallingStore::with(NAME, |store| {
        let data = store.data();
        let server = Server::start(data.path(), &options());
        let (anna, token) = server.person("anna");
        let room = server.room(anna, &[]);
        server.stop();
        let mut said = Vec::new();
        let child = ChildServer::start(data.path());
        said.extend(say(&mut session(child.address, &token, 5), room, 1..30));
        let filler = store.stall();
        said.extend(say(&mut session(child.address, &token, 5), room, 30..300));
        child.kill();
        // As many shards as before, with the store as it was; then others, which take over what the one left.
        for shards in [1u16, 3, 1] {
            let server = Server::start(data.path(), &Options { shards, ..options() });
            let waiting: u64 = server.engine.recovery().iter().map(|report| report.records).sum();
            assert!(waiting >= 200, "{waiting} wait for the store");
            let mut peer = server.session(&token, 9);
            until_loaded(&mut peer, room);
            assert_eq!(whole_room(&mut peer, room), said);
            // A resend of what only the journal has is known.
            let mut again = server.session(&token, 5);
            let request = again.send(0, room, 299, "again");
            let ack = again.answer(request);
            assert_eq!(ack.opcode, Opcode::Ack, "{:?}", ack.error_code());
            let ack = ack.body::<schema::Ack<'_>>();
            assert_eq!((ack.duplicate(), MessageId(ack.id())), (true, said[298].0));
            server.stop_stalled();
        }
        drop(filler);
        let server = Server::start(data.path(), &options());
        server.until_confirmed();
        assert_eq!(whole_room(&mut server.session(&token, 9), room), said);
        server.stop();
        let server = Server::start(data.path(), &options());
        assert!(server.engine.recovery().iter().all(|report| report.records == 0), "the store has everything");
        server.stop();
    });
}
