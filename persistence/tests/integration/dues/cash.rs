//! What a room hears of cash that does not count.

use moim_persistence::{AuditAction, DuesRefused, Kind, NewReceipt, ReceiptEntry};

use super::{Club, at, dues_refused, key};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::won;

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
        serde_json::json!({ "request": request.id.0, "what": what, "user": jun.0, "charge": charge.0,
            "receipt": receipt.id.0, "amount": 4_000, "open": 10_000, "credit": 0, "askedOf": 3, "paidBy": 0, "collected": 0 })
    };
    assert_eq!(cash, [&what("cashRecorded"), &what("cashDenied")]);
}

async fn a_late_fee_that_denied_cash_held_back_is_charged_once_nothing_holds_it_back(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let of_jun = club.charge(&request, &club.jun).await.id;
    let of_sora = club.charge(&request, &club.sora).await.id;
    let [first, second, of_other] =
        [club.cash(of_jun, 10_000).await, club.cash(of_jun, 12_000).await, club.cash(of_sora, 10_000).await];
    club.pays(&club.sora, of_sora, 10_000).await.unwrap();
    club.dues().run_due(at(request.due, 9)).await.unwrap();
    club.dues().run_due(at(request.due.plus_days(3), 1)).await.unwrap();
    let fee = async || club.charge(&request, &club.jun).await.late_fee;
    club.dues().deny_cash(minji, club.room, first.id).await.unwrap();
    assert_eq!(fee().await, won(0), "as much waits still");
    let newest = club.dues().deny_cash(jun, club.room, second.id).await.unwrap();
    club.dues().deny_cash(minji, club.room, of_other.id).await.unwrap();
    assert_eq!((fee().await, club.charge(&request, &club.sora).await.late_fee), (won(500), won(0)));
    let again = club.cash(of_jun, 10_500).await;
    club.dues().deny_cash(minji, club.room, again.id).await.unwrap();
    assert_eq!(fee().await, won(500), "one fee");
    let rooms = club.stores.persistence.accounts().rooms();
    let told = rooms.changes(club.room, newest.change - 1).await.unwrap().remove(0);
    let text: serde_json::Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!((&text["what"], &text["user"], &text["open"]), (&"lateFee".into(), &jun.0.into(), &10_500.into()));
    let lines = club.stores.persistence.accounts().audit().of_room(minji, club.room, None, 50).await.unwrap();
    let fees = lines.iter().filter(|line| line.action == AuditAction::LateFeeCharged && line.subject == request.id.0);
    // Of 민지 at its time, and of 준.
    assert_eq!(fees.map(|line| line.amount).collect::<Vec<_>>(), [won(500), won(500)]);
    club.is_sound().await;
}

async fn cash_that_waits_is_shown_however_much_was_settled_since_and_the_rest_page_by_page(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let (minji, charge) = (club.minji.user.id, club.charge(&request, &club.jun).await.id);
    let waits = club.cash(charge, 10_000).await;
    let denied = |number: usize| {
        let (room, jun) = (club.room.0, club.jun.user.id.0);
        format!("({room}, {}, {jun}, 1, '', 'settled-{number}', {minji}, 1, 2, {jun}, 2)", charge.0)
    };
    let rows: Vec<String> = (0..501).map(denied).collect();
    let columns =
        "room_id, charge_id, user_id, amount, note, request_key, recorded_by, recorded_at_ms, state, settled_by,
                   settled_at_ms";
    club.stores.say(format!("INSERT INTO dues_receipts ({columns}) VALUES {}", rows.join(", "))).await;
    let page = async |before| club.dues().receipts(minji, club.room, before).await.unwrap();
    let first = page(None).await;
    let falls = |page: &[ReceiptEntry]| page.windows(2).all(|pair| pair[0].id > pair[1].id);
    assert_eq!((first.len(), first[0].id, falls(&first[1..])), (501, waits.id, true));
    let second = page(Some(first[500].id)).await;
    assert_eq!((second.len(), second[0].id < first[500].id), (1, true));
    assert_eq!(page(Some(second[0].id)).await, []);
}

on_each_arm!(
    cash_that_waits_is_shown_however_much_was_settled_since_and_the_rest_page_by_page,
    a_room_is_told_once_of_cash_that_waits_and_that_it_is_denied,
    a_late_fee_that_denied_cash_held_back_is_charged_once_nothing_holds_it_back,
);
