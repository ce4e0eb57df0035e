//! What dues promise, one promise a test.

use moim_persistence::{
    AccountId, Amount, DuesRefused, EntriesQuery, Error, Kind, MemberTerms, NewPlan, NewReceipt, Office, Payment,
    Refund, Refused, Repeat, Standing, Terms, UserId, Way,
};

use super::{Club, ahead, at, dues_refused, key};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::{WALLET_PASSWORD, payment, refused, top_up, won};

async fn a_charge_is_paid_in_parts_and_what_is_too_much_pays_the_next(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await;
    assert_eq!((charge.amount, charge.standing()), (won(10_000), Standing::Open));
    club.pays(&club.jun, charge.id, 4_000).await.unwrap();
    assert_eq!(club.charge(&request, &club.jun).await.open(), won(6_000));
    club.pays(&club.jun, charge.id, 13_000).await.unwrap();
    assert_eq!(club.charge(&request, &club.jun).await.standing(), Standing::Paid);
    assert_eq!((club.balance(&club.jun).await, club.held().await), ((7_000, 17_000, 0), (17_000, 0)));
    let counts = club.newest().await.counts;
    assert_eq!((counts.asked_of, counts.paid_by, counts.collected), (3, 1, won(10_000)));
    // The next period takes the credit at once.
    let next = request.due.plus_months(1);
    club.dues().run_due(at(next.plus_days(-10), 9)).await.unwrap();
    let second = club.newest().await;
    assert_eq!((second.due, second.counts.collected), (next, won(7_000)));
    assert_eq!(club.charge(&second, &club.jun).await.open(), won(3_000));
    assert_eq!(club.balance(&club.jun).await.0, 0);
    club.is_sound().await;
}

async fn the_room_is_told_of_a_request_and_of_each_payment_with_the_money(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await;
    club.pays(&club.jun, charge.id, 10_000).await.unwrap();
    let told = club.told().await;
    let kinds: Vec<Kind> = told.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::Request, Kind::Money, Kind::RequestChanged]);
    let (card, changed) = (&told[0].1, &told[2].1);
    assert_eq!((card["asked"].as_i64(), card["askedOf"].as_i64()), (Some(30_000), Some(3)));
    assert_eq!((card["due"].as_str(), card["title"].as_str()), (Some(&*request.due.to_string()), Some("회비")));
    assert_eq!((changed["what"].as_str(), changed["user"].as_u64()), (Some("paid"), Some(club.jun.user.id.0.into())));
    assert_eq!((changed["open"].as_i64(), changed["paidBy"].as_i64()), (Some(0), Some(1)));
}

async fn nothing_leaves_a_fund_by_the_wallets_routes(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.minji).await;
    club.pays(&club.minji, charge.id, 10_000).await.unwrap();
    let fund = club.dues().balances(club.minji.user.id, club.room).await.unwrap().0.unwrap();
    let ledger = club.stores.ledger();
    for password in [WALLET_PASSWORD, ""] {
        let taken = payment(&club.minji, fund.wallet, club.minji.wallet, 1);
        let taken = ledger.pay(Payment { password: password.to_owned(), ..taken }).await;
        assert_eq!(refused(taken), Refused::IsAFund(fund.wallet));
    }
    let closed = ledger.close_group_wallet(club.minji.user.id, fund.wallet).await;
    assert_eq!(refused(closed), Refused::IsAFund(fund.wallet));
    let into_cash = ledger.pay(payment(&club.jun, club.jun.wallet, fund.cash, 1)).await;
    assert_eq!(refused(into_cash), Refused::NoSuchAccount(fund.cash), "cash does not come from a wallet");
    let out_of_cash = ledger.pay(payment(&club.minji, fund.cash, club.minji.wallet, 1)).await;
    assert!(matches!(refused(out_of_cash), Refused::NoSuchAccount(_)));
    let transfers = ledger.chain_of_group(club.jun.user.id, fund.wallet, 0, 10).await.unwrap();
    let correction = ledger.correct(transfers[0].entry.transfer).await;
    assert!(matches!(refused(correction), Refused::ForAPurpose(_)), "a correction would leave the charge paid");
    assert_eq!(club.held().await, (10_000, 0));
    club.is_sound().await;
}

async fn a_wallet_of_the_group_may_keep_its_dues_from_the_first_plan_on(arm: Arm) {
    let club = Club::open(arm).await;
    let wallet = club.stores.group_wallet(&club.minji, club.room).await.id;
    let terms = Club::terms(Amount::Equal(won(1)));
    let of_another = NewPlan {
        actor: club.minji.user.id,
        key: key(),
        room: club.room,
        terms: terms.clone(),
        fund: Some(AccountId(club.jun.wallet.0)),
    };
    assert!(matches!(dues_refused(club.dues().open_plan(of_another.clone()).await), DuesRefused::NotAFund(_)));
    club.dues().open_plan(NewPlan { key: key(), fund: Some(wallet), ..of_another }).await.unwrap();
    let fund = club.dues().balances(club.minji.user.id, club.room).await.unwrap().0.unwrap();
    assert_eq!(fund.wallet, wallet);
    let taken = club.stores.ledger().pay(payment(&club.minji, wallet, club.minji.wallet, 1)).await;
    assert_eq!(refused(taken), Refused::IsAFund(wallet));
}

async fn everybody_pays_his_own_and_a_stranger_sees_nothing(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let of_sora = club.charge(&request, &club.sora).await.id;
    let paid = club.pays(&club.jun, of_sora, 10_000).await;
    assert_eq!(dues_refused(paid), DuesRefused::NotYourCharge(of_sora));
    let mut wrong = club.payment(&club.sora, of_sora, 10_000);
    wrong.password = "a guess".to_owned();
    assert!(matches!(refused(club.dues().pay(wrong).await), Refused::WrongPassword(_)));
    assert_eq!(
        refused(club.pays(&club.sora, of_sora, 100_001).await),
        Refused::InsufficientFunds { account: club.sora.wallet, free: won(100_000), amount: won(100_001) }
    );
    let stranger = crate::ledger::person(&club.stores, "stranger").await;
    let seen = club.dues().request(stranger.user.id, club.room, request.id).await;
    assert!(matches!(seen, Err(Error::NotAMember { .. })));
    let paid = club.pays(&stranger, of_sora, 1).await;
    assert!(matches!(paid, Err(Error::NotAMember { .. })));
    assert_eq!(club.held().await, (0, 0));
}

async fn the_same_payment_sent_again_is_paid_once(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let payment = club.payment(&club.jun, charge, 10_000);
    let payment =
        moim_persistence::ChargePayment { key: moim_persistence::RequestKey::given("december").unwrap(), ..payment };
    let first = club.dues().pay(payment.clone()).await.unwrap();
    let again = club.dues().pay(payment.clone()).await.unwrap();
    assert_eq!((first.transfer.id, again.repeated), (again.transfer.id, true));
    let other = moim_persistence::ChargePayment { amount: 9_000, ..payment };
    assert_eq!(refused(club.dues().pay(other).await), Refused::KeyReused(first.transfer.id));
    assert_eq!(club.held().await, (10_000, 0));
}

async fn a_payment_that_was_made_is_answered_so_whatever_became_of_its_payer(arm: Arm) {
    let club = Club::open(arm).await;
    let jun = club.jun.user.id;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let key = moim_persistence::RequestKey::given("december").unwrap();
    let payment = moim_persistence::ChargePayment { key, ..club.payment(&club.jun, charge, 4_000) };
    let first = club.dues().pay(payment.clone()).await.unwrap();
    // He has mistyped it since, has emptied and closed his wallet, and was removed.
    let mistyped = moim_persistence::ChargePayment { password: "december".to_owned(), ..payment.clone() };
    assert_eq!(club.dues().pay(mistyped).await.unwrap().transfer.id, first.transfer.id);
    let rest = club.wallet(&club.jun).await.get();
    club.stores
        .ledger()
        .pay(crate::ledger::payment(&club.jun, club.jun.wallet, club.minji.wallet, rest))
        .await
        .unwrap();
    club.stores.ledger().close_wallet(jun).await.unwrap();
    club.stores.persistence.accounts().rooms().remove(club.minji.user.id, club.room, jun).await.unwrap();
    let again = club.dues().pay(payment.clone()).await.unwrap();
    assert_eq!((again.transfer.id, again.repeated, again.notices.len()), (first.transfer.id, true, 0));
    let (his, _) = club.dues().charge(jun, club.room, charge).await.unwrap();
    assert_eq!(his.paid, won(4_000), "how his own charge stands he may know");
    let others = club.dues().charge(jun, club.room, club.charge(&request, &club.sora).await.id).await;
    assert!(matches!(others, Err(Error::NotAMember { .. })));
    let more = moim_persistence::ChargePayment { amount: 4_001, ..payment };
    assert_eq!(refused(club.dues().pay(more).await), Refused::KeyReused(first.transfer.id));
}

async fn cash_counts_once_a_second_person_says_so_and_never_becomes_a_wallets(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let receipt = club.cash(charge, 10_000).await;
    assert_eq!(club.charge(&request, &club.jun).await.standing(), Standing::Open, "nobody else has said so");
    let by_himself = club.dues().confirm_cash(club.minji.user.id, club.room, receipt.id).await;
    assert_eq!(dues_refused(by_himself), DuesRefused::OwnReceipt(receipt.id));
    club.dues().confirm_cash(club.sora.user.id, club.room, receipt.id).await.unwrap();
    let twice = club.dues().confirm_cash(club.jun.user.id, club.room, receipt.id).await;
    assert_eq!(dues_refused(twice), DuesRefused::ReceiptSettled(receipt.id));
    assert_eq!(club.charge(&request, &club.jun).await.standing(), Standing::Paid);
    assert_eq!((club.held().await, club.balance(&club.jun).await), ((0, 10_000), (0, 0, 10_000)));
    // Two who collude over cash get no won out of the fund.
    let of_minji = club.charge(&request, &club.minji).await.id;
    club.pays(&club.minji, of_minji, 10_000).await.unwrap();
    let to_wallet = club.dues().refund(club.back(charge, 10_000, Way::Wallet)).await;
    assert_eq!(dues_refused(to_wallet), DuesRefused::MoreThanCame(won(0)));
    club.dues().refund(club.back(charge, 10_000, Way::Cash)).await.unwrap();
    assert_eq!(club.held().await, (10_000, 0));
    let denied = club.cash(charge, 5).await;
    club.dues().deny_cash(club.jun.user.id, club.room, denied.id).await.unwrap();
    let confirmed = club.dues().confirm_cash(club.sora.user.id, club.room, denied.id).await;
    assert_eq!(dues_refused(confirmed), DuesRefused::ReceiptSettled(denied.id));
    club.is_sound().await;
}

async fn the_treasurer_alone_records_waives_and_gives_back(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    let jun = club.jun.user.id;
    let new = NewReceipt { actor: jun, key: key(), room: club.room, charge, amount: 1, note: String::new() };
    assert_eq!(dues_refused(club.dues().record_cash(new).await), DuesRefused::NotTheTreasurer);
    assert_eq!(dues_refused(club.dues().waive(jun, club.room, charge, "why not").await), DuesRefused::NotTheTreasurer);
    club.pays(&club.jun, charge, 10_000).await.unwrap();
    let back = moim_persistence::Refund { actor: jun, ..club.back(charge, 1, Way::Wallet) };
    assert_eq!(dues_refused(club.dues().refund(back).await), DuesRefused::NotTheTreasurer);
    club.dues().refund(club.back(charge, 4_000, Way::Wallet)).await.unwrap();
    let too_much = club.dues().refund(club.back(charge, 6_001, Way::Wallet)).await;
    assert_eq!(dues_refused(too_much), DuesRefused::MoreThanCame(won(6_000)));
    assert_eq!((club.wallet(&club.jun).await, club.held().await), (won(94_000), (6_000, 0)));
    assert_eq!(club.charge(&request, &club.jun).await.open(), won(4_000));
    club.dues().waive(club.minji.user.id, club.room, charge, "다쳐서 쉼").await.unwrap();
    let waived = club.charge(&request, &club.jun).await;
    assert_eq!((waived.open(), &*waived.reason), (won(0), "다쳐서 쉼"));
    let again = club.dues().waive(club.minji.user.id, club.room, charge, "again").await;
    assert_eq!(dues_refused(again), DuesRefused::NothingOpen(charge));
    let book =
        club.dues().entries(jun, club.room, EntriesQuery { limit: 10, ..EntriesQuery::default() }).await.unwrap();
    let kinds: Vec<&str> = book.iter().map(|entry| entry.kind.name()).collect();
    assert_eq!(kinds, ["paid", "refunded", "waived"]);
    club.is_sound().await;
}

async fn who_leaves_owes_nothing_more_and_gets_his_credit_back(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let of_jun = club.charge(&request, &club.jun).await.id;
    let of_sora = club.charge(&request, &club.sora).await.id;
    club.pays(&club.jun, of_jun, 25_000).await.unwrap();
    club.pays(&club.sora, of_sora, 4_000).await.unwrap();
    club.leaves(club.jun.user.id).await;
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.remove(club.minji.user.id, club.room, club.sora.user.id).await.unwrap();
    assert_eq!(club.wallet(&club.jun).await, won(75_000), "the schedule gives it back");
    for _ in 0..2 {
        club.dues().run_due(crate::ledger::now_ms()).await.unwrap();
    }
    assert_eq!((club.wallet(&club.jun).await, club.wallet(&club.sora).await), (won(90_000), won(96_000)));
    assert_eq!((club.held().await, club.balance(&club.jun).await), ((14_000, 0), (0, 10_000, 0)));
    let (found, charges) = club.dues().request(club.minji.user.id, club.room, request.id).await.unwrap();
    let standings: Vec<Standing> = charges.iter().map(|entry| entry.charge.standing()).collect();
    assert_eq!(standings, [Standing::Paid, Standing::Open, Standing::Void]);
    assert_eq!((found.counts.asked_of, found.counts.paid_by, found.counts.collected), (2, 1, won(14_000)));
    let paid = club.pays(&club.sora, of_sora, 1).await;
    assert!(matches!(paid, Err(Error::NotAMember { .. })));
    club.is_sound().await;
}

async fn what_was_asked_stays_whatever_becomes_of_the_plan(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let terms = Terms { first_due: request.due.plus_months(1), ..Club::terms(Amount::Equal(won(50_000))) };
    let plan = club.dues().change_plan(club.minji.user.id, club.room, request.plan, terms.clone()).await.unwrap();
    assert_eq!(club.charge(&request, &club.jun).await.amount, won(10_000));
    let early = Terms { first_due: request.due, ..terms.clone() };
    let refused = club.dues().change_plan(club.minji.user.id, club.room, plan.id, early).await;
    assert!(matches!(refused, Err(Error::InvalidField { field: "firstDue", .. })), "{refused:?}");
    club.dues().run_due(at(terms.first_due.plus_days(-10), 9)).await.unwrap();
    let second = club.newest().await;
    assert_eq!((second.due, club.charge(&second, &club.jun).await.amount), (terms.first_due, won(50_000)));
    club.dues().end_plan(club.minji.user.id, club.room, plan.id).await.unwrap();
    club.dues().run_due(at(ahead(400), 0)).await.unwrap();
    assert_eq!(club.newest().await.id, second.id, "nothing more is asked");
    let changed = club.dues().change_plan(club.minji.user.id, club.room, plan.id, terms).await;
    assert_eq!(dues_refused(changed), DuesRefused::PlanEnded(plan.id));
}

async fn a_shared_sum_and_exemptions_are_asked_as_the_plan_says(arm: Arm) {
    let club = Club::open(arm).await;
    let mut terms = Terms { repeat: Repeat::Once, ..Club::terms(Amount::Shared(won(10_001))) };
    club.plan(terms.clone()).await;
    club.dues().run_due(at(ahead(0), 23)).await.unwrap();
    let shared = club.newest().await;
    assert_eq!(shared.odd_won, 2);
    assert_eq!(club.charge(&shared, &club.minji).await.amount, won(3_334));
    assert_eq!(club.charge(&shared, &club.sora).await.amount, won(3_333));
    terms.amount = Amount::Equal(won(700));
    let exempt = MemberTerms { exempt: Some("총무".to_owned()), ..MemberTerms::default() };
    terms.members.insert(club.minji.user.id, exempt);
    club.plan(terms.clone()).await;
    club.dues().run_due(at(ahead(0), 23)).await.unwrap();
    let equal = club.newest().await;
    let of_minji = club.charge(&equal, &club.minji).await;
    assert_eq!((of_minji.standing(), &*of_minji.reason), (Standing::Exempt, "총무"));
    assert_eq!(equal.counts.asked_of, 2);
    let (_, card) = club.told().await.pop().unwrap();
    assert_eq!(card["asked"].as_i64(), Some(1_400), "of those who are to pay");
    // Also where there is nothing that would be let go.
    for amount in [Amount::Shared(won(700)), Amount::Own(won(0))] {
        club.plan(Terms { amount, ..terms.clone() }).await;
        club.dues().run_due(at(ahead(0), 23)).await.unwrap();
        let of_minji = club.charge(&club.newest().await, &club.minji).await;
        assert_eq!((of_minji.amount, of_minji.standing(), &*of_minji.reason), (won(0), Standing::Exempt, "총무"));
    }
    terms.members.insert(UserId(4_000_000), MemberTerms::default());
    let new = NewPlan { actor: club.minji.user.id, key: key(), room: club.room, terms, fund: None };
    let refused = club.dues().open_plan(new).await;
    assert!(matches!(refused, Err(Error::InvalidField { field: "members", .. })), "{refused:?}");
    club.is_sound().await;
}

async fn nobody_gives_back_or_lets_go_his_own_dues(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let own = club.charge(&request, &club.minji).await.id;
    assert_eq!(dues_refused(club.dues().waive(club.minji.user.id, club.room, own, "총무").await), DuesRefused::OwnDues);
    club.pays(&club.minji, own, 12_000).await.unwrap();
    assert_eq!(dues_refused(club.dues().refund(club.back(own, 10_000, Way::Wallet)).await), DuesRefused::OwnDues);
    let credit = club.dues().return_credit(club.back(club.minji.user.id, 2_000, Way::Wallet)).await;
    assert_eq!(dues_refused(credit), DuesRefused::OwnDues);
    // Another does it once he keeps the dues.
    let (minji, jun) = (club.minji.user.id, club.jun.user.id);
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.set_office(minji, club.room, jun, Some(Office::Treasurer)).await.unwrap();
    club.dues().refund(Refund { actor: jun, ..club.back(own, 10_000, Way::Wallet) }).await.unwrap();
    club.is_sound().await;
}

async fn what_came_in_cash_goes_back_to_no_wallet_whatever_came_from_it_before(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    club.pays(&club.jun, club.charge(&request, &club.jun).await.id, 10_000).await.unwrap();
    let next = request.due.plus_months(1);
    club.dues().run_due(at(next.plus_days(-10), 9)).await.unwrap();
    let second = club.charge(&club.newest().await, &club.jun).await.id;
    let receipt = club.cash(second, 15_000).await;
    club.dues().confirm_cash(club.sora.user.id, club.room, receipt.id).await.unwrap();
    let more = |way| club.back(second, 1, way);
    assert_eq!(dues_refused(club.dues().refund(more(Way::Wallet)).await), DuesRefused::MoreThanCame(won(0)));
    let credit = club.dues().return_credit(club.back(club.jun.user.id, 1, Way::Wallet)).await;
    assert_eq!(dues_refused(credit), DuesRefused::MoreThanCame(won(0)));
    club.dues().refund(more(Way::Cash)).await.unwrap();
    // His credit is of cash, and stays with the cash when he leaves.
    let before = club.wallet(&club.jun).await;
    club.leaves(club.jun.user.id).await;
    club.dues().run_due(at(next, 9)).await.unwrap();
    assert_eq!((club.wallet(&club.jun).await, club.held().await), (before, (10_000, 14_999)));
    club.stores.persistence.accounts().rooms().join(club.jun.user.id, club.room, None).await.unwrap();
    club.is_sound().await;
}

async fn of_what_was_paid_before_the_schema_kept_the_way_it_is_known_where_there_was_no_cash(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let (of_jun, of_sora) = (club.charge(&request, &club.jun).await.id, club.charge(&request, &club.sora).await.id);
    club.pays(&club.jun, of_jun, 14_000).await.unwrap();
    club.pays(&club.sora, of_sora, 3_000).await.unwrap();
    let receipt = club.cash(of_sora, 9_000).await;
    club.dues().confirm_cash(club.jun.user.id, club.room, receipt.id).await.unwrap();
    club.stores.say("UPDATE dues_charges SET paid_by_wallet = 0".to_owned()).await;
    club.stores.say("UPDATE dues_balances SET credit_by_wallet = 0".to_owned()).await;
    let text = include_str!("../../../migrations/0019_provenance.sql");
    for statement in text.split(';').filter(|statement| statement.trim().starts_with("UPDATE")) {
        club.stores.say(statement.to_owned()).await;
    }
    let way = |of, amount| club.back(of, amount, Way::Wallet);
    for (charge, most) in [(of_jun, 10_000), (of_sora, 3_000)] {
        let more = club.dues().refund(way(charge, most + 1)).await;
        assert_eq!(dues_refused(more), DuesRefused::MoreThanCame(won(most)));
    }
    club.dues().return_credit(club.back(club.jun.user.id, 4_000, Way::Wallet)).await.unwrap();
    let of_cash = club.dues().return_credit(club.back(club.sora.user.id, 2_000, Way::Wallet)).await;
    assert_eq!(dues_refused(of_cash), DuesRefused::MoreThanCame(won(0)));
    club.is_sound().await;
}

async fn who_audits_the_dues_does_not_keep_them(arm: Arm) {
    let club = Club::open(arm).await;
    let minji = club.minji.user.id;
    let charge = club.charge(&club.asked().await, &club.jun).await.id;
    let rooms = club.stores.persistence.accounts().rooms();
    rooms.set_office(minji, club.room, minji, Some(Office::Auditor)).await.unwrap();
    let waived = club.dues().waive(minji, club.room, charge, "반액").await;
    assert_eq!(
        dues_refused(waived),
        DuesRefused::NotTheTreasurer,
        "though the room has no treasurer and he is its admin"
    );
    rooms.set_office(minji, club.room, minji, None).await.unwrap();
    club.dues().waive(minji, club.room, charge, "반액").await.unwrap();
}

async fn credit_is_given_back_by_the_treasurer(arm: Arm) {
    let club = Club::open(arm).await;
    let request = club.asked().await;
    let charge = club.charge(&request, &club.jun).await.id;
    top_up(&club.stores.ledger(), &club.jun, 1).await;
    club.pays(&club.jun, charge, 12_000).await.unwrap();
    let jun = club.jun.user.id;
    let too_much = club.dues().return_credit(club.back(jun, 2_001, Way::Wallet)).await;
    assert_eq!(dues_refused(too_much), DuesRefused::MoreThanCame(won(2_000)));
    club.dues().return_credit(club.back(jun, 2_000, Way::Wallet)).await.unwrap();
    assert_eq!((club.balance(&club.jun).await, club.held().await), ((0, 10_000, 0), (10_000, 0)));
    club.is_sound().await;
}

on_each_arm!(
    a_charge_is_paid_in_parts_and_what_is_too_much_pays_the_next,
    the_room_is_told_of_a_request_and_of_each_payment_with_the_money,
    nothing_leaves_a_fund_by_the_wallets_routes,
    a_wallet_of_the_group_may_keep_its_dues_from_the_first_plan_on,
    everybody_pays_his_own_and_a_stranger_sees_nothing,
    the_same_payment_sent_again_is_paid_once,
    a_payment_that_was_made_is_answered_so_whatever_became_of_its_payer,
    cash_counts_once_a_second_person_says_so_and_never_becomes_a_wallets,
    the_treasurer_alone_records_waives_and_gives_back,
    who_leaves_owes_nothing_more_and_gets_his_credit_back,
    what_was_asked_stays_whatever_becomes_of_the_plan,
    a_shared_sum_and_exemptions_are_asked_as_the_plan_says,
    credit_is_given_back_by_the_treasurer,
    nobody_gives_back_or_lets_go_his_own_dues,
    what_came_in_cash_goes_back_to_no_wallet_whatever_came_from_it_before,
    of_what_was_paid_before_the_schema_kept_the_way_it_is_known_where_there_was_no_cash,
    who_audits_the_dues_does_not_keep_them,
);
