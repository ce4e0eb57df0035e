//! Expenses: proposed by the treasurer, agreed to by others, paid out of the fund that nothing else leaves.

mod model;
mod standing;

use moim_persistence::{
    DuesRefused, Error, Expense, ExpenseId, ExpenseState, FileId, Kind, MessageId, NewExpense, Office, Payee, Payment,
    Refused, RequestKey, Spending, SpendingRefused, SpendingRules, UserId, Way,
};
use moim_wire::withdrawal;
use serde_json::Value;

use crate::arm::{Arm, on_each_arm};
use crate::dues::{Club, key};
use crate::files::{frame, say, stored};
use crate::ledger::{WALLET_PASSWORD, is_sound, now_ms, won};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> SpendingRefused {
    match outcome {
        Err(Error::Ledger(Refused::Spending(refused))) => refused,
        other => panic!("not refused by the rules of spending: {other:?}"),
    }
}

/// 민지's club, whose fund has 30,000 won: of each member's 10,000.
async fn club(arm: Arm) -> Club {
    let club = Club::open(arm).await;
    club.asked().await;
    let request = club.newest().await;
    for member in [&club.minji, &club.jun, &club.sora] {
        let charge = club.charge(&request, member).await.id;
        club.pays(member, charge, 10_000).await.unwrap();
    }
    club
}

fn spending(club: &Club) -> Spending {
    club.stores.persistence.accounts().spending()
}

fn expense(club: &Club, amount: i64) -> NewExpense {
    NewExpense {
        actor: club.minji.user.id,
        key: key(),
        room: club.room,
        title: "저녁 식사".to_owned(),
        note: "모임 뒤풀이".to_owned(),
        amount,
        payee: Payee::Outside("한식당".to_owned()),
        way: Way::Wallet,
        file: None,
    }
}

async fn proposed(club: &Club, amount: i64) -> Expense {
    spending(club).propose(expense(club, amount)).await.unwrap().0
}

async fn rules(club: &Club, quorum: u32, limit: i64) {
    let rules = SpendingRules { quorum, limit: won(limit), wait_days: 7 };
    spending(club).set_rules(club.minji.user.id, club.room, rules).await.unwrap();
    // Those that are looser are in force later.
    club.stores.say("UPDATE spending_rules SET next_from_ms = 0 WHERE next_from_ms IS NOT NULL".to_owned()).await;
}

async fn vote(club: &Club, of: UserId, id: ExpenseId, approves: bool) -> Result<ExpenseState, Error> {
    spending(club).vote(of, club.room, id, approves).await.map(|(entry, _)| entry.expense.state)
}

async fn state(club: &Club, id: ExpenseId) -> ExpenseState {
    spending(club).expense(club.minji.user.id, club.room, id).await.unwrap().expense.state
}

/// What the fund holds and has promised.
async fn fund(club: &Club) -> (i64, i64) {
    let fund = club.dues().balances(club.minji.user.id, club.room).await.unwrap().0.unwrap();
    (fund.balance.get(), fund.reserved.get())
}

/// What the room was told of expenses: kind, what, approvals.
async fn told(club: &Club) -> Vec<(Kind, String)> {
    let changes = club.stores.persistence.accounts().rooms().changes(club.room, 0).await.unwrap();
    let of = changes.iter().filter(|change| matches!(change.kind, Kind::Expense | Kind::ExpenseChanged));
    of.map(|change| {
        let text: Value = serde_json::from_str(&change.text).unwrap();
        let what = if change.kind == Kind::Expense { &text["state"] } else { &text["what"] };
        (change.kind, what.as_str().unwrap().to_owned())
    })
    .collect()
}

async fn an_expense_is_paid_once_so_many_agree_and_the_room_is_told_of_each_step(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let id = proposed(&club, 12_000).await.id;
    assert_eq!((state(&club, id).await, fund(&club).await), (ExpenseState::Proposed, (30_000, 12_000)));
    assert_eq!(vote(&club, jun, id, true).await.unwrap(), ExpenseState::Proposed);
    assert_eq!(vote(&club, jun, id, true).await.unwrap(), ExpenseState::Proposed, "the same vote counts once");
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Posted);
    assert_eq!(fund(&club).await, (18_000, 0));
    let settled = refused(vote(&club, jun, id, false).await);
    assert_eq!(settled, SpendingRefused::Settled { id, state: ExpenseState::Posted });
    let (card, changed) = (Kind::Expense, Kind::ExpenseChanged);
    let expected = [(card, "proposed"), (changed, "approved"), (changed, "approved"), (changed, "posted")];
    assert_eq!(told(&club).await, expected.map(|(kind, what)| (kind, what.to_owned())));
    is_sound(&club.stores.ledger()).await;
}

async fn a_vote_said_again_is_answered_with_what_has_become_of_it(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let id = proposed(&club, 1_000).await.id;
    assert_eq!(vote(&club, jun, id, true).await.unwrap(), ExpenseState::Proposed);
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Posted);
    let told_so_far = told(&club).await.len();
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Posted);
    club.stores.persistence.accounts().rooms().remove(minji, club.room, sora).await.unwrap();
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Posted, "also to one who is gone");
    assert!(matches!(vote(&club, sora, id, false).await, Err(Error::NotAMember { .. })), "which is another vote");
    assert_eq!(told(&club).await.len(), told_so_far);
}

async fn a_proposal_asked_again_is_answered_also_to_one_who_keeps_the_fund_no_more(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let new = NewExpense { key: RequestKey::given("dinner").unwrap(), ..expense(&club, 1_000) };
    let (first, _) = spending(&club).propose(new.clone()).await.unwrap();
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.set_office(minji, club.room, jun, Some(Office::Treasurer)).await.unwrap();
    let (again, changes) = spending(&club).propose(new).await.unwrap();
    assert_eq!((again.id, changes.len()), (first.id, 0));
    let other = spending(&club).propose(expense(&club, 1)).await;
    assert!(matches!(other, Err(Error::Ledger(Refused::Dues(DuesRefused::NotTheTreasurer)))), "{other:?}");
}

async fn cash_is_spent_with_consent_and_no_more_than_there_is(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let receipt = club.cash(club.charge(&request, &club.jun).await.id, 10_000).await;
    club.dues().confirm_cash(jun, club.room, receipt.id).await.unwrap();
    assert_eq!(club.held().await, (0, 10_000));
    let in_cash = |amount| NewExpense { way: Way::Cash, ..expense(&club, amount) };
    let too_much = spending(&club).propose(in_cash(10_001)).await;
    assert!(matches!(too_much, Err(Error::Ledger(Refused::InsufficientFunds { .. }))), "{too_much:?}");
    let (dinner, _) = spending(&club).propose(in_cash(7_000)).await.unwrap();
    let rest = spending(&club).propose(in_cash(3_001)).await;
    assert!(matches!(rest, Err(Error::Ledger(Refused::InsufficientFunds { .. }))), "it is reserved: {rest:?}");
    let back = club.dues().refund(club.back(receipt.charge, 3_001, Way::Cash)).await;
    assert!(matches!(back, Err(Error::Ledger(Refused::InsufficientFunds { .. }))), "{back:?}");
    vote(&club, jun, dinner.id, true).await.unwrap();
    assert_eq!(vote(&club, sora, dinner.id, true).await.unwrap(), ExpenseState::Posted);
    assert_eq!(club.held().await, (0, 3_000));
    // To a member as well, who needs no wallet for it.
    let taxi = NewExpense { payee: Payee::Member(jun), ..in_cash(3_000) };
    let (taxi, _) = spending(&club).propose(taxi).await.unwrap();
    let before = club.wallet(&club.jun).await;
    assert_eq!(vote(&club, sora, taxi.id, true).await.unwrap(), ExpenseState::Proposed);
    assert_eq!(taxi.quorum, 2, "to be named as who is given cash takes no say away");
    assert_eq!(vote(&club, jun, taxi.id, true).await.unwrap(), ExpenseState::Posted);
    assert_eq!((club.held().await, club.wallet(&club.jun).await), ((0, 0), before));
    is_sound(&club.stores.ledger()).await;
}

async fn what_members_agreed_to_stays_so_when_they_leave(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let id = proposed(&club, 1_000).await.id;
    vote(&club, jun, id, true).await.unwrap();
    assert_eq!(vote(&club, sora, id, true).await.unwrap(), ExpenseState::Posted);
    club.leaves(jun).await;
    let entry = spending(&club).expense(sora, club.room, id).await.unwrap();
    assert_eq!(entry.counted(), (2, 0));
    is_sound(&club.stores.ledger()).await;
}

async fn the_receipt_of_an_expense_stays_until_the_expense_is_taken_back(arm: Arm) {
    let club = club(arm).await;
    let accounts = club.stores.persistence.accounts();
    let file = stored(&club.stores, club.minji.user.id, club.room, b"receipt").await.id;
    say(&club.stores, club.minji.user.id, club.room, (MessageId(50), Kind::File, "{}")).await;
    accounts.files().shown(file, MessageId(50)).await.unwrap();
    let (kept, _) = spending(&club).propose(NewExpense { file: Some(file), ..expense(&club, 1_000) }).await.unwrap();
    // Its message is withdrawn, and whoever uploaded it would have it gone.
    let whole = frame(club.minji.user.id, club.room, (MessageId(50), Kind::File, "{}"));
    let left = withdrawal::left_of(&whole).unwrap();
    club.stores.persistence.messages().write_durably(&[left.into()]).await.unwrap();
    let shown = accounts.files().get(file).await.unwrap();
    let messages = club.stores.persistence.messages();
    assert!(!accounts.files().is_withdrawn(&shown, messages).await.unwrap());
    assert!(matches!(accounts.files().remove(file).await, Err(Error::NotAllowed(_))));
    assert_eq!(accounts.files().clean(messages, FileId(0)).await.unwrap().removed, 0);
    spending(&club).withdraw(club.minji.user.id, club.room, kept.id).await.unwrap();
    assert!(accounts.files().is_withdrawn(&shown, messages).await.unwrap());
    assert_eq!(accounts.files().clean(messages, FileId(0)).await.unwrap().removed, 1);
}

async fn as_many_objections_refuse_and_free_what_was_reserved(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let id = proposed(&club, 30_000).await.id;
    let no_more = spending(&club).propose(expense(&club, 1)).await;
    assert!(matches!(no_more, Err(Error::Ledger(Refused::InsufficientFunds { .. }))), "all of it is reserved");
    vote(&club, jun, id, true).await.unwrap();
    vote(&club, sora, id, false).await.unwrap();
    assert_eq!(vote(&club, jun, id, false).await.unwrap(), ExpenseState::Refused, "a mind may change");
    assert_eq!(fund(&club).await, (30_000, 0));
    assert_eq!(told(&club).await.last().unwrap().1, "refused");
    assert_eq!(
        spending(&club).expenses(jun, club.room, ExpenseId(0), 100).await.unwrap().len(),
        1,
        "no trace of the other"
    );
    is_sound(&club.stores.ledger()).await;
}

/// Until all that waits for a time to come has come.
async fn days_pass(club: &Club) {
    club.stores.say("UPDATE memberships SET votes_from_ms = 0, counted_until_ms = 0".to_owned()).await;
}

async fn within_the_limit_it_is_paid_at_once_and_new_rules_leave_what_is_proposed(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let before = proposed(&club, 10_000).await;
    rules(&club, 1, 5_000).await;
    let (small, _) = spending(&club).propose(expense(&club, 5_000)).await.unwrap();
    assert_eq!((small.state, small.quorum, fund(&club).await), (ExpenseState::Posted, 0, (25_000, 10_000)));
    let above = proposed(&club, 5_001).await;
    assert_eq!((above.quorum, before.quorum), (1, 2));
    assert_eq!(vote(&club, jun, above.id, true).await.unwrap(), ExpenseState::Posted);
    assert_eq!(vote(&club, jun, before.id, true).await.unwrap(), ExpenseState::Proposed, "as it was proposed");
    let by_member = SpendingRules { quorum: 1, ..SpendingRules::default() };
    assert!(matches!(spending(&club).set_rules(jun, club.room, by_member).await, Err(Error::NotAllowed(_))));
    for wrong in [SpendingRules { quorum: 0, ..by_member }, SpendingRules { wait_days: 0, ..by_member }] {
        assert!(matches!(spending(&club).set_rules(minji, club.room, wrong).await, Err(Error::InvalidField { .. })));
    }
    assert_eq!(told(&club).await.iter().filter(|(_, what)| what == "rules").count(), 1);
    is_sound(&club.stores.ledger()).await;
}

async fn small_expenses_are_paid_at_once_up_to_the_limit_together_and_none_to_oneself(arm: Arm) {
    let club = club(arm).await;
    rules(&club, 2, 5_000).await;
    let own = NewExpense { payee: Payee::Member(club.minji.user.id), ..expense(&club, 100) };
    assert_eq!(spending(&club).propose(own).await.unwrap().0.state, ExpenseState::Proposed);
    for (amount, state) in
        [(3_000, ExpenseState::Posted), (2_001, ExpenseState::Proposed), (2_000, ExpenseState::Posted)]
    {
        assert_eq!(proposed(&club, amount).await.state, state, "{amount}");
    }
    assert_eq!(proposed(&club, 1).await.state, ExpenseState::Proposed);
    // The days of waiting are over.
    club.stores.say(format!("UPDATE expenses SET proposed_at_ms = proposed_at_ms - {}", 7 * DAY_MS)).await;
    assert_eq!(proposed(&club, 5_000).await.state, ExpenseState::Posted);
    is_sound(&club.stores.ledger()).await;
}

async fn looser_rules_are_seen_coming_while_there_is_money_and_tighter_ones_are_in_force_at_once(arm: Arm) {
    let club = Club::open(arm).await;
    club.asked().await;
    let minji = club.minji.user.id;
    let of = |quorum, limit| SpendingRules { quorum, limit: won(limit), wait_days: 3 };
    let set = async |rules| spending(&club).set_rules(minji, club.room, rules).await.unwrap();
    let found = async || spending(&club).rules(club.jun.user.id, club.room).await.unwrap();
    set(of(1, 9_000)).await;
    assert_eq!((found().await.rules, found().await.next), (of(1, 9_000), None), "nothing is there to be spent");
    set(of(2, 0)).await;
    let charge = club.charge(&club.newest().await, &club.jun).await.id;
    club.pays(&club.jun, charge, 10_000).await.unwrap();
    let before_ms = now_ms();
    set(of(2, 10_000)).await;
    let waiting = found().await;
    assert_eq!((waiting.rules, waiting.next.unwrap().0), (of(2, 0), of(2, 10_000)));
    assert!((before_ms + 3 * DAY_MS..=now_ms() + 3 * DAY_MS).contains(&waiting.next.unwrap().1));
    assert_eq!(proposed(&club, 500).await.state, ExpenseState::Proposed, "not yet");
    let hurried = SpendingRules { wait_days: 1, ..of(2, 0) };
    set(hurried).await;
    assert_eq!(
        (found().await.rules, found().await.next.unwrap().0),
        (of(2, 0), hurried),
        "less time is looser as well"
    );
    set(of(1, 0)).await;
    assert_eq!(found().await.next.unwrap().0, of(1, 0), "the newest of those to come");
    set(of(3, 0)).await;
    assert_eq!((found().await.rules, found().await.next), (of(3, 0), None), "tighter ones put an end to it");
    let changes = club.stores.persistence.accounts().rooms().changes(club.room, 0).await.unwrap();
    let from = changes
        .iter()
        .filter(|change| change.text.contains("\"what\":\"rules\""))
        .map(|change| serde_json::from_str::<Value>(&change.text).unwrap()["fromMs"].is_u64());
    assert_eq!(from.collect::<Vec<_>>(), [false, false, true, true, true, false]);
}

async fn it_expires_or_is_taken_back_and_the_money_is_free(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let [expired, withdrawn] = [proposed(&club, 1_000).await.id, proposed(&club, 2_000).await.id];
    let not_his = refused(spending(&club).withdraw(jun, club.room, withdrawn).await);
    assert_eq!(not_his, SpendingRefused::NotTheTreasurer);
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.set_office(minji, club.room, sora, Some(Office::Treasurer)).await.unwrap();
    spending(&club).withdraw(sora, club.room, withdrawn).await.unwrap();
    assert_eq!(fund(&club).await, (30_000, 1_000));
    assert_eq!(club.stores.ledger().void_expired(now_ms() + 6 * DAY_MS).await.unwrap(), 0);
    assert_eq!(club.stores.ledger().void_expired(now_ms() + 8 * DAY_MS).await.unwrap(), 1);
    assert_eq!(fund(&club).await, (30_000, 0));
    assert_eq!(
        (state(&club, expired).await, state(&club, withdrawn).await),
        (ExpenseState::Expired, ExpenseState::Withdrawn)
    );
    let what: Vec<String> = told(&club).await.into_iter().map(|(_, what)| what).collect();
    assert_eq!(what, ["proposed", "proposed", "withdrawn", "expired"]);
    is_sound(&club.stores.ledger()).await;
}

async fn the_fund_is_spent_no_other_way(arm: Arm) {
    let club = club(arm).await;
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let fund_wallet = club.dues().balances(minji, club.room).await.unwrap().0.unwrap().wallet;
    let raw = Payment {
        actor: minji,
        key: key(),
        source: fund_wallet,
        target: club.minji.wallet,
        amount: 1,
        password: WALLET_PASSWORD.to_owned(),
    };
    assert!(matches!(club.stores.ledger().pay(raw).await, Err(Error::Ledger(Refused::IsAFund(_)))));
    let proposal = proposed(&club, 1_000).await;
    let pending = proposal.transfer.unwrap();
    // Past the votes: the ledger's own way to post what is pending.
    let posted = club.stores.ledger().post(minji, pending).await;
    assert!(posted.is_err(), "{posted:?}");
    let by_others = NewExpense { actor: jun, ..expense(&club, 1_000) };
    assert!(spending(&club).propose(by_others).await.is_err());
    let no_file = NewExpense { file: Some(FileId(77)), ..expense(&club, 1_000) };
    assert_eq!(refused(spending(&club).propose(no_file).await), SpendingRefused::NoSuchReceipt(77));
    for amount in [0, -1, 1 << 53] {
        let wrong = spending(&club).propose(expense(&club, amount)).await;
        assert!(matches!(wrong, Err(Error::InvalidField { field: "amount", .. })), "{amount}");
    }
    let stranger = club.stores.user("stranger").await.id;
    let outside = NewExpense { payee: Payee::Member(stranger), ..expense(&club, 1_000) };
    assert!(matches!(spending(&club).propose(outside).await, Err(Error::NotAMember { .. })));
    assert!(matches!(vote(&club, stranger, proposal.id, true).await, Err(Error::NotAMember { .. })));
    assert_eq!((state(&club, proposal.id).await, fund(&club).await), (ExpenseState::Proposed, (30_000, 1_000)));
    is_sound(&club.stores.ledger()).await;
}

async fn fifty_requests_with_one_key_are_one_expense_and_votes_at_once_pay_it_once(arm: Arm) {
    let club = club(arm).await;
    let new = expense(&club, 9_000);
    let proposing: Vec<_> = (0..50)
        .map(|_| {
            let (spending, new) = (spending(&club), new.clone());
            tokio::spawn(async move { spending.propose(new).await.unwrap().0.id })
        })
        .collect();
    let mut ids = Vec::new();
    for proposed in proposing {
        ids.push(proposed.await.unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), fund(&club).await), (1, (30_000, 9_000)));
    let other = NewExpense { amount: 8_000, ..new };
    assert_eq!(refused(spending(&club).propose(other).await), SpendingRefused::KeyReused);
    let voting: Vec<_> = [club.jun.user.id, club.sora.user.id]
        .into_iter()
        .cycle()
        .take(20)
        .map(|user| {
            let (spending, room, id) = (spending(&club), club.room, ids[0]);
            tokio::spawn(async move { spending.vote(user, room, id, true).await })
        })
        .collect();
    for voted in voting {
        match voted.await.unwrap() {
            Ok(_) | Err(Error::Ledger(Refused::Spending(SpendingRefused::Settled { .. }))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((state(&club, ids[0]).await, fund(&club).await), (ExpenseState::Posted, (21_000, 0)));
    is_sound(&club.stores.ledger()).await;
}

async fn what_a_crash_left_is_carried_on_with(arm: Arm) {
    let club = club(arm).await;
    let later = now_ms() + DAY_MS;
    let id = proposed(&club, 1_000).await.id;
    // Between the deciding vote and the transfer; and between what is written down and what is reserved.
    for user in [club.jun.user.id, club.sora.user.id] {
        let vote = format!(
            "INSERT INTO expense_votes (expense_id, user_id, approves, voted_at_ms) VALUES ({id}, {user}, 1, 1)"
        );
        club.stores.say(vote).await;
    }
    let begun = "INSERT INTO expenses (room_id, request_key, title, note, amount, payee_name, proposed_by, proposed_at_ms, quorum,
                                       expires_at_ms, state)";
    let (room, minji) = (club.room, club.minji.user.id);
    for (key, amount) in [("a", 2_000), ("b", 90_000)] {
        let values = format!("VALUES ({room}, '{key}', 't', '', {amount}, 'shop', {minji}, 1, 1, {later}, 0)");
        club.stores.say(format!("{begun} {values}")).await;
    }
    assert_eq!(spending(&club).settle_left(later).await.unwrap(), 2);
    assert_eq!(spending(&club).settle_left(later).await.unwrap(), 0);
    assert_eq!((state(&club, id).await, fund(&club).await), (ExpenseState::Posted, (29_000, 2_000)));
    let states: Vec<_> = spending(&club)
        .expenses(minji, room, ExpenseId(0), 100)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.expense.state)
        .collect();
    assert_eq!(states, [ExpenseState::Proposed, ExpenseState::Posted], "what the fund does not hold is forgotten");
    is_sound(&club.stores.ledger()).await;
}

async fn an_expense_to_a_wallet_that_was_closed_is_given_up_and_harms_no_other(arm: Arm) {
    let club = club(arm).await;
    let (jun, sora) = (club.jun.user.id, club.sora.user.id);
    let to_jun = || NewExpense { payee: Payee::Member(jun), ..expense(&club, 5_000) };
    let [voted, left] =
        [spending(&club).propose(to_jun()).await.unwrap().0, spending(&club).propose(to_jun()).await.unwrap().0];
    let other = proposed(&club, 1_000).await;
    let all = Payment {
        actor: jun,
        key: key(),
        source: club.jun.wallet,
        target: club.minji.wallet,
        amount: club.wallet(&club.jun).await.get(),
        password: WALLET_PASSWORD.to_owned(),
    };
    club.stores.ledger().pay(all).await.unwrap();
    club.stores.ledger().close_wallet(jun).await.unwrap();
    assert_eq!(vote(&club, sora, voted.id, true).await.unwrap(), ExpenseState::Withdrawn);
    // The same where a crash came after the votes, before another that can be paid.
    for (id, user) in [(left.id, sora), (other.id, jun), (other.id, sora)] {
        let vote = format!(
            "INSERT INTO expense_votes (expense_id, user_id, approves, voted_at_ms) VALUES ({id}, {user}, 1, 1)"
        );
        club.stores.say(vote).await;
    }
    assert_eq!(spending(&club).settle_left(now_ms() + DAY_MS).await.unwrap(), 2);
    assert_eq!(
        (state(&club, left.id).await, state(&club, other.id).await),
        (ExpenseState::Withdrawn, ExpenseState::Posted)
    );
    assert_eq!(fund(&club).await, (29_000, 0));
    is_sound(&club.stores.ledger()).await;
}

async fn what_says_otherwise_than_the_transfers_and_the_votes_is_found(arm: Arm) {
    let club = club(arm).await;
    let [paid, waits] = [proposed(&club, 3_000).await.id, proposed(&club, 4_000).await.id];
    for user in [club.jun.user.id, club.sora.user.id] {
        vote(&club, user, paid, true).await.unwrap();
    }
    is_sound(&club.stores.ledger()).await;
    for (made_wrong, put_right, fault) in [
        ("amount = 3001 WHERE state = 2", "amount = 3000 WHERE state = 2", format!("expense {paid} is paid")),
        ("amount = 4001 WHERE state = 1", "amount = 4000 WHERE state = 1", format!("expense {waits} waits")),
        ("quorum = 3 WHERE state = 2", "quorum = 2 WHERE state = 2", "fewer agreed".to_owned()),
        ("state = 5 WHERE state = 2", "state = 2 WHERE state = 5", "is not paid by it".to_owned()),
    ] {
        club.stores.say(format!("UPDATE expenses SET {made_wrong}")).await;
        let faults = club.stores.ledger().verify(None).await.unwrap().faults.0;
        assert!(faults.len() == 1 && faults[0].contains(&fault), "{fault}: {faults:?}");
        club.stores.say(format!("UPDATE expenses SET {put_right}")).await;
    }
    is_sound(&club.stores.ledger()).await;
}

on_each_arm! {
    an_expense_is_paid_once_so_many_agree_and_the_room_is_told_of_each_step,
    a_vote_said_again_is_answered_with_what_has_become_of_it,
    a_proposal_asked_again_is_answered_also_to_one_who_keeps_the_fund_no_more,
    cash_is_spent_with_consent_and_no_more_than_there_is,
    what_members_agreed_to_stays_so_when_they_leave,
    the_receipt_of_an_expense_stays_until_the_expense_is_taken_back,
    as_many_objections_refuse_and_free_what_was_reserved,
    within_the_limit_it_is_paid_at_once_and_new_rules_leave_what_is_proposed,
    small_expenses_are_paid_at_once_up_to_the_limit_together_and_none_to_oneself,
    looser_rules_are_seen_coming_while_there_is_money_and_tighter_ones_are_in_force_at_once,
    it_expires_or_is_taken_back_and_the_money_is_free,
    the_fund_is_spent_no_other_way,
    fifty_requests_with_one_key_are_one_expense_and_votes_at_once_pay_it_once,
    what_a_crash_left_is_carried_on_with,
    an_expense_to_a_wallet_that_was_closed_is_given_up_and_harms_no_other,
    what_says_otherwise_than_the_transfers_and_the_votes_is_found,
}
