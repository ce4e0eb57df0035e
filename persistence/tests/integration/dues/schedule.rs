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

async fn who_handed_over_cash_is_neither_reminded_nor_late_while_it_waits(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let [of_jun, of_sora] = [&club.jun, &club.sora];
    let receipt = club.cash(club.charge(&request, of_jun).await.id, 10_000).await;
    club.cash(club.charge(&request, of_sora).await.id, 4_000).await;
    club.dues().run_due(at(request.due, 10)).await.unwrap();
    let [minji, sora] = [&club.minji, of_sora].map(|person| u64::from(person.user.id.0));
    assert_eq!(reminders(&club).await, [("onTheDay".to_owned(), vec![minji, sora])], "a part is not all of it");
    club.dues().run_due(at(request.due.plus_days(3), 1)).await.unwrap();
    assert_eq!(club.charge(&request, of_jun).await.late_fee, won(0));
    assert_eq!(club.charge(&request, of_sora).await.late_fee, won(500));
    club.dues().deny_cash(club.sora.user.id, club.room, receipt.id).await.unwrap();
    club.dues().run_due(at(request.due.plus_days(3), 9)).await.unwrap();
    let named = reminders(&club).await.pop().unwrap().1;
    assert_eq!(named.len(), 3, "whose cash was denied is reminded again");
    club.is_sound().await;
}

async fn a_plan_of_the_31st_stays_so_when_its_title_changes(arm: Arm) {
    let club = Club::open(arm).await;
    let terms = Terms { first_due: "2028-01-31".parse().unwrap(), ..Club::terms(Amount::Equal(won(1_000))) };
    let plan = club.plan(terms).await;
    let minji = club.minji.user.id;
    club.dues().run_due(at("2028-01-25".parse().unwrap(), 9)).await.unwrap();
    let shown = club.dues().plans(minji, club.room).await.unwrap().remove(0);
    assert_eq!(shown.next_due.unwrap().to_string(), "2028-02-29");
    let edited = Terms { title: "새 회비".to_owned(), first_due: shown.next_due.unwrap(), ..shown.terms };
    club.dues().change_plan(minji, club.room, plan.id, edited.clone()).await.unwrap();
    club.dues().run_due(at("2028-03-28".parse().unwrap(), 9)).await.unwrap();
    assert_eq!(
        (club.newest().await.due.to_string(), &*club.newest().await.title),
        ("2028-03-31".to_owned(), "새 회비")
    );
    // Another day is another rhythm.
    let moved = Terms { first_due: "2028-04-15".parse().unwrap(), ..edited };
    club.dues().change_plan(minji, club.room, plan.id, moved).await.unwrap();
    club.dues().run_due(at("2028-05-10".parse().unwrap(), 9)).await.unwrap();
    assert_eq!(club.newest().await.due.to_string(), "2028-05-15");
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
    who_handed_over_cash_is_neither_reminded_nor_late_while_it_waits,
    a_plan_of_the_31st_stays_so_when_its_title_changes,
    a_deleted_room_asks_nobody,
);
