//! What comes by itself: periods, reminders and late fees, each once, also after the server was down.

use moim_persistence::{Amount, Repeat, Terms};
use serde_json::Value;

use super::{Club, ahead, at};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::won;

/// The reminders that the room was told of: step, and whom they name.
async fn reminders(club: &Club) -> Vec<(String, Vec<u64>)> {
    let told = club.told().await;
    let reminders = told.iter().filter(|(_, text)| text["what"] == "reminder");
    let users = |text: &Value| text["users"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    reminders.map(|(_, text)| (text["step"].as_str().unwrap().to_owned(), users(text))).collect()
}

async fn those_who_have_not_paid_are_reminded_once_a_step(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    club.pays(&club.jun, charge, 10_000).await.unwrap();
    let [minji, sora] = [&club.minji, &club.sora].map(|person| u64::from(person.user.id.0));
    for _ in 0..3 {
        club.dues().run_due(at(request.due.plus_days(-3), 10)).await.unwrap();
    }
    assert_eq!(reminders(&club).await, [("before".to_owned(), vec![minji, sora])]);
    club.pays(&club.sora, club.charge(&request, &club.sora).await.id, 10_000).await.unwrap();
    club.dues().run_due(at(request.due, 9)).await.unwrap();
    // At midnight the fee comes, and nobody is woken.
    club.dues().run_due(at(request.due.plus_days(3), 1)).await.unwrap();
    assert_eq!(reminders(&club).await.len(), 2);
    let late = club.charge(&request, &club.minji).await;
    assert_eq!((late.late_fee, late.open()), (won(500), won(10_500)));
    assert_eq!(club.charge(&request, &club.sora).await.late_fee, won(0));
    club.dues().run_due(at(request.due.plus_days(3), 9)).await.unwrap();
    club.dues().run_due(at(request.due.plus_days(9), 9)).await.unwrap();
    let steps: Vec<(String, Vec<u64>)> = reminders(&club).await;
    let expected = [("before", vec![minji, sora]), ("onTheDay", vec![minji]), ("late", vec![minji])];
    assert_eq!(steps, expected.map(|(step, users)| (step.to_owned(), users)));
    club.is_sound().await;
}

async fn after_an_outage_periods_come_in_their_order_and_nobody_is_reminded_of_each(arm: Arm) {
    let club = Club::open(arm).await;
    let terms = Terms { repeat: Repeat::Weeks(1), ask_days: 5, ..Club::terms(Amount::Equal(won(1_000))) };
    club.plan(terms).await;
    // Down for three periods.
    club.dues().run_due(at(ahead(10 + 2 * 7), 12)).await.unwrap();
    let requests = club.dues().requests(club.minji.user.id, club.room, None, 10).await.unwrap();
    let days: Vec<_> = requests.iter().rev().map(|request| request.due).collect();
    assert_eq!(days, [ahead(10), ahead(17), ahead(24)]);
    let fees: Vec<i64> = requests.iter().rev().map(|request| request.late_fee.get()).collect();
    assert_eq!(fees, [0, 0, 500], "who is asked after the day is not late by his own doing");
    assert_eq!(reminders(&club).await, [], "the requests say it");
    club.is_sound().await;
}

async fn a_deleted_room_asks_nobody(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    club.stores.persistence.accounts().rooms().delete(club.minji.user.id, club.room).await.unwrap();
    club.dues().run_due(at(request.due.plus_months(3), 12)).await.unwrap();
    assert_eq!(club.dues().run_due(at(request.due.plus_months(3), 12)).await.unwrap(), 0);
    club.is_sound().await;
}

on_each_arm!(
    those_who_have_not_paid_are_reminded_once_a_step,
    after_an_outage_periods_come_in_their_order_and_nobody_is_reminded_of_each,
    a_deleted_room_asks_nobody,
);
