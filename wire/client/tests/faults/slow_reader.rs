//! A stream that nobody reads.

use moim_client::RoomEvent;
use moim_wire::{Envelope, Opcode, schema};

use crate::busy::until;
use crate::peer::{Peer, ROOM, id};

#[tokio::test]
async fn an_unread_stream_sheds_and_fetches_what_it_shed_when_it_is_read() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    let mut stream = stream.unwrap();
    for n in 2..=700 {
        line.message(n, n - 1).await;
    }
    until(|| client.stats().messages_shed > 0 && client.stats().messages_shed == 699 - 512).await;
    line.say(|e, out| {
        e.frame(out, Opcode::Typing, Envelope::default(), |b| {
            schema::Typing::create(b, &schema::TypingArgs { room: ROOM.0, user: 3 })
        });
    })
    .await;
    until(|| client.stats().events_shed == 1).await;
    let server = async {
        line.history(id(513), &(514..=700).collect::<Vec<_>>(), false).await;
        line.message(701, 700).await;
    };
    let reader = async {
        for n in 2..=701 {
            match stream.next().await {
                Some(RoomEvent::Message(message)) => assert_eq!(message.id, id(n)),
                other => panic!("message {n} expected, got {other:?}"),
            }
        }
    };
    tokio::join!(server, reader);
}
