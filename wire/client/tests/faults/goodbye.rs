//! Partings: the server's, with a return or without, and the client's.

use moim_client::{Client, Credentials, Error, RoomEvent, Status};
use moim_wire::{Envelope, ErrorCode, Opcode, schema};

use crate::peer::{Peer, ROOM, TOKEN, id};

#[tokio::test]
async fn a_server_that_restarts_is_returned_to_and_the_stream_goes_on() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let mut status = client.status();
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    let mut stream = stream.unwrap();
    line.say(|e, out| e.goodbye(out, Envelope::default(), Some(ErrorCode::ShuttingDown), "restart", 30)).await;
    let cause = status.wait_for(|status| matches!(status, Status::Reconnecting { .. })).await.unwrap().clone();
    assert!(matches!(
        cause,
        Status::Reconnecting { cause: Some(Error::SessionEnded(refusal)) }
            if refusal.error_code() == Some(ErrorCode::ShuttingDown) && refusal.retry_after.as_millis() == 30
    ));
    let server = async {
        let mut line = peer.welcome().await;
        line.open(id(1), id(1)).await;
        line
    };
    let (event, _line) = tokio::join!(stream.next(), server);
    assert!(matches!(event, Some(RoomEvent::Resumed(_))));
    assert!(matches!(*client.status().borrow(), Status::Connected));
    assert_eq!(client.stats().reconnects, 1);
}

#[tokio::test]
async fn a_revoked_token_ends_the_client_and_everything_that_waits() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let (stream, ()) = tokio::join!(client.open(ROOM, id(1)), line.open(id(1), id(1)));
    let mut stream = stream.unwrap();
    let server = async {
        line.expect(Opcode::Send).await;
        line.say(|e, out| e.goodbye(out, Envelope::default(), Some(ErrorCode::TokenRevoked), "log out", 0)).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    for error in [sent.unwrap_err(), client.send(ROOM, "again").await.unwrap_err()] {
        assert!(matches!(&error, Error::SessionEnded(_)), "{error:?}");
        assert_eq!(error.code(), Some(ErrorCode::TokenRevoked));
    }
    assert!(matches!(stream.next().await, Some(RoomEvent::Closed(Error::SessionEnded(_)))));
    assert!(stream.next().await.is_none());
    assert!(matches!(*client.status().borrow(), Status::Ended(Error::SessionEnded(_))));
}

#[tokio::test]
async fn an_expired_token_is_replaced_by_another_login() {
    let peer = Peer::listen().await;
    let mut config = peer.config();
    config.credentials = Credentials::Password { email: "a@b.c".into(), password: "pass".into() };
    let log_in = async || {
        let mut line = peer.accept().await;
        let login = line.expect(Opcode::Login).await;
        assert_eq!(login.read::<schema::Login<'_>>().email(), "a@b.c");
        let envelope = login.answer();
        line.say(|e, out| {
            e.frame(out, Opcode::LoggedIn, envelope, |b| {
                let (token, name) = (b.create_string(TOKEN), b.create_string("Ann"));
                let args = schema::LoggedInArgs { token: Some(token), user: 12, name: Some(name) };
                schema::LoggedIn::create(b, &args)
            });
        })
        .await;
        let hello = line.expect(Opcode::Hello).await;
        line.welcome(&hello, 60_000).await;
        line
    };
    let (client, mut line) = tokio::join!(Client::connect(config), log_in());
    let client = client.unwrap();
    assert_eq!(client.session().token(), TOKEN);
    drop(line);
    // A break alone needs no login.
    line = peer.welcome().await;
    line.say(|e, out| e.goodbye(out, Envelope::default(), Some(ErrorCode::TokenExpired), "24 hours", 0)).await;
    let mut line = log_in().await;
    let server = async {
        let send = line.expect(Opcode::Send).await;
        line.ack(&send, 1, false).await;
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(sent.is_ok());
}

#[tokio::test]
async fn a_client_that_closes_says_goodbye_and_fails_what_waits() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let server = async {
        line.expect(Opcode::Send).await;
        client.close().await;
        line.expect(Opcode::Goodbye).await;
        assert!(line.hear().await.is_none());
    };
    let (sent, ()) = tokio::join!(client.send(ROOM, "hello"), server);
    assert!(matches!(sent, Err(Error::Closed)));
    assert!(matches!(client.typing(ROOM).await, Err(Error::Closed)));
    client.close().await;
}

#[tokio::test]
async fn the_last_handle_dropped_says_goodbye() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    drop(client);
    line.expect(Opcode::Goodbye).await;
}
