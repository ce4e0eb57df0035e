//! Audit lines: each action on money leaves one, with who, when and from where; who reads them, and what is missing is found.

use moim_persistence::{
    Accounts, AuditAction as Action, AuditLine, AuditQuery, Error, NewExpense, NewReservation, Office, Origin, Payee,
    RequestKey, Rhythm, UserId, Via, Way,
};

use crate::arm::{Arm, on_each_arm};
use crate::dues::{Club, ahead, at, key};
use crate::ledger::{WALLET_PASSWORD, is_sound, now_ms, payment, won};

/// Where 준 pays from.
const PHONE: &str = "203.0.113.77";

fn phone() -> Origin {
    Origin { via: Via::Rest, address: Some(PHONE.parse().unwrap()) }
}

fn from_phone(club: &Club) -> Accounts {
    club.stores.persistence.accounts().by_way_of(phone())
}

async fn of_room(club: &Club, user: UserId) -> Result<Vec<AuditLine>, Error> {
    club.stores.persistence.accounts().audit().of_room(user, club.room, None, 100).await
}

/// What of these lines was done, the oldest first.
fn actions(lines: &[AuditLine]) -> Vec<Action> {
    lines.iter().rev().map(|line| line.action).collect()
}

async fn each_action_on_a_rooms_money_leaves_a_line_in_its_order(arm: Arm) {
    let club = Club::open(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let paid = from_phone(&club).dues().pay(club.payment(&club.jun, charge, 10_000)).await.unwrap();
    let receipt = club.cash(club.charge(&request, &club.sora).await.id, 4_000).await;
    club.dues().confirm_cash(sora, club.room, receipt.id).await.unwrap();
    club.dues().waive(minji, club.room, club.charge(&request, &club.sora).await.id, "반액").await.unwrap();
    let expense = NewExpense {
        actor: minji,
        key: key(),
        room: club.room,
        title: "저녁 식사".to_owned(),
        note: String::new(),
        amount: 3_000,
        payee: Payee::Outside("한식당".to_owned()),
        way: Way::Wallet,
        file: None,
    };
    let spending = club.stores.persistence.accounts().spending();
    let (expense, _) = spending.propose(expense).await.unwrap();
    spending.vote(sora, club.room, expense.id, true).await.unwrap();
    from_phone(&club).spending().vote(jun, club.room, expense.id, true).await.unwrap();
    club.stores.persistence.accounts().rooms().set_office(minji, club.room, jun, Some(Office::Auditor)).await.unwrap();
    let lines = of_room(&club, minji).await.unwrap();
    let expected = [
        Action::PlanOpened,
        Action::DuesAsked,
        Action::DuesPaid,
        Action::CashRecorded,
        Action::CashConfirmed,
        Action::Waived,
        Action::ExpenseReserved,
        Action::ExpenseApproved,
        Action::ExpenseApproved,
        Action::ExpensePaid,
        Action::OfficeChanged,
    ];
    assert_eq!(actions(&lines), expected);
    let line = lines.iter().find(|line| line.action == Action::DuesPaid).unwrap();
    assert_eq!((line.actor, &*line.actor_name, line.via), (jun, &*club.jun.user.name, Via::Rest));
    assert_eq!((line.subject, line.amount, line.room), (paid.transfer.id.0, won(10_000), Some(club.room)));
    assert_eq!(line.at_ms, paid.transfer.created_at_ms);
    let by_phone: Vec<Action> = lines.iter().filter(|line| !line.address.is_empty()).map(|line| line.action).collect();
    assert_eq!(by_phone, [Action::ExpenseApproved, Action::DuesPaid], "what his vote decided the server did");
    let said = |action| &*lines.iter().find(|line| line.action == action).unwrap().detail;
    assert_eq!((said(Action::ExpensePaid), said(Action::ExpenseReserved)), ("저녁 식사", "저녁 식사"));
    let waived = lines.iter().find(|line| line.action == Action::Waived).unwrap();
    assert_eq!(waived.amount, won(6_000));
    let asked = lines.iter().find(|line| line.action == Action::DuesAsked).unwrap();
    assert_eq!((asked.actor, asked.via, asked.amount), (UserId(0), Via::Server, won(30_000)));
    club.is_sound().await;
}

async fn a_rooms_offices_see_the_network_and_oneself_the_address(arm: Arm) {
    let club = Club::open(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    from_phone(&club).dues().pay(club.payment(&club.jun, charge, 10_000)).await.unwrap();
    let seen = |lines: Vec<AuditLine>| lines.into_iter().find(|line| line.action == Action::DuesPaid).unwrap().address;
    assert_eq!(seen(of_room(&club, minji).await.unwrap()), "203.0.113.0/24");
    assert!(matches!(of_room(&club, sora).await, Err(Error::NotAllowed(_))), "a member without an office");
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.set_office(minji, club.room, sora, Some(Office::Auditor)).await.unwrap();
    assert_eq!(seen(of_room(&club, sora).await.unwrap()), "203.0.113.0/24");
    let stranger = club.stores.user("stranger").await.id;
    assert!(matches!(of_room(&club, stranger).await, Err(Error::NotAMember { .. })));
    let audit = club.stores.persistence.accounts().audit();
    let own = audit.of_user(jun, None, 100).await.unwrap();
    assert_eq!(seen(own.clone()), PHONE);
    assert!(own.iter().all(|line| line.actor == jun), "nothing of others");
    let all = audit.lines(AuditQuery { actor: Some(jun), limit: 100, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(seen(all), PHONE, "the operator's");
}

async fn what_is_refused_or_repeated_leaves_no_line(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let before = of_room(&club, club.minji.user.id).await.unwrap().len();
    let mut payment = club.payment(&club.jun, charge, 10_000);
    payment.key = RequestKey::given("the-same-again").unwrap();
    let mut wrong = payment.clone();
    wrong.password = "guessed".to_owned();
    club.dues().pay(wrong).await.unwrap_err();
    let mut too_much = payment.clone();
    (too_much.amount, too_much.key) = (1_000_000, key());
    club.dues().pay(too_much).await.unwrap_err();
    let dinner = NewExpense {
        actor: club.minji.user.id,
        key: key(),
        room: club.room,
        title: "저녁".to_owned(),
        note: String::new(),
        amount: 1_000_000,
        payee: Payee::Outside("한식당".to_owned()),
        way: Way::Wallet,
        file: None,
    };
    club.stores.persistence.accounts().spending().propose(dinner).await.unwrap_err();
    for _ in 0..3 {
        club.dues().pay(payment.clone()).await.unwrap();
    }
    assert_eq!(of_room(&club, club.minji.user.id).await.unwrap().len(), before + 1);
}

async fn lines_are_paged_from_the_newest_back(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    for amount in 1..=7 {
        club.pays(&club.jun, charge, amount).await.unwrap();
    }
    let audit = club.stores.persistence.accounts().audit();
    let (minji, room) = (club.minji.user.id, club.room);
    let whole = audit.of_room(minji, room, None, 100).await.unwrap();
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = audit.of_room(minji, room, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert_eq!(whole.len(), 9);
}

async fn a_transfer_between_two_rooms_is_one_of_its_actors_however_they_are_paged(arm: Arm) {
    let club = Club::open(arm).await;
    let (minji, ledger) = (&club.minji, club.stores.ledger());
    let other = club.stores.room(&minji.user).await.id;
    let here = club.stores.group_wallet(minji, club.room).await.id;
    let there = club.stores.group_wallet(minji, other).await.id;
    ledger.pay(payment(minji, minji.wallet, here, 500)).await.unwrap();
    let moved = ledger.pay(payment(minji, here, there, 200)).await.unwrap().transfer.id.0;
    let audit = club.stores.persistence.accounts().audit();
    for room in [club.room, other] {
        let lines = audit.of_room(minji.user.id, room, None, 1).await.unwrap();
        assert_eq!((lines[0].action, lines[0].subject), (Action::Transferred, moved));
    }
    let whole = audit.of_user(minji.user.id, None, 100).await.unwrap();
    assert_eq!(whole.iter().filter(|line| line.subject == moved && line.action == Action::Transferred).count(), 1);
    let (mut paged, mut before) = (Vec::new(), None);
    while let [line] = &audit.of_user(minji.user.id, before, 1).await.unwrap()[..] {
        before = Some(line.id);
        paged.push(line.clone());
    }
    assert_eq!(paged, whole, "no page is short before the last");
}

async fn a_transfer_without_its_line_is_found(arm: Arm) {
    let club = Club::open(arm).await;
    let deposit = club.stores.ledger().top_up(club.jun.user.id, RequestKey::drawn().unwrap(), 5).await.unwrap();
    is_sound(&club.stores.ledger()).await;
    let id = deposit.transfer.id;
    club.stores.say(format!("DELETE FROM audit_lines WHERE subject = {id} AND action = 2")).await;
    let faults = club.stores.ledger().verify(None).await.unwrap().faults.0;
    assert_eq!(faults, [format!("transfer {id} has no audit line")]);
}

async fn transfers_of_before_have_a_line_each_once_the_schema_is_migrated(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    club.pays(&club.jun, charge, 12_000).await.unwrap();
    let receipt = club.cash(club.charge(&request, &club.sora).await.id, 4_000).await;
    club.dues().confirm_cash(club.jun.user.id, club.room, receipt.id).await.unwrap();
    let whole = of_room(&club, club.minji.user.id).await.unwrap();
    club.stores.say("DELETE FROM audit_lines".to_owned()).await;
    let migration = include_str!("../../migrations/0013_audit.sql");
    let lines = &migration[migration.find("INSERT INTO audit_lines").unwrap()..];
    club.stores.say(lines.trim().trim_end_matches(';').to_owned()).await;
    is_sound(&club.stores.ledger()).await;
    let made = of_room(&club, club.minji.user.id).await.unwrap();
    let of_transfers = whole.iter().filter(|line| (line.action as i64) < 20);
    let told = |line: &AuditLine| (line.action, line.subject, line.actor, line.amount, line.at_ms);
    assert_eq!(made.iter().map(told).collect::<Vec<_>>(), of_transfers.map(told).collect::<Vec<_>>());
    assert!(made.iter().all(|line| line.via == Via::Unknown && line.address.is_empty()));
}

async fn what_ends_with_a_membership_or_a_wallet_leaves_a_line_of_who_ended_it(arm: Arm) {
    let club = Club::open(arm).await;
    let (minji, jun, sora) = (club.minji.user.id, club.jun.user.id, club.sora.user.id);
    let request = club.asked().await;
    club.pays(&club.sora, club.charge(&request, &club.sora).await.id, 4_000).await.unwrap();
    let rooms = from_phone(&club).rooms();
    rooms.set_office(minji, club.room, jun, Some(Office::Auditor)).await.unwrap();
    let begun = of_room(&club, minji).await.unwrap().len();
    rooms.remove(minji, club.room, jun).await.unwrap();
    rooms.leave(sora, club.room).await.unwrap();
    let mut lines = of_room(&club, minji).await.unwrap();
    lines.truncate(lines.len() - begun);
    let seen: Vec<_> = lines.iter().rev().map(|line| (line.action, line.actor, line.subject, line.amount)).collect();
    let (of_jun, of_sora) = (u64::from(jun.0), u64::from(sora.0));
    let expected = [
        (Action::OfficeChanged, minji, of_jun, won(0)),
        (Action::ChargesVoided, minji, of_jun, won(10_000)),
        (Action::ChargesVoided, sora, of_sora, won(6_000)),
    ];
    assert_eq!(seen, expected);
    // Whole to oneself.
    let from: Vec<_> = lines.iter().rev().map(|line| (line.via, &*line.address)).collect();
    assert_eq!(from, [(Via::Rest, PHONE), (Via::Rest, PHONE), (Via::Rest, "203.0.113.0/24")]);
    club.is_sound().await;
}

async fn an_account_that_is_deleted_leaves_lines_of_its_wallet_and_what_was_booked(arm: Arm) {
    let club = Club::open(arm).await;
    let jun = club.jun.user.id;
    let all = payment(&club.jun, club.jun.wallet, club.minji.wallet, club.wallet(&club.jun).await.get());
    club.stores.ledger().pay(all).await.unwrap();
    let (actor, source, target) = (jun, club.jun.wallet, club.minji.wallet);
    let (password, first_ms) = (WALLET_PASSWORD.to_owned(), now_ms() + 60 * 60 * 1_000);
    let booking =
        NewReservation { actor, key: key(), password, source, target, amount: 1_000, rhythm: Rhythm::Daily, first_ms };
    let booked = club.stores.ledger().book(booking).await.unwrap().id;
    from_phone(&club).users().delete(jun).await.unwrap();
    let own = club.stores.persistence.accounts().audit().of_user(jun, None, 100).await.unwrap();
    let seen: Vec<_> =
        own.iter().filter(|line| line.address == PHONE).map(|line| (line.action, line.subject)).collect();
    assert_eq!(seen, [(Action::WalletClosed, source.0), (Action::ReservationCancelled, booked.0)]);
    is_sound(&club.stores.ledger()).await;
}

async fn what_the_schedule_does_is_the_servers_own(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    club.dues().run_due(at(request.due.plus_days(3), 9)).await.unwrap();
    assert_eq!(request.due, ahead(10));
    let lines = of_room(&club, club.minji.user.id).await.unwrap();
    let fee = lines.iter().find(|line| line.action == Action::LateFeeCharged).unwrap();
    assert_eq!((fee.actor, fee.via, fee.subject, &*fee.address), (UserId(0), Via::Server, request.id.0, ""));
    assert_eq!(fee.amount, won(1_500), "of three");
}

on_each_arm! {
    each_action_on_a_rooms_money_leaves_a_line_in_its_order,
    a_rooms_offices_see_the_network_and_oneself_the_address,
    what_is_refused_or_repeated_leaves_no_line,
    lines_are_paged_from_the_newest_back,
    a_transfer_between_two_rooms_is_one_of_its_actors_however_they_are_paged,
    a_transfer_without_its_line_is_found,
    transfers_of_before_have_a_line_each_once_the_schema_is_migrated,
    what_ends_with_a_membership_or_a_wallet_leaves_a_line_of_who_ended_it,
    an_account_that_is_deleted_leaves_lines_of_its_wallet_and_what_was_booked,
    what_the_schedule_does_is_the_servers_own,
}
