//! The connection breaks: at every step in turn, and at random among other faults.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};
use moim_client::{Client, Device, DeviceId, MessageId, RoomEvent, Sequence};
use moim_wire::Opcode;

use crate::model::{Fault, Model};
use crate::peer::{Peer, ROOM};

const SENDS: usize = 8;

/// A client says eight things, four at a time, and reads the room, while the server fails it as `faults` says. Then
/// everything is there once, and the stream gave everything once, in order. Gives the number of steps taken.
async fn talk_through(takes_late: bool, faults: impl FnMut(usize) -> Fault) -> usize {
    let mut model = Model::new(Peer::listen().await, takes_late, faults);
    let mut config = model.peer.config();
    config.device = Device { id: DeviceId(99), next: Sequence(1) };
    let talk = async {
        let client = Client::connect(config).await.unwrap();
        let mut stream = client.open(ROOM, MessageId::ZERO).await.unwrap();
        let mut acked = Vec::new();
        for four in 0..SENDS / 4 {
            let sends = (0..4).map(|n| client.send(ROOM, format!("text {}", four * 4 + n)));
            let sends = futures_util::future::join_all(sends).await;
            acked.extend(sends.into_iter().map(|sent| sent.unwrap().id));
        }
        let newest = acked.iter().copied().max().unwrap();
        let mut seen = Vec::new();
        while seen.last().is_none_or(|(id, _)| *id < newest) {
            match stream.next().await.unwrap() {
                RoomEvent::Message(message) => seen.push((message.id, message.text)),
                RoomEvent::Resumed(_) => {}
                other => panic!("{other:?}"),
            }
        }
        drop(stream);
        client.close().await;
        (acked, seen)
    };
    let (acked, seen) = tokio::select! {
        talked = talk => talked,
        () = model.serve() => unreachable!("it serves for ever"),
    };
    for (n, acked) in acked.iter().enumerate() {
        let text = format!("text {n}");
        let stored: Vec<_> = model.stored.iter().filter(|message| message.text == text).collect();
        assert_eq!(stored.len(), 1, "{text} is stored {} times", stored.len());
        assert_eq!(stored[0].id, *acked, "{text} was acknowledged under another id");
    }
    let expected: Vec<_> = model.stored.iter().map(|message| (message.id, message.text.clone())).collect();
    assert_eq!(seen[..], expected[..seen.len()], "the stream has a gap, a duplicate or another order");
    model.step
}

#[tokio::test]
async fn a_break_at_any_step_neither_loses_nor_doubles_anything() {
    let steps = talk_through(false, |_| Fault::None).await;
    for broken in 1..=steps {
        talk_through(false, |step| if step == broken { Fault::Break } else { Fault::None }).await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_again_and_again_still_gets_everything_through() {
    for between in 3..12 {
        talk_through(false, |step| if step % between == 0 && step < 200 { Fault::Break } else { Fault::None }).await;
    }
}

#[tokio::test]
async fn all_faults_mixed_neither_lose_nor_double_anything() {
    let outcomes = stream::iter(0..200).map(async |seed| (seed, run_seed(seed).catch_unwind().await));
    let failed: Vec<u64> = outcomes
        .buffer_unordered(32)
        .filter_map(async |(seed, outcome)| outcome.is_err().then_some(seed))
        .collect()
        .await;
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}

fn run_seed(seed: u64) -> AssertUnwindSafe<impl Future<Output = usize>> {
    let mut random = seed * 2 + 1;
    let faults = move |step| {
        // A linear congruential generator is random enough here, and its seed replays it.
        random = u64::wrapping_mul(random, 6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (random >> 33) % 16 {
            _ if step > 300 => Fault::None,
            0 => Fault::Break,
            1 => Fault::Twice,
            2 => Fault::Withhold,
            3 | 4 => Fault::Busy,
            5 => Fault::Trouble,
            _ => Fault::None,
        }
    };
    AssertUnwindSafe(talk_through(seed.is_multiple_of(2), faults))
}

#[tokio::test]
async fn requests_that_wait_fail_at_the_break_and_sends_do_not() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (history, sent, ()) =
        tokio::join!(client.history(ROOM, moim_client::Past::Newest, 10), client.send(ROOM, "hello"), async {
            line.expect(Opcode::History).await;
            let first = line.expect(Opcode::Send).await;
            drop(line);
            let mut line = peer.welcome().await;
            let second = line.expect(Opcode::Send).await;
            assert_eq!(second.send(), first.send(), "the resend has another sequence");
            line.ack(&second, 1, true).await;
        });
    assert!(matches!(history, Err(moim_client::Error::Disconnected)));
    assert!(sent.unwrap().duplicate);
    assert_eq!(client.stats().resends, 1);
}

#[tokio::test]
async fn a_room_that_was_empty_is_read_from_its_first_message_after_the_break() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, MessageId::ZERO), line.open(MessageId::ZERO, MessageId::ZERO));
    let mut stream = stream.unwrap();
    drop(line);
    let server = async {
        let mut line = peer.welcome().await;
        line.open(MessageId::ZERO, crate::peer::id(2)).await;
        line.history(MessageId(1), &[1, 2], false).await;
        line
    };
    let client = async {
        assert!(matches!(stream.next().await, Some(RoomEvent::Resumed(_))));
        for n in [1, 2] {
            let Some(RoomEvent::Message(message)) = stream.next().await else { panic!("a message") };
            assert_eq!(message.id, crate::peer::id(n));
        }
    };
    tokio::join!(server, client);
}
