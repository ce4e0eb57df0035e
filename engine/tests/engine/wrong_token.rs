//! Tokens and passwords that are not right.

use moim_wire::{ErrorCode, Opcode};

use crate::support::{Scene, Server};

#[test]
fn a_token_that_is_none_or_of_another_server_is_refused() {
    let scene = Scene::plain();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Server::start(elsewhere.path(), &Default::default());
    let (user, foreign) = other.person("anna");
    assert_eq!(user, scene.anna.user, "the same claims but for the signature");
    other.stop();
    let mut forged = scene.anna.token.clone().into_bytes();
    let last = forged.len() - 5;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for token in ["", "nonsense", "a.b.c", &foreign, &forged] {
        let mut peer = scene.server.connect();
        peer.hello(token, 1, 0);
        assert_eq!(peer.until_closed(), Some(ErrorCode::TokenInvalid), "{token}");
    }
    scene.end();
}

#[test]
fn on_a_trunk_a_wrong_token_ends_that_session_alone() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    trunk.attach_token(1, "nonsense", 1);
    let goodbye = trunk.next().expect("the trunk stands");
    assert_eq!((goodbye.opcode, goodbye.session), (Opcode::Goodbye, 1));
    assert_eq!(goodbye.error_code(), Some(ErrorCode::TokenInvalid));
    let request = trunk.attach_token(2, &scene.anna.token, 1);
    assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    scene.end();
}

#[test]
fn a_wrong_password_is_refused_and_the_right_one_leads_to_a_session() {
    let scene = Scene::plain();
    let mut peer = scene.server.connect();
    for (email, password) in [("anna@example.org", "wrong horse"), ("nobody@example.org", "correct horse")] {
        let request = peer.login(email, password);
        assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::LoginFailed));
    }
    let request = peer.login("anna@example.org", "correct horse");
    let logged_in = peer.answer(request);
    let token = logged_in.body::<moim_wire::schema::LoggedIn<'_>>().token().to_owned();
    peer.hello(&token, 1, 0);
    peer.expect(Opcode::Welcome);
    scene.end();
}
