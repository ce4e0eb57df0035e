//! Who has a say in an expense: not who proposed it or is paid, nor who has left, came too late or was brought in for
//! it.

use moim_persistence::{Error, ExpenseState, NewExpense, Payee, SpendingRefused};

use super::{DAY_MS, club, days_pass, expense, proposed, refused, rules, spending, state, vote};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::{is_sound, now_ms, won};

async fn nobody_agrees_to_what_he_proposed_or_is_paid(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let to_jun = NewExpense { payee: Payee::Member(jun), ..expense(&club, 5_000) };
    let before = club.wallet(&club.jun).await;
    let (proposal, _) = spending(&club).propose(to_jun).await.unwrap();
    assert_eq!(proposal.quorum, 1, "of the two whom the rules want one is left who may");
    for own in [minji, jun] {
        assert_eq!(refused(vote(&club, own, proposal.id, true).await), SpendingRefused::OwnExpense(proposal.id));
    }
    assert_eq!(vote(&club, sora, proposal.id, true).await.unwrap(), ExpenseState::Posted);
    assert_eq!(club.wallet(&club.jun).await, before.plus(won(5_000)).unwrap());
    is_sound(&club.stores.ledger()).await;
}

async fn who_has_left_or_came_later_does_not_count(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let rooms = club.stores.persistence.accounts().rooms();
    let id = proposed(&club, 1_000).await.id;
    vote(&club, jun, id, true).await.unwrap();
    rooms.leave(jun, club.room).await.unwrap();
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Proposed, "one of two");
    let entry = spending(&club).expense(sora, club.room, id).await.unwrap();
    assert_eq!((entry.counted(), entry.votes.len()), ((1, 0), 2));
    assert!(matches!(vote(&club, jun, id, false).await, Err(Error::NotAMember { .. })));
    rooms.join(jun, club.room, None).await.unwrap();
    assert_eq!(spending(&club).settle_left(now_ms() + DAY_MS).await.unwrap(), 0, "back, he is one who came later");
    let puppet = club.stores.user("puppet").await.id;
    rooms.join(puppet, club.room, None).await.unwrap();
    for (later, approves) in [(jun, false), (puppet, true)] {
        assert!(matches!(vote(&club, later, id, approves).await, Err(Error::NotAllowed(_))));
    }
    assert_eq!(
        vote(&club, jun, id, true).await.unwrap(),
        ExpenseState::Proposed,
        "as he said before; it does not count"
    );
    assert_eq!(spending(&club).expense(sora, club.room, id).await.unwrap().counted(), (1, 0));
    assert_eq!(state(&club, id).await, ExpenseState::Proposed);
    is_sound(&club.stores.ledger()).await;
}

async fn who_joins_while_the_dues_hold_money_decides_only_once_the_days_of_waiting_are_over(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let rooms = club.stores.persistence.accounts().rooms();
    let puppet = club.stores.user("puppet").await.id;
    rooms.add(club.minji.user.id, club.room, puppet).await.unwrap();
    rules(&club, 3, 0).await;
    let id = proposed(&club, 1_000).await.id;
    let quorum = spending(&club).expense(puppet, club.room, id).await.unwrap();
    assert_eq!((quorum.expense.quorum, quorum.decides), (2, false), "of the three whom the rules want two may");
    assert!(matches!(vote(&club, puppet, id, true).await, Err(Error::NotAllowed(_))));
    days_pass(&club).await;
    assert!(matches!(vote(&club, puppet, id, true).await, Err(Error::NotAllowed(_))), "as it was when it was proposed");
    let later = proposed(&club, 1_000).await;
    assert_eq!(later.quorum, 3);
    assert!(spending(&club).expense(puppet, club.room, later.id).await.unwrap().decides);
    for member in [jun, sora] {
        assert_eq!(vote(&club, member, later.id, true).await.unwrap(), ExpenseState::Proposed);
    }
    assert_eq!(vote(&club, puppet, later.id, true).await.unwrap(), ExpenseState::Posted);
    is_sound(&club.stores.ledger()).await;
}

async fn whom_an_admin_removes_goes_on_counting_among_those_who_have_to_agree(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.remove(minji, club.room, sora).await.unwrap();
    let too_few = SpendingRefused::TooFewToAgree { may: 1, quorum: 2 };
    assert_eq!(refused(spending(&club).propose(expense(&club, 1_000)).await), too_few);
    // Brought back she has no say yet, and is not forgotten either.
    rooms.add(minji, club.room, sora).await.unwrap();
    assert_eq!(refused(spending(&club).propose(expense(&club, 1_000)).await), too_few);
    rooms.remove(minji, club.room, sora).await.unwrap();
    assert_eq!(refused(spending(&club).propose(expense(&club, 1_000)).await), too_few);
    days_pass(&club).await;
    let alone = proposed(&club, 1_000).await;
    assert_eq!(alone.quorum, 1);
    assert_eq!(vote(&club, jun, alone.id, true).await.unwrap(), ExpenseState::Posted);
    is_sound(&club.stores.ledger()).await;
}

async fn alone_a_treasurer_spends_within_the_limit_alone(arm: Arm) {
    let club = club(arm).await;
    let rooms = club.stores.persistence.accounts().rooms();
    for user in [club.jun.user.id, club.sora.user.id] {
        rooms.leave(user, club.room).await.unwrap();
    }
    let too_few = SpendingRefused::TooFewToAgree { may: 0, quorum: 1 };
    assert_eq!(refused(spending(&club).propose(expense(&club, 1)).await), too_few);
    rules(&club, 2, 1).await;
    assert_eq!(proposed(&club, 1).await.state, ExpenseState::Posted);
}

on_each_arm! {
    nobody_agrees_to_what_he_proposed_or_is_paid,
    who_has_left_or_came_later_does_not_count,
    who_joins_while_the_dues_hold_money_decides_only_once_the_days_of_waiting_are_over,
    whom_an_admin_removes_goes_on_counting_among_those_who_have_to_agree,
    alone_a_treasurer_spends_within_the_limit_alone,
}
