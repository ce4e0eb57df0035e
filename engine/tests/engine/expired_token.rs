//! Tokens that have ended.

use moim_wire::{ErrorCode, Opcode};

use crate::support::{Options, Scene};

#[test]
fn an_expired_token_begins_no_session() {
    let scene = Scene::plain();
    // Issued beside the server, by one that grants a moment only.
    let mut short = moim_persistence::Config::new(scene.data.path());
    short.login_ms = 1;
    let accounts = moim_persistence::Persistence::open_accounts_only(&short).unwrap();
    let token = scene.server.wait(accounts.logins().issue(scene.anna.user)).token;
    let mut peer = scene.server.connect();
    peer.hello(&token, 1, 0);
    assert_eq!(peer.until_closed(), Some(ErrorCode::TokenExpired));
    let mut trunk = scene.trunk();
    trunk.attach_token(3, &token, 1);
    let goodbye = trunk.next().unwrap();
    assert_eq!((goodbye.session, goodbye.error_code()), (3, Some(ErrorCode::TokenExpired)));
    trunk.round_trip();
    scene.end();
}

#[test]
fn a_session_ends_with_its_token_even_in_silence() {
    let scene = Scene::new(&Options { login_ms: 5_000, ..Options::default() });
    let mut trunk = scene.trunk();
    let mut peer = scene.session(&scene.anna);
    trunk.attach_token(3, &scene.anna.token, 1);
    trunk.expect(Opcode::Welcome);
    assert_eq!(peer.until_closed(), Some(ErrorCode::TokenExpired));
    let goodbye = trunk.next().expect("the trunk outlives its sessions");
    assert_eq!((goodbye.session, goodbye.error_code()), (3, Some(ErrorCode::TokenExpired)));
    trunk.round_trip();
    scene.server.stop();
}
