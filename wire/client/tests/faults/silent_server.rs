//! The server stops answering without the connection breaking.

use moim_client::{Error, Past, Status};
use moim_wire::{Envelope, Opcode, schema};

use crate::peer::{Peer, ROOM};

#[tokio::test]
async fn a_silent_server_is_asked_and_then_given_up_for_another_connection() {
    let mut peer = Peer::listen().await;
    peer.heartbeat_ms = 15;
    let (client, mut line) = peer.connected().await;
    let server = async {
        line.expect(Opcode::History).await;
        line.expect(Opcode::Ping).await;
        // Says nothing and keeps the connection.
        peer.welcome().await
    };
    let (page, _second) = tokio::join!(client.history(ROOM, Past::Newest, 1), server);
    assert!(matches!(page, Err(Error::Disconnected)));
}

#[tokio::test]
async fn a_ping_is_answered_with_its_stamp() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    line.say(|e, out| {
        e.frame(out, Opcode::Ping, Envelope { request: 9, session: 0 }, |b| {
            schema::Ping::create(b, &schema::PingArgs { stamp: 77 })
        });
    })
    .await;
    let pong = line.expect(Opcode::Pong).await;
    assert_eq!((pong.request, pong.read::<schema::Ping<'_>>().stamp()), (9, 77));
    assert!(matches!(*client.status().borrow(), Status::Connected));
}

#[tokio::test]
async fn operations_of_a_newer_server_are_passed_over() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    line.say(|_, out| {
        let header = moim_wire::Header { length: 13, version: 1, opcode: 0xee, flags: 0x4000, ..Default::default() };
        header.write(out);
        out.push(0);
    })
    .await;
    let server = async {
        let send = line.expect(Opcode::Send).await;
        line.ack(&send, 1, false).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(sent.is_ok());
    assert_eq!(client.stats().reconnects, 0);
}
