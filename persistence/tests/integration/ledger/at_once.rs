//! Many at once: one balance is spent once, one key is one transfer, whoever asks and through however many servers.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use moim_persistence::{Config, Ledger, Payment, Persistence, Refused, RequestKey, Won};

use super::{Group, is_sound, money_told, payment, person, refused, top_up, won};
use crate::arm::{Arm, on_each_arm};
use crate::support::config;

/// The ledger, and the same through a server of its own on the same database.
fn two_servers(group: &Group) -> [Ledger; 2] {
    let accounts = group.stores.place.address();
    let config = Config { accounts, ..config(&group.stores.folder) };
    [group.ledger(), Persistence::open_accounts_only(&config).unwrap().ledger()]
}

async fn a_hundred_with_the_same_key_pay_once(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 1_000_000).await;
    let servers = two_servers(&group);
    let request = payment(&group.jun, group.jun.wallet, group.wallet.id, 7_000);
    let request = Payment { key: RequestKey::given("november").unwrap(), ..request };
    let asked = (0..100).map(|number| servers[number % 2].pay(request.clone()));
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let transfers: BTreeSet<_> = answers.iter().map(|answer| answer.transfer.id).collect();
    let (new, repeated): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer.repeated);
    assert_eq!((transfers.len(), new.len(), repeated.len()), (1, 1, 99));
    assert_eq!(group.group_balance().await, won(7_000));
    assert_eq!(money_told(group.stores.persistence.accounts(), group.room.id).await.len(), 1);
    is_sound(&group.ledger()).await;
}

async fn two_servers_asked_for_all_there_is_with_one_key_both_say_that_it_is_paid(arm: Arm) {
    let group = Group::open(arm).await;
    let [one, other] = two_servers(&group);
    for round in 0..40 {
        // Nothing is left for who comes second.
        top_up(&one, &group.jun, 500).await;
        let key = RequestKey::given(&format!("round-{round}")).unwrap();
        let request = Payment { key, ..payment(&group.jun, group.jun.wallet, group.wallet.id, 500) };
        let (first, second) = tokio::join!(one.pay(request.clone()), other.pay(request));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.transfer.id, first.repeated), (second.transfer.id, !second.repeated));
    }
    is_sound(&group.ledger()).await;
}

async fn a_hundred_with_their_own_keys_spend_no_more_than_there_is(arm: Arm) {
    let group = Group::open(arm).await;
    // Enough for sixty of them.
    top_up(&group.ledger(), &group.jun, 60_500).await;
    let servers = two_servers(&group);
    let asked = (0..100).map(|number| {
        let request = payment(&group.jun, group.jun.wallet, group.wallet.id, 1_000);
        let key = RequestKey::given(&format!("client-{number}")).unwrap();
        servers[number % 2].pay(Payment { key, ..request })
    });
    let answers = join_all(asked).await;
    let (paid, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((paid.len(), refusals.len()), (60, 40));
    for answer in refusals {
        assert!(matches!(refused(answer), Refused::InsufficientFunds { free, .. } if free < won(1_000)));
    }
    assert_eq!(group.group_balance().await, won(60_000));
    let told = money_told(group.stores.persistence.accounts(), group.room.id).await;
    let balances: Vec<i64> = told
        .iter()
        .map(|told| serde_json::from_str::<serde_json::Value>(&told.text).unwrap()["balance"].as_i64().unwrap())
        .collect();
    assert_eq!(balances, (1..=60).map(|number| number * 1_000).collect::<Vec<_>>(), "each once, in the entries' order");
    is_sound(&group.ledger()).await;
}

async fn transfers_in_a_circle_end_without_a_deadlock(arm: Arm) {
    let group = Group::open(arm).await;
    let servers = two_servers(&group);
    let mut people = vec![group.minji.clone(), group.jun.clone()];
    for name in ["sora", "haneul"] {
        people.push(person(&group.stores, name).await);
    }
    for person in &people {
        top_up(&group.ledger(), person, 10_000).await;
    }
    let asked = (0..200).map(|number| {
        let (from, to) = (&people[number % 4], &people[(number + 1 + number / 4 % 3) % 4]);
        servers[number % 2].pay(payment(from, from.wallet, to.wallet, 10 + number as i64))
    });
    for answer in join_all(asked).await {
        answer.unwrap();
    }
    let mut sum = Won::ZERO;
    for person in &people {
        sum = sum.plus(group.ledger().wallet(person.user.id).await.unwrap().balance).unwrap();
    }
    assert_eq!(sum, won(40_000));
    is_sound(&group.ledger()).await;
}

on_each_arm!(
    a_hundred_with_the_same_key_pay_once,
    two_servers_asked_for_all_there_is_with_one_key_both_say_that_it_is_paid,
    a_hundred_with_their_own_keys_spend_no_more_than_there_is,
    transfers_in_a_circle_end_without_a_deadlock,
);
