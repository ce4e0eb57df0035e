//! What holds money is not left behind: rooms that are deleted, members and accounts that go.

use moim_persistence::{AuditAction, DuesRefused, Hold, Kind, Refused, Standing, UserId, Way};
use serde_json::Value;

use super::{Club, at, dues_refused, key};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::{Person, WALLET_PASSWORD, now_ms, payment, refused, won};

async fn a_room_is_deleted_once_its_dues_hold_nothing_and_nothing_is_owed_then(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let of_jun = club.charge(&request, &club.jun).await.id;
    let of_sora = club.charge(&request, &club.sora).await.id;
    club.pays(&club.jun, of_jun, 10_000).await.unwrap();
    let receipt = club.cash(of_sora, 4_000).await;
    club.dues().confirm_cash(club.jun.user.id, club.room, receipt.id).await.unwrap();
    let rooms = club.stores.persistence.accounts().rooms();
    let holds = |fund, cash| DuesRefused::HoldsMoney { room: club.room, fund: won(fund), cash: won(cash) };
    assert_eq!(dues_refused(rooms.delete(club.minji.user.id, club.room).await), holds(10_000, 4_000));
    club.dues().refund(club.back(of_jun, 10_000, Way::Wallet)).await.unwrap();
    assert_eq!(dues_refused(rooms.delete(club.minji.user.id, club.room).await), holds(0, 4_000));
    club.dues().refund(club.back(of_sora, 4_000, Way::Cash)).await.unwrap();
    let fund = club.dues().balances(club.minji.user.id, club.room).await.unwrap().0.unwrap();
    let payment = payment(&club.jun, club.jun.wallet, fund.wallet, 1);
    let held = club.stores.ledger().hold(Hold { payment, expires_at_ms: now_ms() + 60_000 }).await.unwrap();
    rooms.delete(club.minji.user.id, club.room).await.unwrap();
    let posted = club.stores.ledger().post(club.jun.user.id, held.transfer.id).await;
    assert_eq!(refused(posted), Refused::NoSuchAccount(fund.wallet), "it would be there for ever");
    for person in [&club.minji, &club.jun, &club.sora] {
        let own = club.dues().own(person.user.id).await.unwrap();
        assert_eq!(own.iter().map(|own| own.charge.standing()).collect::<Vec<_>>(), [Standing::Void]);
    }
    club.is_sound().await;
}

async fn the_last_member_does_not_leave_what_others_have_paid(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.minji).await.id;
    club.pays(&club.minji, charge, 10_000).await.unwrap();
    for member in [&club.jun, &club.sora] {
        club.leaves(member.user.id).await;
    }
    let rooms = club.stores.persistence.accounts().rooms();
    let holds = DuesRefused::HoldsMoney { room: club.room, fund: won(10_000), cash: won(0) };
    assert_eq!(dues_refused(rooms.leave(club.minji.user.id, club.room).await), holds);
    club.dues().refund(club.back(charge, 10_000, Way::Wallet)).await.unwrap();
    club.leaves(club.minji.user.id).await;
}

async fn cash_that_waits_when_its_payer_leaves_is_his_credit_once_it_is_confirmed(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let receipt = club.cash(charge, 10_000).await;
    club.leaves(club.jun.user.id).await;
    club.dues().confirm_cash(club.sora.user.id, club.room, receipt.id).await.unwrap();
    assert_eq!((club.balance(&club.jun).await, club.held().await), ((10_000, 0, 10_000), (0, 10_000)));
    club.dues().return_credit(club.back(club.jun.user.id, 10_000, Way::Cash)).await.unwrap();
    assert_eq!((club.balance(&club.jun).await, club.held().await), ((0, 0, 0), (0, 0)));
    club.is_sound().await;
}

async fn what_a_former_member_is_given_back_he_does_not_owe_again(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    club.pays(&club.jun, charge, 10_000).await.unwrap();
    club.leaves(club.jun.user.id).await;
    club.dues().refund(club.back(charge, 4_000, Way::Wallet)).await.unwrap();
    let own = club.dues().own(club.jun.user.id).await.unwrap();
    assert_eq!((own[0].charge.standing(), own[0].charge.open()), (Standing::Void, won(0)));
    assert_eq!(club.newest().await.counts.asked_of, 2);
    club.dues().refund(club.back(charge, 6_000, Way::Wallet)).await.unwrap();
    assert_eq!(club.wallet(&club.jun).await, won(100_000));
    club.is_sound().await;
}

/// What the room was told of a member's charges, the newest last: what, how much, what is open then, how many are
/// asked.
async fn told_of(club: &Club, of: &Person) -> Vec<(String, i64, i64, i64)> {
    let number = |text: &Value, name: &str| text[name].as_i64().unwrap();
    let told = club
        .told()
        .await
        .into_iter()
        .filter(|(kind, text)| *kind == Kind::RequestChanged && text["user"].as_u64() == Some(of.user.id.0.into()));
    told.map(|(_, text)| {
        let what = text["what"].as_str().unwrap().to_owned();
        (what, number(&text, "amount"), number(&text, "open"), number(&text, "askedOf"))
    })
    .collect()
}

async fn who_comes_back_owes_what_he_owed_and_nothing_that_was_let_go(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let [of_jun, of_sora] = [club.charge(&request, &club.jun).await.id, club.charge(&request, &club.sora).await.id];
    club.pays(&club.jun, of_jun, 4_000).await.unwrap();
    club.dues().waive(club.minji.user.id, club.room, of_sora, "쉬는 달").await.unwrap();
    let rooms = club.stores.persistence.accounts().rooms();
    for _ in 0..2 {
        club.leaves(club.jun.user.id).await;
        let joined = rooms.join(club.jun.user.id, club.room, None).await.unwrap();
        let newest = rooms.changes(club.room, joined.change - 1).await.unwrap().pop().unwrap();
        assert_eq!(
            (newest.change, newest.kind),
            (joined.change, Kind::RequestChanged),
            "who joins waits for all of it"
        );
    }
    club.leaves(club.sora.user.id).await;
    rooms.join(club.sora.user.id, club.room, None).await.unwrap();
    let charge = club.charge(&request, &club.jun).await;
    assert_eq!((charge.standing(), charge.open(), charge.waived), (Standing::Open, won(6_000), won(0)));
    assert_eq!(club.charge(&request, &club.sora).await.standing(), Standing::Exempt);
    let (void, again) = (("void".to_owned(), -6_000, 0, 1), ("reopened".to_owned(), 6_000, 6_000, 2));
    assert_eq!(told_of(&club, &club.jun).await[1..], [void.clone(), again.clone(), void, again]);
    let lines = club.stores.persistence.accounts().audit().of_user(club.jun.user.id, None, 50).await.unwrap();
    let again = lines.iter().filter(|line| line.action == AuditAction::ChargesReopened);
    let (subject, sum) = (u64::from(club.jun.user.id.0), won(6_000));
    let seen: Vec<_> = again.map(|line| (line.subject, line.room, line.amount)).collect();
    assert_eq!(seen, [(subject, Some(club.room), sum); 2]);
    club.pays(&club.jun, of_jun, 6_000).await.unwrap();
    let counts = club.newest().await.counts;
    assert_eq!((counts.asked_of, counts.paid_by, counts.collected), (2, 1, won(10_000)));
    club.is_sound().await;
}

async fn who_is_away_on_the_last_evening_bears_the_late_fee_unless_another_removed_him(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let rooms = club.stores.persistence.accounts().rooms();
    club.dues().run_due(at(request.due, 9)).await.unwrap();
    club.leaves(club.jun.user.id).await;
    rooms.remove(club.minji.user.id, club.room, club.sora.user.id).await.unwrap();
    club.dues().run_due(at(request.due.plus_days(3), 1)).await.unwrap();
    for member in [&club.jun, &club.sora] {
        rooms.add(club.minji.user.id, club.room, member.user.id).await.unwrap();
    }
    let open = async |of: &Person| club.charge(&request, of).await.open();
    assert_eq!((open(&club.jun).await, open(&club.sora).await), (won(10_500), won(10_000)));
    // Once: the next time he has borne it.
    club.leaves(club.jun.user.id).await;
    rooms.join(club.jun.user.id, club.room, None).await.unwrap();
    assert_eq!(open(&club.jun).await, won(10_500));
    club.dues().run_due(at(request.due.plus_days(3), 9)).await.unwrap();
    club.leaves(club.jun.user.id).await;
    rooms.join(club.jun.user.id, club.room, None).await.unwrap();
    assert_eq!(open(&club.jun).await, won(10_500), "also once no step comes any more");
    assert_eq!(club.dues().run_due(at(request.due.plus_days(20), 9)).await.unwrap(), 0, "nobody is reminded anew");
    club.is_sound().await;
}

async fn what_was_given_back_to_one_who_returns_is_open_again_and_his_credit_pays_it(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let of_jun = club.charge(&request, &club.jun).await.id;
    let of_sora = club.charge(&request, &club.sora).await.id;
    club.pays(&club.jun, of_jun, 10_000).await.unwrap();
    club.pays(&club.sora, of_sora, 3_000).await.unwrap();
    let receipt = club.cash(of_sora, 5_000).await;
    for member in [&club.jun, &club.sora] {
        club.leaves(member.user.id).await;
    }
    club.dues().refund(club.back(of_jun, 4_000, Way::Wallet)).await.unwrap();
    club.dues().refund(club.back(of_sora, 3_000, Way::Wallet)).await.unwrap();
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.join(club.jun.user.id, club.room, None).await.unwrap();
    club.dues().confirm_cash(club.jun.user.id, club.room, receipt.id).await.unwrap();
    assert_eq!(club.balance(&club.sora).await, (5_000, 0, 5_000));
    rooms.join(club.sora.user.id, club.room, None).await.unwrap();
    let [jun, sora] = [club.charge(&request, &club.jun).await, club.charge(&request, &club.sora).await];
    assert_eq!((jun.paid, jun.open(), sora.paid, sora.open()), (won(6_000), won(4_000), won(5_000), won(5_000)));
    assert_eq!(club.balance(&club.sora).await, (0, 0, 5_000));
    assert_eq!(club.newest().await.counts.collected, won(11_000));
    club.is_sound().await;
}

async fn credit_comes_back_once_there_is_a_wallet_to_take_it(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    club.pays(&club.jun, charge, 100_000).await.unwrap();
    let ledger = club.stores.ledger();
    ledger.close_wallet(club.jun.user.id).await.unwrap();
    club.leaves(club.jun.user.id).await;
    let later = now_ms() + 1_000;
    club.dues().run_due(later).await.unwrap();
    assert_eq!(club.balance(&club.jun).await, (90_000, 100_000, 0));
    assert_eq!(club.dues().run_due(later).await.unwrap(), 0, "not looked at without end");
    ledger.open_wallet(club.jun.user.id, WALLET_PASSWORD).await.unwrap();
    club.dues().run_due(later + 3_600_000).await.unwrap();
    assert_eq!((club.balance(&club.jun).await, club.wallet(&club.jun).await), ((0, 10_000, 0), won(90_000)));
    assert_eq!(club.dues().run_due(later + 86_400_000).await.unwrap(), 0);
    club.is_sound().await;
}

async fn an_account_is_not_deleted_with_what_its_wallet_is_to_get_back(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    club.pays(&club.jun, charge, 100_000).await.unwrap();
    let jun: UserId = club.jun.user.id;
    let users = club.stores.persistence.accounts().users();
    let holds = DuesRefused::HoldsCredit { room: club.room, credit: won(90_000) };
    assert_eq!(dues_refused(users.delete(jun).await), holds);
    club.leaves(jun).await;
    assert_eq!(dues_refused(users.delete(jun).await), holds, "on its way");
    club.dues().run_due(now_ms() + 1_000).await.unwrap();
    let sent = payment(&club.jun, club.jun.wallet, club.sora.wallet, 90_000);
    club.stores.ledger().pay(moim_persistence::Payment { key: key(), ..sent }).await.unwrap();
    users.delete(jun).await.unwrap();
    club.is_sound().await;
}

on_each_arm!(
    a_room_is_deleted_once_its_dues_hold_nothing_and_nothing_is_owed_then,
    the_last_member_does_not_leave_what_others_have_paid,
    cash_that_waits_when_its_payer_leaves_is_his_credit_once_it_is_confirmed,
    what_a_former_member_is_given_back_he_does_not_owe_again,
    who_comes_back_owes_what_he_owed_and_nothing_that_was_let_go,
    who_is_away_on_the_last_evening_bears_the_late_fee_unless_another_removed_him,
    what_was_given_back_to_one_who_returns_is_open_again_and_his_credit_pays_it,
    credit_comes_back_once_there_is_a_wallet_to_take_it,
    an_account_is_not_deleted_with_what_its_wallet_is_to_get_back,
);
