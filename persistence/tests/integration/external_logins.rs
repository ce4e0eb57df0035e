//! Accounts of providers, connected with accounts here.

use moim_persistence::{Error, ExternalAccount, ExternalSignUp, SignUp};

use crate::arm::{Arm, on_each_arm};
use crate::support::{PASSWORD, Stores};

fn account(subject: &str) -> ExternalAccount {
    ExternalAccount { issuer: "https://nid.example".to_owned(), subject: subject.to_owned() }
}

fn sign_up(subject: &str, email: &str) -> ExternalSignUp {
    ExternalSignUp { account: account(subject), email: email.to_owned(), names: vec![" 미나 ".to_owned()] }
}

async fn who_came_by_a_provider_is_found_by_it_alone_whatever_its_letters_case(arm: Arm) {
    let stores = Stores::open(arm);
    let (users, logins) = (stores.persistence.accounts().users(), stores.persistence.accounts().logins());
    let mina = users.sign_up_external(sign_up("Mina", "mina@example.com"), None).await.unwrap();
    assert_eq!(mina.name, "미나");
    assert_eq!(users.by_external(account("Mina")).await.unwrap(), Some(mina.clone()));
    assert_eq!(users.by_external(account("mina")).await.unwrap(), None);
    let other = ExternalAccount { issuer: "https://other.example".to_owned(), ..account("Mina") };
    assert_eq!(users.by_external(other).await.unwrap(), None);
    assert!(matches!(logins.log_in("mina@example.com", "", None).await, Err(Error::LoginFailed)));
    let ways = users.ways_in(mina.id).await.unwrap();
    assert_eq!((ways.has_password, ways.issuers), (false, vec!["https://nid.example".to_owned()]));
}

async fn an_account_of_a_provider_and_an_address_are_of_one_account_here(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let taken = users.sign_up_external(sign_up("mina", "Mina@example.com"), None).await;
    assert!(matches!(taken, Err(Error::EmailTaken)));
    assert_eq!(users.by_external(account("mina")).await.unwrap(), None, "nothing is left of it");
    users.connect_external(mina.id, account("mina")).await.unwrap();
    users.connect_external(mina.id, account("mina")).await.unwrap();
    for (user, subject) in [(jun.id, "mina"), (mina.id, "another")] {
        assert!(matches!(users.connect_external(user, account(subject)).await, Err(Error::ExternalTaken)));
    }
    let taken = users.sign_up_external(sign_up("mina", "new@example.com"), None).await;
    assert!(matches!(taken, Err(Error::ExternalTaken)));
    assert!(matches!(users.by_email("new@example.com").await, Err(Error::NoSuchUser(_))), "nor is of this");
}

async fn nobody_loses_the_only_way_in_and_a_deleted_account_has_none(arm: Arm) {
    let stores = Stores::open(arm);
    let accounts = stores.persistence.accounts();
    let users = accounts.users();
    let mina = users.sign_up_external(sign_up("mina", "mina@example.com"), None).await.unwrap();
    let login = accounts.logins().issue(mina.id).await.unwrap();
    let asks = accounts.logins().authenticate(&login.token).await.unwrap();
    let (issuer, elsewhere) = (account("mina").issuer, "https://elsewhere.example".to_owned());
    let other = ExternalAccount { issuer: elsewhere.clone(), ..account("mina") };
    users.connect_external(mina.id, other).await.unwrap();
    let refused = users.disconnect_external(&asks, &issuer, vec![issuer.clone()]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "nobody logs in by the other one any more");
    users.disconnect_external(&asks, &elsewhere, vec![issuer.clone(), elsewhere.clone()]).await.unwrap();
    users.change(mina.id, crate::support::sign_up("mina")).await.unwrap();
    let login = accounts.logins().issue(mina.id).await.unwrap();
    let asks = accounts.logins().authenticate(&login.token).await.unwrap();
    let by_provider = accounts.logins().issue(mina.id).await.unwrap();
    users.disconnect_external(&asks, &issuer, vec![issuer.clone()]).await.unwrap();
    assert!(matches!(accounts.logins().authenticate(&by_provider.token).await, Err(Error::TokenRevoked)));
    accounts.logins().authenticate(&login.token).await.unwrap();
    assert_eq!(users.by_external(account("mina")).await.unwrap(), None);
    accounts.logins().log_in("mina@example.com", PASSWORD, None).await.unwrap();
    users.connect_external(mina.id, account("mina")).await.unwrap();
    users.delete(mina.id).await.unwrap();
    assert_eq!(users.by_external(account("mina")).await.unwrap(), None);
    assert_ne!(users.sign_up_external(sign_up("mina", "mina@example.com"), None).await.unwrap().id, mina.id);
}

async fn what_a_provider_may_not_say_is_refused_by_field(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let long = "s".repeat(256);
    for (wrong, field) in [
        (sign_up("", "mina@example.com"), "subject"),
        (sign_up(&long, "mina@example.com"), "subject"),
        (sign_up("mina ", "mina@example.com"), "subject"),
        (sign_up("mi\u{0}na", "mina@example.com"), "subject"),
        (sign_up("mina", "no address"), "email"),
        (ExternalSignUp { names: vec!["\u{7}".to_owned()], ..sign_up("mina", "mina@example.com") }, "username"),
    ] {
        let refused = users.sign_up_external(wrong, None).await;
        assert!(matches!(refused, Err(Error::InvalidField { field: named, .. }) if named == field), "{refused:?}");
    }
}

async fn another_password_ends_connections_and_the_first_or_the_same_one_does_not(arm: Arm) {
    let stores = Stores::open(arm);
    let (users, logins) = (stores.persistence.accounts().users(), stores.persistence.accounts().logins());
    let mina = users.sign_up_external(sign_up("mina", "mina@example.com"), None).await.unwrap();
    logins.prove(mina.id, "", None).await.unwrap();
    for _ in ["the first", "the same"] {
        users.change(mina.id, crate::support::sign_up("mina")).await.unwrap();
        assert!(users.by_external(account("mina")).await.unwrap().is_some());
    }
    assert!(matches!(logins.prove(mina.id, "", None).await, Err(Error::LoginFailed)));
    logins.prove(mina.id, PASSWORD, None).await.unwrap();
    let another = SignUp { password: "quite another one".to_owned(), ..crate::support::sign_up("mina") };
    users.change(mina.id, another).await.unwrap();
    assert_eq!(users.by_external(account("mina")).await.unwrap(), None);
}

async fn sign_ups_by_a_provider_count_towards_the_addresss_limit(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.sign_ups_per_address_max = 1);
    let users = stores.persistence.accounts().users();
    let address = Some([203, 0, 113, 9].into());
    users.sign_up_external(sign_up("mina", "mina@example.com"), address).await.unwrap();
    let refused = users.sign_up_external(sign_up("jun", "jun@example.com"), address).await;
    assert!(matches!(refused, Err(Error::TooManyAttempts { .. })), "{refused:?}");
}

on_each_arm! {
    who_came_by_a_provider_is_found_by_it_alone_whatever_its_letters_case,
    an_account_of_a_provider_and_an_address_are_of_one_account_here,
    nobody_loses_the_only_way_in_and_a_deleted_account_has_none,
    what_a_provider_may_not_say_is_refused_by_field,
    another_password_ends_connections_and_the_first_or_the_same_one_does_not,
    sign_ups_by_a_provider_count_towards_the_addresss_limit,
}
