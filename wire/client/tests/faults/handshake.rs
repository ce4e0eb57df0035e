//! The first connection does not come about.

use std::time::Duration;

use moim_client::{Client, Config, Credentials, Error};
use moim_wire::{Envelope, ErrorCode, Opcode};

use crate::peer::{Peer, TOKEN};

#[tokio::test]
async fn a_bad_token_is_an_error_of_connect() {
    let peer = Peer::listen().await;
    let server = async {
        let mut line = peer.accept().await;
        line.expect(Opcode::Hello).await;
        line.say(|e, out| e.goodbye(out, Envelope::default(), Some(ErrorCode::TokenInvalid), "no", 0)).await;
        line
    };
    let (client, _line) = tokio::join!(Client::connect(peer.config()), server);
    let error = client.unwrap_err();
    assert!(matches!(error, Error::SessionEnded(_)));
    assert_eq!(error.code(), Some(ErrorCode::TokenInvalid));
}

#[tokio::test]
async fn a_wrong_password_is_an_error_of_connect() {
    let peer = Peer::listen().await;
    let credentials = Credentials::Password { email: "a@b.c".into(), password: "wrong".into() };
    let config = Config { credentials, ..peer.config() };
    let server = async {
        let mut line = peer.accept().await;
        let login = line.expect(Opcode::Login).await;
        line.error(&login, ErrorCode::LoginFailed).await;
        line
    };
    let (client, _line) = tokio::join!(Client::connect(config), server);
    assert!(matches!(client, Err(Error::Refused(refusal)) if refusal.error_code() == Some(ErrorCode::LoginFailed)));
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error_of_connect() {
    let address = {
        let peer = Peer::listen().await;
        peer.config().address
    };
    let config = Config::new(address.clone(), Credentials::Token(TOKEN.to_owned()));
    let error = Client::connect(config).await.unwrap_err();
    assert!(matches!(&error, Error::Connect { .. }) && error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let peer = Peer::listen().await;
    let config = Config { handshake_timeout: Duration::from_millis(20), ..peer.config() };
    let (client, _line) = tokio::join!(Client::connect(config), peer.accept());
    assert!(matches!(client, Err(Error::HandshakeTimeout { .. })));
}

#[tokio::test]
async fn something_else_behind_the_port_is_named_as_such() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let config = Config::new(address, Credentials::Token(TOKEN.to_owned()));
    let (client, _stream) = tokio::join!(Client::connect(config), server);
    assert!(matches!(client, Err(Error::Protocol(_))));
}
