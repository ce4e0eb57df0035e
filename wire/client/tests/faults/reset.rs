//! The server does not know what the client has seen, or will not have it in the room.

use moim_client::{Error, MessageId, RoomEvent};
use moim_wire::{Envelope, ErrorCode, Opcode};

use crate::peer::{Peer, ROOM, id};

#[tokio::test]
async fn an_id_from_the_future_at_the_first_opening_resets_the_room() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let open = line.expect(Opcode::Open).await;
        line.error(&open, ErrorCode::IdFromTheFuture).await;
        line.open(MessageId::ZERO, id(5)).await;
        line.message(6, 5).await;
    };
    let (stream, ()) = tokio::join!(client.open(ROOM, id(9)), server);
    let mut stream = stream.unwrap();
    assert!(matches!(stream.next().await, Some(RoomEvent::Reset)));
    assert!(matches!(stream.next().await, Some(RoomEvent::Message(message)) if message.id == id(6)));
}

#[tokio::test]
async fn an_id_from_the_future_after_a_break_resets_the_room() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(9)), line.open(id(9), id(9)));
    let mut stream = stream.unwrap();
    drop(line);
    let server = async {
        let mut line = peer.welcome().await;
        let open = line.expect(Opcode::Open).await;
        line.error(&open, ErrorCode::IdFromTheFuture).await;
        line.open(MessageId::ZERO, id(5)).await;
        line.message(6, 5).await;
        line
    };
    let reader = async {
        assert!(matches!(stream.next().await, Some(RoomEvent::Reset)));
        assert!(matches!(stream.next().await, Some(RoomEvent::Resumed(info)) if info.newest_id == id(5)));
        assert!(matches!(stream.next().await, Some(RoomEvent::Message(message)) if message.id == id(6)));
    };
    tokio::join!(server, reader);
}

#[tokio::test]
async fn a_room_that_is_not_the_callers_cannot_be_opened() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let open = line.expect(Opcode::Open).await;
        line.error(&open, ErrorCode::NotAMember).await;
    };
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), server);
    assert_eq!(stream.unwrap_err().code(), Some(ErrorCode::NotAMember));
}

#[tokio::test]
async fn a_member_who_is_removed_hears_why_and_the_stream_ends() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    let mut stream = stream.unwrap();
    line.message(2, 1).await;
    line.say(|e, out| e.closed(out, Envelope::default(), ROOM.0, Some(ErrorCode::NotAMember), "removed")).await;
    assert!(matches!(stream.next().await, Some(RoomEvent::Message(_))));
    assert!(matches!(
        stream.next().await,
        Some(RoomEvent::Closed(error)) if error.code() == Some(ErrorCode::NotAMember)
    ));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_room_is_followed_once_and_may_be_opened_again_when_its_stream_is_dropped() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    assert!(matches!(client.open(ROOM, id(1)).await, Err(Error::AlreadyOpen(ROOM))));
    drop(stream);
    let server = async {
        let close = line.expect(Opcode::Close).await;
        // A message that was under way belongs to the stream that is gone.
        line.message(2, 1).await;
        line.say(|e, out| e.closed(out, close.answer(), ROOM.0, None, "")).await;
        line.open(id(2), id(2)).await;
        line.message(3, 2).await;
    };
    let (stream, ()) = tokio::join!(client.open(ROOM, id(2)), server);
    assert!(matches!(stream.unwrap().next().await, Some(RoomEvent::Message(message)) if message.id == id(3)));
}
