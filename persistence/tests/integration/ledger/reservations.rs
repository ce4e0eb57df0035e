//! Reservations: each run once, at its minute, in order, whoever runs it and however late.

use futures_util::future::join_all;
use moim_persistence::{
    Config, Error, NewReservation, Payment, Persistence, Refused, RequestKey, Reservation, ReservationState, Rhythm,
    TransferId,
};

use super::{Group, is_sound, now_ms, payment, refused, top_up, won};
use crate::arm::{Arm, on_each_arm};
use crate::support::config;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

async fn of_jun(group: &Group) -> Vec<Reservation> {
    group.ledger().reservations_of_user(group.jun.user.id).await.unwrap()
}

fn states(runs: &[Reservation]) -> Vec<ReservationState> {
    runs.iter().map(|run| run.state).collect()
}

async fn a_booking_asked_again_is_booked_once(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    let key = RequestKey::given("each-month").unwrap();
    let booking = NewReservation { key, ..group.booking(1_000, Rhythm::Monthly, now_ms() + 10 * MINUTE_MS) };
    let asked = join_all((0..20).map(|_| {
        let (ledger, booking) = (ledger.clone(), booking.clone());
        tokio::spawn(async move { ledger.book(booking).await.unwrap().id })
    }));
    let booked: Vec<_> = asked.await.into_iter().map(Result::unwrap).collect();
    assert!(booked.iter().all(|id| *id == booked[0]), "{booked:?}");
    assert_eq!(states(&of_jun(&group).await), [ReservationState::Booked]);
    // Whatever has become of it, and never another under the same key.
    ledger.cancel(group.jun.user.id, booked[0]).await.unwrap();
    assert_eq!(ledger.book(booking.clone()).await.unwrap().state, ReservationState::Cancelled);
    let other = ledger.book(NewReservation { amount: 999, ..booking }).await;
    assert!(matches!(other, Err(Error::InvalidField { field: "Idempotency-Key", .. })), "{other:?}");
}

async fn why_anothers_run_failed_tells_the_group_nothing_of_his_wallet(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    let first_ms = now_ms() + 10 * MINUTE_MS;
    ledger.book(group.booking(1_000, Rhythm::Daily, first_ms)).await.unwrap();
    ledger.run_due(first_ms).await.unwrap();
    let (own, seen) =
        (of_jun(&group).await, ledger.reservations_of_group(group.minji.user.id, group.wallet.id).await.unwrap());
    assert!(own[0].failure.as_ref().unwrap().contains("can spend 0 KRW"), "{:?}", own[0].failure);
    assert_eq!((seen[0].id, seen[0].failure.as_deref()), (own[0].id, Some("refused")));
}

async fn a_run_comes_at_its_minute_once_and_books_the_next(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 10_000).await;
    let first_ms = now_ms() + 10 * MINUTE_MS;
    let booked = ledger.book(group.booking(1_000, Rhythm::Daily, first_ms)).await.unwrap();
    let minute_ms = first_ms / MINUTE_MS * MINUTE_MS;
    assert_eq!(booked.run_at_ms, minute_ms, "seconds are cut");
    assert_eq!(ledger.run_due(minute_ms - 1).await.unwrap(), 0);
    assert_eq!((ledger.run_due(minute_ms).await.unwrap(), ledger.run_due(minute_ms).await.unwrap()), (1, 0));
    let runs = of_jun(&group).await;
    assert_eq!(states(&runs), [ReservationState::Moved, ReservationState::Booked]);
    assert_eq!((runs[1].run_at_ms, runs[1].series, runs[0].series), (minute_ms + DAY_MS, booked.id, booked.id));
    assert!(runs[0].transfer.is_some());
    assert_eq!(group.group_balance().await, won(1_000));
    is_sound(&ledger).await;
}

async fn what_was_missed_is_caught_up_each_once_and_in_order(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 100_000).await;
    let first_ms = now_ms() / MINUTE_MS * MINUTE_MS + 2 * MINUTE_MS;
    ledger.book(group.booking(1_000, Rhythm::Daily, first_ms)).await.unwrap();
    ledger.book(group.booking(5, Rhythm::Daily, first_ms + MINUTE_MS)).await.unwrap();
    // Three days of nobody looking.
    let stores = group.stores.reopen();
    let group = Group { stores, ..group };
    assert_eq!(group.ledger().run_due(first_ms + 3 * DAY_MS - 1).await.unwrap(), 6);
    let entries = group.ledger().entries_of_group(group.minji.user.id, group.wallet.id, None, 100).await.unwrap();
    let amounts: Vec<i64> = entries.iter().map(|line| line.entry.amount.get()).collect();
    assert_eq!(amounts, [1_000, 5, 1_000, 5, 1_000, 5], "by their minutes, not by their bookings");
    let runs = of_jun(&group).await;
    assert_eq!(runs.iter().filter(|run| run.state == ReservationState::Booked).count(), 2);
    assert_eq!(runs.iter().filter(|run| run.state == ReservationState::Moved).count(), 6);
    is_sound(&group.ledger()).await;
}

async fn several_servers_run_it_once(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 100_000).await;
    let first_ms = now_ms() + 2 * MINUTE_MS;
    for amount in 1..=5 {
        let rhythm = if amount % 2 == 0 { Rhythm::Daily } else { Rhythm::Monthly };
        group.ledger().book(group.booking(amount, rhythm, first_ms)).await.unwrap();
    }
    let servers: Vec<_> = (0..3)
        .map(|_| {
            let accounts = group.stores.place.address();
            Persistence::open_accounts_only(&Config { accounts, ..config(&group.stores.folder) }).unwrap().ledger()
        })
        .collect();
    let runs = join_all(servers.iter().map(|server| server.run_due(first_ms))).await;
    assert_eq!(runs.into_iter().map(Result::unwrap).sum::<u64>(), 5);
    assert_eq!(group.group_balance().await, won(15));
    let runs = of_jun(&group).await;
    assert_eq!(runs.len(), 10, "each has its row, and its next one");
    is_sound(&group.ledger()).await;
}

async fn one_that_fails_says_why_harms_no_other_and_comes_again(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 100).await;
    let first_ms = now_ms() + 2 * MINUTE_MS;
    for amount in [60, 1_000, 40] {
        ledger.book(group.booking(amount, Rhythm::Daily, first_ms)).await.unwrap();
    }
    assert_eq!(ledger.run_due(first_ms).await.unwrap(), 3);
    let runs = of_jun(&group).await;
    let first: Vec<_> = runs.iter().take(3).map(|run| run.state).collect();
    assert_eq!(first, [ReservationState::Moved, ReservationState::Refused, ReservationState::Moved]);
    assert!(runs[1].failure.as_ref().unwrap().contains("can spend 40 KRW"), "{:?}", runs[1].failure);
    assert_eq!(states(&runs[3..]), [ReservationState::Booked; 3]);
    top_up(&ledger, &group.jun, 2_000).await;
    assert_eq!(ledger.run_due(first_ms + DAY_MS).await.unwrap(), 3);
    assert_eq!(group.group_balance().await, won(60 + 40 + 60 + 1_000 + 40));
    is_sound(&ledger).await;
}

async fn a_cancelled_one_never_runs_and_only_its_booker_cancels(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 100).await;
    let first_ms = now_ms() + 2 * MINUTE_MS;
    let booked = ledger.book(group.booking(10, Rhythm::Monthly, first_ms)).await.unwrap().id;
    assert!(matches!(ledger.cancel(group.minji.user.id, booked).await, Err(Error::InvalidField { .. })));
    ledger.cancel(group.jun.user.id, booked).await.unwrap();
    assert!(matches!(ledger.cancel(group.jun.user.id, booked).await, Err(Error::InvalidField { .. })));
    assert_eq!(ledger.run_due(first_ms + 400 * DAY_MS).await.unwrap(), 0);
    assert_eq!(states(&of_jun(&group).await), [ReservationState::Cancelled]);
}

async fn one_that_could_never_run_is_not_booked(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    let soon_ms = now_ms() + 10 * MINUTE_MS;
    let with = |change: fn(&mut moim_persistence::NewReservation, &Group)| {
        let mut booking = group.booking(10, Rhythm::Daily, soon_ms);
        change(&mut booking, &group);
        ledger.book(booking)
    };
    assert!(matches!(with(|new, _| new.first_ms = now_ms()).await, Err(Error::InvalidField { .. })));
    assert_eq!(refused(with(|new, _| new.amount = 0).await), Refused::Amount(0));
    assert!(matches!(refused(with(|new, group| new.target = group.jun.wallet).await), Refused::SameAccount(_)));
    assert!(matches!(refused(with(|new, _| new.password = "wrong password".into()).await), Refused::WrongPassword(_)));
    assert!(matches!(refused(with(|new, _| new.target.0 = 999_999).await), Refused::NoSuchAccount(_)));
    let of_another = with(|new, group| new.source = group.minji.wallet).await;
    assert!(matches!(refused(of_another), Refused::NotTheSpender { .. }));
    assert!(of_jun(&group).await.is_empty());
    // An empty wallet may be filled until then.
    with(|_, _| {}).await.unwrap();
}

async fn a_key_of_a_caller_cannot_stand_in_for_a_run(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 100).await;
    let first_ms = now_ms() + 2 * MINUTE_MS;
    let booked = ledger.book(group.booking(10, Rhythm::Daily, first_ms)).await.unwrap();
    for key in [format!("runs{}", booked.id), format!("{}", booked.id)] {
        let key = RequestKey::given(&key).unwrap();
        let pay = payment(&group.jun, group.jun.wallet, group.wallet.id, 10);
        ledger.pay(Payment { key, ..pay }).await.unwrap();
    }
    assert_eq!(ledger.run_due(first_ms).await.unwrap(), 1);
    let ran: Vec<Option<TransferId>> = of_jun(&group).await.iter().map(|run| run.transfer).collect();
    assert!(ran[0].is_some());
    assert_eq!(group.group_balance().await, won(30));
}

on_each_arm!(
    a_booking_asked_again_is_booked_once,
    why_anothers_run_failed_tells_the_group_nothing_of_his_wallet,
    a_run_comes_at_its_minute_once_and_books_the_next,
    what_was_missed_is_caught_up_each_once_and_in_order,
    several_servers_run_it_once,
    one_that_fails_says_why_harms_no_other_and_comes_again,
    a_cancelled_one_never_runs_and_only_its_booker_cancels,
    one_that_could_never_run_is_not_booked,
    a_key_of_a_caller_cannot_stand_in_for_a_run,
);
