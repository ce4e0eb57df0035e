//! What a room hears of cash that does not count.

use moim_persistence::{DuesRefused, Kind, NewReceipt};

use super::{Club, dues_refused, key};
use crate::arm::{Arm, on_each_arm};

async fn a_room_is_told_once_of_cash_that_waits_and_that_it_is_denied(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let new = NewReceipt { actor: minji, key: key(), room: club.room, charge, amount: 4_000, note: String::new() };
    let (receipt, first) = club.dues().record_cash(new.clone()).await.unwrap();
    assert_eq!((club.dues().record_cash(new).await.unwrap(), first.is_some()), ((receipt.clone(), None), true));
    club.dues().deny_cash(jun, club.room, receipt.id).await.unwrap();
    let twice = club.dues().deny_cash(jun, club.room, receipt.id).await;
    assert_eq!(dues_refused(twice), DuesRefused::ReceiptSettled(receipt.id));
    let told = club.told().await;
    let cash: Vec<_> = told.iter().filter(|(kind, _)| *kind == Kind::RequestChanged).map(|(_, text)| text).collect();
    let what = |what: &str| {
        serde_json::json!({ "request": request.id.0, "what": what, "user": jun.0, "charge": charge.0, "amount": 4_000,
            "open": 10_000, "credit": 0, "askedOf": 3, "paidBy": 0, "collected": 0 })
    };
    assert_eq!(cash, [&what("cashRecorded"), &what("cashDenied")]);
}

on_each_arm!(a_room_is_told_once_of_cash_that_waits_and_that_it_is_denied);
