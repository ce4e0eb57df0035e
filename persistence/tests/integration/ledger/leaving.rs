//! Groups' wallets when people leave their room and the room is deleted: who may spend, who sees them, and no money
//! without anyone.

use moim_persistence::{Error, Refused};

use super::{Group, is_sound, money_told, now_ms, payment, person, refused, top_up, won};
use crate::arm::{Arm, on_each_arm};

/// A group whose wallet holds 1,000 won, and 준 with nothing.
async fn group(arm: Arm) -> Group {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 1_000).await;
    group.jun_pays(1_000).await.unwrap();
    group
}

async fn who_was_removed_and_comes_back_takes_part_in_no_wallet(arm: Arm) {
    let group = group(arm).await;
    let (ledger, rooms) = (group.ledger(), group.stores.persistence.accounts().rooms());
    let (minji, jun) = (group.minji.user.id, group.jun.user.id);
    rooms.set_role(minji, group.room.id, jun, moim_wire::schema::Role::Admin).await.unwrap();
    rooms.remove(jun, group.room.id, minji).await.unwrap();
    rooms.join(minji, group.room.id, None).await.unwrap();
    let takes = |amount| payment(&group.minji, group.wallet.id, group.minji.wallet, amount);
    let not_hers = Refused::NotTheSpender { user: minji, account: group.wallet.id };
    assert_eq!(refused(ledger.pay(takes(1)).await), not_hers);
    let unseen = Refused::NotAParticipant { user: minji, account: group.wallet.id };
    assert_eq!(refused(ledger.group_wallet(minji, group.wallet.id).await), unseen);
    // The wallet has no admin: the room's may spend.
    ledger.pay(payment(&group.jun, group.wallet.id, group.jun.wallet, 400)).await.unwrap();
    ledger.join_group_wallet(minji, group.wallet.id).await.unwrap();
    assert_eq!(refused(ledger.pay(takes(1)).await), not_hers, "she takes part as anybody");
    is_sound(&ledger).await;
}

async fn who_deletes_a_room_has_what_its_wallets_hold_whose_admins_are_gone(arm: Arm) {
    let group = group(arm).await;
    let (ledger, rooms) = (group.ledger(), group.stores.persistence.accounts().rooms());
    let (minji, jun, room) = (group.minji.user.id, group.jun.user.id, group.room.id);
    rooms.leave(minji, room).await.unwrap();
    rooms.delete(jun, room).await.unwrap();
    let hers = payment(&group.minji, group.wallet.id, group.minji.wallet, 1);
    assert_eq!(refused(ledger.pay(hers).await), Refused::NotTheSpender { user: minji, account: group.wallet.id });
    let unseen = Refused::NotAParticipant { user: minji, account: group.wallet.id };
    assert_eq!(refused(ledger.group_wallet(minji, group.wallet.id).await), unseen, "she left before its end");
    ledger.pay(payment(&group.jun, group.wallet.id, group.jun.wallet, 1_000)).await.unwrap();
    ledger.close_group_wallet(jun, group.wallet.id).await.unwrap();
    is_sound(&ledger).await;
}

async fn money_in_a_deleted_room_is_not_lost(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 1_000).await;
    group.jun_pays(400).await.unwrap();
    group.stores.persistence.accounts().rooms().delete(group.minji.user.id, group.room.id).await.unwrap();
    assert_eq!(refused(group.jun_pays(1).await), Refused::NoSuchAccount(group.wallet.id));
    let out = ledger.pay(payment(&group.minji, group.wallet.id, group.jun.wallet, 400)).await.unwrap();
    assert!(out.notices.is_empty(), "nobody is left to be told");
    is_sound(&ledger).await;
}

async fn the_entries_of_a_closed_wallet_stay_within_its_members_reach(arm: Arm) {
    let group = group(arm).await;
    let (ledger, jun, wallet) = (group.ledger(), group.jun.user.id, group.wallet.id);
    ledger.pay(payment(&group.minji, wallet, group.minji.wallet, 1_000)).await.unwrap();
    ledger.close_group_wallet(group.minji.user.id, wallet).await.unwrap();
    let lines = ledger.chain_of_group(jun, wallet, 0, 10).await.unwrap();
    let told = money_told(group.stores.persistence.accounts(), group.room.id).await;
    assert_eq!((lines.len(), told.len()), (2, 2));
    assert_eq!(ledger.head_of_group(jun, wallet).await.unwrap().hash, lines[1].entry.hash);
    let stranger = person(&group.stores, "stranger").await.user.id;
    assert!(matches!(ledger.chain_of_group(stranger, wallet, 0, 10).await, Err(Error::NotAMember { .. })));
}

async fn what_was_posted_is_so_once_more_when_its_end_is_closed_by_then(arm: Arm) {
    let group = Group::open(arm).await;
    let ledger = group.ledger();
    top_up(&ledger, &group.jun, 50).await;
    let held = ledger.hold(group.hold(50, now_ms() + 60_000)).await.unwrap().transfer;
    let posted = ledger.post(group.jun.user.id, held.id).await.unwrap();
    ledger.pay(payment(&group.minji, group.wallet.id, group.minji.wallet, 50)).await.unwrap();
    ledger.close_group_wallet(group.minji.user.id, group.wallet.id).await.unwrap();
    let again = ledger.post(group.jun.user.id, held.id).await.unwrap();
    assert_eq!((again.transfer, again.repeated), (posted.transfer, true));
    assert_eq!(refused(ledger.void(group.jun.user.id, held.id).await), Refused::Settled(held.id));
    assert_eq!(won(0), ledger.wallet(group.jun.user.id).await.unwrap().balance);
}

on_each_arm!(
    who_was_removed_and_comes_back_takes_part_in_no_wallet,
    who_deletes_a_room_has_what_its_wallets_hold_whose_admins_are_gone,
    money_in_a_deleted_room_is_not_lost,
    the_entries_of_a_closed_wallet_stay_within_its_members_reach,
    what_was_posted_is_so_once_more_when_its_end_is_closed_by_then,
);
