//! Logins, tokens, their end and the limits on failures.

use std::net::IpAddr;

use moim_persistence::{Error, UserId};

use crate::support::{PASSWORD, Stores};

const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
const AWAY: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)));

#[tokio::test]
async fn a_token_names_its_user_across_a_restart() {
    let stores = Stores::open();
    let user = stores.user("mina").await;
    let login = stores.persistence.accounts().logins().log_in("Mina@Example.com", PASSWORD, HOME).await.unwrap();
    assert_eq!(login.user, user);
    let stores = stores.reopen();
    let identity = stores.persistence.accounts().logins().authenticate(&login.token).await.unwrap();
    assert_eq!((identity.user, identity.login, identity.expires_at_ms), (user.id, login.login, login.expires_at_ms));
    assert_eq!((identity.email, identity.name), (user.email, user.name));
}

#[tokio::test]
async fn a_login_that_was_ended_is_refused_and_told_once_to_who_polls() {
    let stores = Stores::open();
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

#[tokio::test]
async fn an_expired_token_is_refused() {
    let stores = Stores::open_with(|config| config.login_ms = 0);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    let login = logins.issue(user.id).await.unwrap();
    assert!(matches!(logins.authenticate(&login.token).await, Err(Error::TokenExpired)));
}

#[tokio::test]
async fn a_token_of_another_server_is_refused() {
    let (here, there) = (Stores::open(), Stores::open());
    let user = there.user("mina").await;
    let login = there.persistence.accounts().logins().issue(user.id).await.unwrap();
    for wrong in [login.token.as_str(), "", "not.a.token"] {
        let refused = here.persistence.accounts().logins().authenticate(wrong).await;
        assert!(matches!(refused, Err(Error::TokenInvalid)), "{refused:?}");
    }
    assert!(matches!(here.persistence.accounts().logins().issue(UserId(1)).await, Err(Error::NoSuchUser(_))));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_fail_alike_and_both_cost_a_hash() {
    let stores = Stores::open();
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

#[tokio::test]
async fn wrong_guesses_from_elsewhere_do_not_refuse_the_right_password() {
    let stores = Stores::open_with(|config| config.login_failures_per_account_and_address_max = 3);
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

#[tokio::test]
async fn an_account_guessed_at_from_many_addresses_is_refused_to_everyone() {
    let stores = Stores::open_with(|config| config.login_failures_per_account_max = 3);
    let user = stores.user("mina").await;
    let logins = stores.persistence.accounts().logins();
    for address in [AWAY, None, AWAY] {
        assert!(matches!(logins.log_in(&user.email, "wrong password", address).await, Err(Error::LoginFailed)));
    }
    let refused = logins.log_in(&user.email, PASSWORD, HOME).await;
    assert!(matches!(refused, Err(Error::TooManyAttempts { .. })), "{refused:?}");
}

#[tokio::test]
async fn guesses_sent_all_at_once_do_not_pass_the_limit() {
    let stores = Stores::open_with(|config| {
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

#[tokio::test]
async fn successes_are_not_counted() {
    let stores = Stores::open_with(|config| {
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
