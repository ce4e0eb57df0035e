//! What holds money is not left behind: rooms that are deleted, members and accounts that go.

use moim_persistence::{DuesRefused, Hold, Refused, Standing, UserId, Way};

use super::{Club, dues_refused, key};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::{WALLET_PASSWORD, now_ms, payment, refused, won};

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
    credit_comes_back_once_there_is_a_wallet_to_take_it,
    an_account_is_not_deleted_with_what_its_wallet_is_to_get_back,
);
