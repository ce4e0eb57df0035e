//! A send whose connection broke is refused when it is said again.

use moim_client::Error;
use moim_wire::{ErrorCode, Opcode};

use crate::peer::{Heard, Line, Peer, ROOM, id};

/// The first connection breaks after SEND; gives the second connection and the resend.
async fn resend(peer: &Peer, mut line: Line) -> (Line, Heard) {
    line.expect(Opcode::Send).await;
    drop(line);
    let mut line = peer.welcome().await;
    let again = line.expect(Opcode::Send).await;
    (line, again)
}

#[tokio::test]
async fn a_sequence_too_old_proves_that_it_was_never_stored_and_it_is_said_anew() {
    let peer = Peer::listen().await;
    let (client, line) = peer.connected().await;
    let server = async {
        let (mut line, again) = resend(&peer, line).await;
        line.error(&again, ErrorCode::SequenceTooOld).await;
        let anew = line.expect(Opcode::Send).await;
        assert_eq!((again.send().0, anew.send().0), (1, 2));
        line.ack(&anew, 1, false).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert_eq!(sent.unwrap().id, id(1));
}

#[tokio::test]
async fn a_trouble_that_passes_is_waited_for_under_the_same_sequence() {
    let peer = Peer::listen().await;
    let (client, line) = peer.connected().await;
    let server = async {
        let (mut line, again) = resend(&peer, line).await;
        line.error(&again, ErrorCode::StorageFull).await;
        let third = line.expect(Opcode::Send).await;
        assert_eq!(third.send(), again.send());
        line.ack(&third, 1, true).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(sent.unwrap().duplicate);
}

#[tokio::test]
async fn any_other_refusal_leaves_open_whether_it_is_stored() {
    let peer = Peer::listen().await;
    let (client, line) = peer.connected().await;
    let server = async {
        let (mut line, again) = resend(&peer, line).await;
        line.error(&again, ErrorCode::NotAMember).await;
        line
    };
    let (sent, _line) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(matches!(&sent, Err(Error::Uncertain(refusal)) if refusal.error_code() == Some(ErrorCode::NotAMember)));
}

#[tokio::test]
async fn nothing_new_is_said_until_every_resend_is_settled() {
    let peer = Peer::listen().await;
    let (client, line) = peer.connected().await;
    let (resent, is_resent) = tokio::sync::oneshot::channel();
    let server = async {
        let (mut line, again) = resend(&peer, line).await;
        resent.send(()).unwrap();
        // Said after the new send, and heard before it.
        line.expect(Opcode::Typing).await;
        line.ack(&again, 1, true).await;
        let new = line.expect(Opcode::Send).await;
        assert_eq!(new.send(), (2, "new".to_owned()));
        line.ack(&new, 2, false).await;
    };
    let later = async {
        is_resent.await.unwrap();
        tokio::join!(client.send(ROOM, "new"), client.typing(ROOM))
    };
    let (old, (new, _), ()) = tokio::join!(client.send(ROOM, "old"), later, server);
    assert!(old.unwrap().duplicate && !new.unwrap().duplicate);
}

#[tokio::test]
async fn a_refusal_without_a_break_is_a_refusal() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let send = line.expect(Opcode::Send).await;
        line.error(&send, ErrorCode::StorageFull).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    let Err(Error::Refused(refusal)) = sent else { panic!("{sent:?}") };
    assert_eq!(refusal.error_code(), Some(ErrorCode::StorageFull));
    assert_eq!(refusal.retry_after.as_millis(), 1);
}

#[tokio::test]
async fn sixty_four_sends_are_on_their_way_and_the_next_waits_for_a_place() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        let sends = line.expect_sends(64).await;
        line.say(|e, out| crate::peer::opened(e, out, Default::default(), id(1))).await;
        line.ack(&sends[0], 1, false).await;
        let next = line.expect(Opcode::Send).await;
        assert_eq!(next.send().0, 65);
        for (n, send) in sends[1..].iter().chain([&next]).enumerate() {
            line.ack(send, n as u64 + 2, false).await;
        }
    };
    let sends = futures_util::future::join_all((0..65).map(|n| client.send(ROOM, format!("{n}"))));
    let (sent, ()) = tokio::join!(sends, server);
    assert!(sent.iter().all(Result::is_ok));
}
