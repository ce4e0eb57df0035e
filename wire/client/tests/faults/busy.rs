//! The server has too much to do.

use std::time::Duration;

use moim_client::{Error, Past};
use moim_wire::{ErrorCode, Opcode};

use crate::peer::{Peer, ROOM, id};

#[tokio::test]
async fn a_busy_send_is_tried_again_under_a_new_sequence() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let first = line.expect(Opcode::Send).await;
        line.busy(&first).await;
        let second = line.expect(Opcode::Send).await;
        assert_eq!((first.send().0, second.send().0), (1, 2));
        assert_eq!(first.send().1, second.send().1);
        line.ack(&second, 1, false).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert_eq!(sent.unwrap().id, id(1));
    assert_eq!(client.stats().busy, 1);
}

#[tokio::test]
async fn a_send_that_came_too_fast_is_tried_again_when_the_server_says() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let first = line.expect(Opcode::Send).await;
        line.error(&first, ErrorCode::RateLimited).await;
        let second = line.expect(Opcode::Send).await;
        assert_eq!((first.send().0, second.send().0), (1, 2));
        line.ack(&second, 1, false).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(sent.is_ok());
}

#[tokio::test]
async fn nothing_new_overtakes_a_send_that_waits() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let first = line.expect(Opcode::Send).await;
        line.busy(&first).await;
        let again = line.expect(Opcode::Send).await;
        line.ack(&again, 1, false).await;
        let second = line.expect(Opcode::Send).await;
        line.ack(&second, 2, false).await;
        assert_eq!([first.send().1, again.send().1, second.send().1], ["one", "one", "two"]);
    };
    let talk = async {
        let first = client.send(ROOM, "one");
        tokio::pin!(first);
        // The second is said only when the first is known to wait.
        tokio::select! {
            biased;
            _ = &mut first => panic!("answered before the server is ready"),
            () = until(|| client.stats().busy == 1) => {}
        }
        let (first, second) = tokio::join!(first, client.send(ROOM, "two"));
        assert!(first.unwrap().id < second.unwrap().id);
    };
    tokio::join!(server, talk);
}

#[tokio::test]
async fn a_busy_answer_to_a_resend_keeps_the_sequence_and_holds_back_what_is_new() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let first = line.expect(Opcode::Send).await;
        drop(line);
        let mut line = peer.welcome().await;
        let second = line.expect(Opcode::Send).await;
        // The first attempt may have been stored: a new sequence would store it twice.
        line.busy(&second).await;
        let third = line.expect(Opcode::Send).await;
        assert_eq!([first.send(), second.send(), third.send()].map(|(sequence, _)| sequence), [1, 1, 1]);
        line.ack(&third, 1, true).await;
        let new = line.expect(Opcode::Send).await;
        assert_eq!(new.send(), (2, "new".to_owned()));
        line.ack(&new, 2, false).await;
    };
    let talk = async {
        let first = client.send(ROOM, "old");
        tokio::pin!(first);
        tokio::select! {
            biased;
            _ = &mut first => panic!("answered before the server is ready"),
            () = until(|| client.stats().busy == 1) => {}
        }
        let (first, second) = tokio::join!(first, client.send(ROOM, "new"));
        assert!(first.unwrap().duplicate && !second.unwrap().duplicate);
    };
    tokio::join!(server, talk);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_reported_to_whoever_asks() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        while let Some(asked) = line.hear().await {
            line.busy(&asked).await;
        }
    };
    tokio::select! {
        () = server => panic!("the client left"),
        outcome = client.history(ROOM, Past::Newest, 1) => {
            let Err(Error::Busy { retry_after }) = outcome else { panic!("{outcome:?}") };
            assert_eq!(retry_after, Duration::from_millis(1));
        }
    }
}

/// Ready when `condition` holds; lets everything else run between looks.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
