//! What is asked, as a member's client pages it.

use moim_persistence::{Amount, ChargeId, DuesRefused, Error, RequestId, RoomId, UserId};

use super::{Club, at, dues_refused};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::won;

async fn requests_are_paged_with_ones_own_charge_until_one_leaves(arm: Arm) {
    let club = Club::open(arm).await;
    let (dues, room, jun) = (club.dues(), club.room, club.jun.user.id);
    let plan = club.plan(Club::terms(Amount::Equal(won(10_000)))).await;
    dues.run_due(at(plan.terms.first_due.plus_months(1).plus_days(-10), 9)).await.unwrap();
    let all = dues.owed(jun, Some(room), None, 100).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].request.id > all[1].request.id, "the newest first");
    for owed in &all {
        let own = owed.own.as_ref().unwrap();
        assert_eq!((owed.room, own.user, own.request, own.open()), (room, jun, owed.request.id, won(10_000)));
    }
    assert_eq!(dues.owed(jun, None, None, 100).await.unwrap(), all, "he is asked in one room");
    assert_eq!(dues.owed(jun, None, Some(all[0].request.id), 1).await.unwrap(), all[1..]);
    assert_eq!(dues.owed(jun, Some(room), Some(all[1].request.id), 1).await.unwrap(), []);

    let accounts = club.stores.persistence.accounts();
    accounts.rooms().leave(jun, room).await.unwrap();
    assert_eq!(dues.owed(jun, None, None, 100).await.unwrap(), [], "he sees no counts of a room that he left");
    assert!(matches!(dues.owed(jun, Some(room), None, 100).await, Err(Error::NotAMember { .. })));
    assert!(matches!(dues.owed(jun, Some(RoomId(4_000)), None, 100).await, Err(Error::NoSuchRoom(_))));
}

async fn charges_are_paged_by_user_and_one_is_shown_with_the_credit(arm: Arm) {
    let club = Club::open(arm).await;
    let (dues, room) = (club.dues(), club.room);
    let request = club.asked().await;
    let own = club.charge(&request, &club.jun).await;
    club.pays(&club.jun, own.id, 12_000).await.unwrap();
    let mut users = Vec::new();
    while let [entry] = &*dues
        .charges(club.sora.user.id, (room, request.id), users.last().copied().unwrap_or(UserId(0)), 1)
        .await
        .unwrap()
    {
        users.push(entry.charge.user);
    }
    assert_eq!(users, [club.minji.user.id, club.jun.user.id, club.sora.user.id]);
    let (charge, credit) = dues.charge(club.sora.user.id, room, own.id).await.unwrap();
    assert_eq!((charge.open(), charge.paid, credit), (won(0), won(10_000), won(2_000)));
    let (_, credit) = dues.charge(club.sora.user.id, room, club.charge(&request, &club.sora).await.id).await.unwrap();
    assert_eq!(credit, won(0), "who has paid nothing has no credit");
    let none = RequestId(4_000);
    let refused = dues_refused(dues.charges(club.jun.user.id, (room, none), UserId(0), 1).await);
    assert_eq!(refused, DuesRefused::NoSuchRequest(none));
    let none = ChargeId(4_000);
    assert_eq!(dues_refused(dues.charge(club.jun.user.id, room, none).await), DuesRefused::NoSuchCharge(none));
}

async fn the_fund_is_shown_with_its_chain_to_members_alone(arm: Arm) {
    let club = Club::open(arm).await;
    let (dues, room, jun) = (club.dues(), club.room, club.jun.user.id);
    assert_eq!(dues.fund(jun, room).await.unwrap(), None, "the room asks for nothing yet");
    let request = club.asked().await;
    club.pays(&club.jun, club.charge(&request, &club.jun).await.id, 10_000).await.unwrap();
    let fund = dues.fund(jun, room).await.unwrap().unwrap();
    assert_eq!((fund.balance, fund.head.entries), (won(10_000), 1));
    assert_eq!(fund.head, club.stores.ledger().head_of_group(jun, fund.wallet).await.unwrap());
    let stranger = crate::ledger::person(&club.stores, "haneul").await.user.id;
    assert!(matches!(dues.fund(stranger, room).await, Err(Error::NotAMember { .. })));
}

on_each_arm!(
    requests_are_paged_with_ones_own_charge_until_one_leaves,
    charges_are_paged_by_user_and_one_is_shown_with_the_credit,
    the_fund_is_shown_with_its_chain_to_members_alone,
);
