//! Accounts of people.

use std::net::IpAddr;

use moim_persistence::{Error, Kind, SignUp, UserId};

use crate::arm::{Arm, on_each_arm};
use crate::support::{Stores, sign_up};

async fn who_signed_up_is_found_by_id_and_by_any_spelling_of_the_email(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let user = users.sign_up(sign_up("Mina")).await.unwrap();
    assert_eq!(user.email, "Mina@example.com");
    assert_eq!(users.get(user.id).await.unwrap(), user);
    assert_eq!(users.by_email(" MINA@EXAMPLE.com ").await.unwrap(), user);
    assert!(matches!(users.get(UserId(999)).await, Err(Error::NoSuchUser(_))));
    assert!(matches!(users.by_email("nobody@example.com").await, Err(Error::NoSuchUser(_))));
}

async fn an_email_is_taken_once_whatever_the_letters_case(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let mina = stores.user("mina").await;
    assert!(matches!(users.sign_up(sign_up("MINA")).await, Err(Error::EmailTaken)));
    let other = stores.user("other").await;
    assert!(matches!(users.change(other.id, sign_up("Mina")).await, Err(Error::EmailTaken)));
    assert_eq!(users.get(mina.id).await.unwrap(), mina);
}

async fn emails_that_differ_by_a_letter_a_mark_or_an_emoji_are_different(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let addresses = ["가", "각", "e", "é", "ss", "ß", "🍣", "🍺", "👩", "👩🏽", "ａ", "a"];
    for address in addresses {
        let user = users.sign_up(sign_up(address)).await.unwrap();
        assert_eq!((user.name.as_str(), users.get(user.id).await.unwrap()), (address, user.clone()));
    }
    // The same letters, otherwise typed.
    for same in ["\u{1100}\u{1161}", "\u{1100}\u{1161}\u{11a8}", "E", "É", "E\u{301}", "SS", "Ａ"] {
        assert!(matches!(users.sign_up(sign_up(same)).await, Err(Error::EmailTaken)), "{same}");
    }
}

async fn fields_out_of_bounds_are_named(arm: Arm) {
    let stores = Stores::open(arm);
    let users = stores.persistence.accounts().users();
    let wrong = [
        ("email", SignUp { email: "no address".to_owned(), ..sign_up("a") }),
        ("username", SignUp { username: " ".to_owned(), ..sign_up("a") }),
        ("password", SignUp { password: "short".to_owned(), ..sign_up("a") }),
    ];
    for (name, sign_up) in wrong {
        let refused = users.sign_up(sign_up).await;
        assert!(matches!(refused, Err(Error::InvalidField { field, .. }) if field == name), "{refused:?}");
    }
}

async fn sign_ups_from_one_address_are_limited_and_those_refused_cost_no_hash(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.sign_ups_per_address_max = 2);
    let users = stores.persistence.accounts().users();
    let [home, away] = [[192, 0, 2, 1], [198, 51, 100, 1]].map(IpAddr::from);
    for name in ["mina", "jun"] {
        users.sign_up_from(sign_up(name), home).await.unwrap();
    }
    let refused = users.sign_up_from(sign_up("sora"), home).await;
    assert!(matches!(refused, Err(Error::TooManyAttempts { retry_after_ms: 1.. })), "{refused:?}");
    let stats = stores.persistence.stats().logins;
    assert_eq!((stats.passwords_total, stats.sign_ups_limited_total), (2, 1));
    users.sign_up_from(sign_up("sora"), away).await.unwrap();
    users.sign_up(sign_up("operator")).await.unwrap();
}

async fn a_wrong_field_and_a_taken_email_cost_no_hash_and_the_latter_counts(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.sign_ups_per_address_max = 2);
    let users = stores.persistence.accounts().users();
    let home = IpAddr::from([192, 0, 2, 1]);
    users.sign_up_from(sign_up("mina"), home).await.unwrap();
    for _ in 0..3 {
        let refused = users.sign_up_from(SignUp { password: "short".to_owned(), ..sign_up("a") }, home).await;
        assert!(matches!(refused, Err(Error::InvalidField { .. })), "{refused:?}");
    }
    assert!(matches!(users.sign_up_from(sign_up("mina"), home).await, Err(Error::EmailTaken)));
    assert!(matches!(users.sign_up_from(sign_up("mina"), home).await, Err(Error::TooManyAttempts { .. })));
    assert_eq!(stores.persistence.stats().logins.passwords_total, 1);
}

async fn a_change_replaces_everything_and_ends_the_logins(arm: Arm) {
    let stores = Stores::open(arm);
    let accounts = stores.persistence.accounts();
    let user = stores.user("mina").await;
    let login = accounts.logins().issue(user.id).await.unwrap();
    let change = SignUp { password: "another password".to_owned(), ..sign_up("minji") };
    let changed = accounts.users().change(user.id, change).await.unwrap();
    assert_eq!((changed.id, changed.name.as_str()), (user.id, "minji"));
    assert!(matches!(accounts.logins().authenticate(&login.token).await, Err(Error::TokenRevoked)));
    assert!(accounts.logins().log_in("minji@example.com", "another password", None).await.is_ok());
    assert!(matches!(accounts.users().by_email(&user.email).await, Err(Error::NoSuchUser(_))));
}

async fn a_deleted_account_leaves_its_rooms_and_keeps_a_neutral_name(arm: Arm) {
    let stores = Stores::open(arm);
    let accounts = stores.persistence.accounts();
    let rooms = accounts.rooms();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let room = stores.room(&mina).await;
    rooms.join(jun.id, room.id, None).await.unwrap();
    let login = accounts.logins().issue(mina.id).await.unwrap();

    let changes = accounts.users().delete(mina.id).await.unwrap();

    assert_eq!(changes.iter().map(|change| (change.room, change.change)).collect::<Vec<_>>(), [(room.id, 3)]);
    let recorded = rooms.changes(room.id, 1).await.unwrap();
    assert_eq!(recorded.iter().map(|change| change.kind).collect::<Vec<_>>(), [Kind::RoleChanged, Kind::MemberLeft]);
    assert_eq!(recorded[1].text, "(탈퇴한 회원)");
    let members = rooms.members(room.id, UserId(0), 10).await.unwrap();
    assert_eq!((members[0].name.as_str(), members[0].email.as_str(), members[0].left), ("(탈퇴한 회원)", "", true));
    assert!(matches!(accounts.logins().authenticate(&login.token).await, Err(Error::TokenRevoked)));
    assert!(matches!(accounts.users().get(mina.id).await, Err(Error::NoSuchUser(_))));
    assert!(matches!(accounts.users().delete(mina.id).await, Err(Error::NoSuchUser(_))));
    assert_ne!(stores.user("mina").await.id, mina.id, "the address is free again, the id is not");
}

on_each_arm! {
    who_signed_up_is_found_by_id_and_by_any_spelling_of_the_email,
    an_email_is_taken_once_whatever_the_letters_case,
    emails_that_differ_by_a_letter_a_mark_or_an_emoji_are_different,
    fields_out_of_bounds_are_named,
    sign_ups_from_one_address_are_limited_and_those_refused_cost_no_hash,
    a_wrong_field_and_a_taken_email_cost_no_hash_and_the_latter_counts,
    a_change_replaces_everything_and_ends_the_logins,
    a_deleted_account_leaves_its_rooms_and_keeps_a_neutral_name,
}
