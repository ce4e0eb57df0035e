//! Logins that were ended before their time.

use moim_persistence::Persistence;
use moim_wire::{ErrorCode, Opcode};

use crate::support::{Peer, Scene};

/// A second login of Anna's: token and login id.
fn another_login(scene: &Scene) -> (String, u64) {
    let login = scene.server.wait(scene.server.persistence.accounts().logins().issue(scene.anna.user));
    (login.token, login.login)
}

fn expect_end_of(trunk: &mut Peer, session: u32) {
    let goodbye = trunk.expect_goodbye();
    assert_eq!((goodbye.session, goodbye.error_code()), (session, Some(ErrorCode::TokenRevoked)));
}

#[test]
fn a_revoke_ends_the_logins_sessions_wherever_they_are_and_no_other() {
    let scene = Scene::plain();
    let (token, login) = another_login(&scene);
    // Several, so that every shard has one.
    let mut ended: Vec<Peer> = (1..=8).map(|device| scene.server.session(&token, device)).collect();
    let mut stays = scene.session(&scene.anna);
    let mut trunk = scene.trunk();
    for (session, token) in [(1, &token), (2, &scene.anna.token)] {
        trunk.attach_token(session, token, 20 + session);
        trunk.expect(Opcode::Welcome);
    }
    let mut operator = scene.trunk();
    let request = operator.revoke(scene.anna.user, login);
    assert_eq!(operator.answer(request).opcode, Opcode::Done);
    for peer in &mut ended {
        assert_eq!(peer.until_closed(), Some(ErrorCode::TokenRevoked));
    }
    expect_end_of(&mut trunk, 1);
    stays.round_trip();
    trunk.follow(2, scene.room);
    scene.end();
}

#[test]
fn a_revoke_of_login_0_ends_all_of_a_users_logins() {
    let scene = Scene::plain();
    let (token, _) = another_login(&scene);
    let (mut one, mut other) = (scene.session(&scene.anna), scene.server.session(&token, 1));
    let mut ben = scene.session(&scene.ben);
    let mut operator = scene.trunk();
    let request = operator.revoke(scene.anna.user, 0);
    assert_eq!(operator.answer(request).opcode, Opcode::Done);
    assert_eq!(one.until_closed(), Some(ErrorCode::TokenRevoked));
    assert_eq!(other.until_closed(), Some(ErrorCode::TokenRevoked));
    ben.round_trip();
    scene.end();
}

#[test]
fn a_login_ended_beside_the_server_is_noticed() {
    let scene = Scene::plain();
    let (token, login) = another_login(&scene);
    let mut peers: Vec<Peer> = (1..=4).map(|device| scene.server.session(&token, device)).collect();
    let mut trunk = scene.trunk();
    trunk.attach_token(1, &token, 9);
    trunk.expect(Opcode::Welcome);
    let beside = Persistence::open_accounts_only(&moim_persistence::Config::new(scene.data.path())).unwrap();
    scene.server.wait(beside.logins().log_out(login));
    for peer in &mut peers {
        assert_eq!(peer.until_closed(), Some(ErrorCode::TokenRevoked));
    }
    expect_end_of(&mut trunk, 1);
    let mut again = scene.server.connect();
    again.hello(&token, 1, 0);
    assert_eq!(again.until_closed(), Some(ErrorCode::TokenRevoked));
    scene.end();
}
