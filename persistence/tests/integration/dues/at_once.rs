//! Many at once: a key pays once, and no won of those who pay with keys of their own is lost.

use futures_util::future::join_all;
use moim_persistence::{ChargePayment, Config, Dues, Persistence, RequestKey};

use super::Club;
use crate::arm::{Arm, on_each_arm};
use crate::support::config;

pub(super) fn two_servers(club: &Club) -> [Dues; 2] {
    let accounts = club.stores.place.address();
    let config = Config { accounts, ..config(&club.stores.folder) };
    [club.dues(), Persistence::open_accounts_only(&config).unwrap().dues()]
}

async fn a_hundred_with_the_same_key_pay_a_charge_once(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let servers = two_servers(&club);
    let payment = club.payment(&club.jun, charge, 10_000);
    let payment = ChargePayment { key: RequestKey::given("december").unwrap(), ..payment };
    let answers = join_all((0..100).map(|number| servers[number % 2].pay(payment.clone()))).await;
    let new = answers.into_iter().map(Result::unwrap).filter(|outcome| !outcome.repeated).count();
    assert_eq!((new, club.held().await, club.balance(&club.jun).await), (1, (10_000, 0), (0, 10_000, 0)));
    assert_eq!(club.told().await.len(), 3, "a card, one entry, one change");
    club.is_sound().await;
}

async fn a_hundred_with_their_own_keys_pay_it_once_and_credit_the_rest(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let servers = two_servers(&club);
    let asked = (0..100).map(|number| {
        let payment = club.payment(&club.jun, charge, 700);
        let key = RequestKey::given(&format!("client-{number}")).unwrap();
        servers[number % 2].pay(ChargePayment { key, ..payment })
    });
    for answer in join_all(asked).await {
        assert!(!answer.unwrap().repeated);
    }
    assert_eq!((club.held().await, club.balance(&club.jun).await), ((70_000, 0), (60_000, 70_000, 0)));
    assert_eq!(club.newest().await.counts.collected.get(), 10_000);
    let told = club.told().await;
    let opens: Vec<i64> = told.iter().filter_map(|(_, text)| text["open"].as_i64()).collect();
    let expected: Vec<i64> = (1..=100i64).map(|number| (10_000 - number * 700).max(0)).collect();
    assert_eq!(opens, expected, "each payment was told, in the entries' order");
    club.is_sound().await;
}

async fn servers_that_look_at_once_ask_once(arm: Arm) {
    let club = Club::open(arm).await;
    let plan = club.plan(Club::terms(moim_persistence::Amount::Equal(crate::ledger::won(10_000)))).await;
    let now_ms = super::at(plan.terms.first_due.plus_months(2), 9);
    let servers = two_servers(&club);
    for looked in join_all(servers.iter().chain(&servers).map(|dues| dues.run_due(now_ms))).await {
        looked.unwrap();
    }
    let requests = club.dues().requests(club.minji.user.id, club.room, None, 10).await.unwrap();
    let days: Vec<_> = requests.iter().rev().map(|request| request.due).collect();
    let expected: Vec<_> = (0..3).map(|months| plan.terms.first_due.plus_months(months)).collect();
    assert_eq!(days, expected, "each period once, in its order");
    club.is_sound().await;
}

on_each_arm!(
    a_hundred_with_the_same_key_pay_a_charge_once,
    a_hundred_with_their_own_keys_pay_it_once_and_credit_the_rest,
    servers_that_look_at_once_ask_once,
);
