//! Logins, tokens, their end and the limits on failures.

use std::net::IpAddr;

use moim_persistence::{Error, UserId};

use crate::arm::{Arm, on_each_arm};
use crate::support::{PASSWORD, Stores};

const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
const AWAY: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)));

async fn a_token_names_its_user_across_a_restart(arm: Arm) {
    let stores = Stores::open(arm);
    let user = stores.user("mina").await;
    let login = stores.persistence.accounts().logins().log_in("Mina@Example.com", PASSWORD, HOME).await.unwrap();
    assert_eq!(login.user, user);
    let stores = stores.reopen();
    let identity = stores.persistence.accounts().logins().authenticate(&login.token).await.unwrap();
    assert_eq!((identity.user, identity.login, identity.expires_at_ms), (user.id, login.login, login.expires_at_ms));
    assert_eq!((identity.email, identity.name), (user.email, user.name));
}

async fn a_login_that_was_ended_is_refused_and_told_once_to_who_polls(arm: Arm) {
    let stores = Stores::open(arm);
    let logins = stores.persistence.accounts().logins();
    let user = stores.user("mina").await;
    let (first, second) = (logins.issue(user.id).await.unwrap(), logins.issue(user.id).await.unwrap());
    let start = logins.newest_revocation().await.unwrap();
    logins.log_out(first.login).await.unwrap();
    logins.log_out(first.login).await.unwrap();
    assert!(matches!(logins.authenticate(&first.token).await, Err(Error::TokenRevoked)));
    assert!(logins.authenticate(&second.token).await.is_ok());
    let revoked = logins.revoked_since(start).await.unwrap();
    assert_eq!(revoked.logins, [(user.id, first.login)]);
    assert_eq!(revoked.cursor, logins.newest_revocation().await.unwrap());
    assert!(logins.revoked_since(revoked.cursor).await.unwrap().logins.is_empty());
}

async fn who_polls_misses_none_of_the_logins_ended_at_the_same_time(arm: Arm) {
    const LOGINS: usize = 40;
    let stores = Stores::open(arm);
    let logins = stores.persistence.accounts().logins();
    let user = stores.user("mina").await;
    let mut granted = Vec::new();
    for _ in 0..LOGINS {
        granted.push(logins.issue(user.id).await.unwrap().login);
    }
    let mut cursor = logins.newest_revocation().await.unwrap();
    let endings: Vec<_> = granted
        .iter()
        .map(|&login| {
            let logins = logins.clone();
            tokio::spawn(async move { logins.log_out(login).await })
        })
        .collect();
    let mut told = Vec::new();
    let mut are_over = false;
    // Once more after the last has ended.
    while !are_over {
        are_over = endings.iter().all(tokio::task::JoinHandle::is_finished);
        let revoked = logins.revoked_since(cursor).await.unwrap();
        cursor = revoked.cursor;
        told.extend(revoked.logins.into_iter().map(|(_, login)| login));
    }
    told.sort_unstable();
    assert_eq!(told, granted);
}

async fn an_expired_token_is_refused(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.login_ms = 0);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    let login = logins.issue(user.id).await.unwrap();
    assert!(matches!(logins.authenticate(&login.token).await, Err(Error::TokenExpired)));
}

async fn a_token_of_another_server_is_refused(arm: Arm) {
    let (here, there) = (Stores::open(arm), Stores::open(arm));
    let user = there.user("mina").await;
    let login = there.persistence.accounts().logins().issue(user.id).await.unwrap();
    for wrong in [login.token.as_str(), "", "not.a.token"] {
        let refused = here.persistence.accounts().logins().authenticate(wrong).await;
        assert!(matches!(refused, Err(Error::TokenInvalid)), "{refused:?}");
    }
    assert!(matches!(here.persistence.accounts().logins().issue(UserId(1)).await, Err(Error::NoSuchUser(_))));
}

async fn a_wrong_password_and_an_unknown_account_fail_alike_and_both_cost_a_hash(arm: Arm) {
    let stores = Stores::open(arm);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    let before = stores.persistence.stats().logins.passwords_total;
    for (email, password) in [
        (&*user.email, "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        (&user.email, ""),
    ] {
        assert!(matches!(logins.log_in(email, password, HOME).await, Err(Error::LoginFailed)), "{email}");
    }
    let stats = stores.persistence.stats().logins;
    assert_eq!((stats.passwords_total - before, stats.failed_total), (4, 4));
}

async fn wrong_guesses_from_elsewhere_do_not_refuse_the_right_password(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.login_failures_per_account_and_address_max = 3);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    for email in [&*user.email, "nobody@example.com"] {
        for _ in 0..3 {
            assert!(matches!(logins.log_in(email, "wrong password", AWAY).await, Err(Error::LoginFailed)));
        }
        let refused = logins.log_in(email, PASSWORD, AWAY).await;
        assert!(matches!(refused, Err(Error::TooManyAttempts { retry_after_ms: 1.. })), "{refused:?}");
    }
    assert_eq!(stores.persistence.stats().logins.limited_total, 2);
    assert_eq!(logins.log_in(&user.email, PASSWORD, HOME).await.unwrap().user, user);
}

async fn an_account_guessed_at_from_many_addresses_is_refused_to_everyone(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.login_failures_per_account_max = 3);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    for address in [AWAY, None, AWAY] {
        assert!(matches!(logins.log_in(&user.email, "wrong password", address).await, Err(Error::LoginFailed)));
    }
    let refused = logins.log_in(&user.email, PASSWORD, HOME).await;
    assert!(matches!(refused, Err(Error::TooManyAttempts { .. })), "{refused:?}");
}

async fn guesses_sent_all_at_once_do_not_pass_the_limit(arm: Arm) {
    let stores = Stores::open_with(arm, |config| {
        config.login_failures_per_account_and_address_max = 5;
        config.passwords_at_once = 1;
    });
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    let guesses: Vec<_> = (0..50)
        .map(|guess| {
            let (logins, email) = (logins.clone(), user.email.clone());
            tokio::spawn(async move { logins.log_in(&email, &format!("guess number {guess}"), HOME).await })
        })
        .collect();
    for guess in guesses {
        assert!(guess.await.unwrap().is_err());
    }
    let stats = stores.persistence.stats().logins;
    assert_eq!((stats.failed_total, stats.limited_total), (5, 45));
}

async fn successes_are_not_counted(arm: Arm) {
    let stores = Stores::open_with(arm, |config| {
        config.login_failures_per_address_max = 2;
        config.login_failures_per_account_and_address_max = 2;
        config.login_failures_per_account_max = 2;
    });
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    for _ in 0..5 {
        logins.log_in(&user.email, PASSWORD, HOME).await.unwrap();
    }
    assert_eq!(stores.persistence.stats().logins.succeeded_total, 5);
}

on_each_arm! {
    a_token_names_its_user_across_a_restart,
    a_login_that_was_ended_is_refused_and_told_once_to_who_polls,
    who_polls_misses_none_of_the_logins_ended_at_the_same_time,
    an_expired_token_is_refused,
    a_token_of_another_server_is_refused,
    a_wrong_password_and_an_unknown_account_fail_alike_and_both_cost_a_hash,
    wrong_guesses_from_elsewhere_do_not_refuse_the_right_password,
    an_account_guessed_at_from_many_addresses_is_refused_to_everyone,
    guesses_sent_all_at_once_do_not_pass_the_limit,
    successes_are_not_counted,
}
