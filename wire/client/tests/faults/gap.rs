//! Messages come twice, not at all, or only as a GAP.

use moim_client::{MessageId, RoomEvent, RoomStream};
use moim_wire::{Envelope, Opcode, schema};

use crate::peer::{Line, Peer, ROOM, id};

/// Opens the room at message 1 and gives the stream.
async fn opened_at_1(peer: &Peer) -> (moim_client::Client, RoomStream, Line) {
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    (client, stream.unwrap(), line)
}

async fn expect_messages(stream: &mut RoomStream, numbers: &[u64]) {
    for n in numbers {
        match stream.next().await {
            Some(RoomEvent::Message(message)) => assert_eq!(message.id, id(*n)),
            other => panic!("message {n} expected, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_is_handed_on_once() {
    let peer = Peer::listen().await;
    let (_client, mut stream, mut line) = opened_at_1(&peer).await;
    for n in [2, 2, 3, 2, 3, 4] {
        line.message(n, n - 1).await;
    }
    expect_messages(&mut stream, &[2, 3, 4]).await;
    assert_eq!(stream.last_seen(), id(4));
}

#[tokio::test]
async fn a_message_left_out_is_fetched_and_live_ones_are_held_back_meanwhile() {
    let peer = Peer::listen().await;
    let (client, mut stream, mut line) = opened_at_1(&peer).await;
    line.message(4, 3).await;
    line.message(5, 4).await;
    let server = async {
        line.history(id(1), &[2], true).await;
        line.message(6, 5).await;
        line.history(id(2), &[3, 4], true).await;
    };
    tokio::join!(server, expect_messages(&mut stream, &[2, 3, 4, 5, 6]));
    assert_eq!(client.stats().gaps, 1);
}

#[tokio::test]
async fn a_gap_frame_is_paged_until_its_newest_id() {
    let peer = Peer::listen().await;
    let (_client, mut stream, mut line) = opened_at_1(&peer).await;
    line.say(|e, out| {
        e.frame(out, Opcode::Gap, Envelope::default(), |b| {
            schema::Gap::create(b, &schema::GapArgs { room: ROOM.0, after: id(1).0, newest_id: id(6).0 })
        });
    })
    .await;
    line.message(7, 6).await;
    let server = async {
        line.history(id(1), &[2, 3], true).await;
        line.history(id(3), &[4, 5], true).await;
        line.history(id(5), &[6, 7], true).await;
        line.message(8, 7).await;
    };
    tokio::join!(server, expect_messages(&mut stream, &[2, 3, 4, 5, 6, 7, 8]));
}

#[tokio::test]
async fn a_break_while_a_gap_is_filled_begins_again_from_what_was_handed_on() {
    let peer = Peer::listen().await;
    let (_client, mut stream, mut line) = opened_at_1(&peer).await;
    line.message(5, 4).await;
    let server = async {
        line.history(id(1), &[2, 3], true).await;
        line.expect(Opcode::History).await;
        drop(line);
        let mut line = peer.welcome().await;
        line.open(id(3), id(5)).await;
        line.message(4, 3).await;
        line.message(5, 4).await;
        line
    };
    let reader = async {
        expect_messages(&mut stream, &[2, 3]).await;
        assert!(matches!(stream.next().await, Some(RoomEvent::Resumed(_))));
        expect_messages(&mut stream, &[4, 5]).await;
    };
    tokio::join!(server, reader);
}

#[tokio::test]
async fn a_history_that_has_lost_its_oldest_does_not_hold_the_stream_up() {
    let peer = Peer::listen().await;
    let (_client, mut stream, mut line) = opened_at_1(&peer).await;
    line.message(9, 8).await;
    let server = line.history(id(1), &[], true);
    tokio::join!(server, expect_messages(&mut stream, &[9]));
}

#[tokio::test]
async fn a_dropped_next_loses_nothing() {
    let peer = Peer::listen().await;
    let (_client, mut stream, mut line) = opened_at_1(&peer).await;
    line.message(4, 3).await;
    tokio::select! {
        biased;
        event = stream.next() => panic!("nothing can be handed on yet, got {event:?}"),
        asked = line.expect(Opcode::History) => {
            let after = MessageId(asked.read::<schema::History<'_>>().after());
            assert_eq!(after, id(1));
            let mut frames = Vec::new();
            for n in [2, 3] {
                crate::peer::message(&mut line.encoder, &mut frames, id(n), id(n - 1), "text");
            }
            line.say(|e, out| crate::peer::page(e, out, asked.answer(), &frames, 2, true)).await;
        }
    }
    expect_messages(&mut stream, &[2, 3, 4]).await;
}
