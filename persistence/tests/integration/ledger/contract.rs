//! What the ledger promises, one test for each way in which money could be lost or made; each on both databases.

use moim_persistence::{AccountId, Error, Refused, RequestKey, Role, TransferState, Won};

use super::{Group, WALLET_PASSWORD, is_sound, money_told, now_ms, payment, person, refused, top_up, won};
use crate::arm::{Arm, on_each_arm};
use crate::support::Stores;

async fn a_transfer_to_oneself_mints_nothing(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 1_000).await;
    let own = group.jun.wallet;
    let to_self = group.ledger().pay(payment(&group.jun, own, own, 1_000)).await;
    assert_eq!(refused(to_self), Refused::SameAccount(own));
    assert_eq!(group.ledger().wallet(group.jun.user.id).await.unwrap().balance, won(1_000));
    is_sound(&group.ledger()).await;
}

async fn an_amount_of_nothing_or_less_moves_nothing(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 1_000).await;
    for amount in [0, -1, -1_000, i64::MIN, i64::MAX, Won::MAX.get() + 1] {
        assert_eq!(refused(group.jun_pays(amount).await), Refused::Amount(amount));
        let top_up = group.ledger().top_up(group.jun.user.id, RequestKey::drawn().unwrap(), amount).await;
        assert_eq!(refused(top_up), Refused::Amount(amount));
    }
    assert_eq!(group.group_balance().await, Won::ZERO);
    is_sound(&group.ledger()).await;
}

async fn no_wallet_holds_more_than_there_can_be(arm: Arm) {
    let group = Group::open(arm).await;
    let jun = group.jun.user.id;
    let top_up = async |amount| group.ledger().top_up(jun, RequestKey::drawn().unwrap(), amount).await;
    let at_once = Won::DEPOSIT_MAX.get();
    assert_eq!(refused(top_up(at_once + 1).await), Refused::Amount(at_once + 1), "a slip of the hand");
    top_up(at_once).await.unwrap();
    is_sound(&group.ledger()).await;
    // Not to be reached by honest means.
    let (full, wallet) = (Won::MAX.get(), group.jun.wallet);
    group.stores.say(format!("UPDATE ledger_accounts SET balance = {full} WHERE account_id = {wallet}")).await;
    assert_eq!(refused(top_up(1).await), Refused::TooMuch(wallet));
}

async fn what_is_not_there_is_not_spent(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 999).await;
    let free = won(999);
    let expected = Refused::InsufficientFunds { account: group.jun.wallet, free, amount: won(1_000) };
    assert_eq!(refused(group.jun_pays(1_000).await), expected);
    group.jun_pays(999).await.unwrap();
    assert!(matches!(refused(group.jun_pays(1).await), Refused::InsufficientFunds { .. }));
    assert_eq!(group.group_balance().await, won(999));
    is_sound(&group.ledger()).await;
}

async fn a_key_asked_again_gives_the_first_answer_and_for_another_request_none(arm: Arm) {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 5_000).await;
    let request = payment(&group.jun, group.jun.wallet, group.wallet.id, 1_000);
    let request = moim_persistence::Payment { key: RequestKey::given("dues-11").unwrap(), ..request };
    let first = group.ledger().pay(request.clone()).await.unwrap();
    let again = group.ledger().pay(request.clone()).await.unwrap();
    assert_eq!((again.transfer.clone(), again.repeated, again.notices.len()), (first.transfer.clone(), true, 0));
    let other = moim_persistence::Payment { amount: 1_001, ..request.clone() };
    assert_eq!(refused(group.ledger().pay(other).await), Refused::KeyReused(first.transfer.id));
    // Another's request under the same key is another request.
    top_up(&group.ledger(), &group.minji, 1_000).await;
    let of_minji = moim_persistence::Payment { actor: group.minji.user.id, source: group.minji.wallet, ..request };
    assert!(!group.ledger().pay(of_minji).await.unwrap().repeated);
    assert_eq!(group.group_balance().await, won(2_000));
    is_sound(&group.ledger()).await;
}

async fn a_refused_request_leaves_no_trace_of_its_key(arm: Arm) {
    let group = Group::open(arm).await;
    let request = payment(&group.jun, group.jun.wallet, group.wallet.id, 1_000);
    let request = moim_persistence::Payment { key: RequestKey::given("later").unwrap(), ..request };
    assert!(matches!(refused(group.ledger().pay(request.clone()).await), Refused::InsufficientFunds { .. }));
    top_up(&group.ledger(), &group.jun, 1_000).await;
    assert!(!group.ledger().pay(request).await.unwrap().repeated);
}

async fn what_is_held_is_reserved_until_it_is_posted_voided_or_over(arm: Arm) {
    let group = Group::open(arm).await;
    let (ledger, jun) = (group.ledger(), group.jun.user.id);
    top_up(&ledger, &group.jun, 1_000).await;
    let later_ms = now_ms() + 3_600_000;
    let held = ledger.hold(group.hold(700, later_ms)).await.unwrap().transfer;
    assert_eq!((held.state, held.settled_at_ms), (TransferState::Pending, None));
    assert!(money_told(group.stores.persistence.accounts(), group.room.id).await.is_empty(), "nothing has moved");
    let free = won(300);
    assert_eq!(
        refused(group.jun_pays(301).await),
        Refused::InsufficientFunds { account: group.jun.wallet, free, amount: won(301) }
    );
    // Posted twice it is posted once, and can no more be voided.
    ledger.post(jun, held.id).await.unwrap();
    assert!(ledger.post(jun, held.id).await.unwrap().repeated);
    assert_eq!(refused(ledger.void(jun, held.id).await), Refused::Settled(held.id));
    assert_eq!(group.group_balance().await, won(700));

    let voided = ledger.hold(group.hold(300, later_ms)).await.unwrap().transfer.id;
    assert_eq!(refused(ledger.post(group.minji.user.id, voided).await).code(), moim_wire::ErrorCode::NotAllowed);
    ledger.void(jun, voided).await.unwrap();
    assert!(ledger.void(jun, voided).await.unwrap().repeated);
    assert_eq!(refused(ledger.post(jun, voided).await), Refused::Settled(voided));

    let over = ledger.hold(group.hold(300, 1)).await.unwrap().transfer.id;
    assert_eq!(refused(ledger.post(jun, over).await), Refused::Expired(over));
    let waiting = ledger.hold(group.hold(0, later_ms)).await;
    assert_eq!(refused(waiting), Refused::Amount(0));
    assert_eq!((ledger.void_expired(now_ms()).await.unwrap(), ledger.void_expired(now_ms()).await.unwrap()), (1, 0));
    let wallet = ledger.wallet(jun).await.unwrap();
    assert_eq!((wallet.balance, wallet.reserved), (won(300), Won::ZERO));
    is_sound(&ledger).await;
}

async fn a_correction_moves_back_once_and_names_what_it_corrects(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 1_000).await;
    let wrong = group.jun_pays(1_000).await.unwrap().transfer.id;
    let correction = ledger.correct(wrong).await.unwrap();
    assert_eq!((correction.transfer.corrects, correction.notices.len()), (Some(wrong), 1));
    let again = ledger.correct(wrong).await.unwrap();
    assert_eq!((again.transfer.id, again.repeated), (correction.transfer.id, true));
    assert_eq!(
        (group.group_balance().await, ledger.wallet(group.jun.user.id).await.unwrap().balance),
        (won(0), won(1_000))
    );
    // Where the money is gone there is nothing to move back.
    let spent = group.jun_pays(1_000).await.unwrap().transfer.id;
    ledger.pay(payment(&group.minji, group.wallet.id, group.minji.wallet, 400)).await.unwrap();
    assert!(matches!(refused(ledger.correct(spent).await), Refused::InsufficientFunds { .. }));
    let held = ledger.top_up(group.jun.user.id, RequestKey::drawn().unwrap(), 5).await.unwrap();
    let pending = ledger.hold(group.hold(5, now_ms() + 60_000)).await.unwrap().transfer.id;
    assert_eq!(refused(ledger.correct(pending).await), Refused::NotCorrectable(pending));
    assert!(held.transfer.corrects.is_none());
    is_sound(&ledger).await;
}

async fn only_who_may_spend_spends(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 1_000).await;
    group.jun_pays(600).await.unwrap();
    let sora = person(&group.stores, "sora").await;
    let (wallet, jun) = (group.wallet.id, group.jun.user.id);
    let from_group = |who: &super::Person| payment(who, wallet, group.minji.wallet, 100);
    for stranger in [&sora, &group.jun] {
        let expected = Refused::NotTheSpender { user: stranger.user.id, account: wallet };
        assert_eq!(refused(ledger.pay(from_group(stranger)).await), expected);
    }
    // Taking part is not spending; nor does another's wallet open to one who knows its password.
    ledger.join_group_wallet(jun, wallet).await.unwrap();
    assert!(matches!(refused(ledger.pay(from_group(&group.jun)).await), Refused::NotTheSpender { .. }));
    let of_jun = ledger.pay(payment(&group.minji, group.jun.wallet, group.minji.wallet, 100)).await;
    assert!(matches!(refused(of_jun), Refused::NotTheSpender { .. }));
    let from_outside = ledger.pay(payment(&group.minji, AccountId::EXTERNAL, group.minji.wallet, 100)).await;
    assert_eq!(refused(from_outside), Refused::NoSuchAccount(AccountId::EXTERNAL));
    ledger.pay(from_group(&group.minji)).await.unwrap();
    // The treasurer leaves: no more for her, and the room's new admin can see to it.
    let rooms = group.stores.persistence.accounts().rooms();
    rooms.leave(group.minji.user.id, group.room.id).await.unwrap();
    assert_eq!(rooms.role_of(group.room.id, jun).await.unwrap(), Some(Role::Admin));
    assert!(matches!(refused(ledger.pay(from_group(&group.minji)).await), Refused::NotTheSpender { .. }));
    ledger.pay(from_group(&group.jun)).await.unwrap();
    is_sound(&ledger).await;
}

async fn guesses_at_a_wallets_password_are_limited(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.login_failures_per_account_and_address_max = 3);
    let group = Group::on(stores).await;
    top_up(&group.ledger(), &group.jun, 1_000).await;
    let guess = |password: &str| {
        let pay = payment(&group.jun, group.jun.wallet, group.wallet.id, 1);
        let (ledger, password) = (group.ledger(), password.to_owned());
        async move { ledger.pay(moim_persistence::Payment { password, ..pay }).await }
    };
    for wrong in ["", "wrong password", "dues and dont's"] {
        assert_eq!(refused(guess(wrong).await), Refused::WrongPassword(group.jun.wallet), "{wrong}");
    }
    assert!(matches!(guess(WALLET_PASSWORD).await, Err(Error::TooManyAttempts { .. })), "the right one tells nothing");
    assert_eq!(group.group_balance().await, Won::ZERO);
}

async fn a_wallet_that_holds_money_is_not_closed_and_a_closed_one_takes_none(arm: Arm) {
    let group = Group::open(arm).await;
    let (ledger, jun) = (group.ledger(), group.jun.user.id);
    let twice = ledger.open_wallet(jun, WALLET_PASSWORD).await;
    assert_eq!(refused(twice), Refused::WalletExists(group.jun.wallet));
    top_up(&ledger, &group.jun, 10).await;
    let expected = Refused::HoldsMoney { account: group.jun.wallet, balance: won(10) };
    assert_eq!(refused(ledger.close_wallet(jun).await), expected);
    group.jun_pays(10).await.unwrap();
    let closing = ledger.close_group_wallet(group.minji.user.id, group.wallet.id).await;
    assert!(matches!(refused(closing), Refused::HoldsMoney { .. }));
    assert_eq!(refused(ledger.close_group_wallet(jun, group.wallet.id).await), Refused::NotItsAdmin(group.wallet.id));
    ledger.close_wallet(jun).await.unwrap();
    assert_eq!(refused(ledger.wallet(jun).await), Refused::NoWallet);
    let to_closed = ledger.pay(payment(&group.minji, group.wallet.id, group.jun.wallet, 10)).await;
    assert_eq!(refused(to_closed), Refused::NoSuchAccount(group.jun.wallet));
    let reopened = ledger.open_wallet(jun, WALLET_PASSWORD).await.unwrap();
    assert_ne!(reopened.id, group.jun.wallet);
    ledger.pay(payment(&group.minji, group.wallet.id, reopened.id, 10)).await.unwrap();
    ledger.close_group_wallet(group.minji.user.id, group.wallet.id).await.unwrap();
    is_sound(&ledger).await;
}

async fn an_account_whose_wallet_holds_money_is_not_deleted(arm: Arm) {
    let group = Group::open(arm).await;
    let (ledger, users, jun) = (group.ledger(), group.stores.persistence.accounts().users(), group.jun.user.id);
    top_up(&ledger, &group.jun, 10).await;
    assert!(matches!(refused(users.delete(jun).await), Refused::HoldsMoney { .. }));
    assert_eq!(users.get(jun).await.unwrap().id, jun);
    let booking = group.booking(1, moim_persistence::Rhythm::Daily, now_ms() + 120_000);
    ledger.book(booking).await.unwrap();
    group.jun_pays(10).await.unwrap();
    users.delete(jun).await.unwrap();
    assert_eq!(ledger.run_due(now_ms() + 180_000).await.unwrap(), 0, "what was booked does not come");
    is_sound(&ledger).await;
}

async fn rooms_are_told_once_in_the_order_of_the_entries(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 1_000).await;
    let mut changes = Vec::new();
    for amount in [100, 200] {
        changes.extend(group.jun_pays(amount).await.unwrap().notices);
    }
    let out = ledger.pay(payment(&group.minji, group.wallet.id, group.minji.wallet, 50)).await.unwrap();
    changes.extend(out.notices.clone());
    let told = money_told(group.stores.persistence.accounts(), group.room.id).await;
    assert_eq!(
        told.iter().map(|told| told.change).collect::<Vec<_>>(),
        changes.iter().map(|c| c.change).collect::<Vec<_>>()
    );
    let last: serde_json::Value = serde_json::from_str(&told[2].text).unwrap();
    let head = ledger.head_of_group(group.jun.user.id, group.wallet.id).await.unwrap();
    let expected = serde_json::json!({
        "transfer": out.transfer.id.0, "amount": 50, "wallet": group.wallet.id.0, "entry": 3, "balance": 250,
        "from": { "wallet": group.wallet.id.0, "name": "회비" }, "to": { "wallet": group.minji.wallet.0, "name": "minji" },
        "head": head.hash.to_string(),
    });
    assert_eq!((last, told[2].subject, told[2].actor), (expected, out.transfer.id.0, group.minji.user.id));
}

on_each_arm!(
    a_transfer_to_oneself_mints_nothing,
    an_amount_of_nothing_or_less_moves_nothing,
    no_wallet_holds_more_than_there_can_be,
    what_is_not_there_is_not_spent,
    a_key_asked_again_gives_the_first_answer_and_for_another_request_none,
    a_refused_request_leaves_no_trace_of_its_key,
    what_is_held_is_reserved_until_it_is_posted_voided_or_over,
    a_correction_moves_back_once_and_names_what_it_corrects,
    only_who_may_spend_spends,
    guesses_at_a_wallets_password_are_limited,
    a_wallet_that_holds_money_is_not_closed_and_a_closed_one_takes_none,
    an_account_whose_wallet_holds_money_is_not_deleted,
    rooms_are_told_once_in_the_order_of_the_entries,
);
