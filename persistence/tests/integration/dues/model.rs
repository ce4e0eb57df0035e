//! Random dues against a model of a few lines: periods, payments in part and over, sent again, cash, refunds, waivers, members
//! who leave and come back, an exempt one, restarts, two servers in turn. After each step every wallet, charge, balance, count, the zero sum, the chains and
//! all that the room was told are compared.

use moim_persistence::{
    Amount, Charge, ChargeId, ChargePayment, Day, Dues, Kind, MemberTerms, NewReceipt, ReceiptId, Refund, RequestKey,
    Terms, Way,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, TestRunner};

use super::at_once::two_servers;
use super::expected::{AMOUNT, FEE, Model, PEOPLE, Purse};
use super::{Club, ahead, at, key};
use crate::arm::{Arm, on_each_arm};
use crate::ledger::{Person, WALLET_PASSWORD, won};

/// What each has at the beginning.
const MONEY: i64 = 100_000;

#[derive(Clone, Debug)]
enum Step {
    /// The next period is asked for, and what came before it has become late.
    Month,
    Pay {
        who: usize,
        back: usize,
        amount: i64,
    },
    /// The newest payment, once more.
    Again,
    Cash {
        who: usize,
        back: usize,
        amount: i64,
    },
    /// The newest receipt.
    Settle {
        by: usize,
        confirms: bool,
    },
    Refund {
        who: usize,
        back: usize,
        amount: i64,
        in_cash: bool,
    },
    ReturnCredit {
        who: usize,
        amount: i64,
        in_cash: bool,
    },
    Waive {
        who: usize,
        back: usize,
    },
    Leave(usize),
    Return(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, back) = (0..PEOPLE, 0..3usize);
    let amount = prop_oneof![2 => -1..14_000i64, 1 => Just(AMOUNT), 1 => 9_000..40_000i64];
    let some = 1..12_000i64;
    prop_oneof![
        2 => Just(Step::Month),
        9 => (who.clone(), back.clone(), amount).prop_map(|(who, back, amount)| Step::Pay { who, back, amount }),
        2 => Just(Step::Again),
        3 => (who.clone(), back.clone(), some.clone()).prop_map(|(who, back, amount)| Step::Cash { who, back, amount }),
        4 => (who.clone(), any::<bool>()).prop_map(|(by, confirms)| Step::Settle { by, confirms }),
        3 => (who.clone(), back.clone(), some.clone(), any::<bool>())
            .prop_map(|(who, back, amount, in_cash)| Step::Refund { who, back, amount, in_cash }),
        2 => (who.clone(), some, any::<bool>())
            .prop_map(|(who, amount, in_cash)| Step::ReturnCredit { who, amount, in_cash }),
        2 => (who, back).prop_map(|(who, back)| Step::Waive { who, back }),
        1 => (1..PEOPLE).prop_map(Step::Leave),
        2 => (1..PEOPLE).prop_map(Step::Return),
        1 => Just(Step::Restart),
    ]
}

/// The real thing beside its model.
struct World {
    club: Club,
    /// A second server on the same database, and whether it is asked next.
    other: Dues,
    others_turn: bool,
    people: [Person; PEOPLE],
    model: Model,
    first_due: Day,
    payment: Option<(ChargePayment, bool)>,
    receipt: Option<(ReceiptId, usize, i64, bool)>,
    now_ms: u64,
}

impl World {
    async fn open(arm: Arm, exempt: Option<usize>) -> Self {
        let club = Club::open(arm).await;
        let people = [club.minji.clone(), club.jun.clone(), club.sora.clone()];
        let mut terms = Terms { first_due: ahead(11), late_fee: won(FEE), ..Club::terms(Amount::Equal(won(AMOUNT))) };
        if let Some(exempt) = exempt {
            let reason = MemberTerms { exempt: Some("쉬는 달".to_owned()), ..MemberTerms::default() };
            terms.members.insert(people[exempt].user.id, reason);
        }
        let first_due = club.plan(terms).await.terms.first_due;
        let purses = [Purse { wallet: MONEY, ..Purse::default() }; PEOPLE];
        let model =
            Model { purses, is_member: [true; PEOPLE], by_time: (0..PEOPLE).collect(), exempt, ..Model::default() };
        let now_ms = at(first_due.plus_days(-10), 0);
        let [_, other] = two_servers(&club);
        Self { club, other, others_turn: false, people, model, first_due, payment: None, receipt: None, now_ms }
    }

    async fn step(mut self, step: &Step) -> Result<Self, TestCaseError> {
        match *step {
            Step::Month => {
                let due = self.first_due.plus_months(self.model.requests as i64);
                self.now_ms = at(due.plus_days(-10), 9);
                self.dues().run_due(self.now_ms).await.unwrap();
                self.model.month();
                self.learn_numbers().await;
            }
            Step::Pay { who, back, amount } => self.pay(who, back, amount).await?,
            Step::Again => {
                if let Some((payment, paid)) = self.payment.clone() {
                    let again = self.dues().pay(payment).await;
                    let is_member = self.model.is_member[self.who_paid()];
                    prop_assert!(!paid || !is_member || again.unwrap().repeated);
                }
            }
            Step::Cash { who, back, amount } => self.cash(who, back, amount).await?,
            Step::Settle { by, confirms } => self.settle(by, confirms).await?,
            Step::Refund { who, back, amount, in_cash } => self.refund(who, back, amount, in_cash).await?,
            Step::ReturnCredit { who, amount, in_cash } => self.return_credit(who, amount, in_cash).await?,
            Step::Waive { who, back } => {
                let Some(place) = self.model.newest(who, back) else { return Ok(self) };
                let charge = ChargeId(self.model.owed[place].id);
                let waived = self.dues().waive(self.people[0].user.id, self.club.room, charge, "사유").await;
                let open = self.model.owed[place].open();
                let fits = self.model.may_give_back(who) && open > 0;
                prop_assert_eq!(waived.is_ok(), fits, "{:?}", waived);
                if fits {
                    self.model.owed[place].waived += open;
                    self.model.tell("waived", place);
                }
            }
            Step::Leave(who) if self.model.is_member[who] => {
                self.club.leaves(self.people[who].user.id).await;
                self.dues().run_due(self.now_ms).await.unwrap();
                self.model.leave(who);
            }
            Step::Return(who) if !self.model.is_member[who] => {
                let rooms = self.club.stores.persistence.accounts().rooms();
                rooms.join(self.people[who].user.id, self.club.room, None).await.unwrap();
                self.model.come_back(who);
            }
            Step::Leave(_) | Step::Return(_) => {}
            Step::Restart => self.club.stores = self.club.stores.reopen(),
        }
        Ok(self)
    }

    fn dues(&mut self) -> Dues {
        self.others_turn = !self.others_turn;
        if self.others_turn { self.other.clone() } else { self.club.dues() }
    }

    /// The numbers that the newest request's charges have got.
    async fn learn_numbers(&mut self) {
        let request = self.club.newest().await;
        let (_, charges) = self.dues().request(self.people[0].user.id, self.club.room, request.id).await.unwrap();
        for owed in self.model.owed.iter_mut().filter(|owed| owed.id == 0) {
            let user = self.people[owed.who].user.id;
            owed.id = charges.iter().find(|entry| entry.charge.user == user).unwrap().charge.id.0;
        }
    }

    fn who_paid(&self) -> usize {
        let payer = self.payment.as_ref().map(|(payment, _)| payment.actor);
        self.people.iter().position(|person| Some(person.user.id) == payer).unwrap_or_default()
    }

    async fn pay(&mut self, who: usize, back: usize, amount: i64) -> Result<(), TestCaseError> {
        let Some(place) = self.model.newest(who, back) else { return Ok(()) };
        let actor = self.people[who].user.id;
        let key = RequestKey::given(&format!("payment-{}", self.model.told.len())).unwrap();
        let charge = ChargeId(self.model.owed[place].id);
        let password = WALLET_PASSWORD.to_owned();
        let payment = ChargePayment { actor, key, room: self.club.room, charge, amount, password };
        let paid = self.dues().pay(payment.clone()).await;
        let fits = self.model.is_member[who]
            && !self.model.owed[place].void
            && (1..=self.model.purses[who].wallet).contains(&amount);
        prop_assert_eq!(paid.is_ok(), fits, "{:?}", paid);
        if fits {
            self.payment = Some((payment, true));
            self.model.purses[who].wallet -= amount;
            self.model.purses[who].by_wallet += amount;
            self.model.came("paid", place, amount);
        }
        Ok(())
    }

    async fn cash(&mut self, who: usize, back: usize, amount: i64) -> Result<(), TestCaseError> {
        let Some(place) = self.model.newest(who, back) else { return Ok(()) };
        let charge = ChargeId(self.model.owed[place].id);
        let (actor, note) = (self.people[0].user.id, String::new());
        let new = NewReceipt { actor, key: key(), room: self.club.room, charge, amount, note };
        let recorded = self.dues().record_cash(new).await;
        prop_assert_eq!(recorded.is_ok(), !self.model.owed[place].void, "{:?}", recorded);
        if let Ok((receipt, _)) = recorded {
            self.receipt = Some((receipt.id, place, amount, false));
            self.model.owed[place].waiting += amount;
            self.model.tell("cashRecorded", place);
        }
        Ok(())
    }

    async fn settle(&mut self, by: usize, confirms: bool) -> Result<(), TestCaseError> {
        let Some((receipt, place, amount, settled)) = self.receipt else { return Ok(()) };
        let (actor, room) = (self.people[by].user.id, self.club.room);
        let is_member = self.model.is_member[by];
        if !confirms {
            let denied = self.dues().deny_cash(actor, room, receipt).await;
            prop_assert_eq!(denied.is_ok(), is_member && !settled, "{:?}", denied);
            if denied.is_ok() {
                self.model.owed[place].waiting -= amount;
                self.receipt = Some((receipt, place, amount, true));
                self.model.tell("cashDenied", place);
                self.model.charge_held_back(place);
            }
            return Ok(());
        }
        let confirmed = self.dues().confirm_cash(actor, room, receipt).await;
        // Who confirmed it and asks again has the first answer.
        if let Ok(outcome) = &confirmed
            && outcome.repeated
        {
            return Ok(());
        }
        let fits = is_member && by != 0 && !settled;
        prop_assert_eq!(confirmed.is_ok(), fits, "{:?}", confirmed);
        if fits {
            self.receipt = Some((receipt, place, amount, true));
            self.model.owed[place].waiting -= amount;
            self.model.purses[self.model.owed[place].who].by_cash += amount;
            self.model.came("paidInCash", place, amount);
        }
        Ok(())
    }

    async fn refund(&mut self, who: usize, back: usize, amount: i64, in_cash: bool) -> Result<(), TestCaseError> {
        let Some(place) = self.model.newest(who, back) else { return Ok(()) };
        let refund = self.back(ChargeId(self.model.owed[place].id), amount, in_cash);
        let refunded = self.dues().refund(refund).await;
        let may = self.model.may_give_back(who);
        let owed = &mut self.model.owed[place];
        let fits = may && amount <= if in_cash { owed.paid - owed.paid_by_wallet } else { owed.paid_by_wallet };
        prop_assert_eq!(refunded.is_ok(), fits, "{:?}", refunded);
        if fits {
            owed.paid -= amount;
            owed.paid_by_wallet -= if in_cash { 0 } else { amount };
            self.gave_back(who, amount, in_cash);
            self.model.tell(if in_cash { "refundedInCash" } else { "refunded" }, place);
            if !self.model.is_member[who] {
                self.model.let_go(place, false);
            }
        }
        Ok(())
    }

    async fn return_credit(&mut self, who: usize, amount: i64, in_cash: bool) -> Result<(), TestCaseError> {
        let returned = self.dues().return_credit(self.back(self.people[who].user.id, amount, in_cash)).await;
        let may = self.model.may_give_back(who);
        let purse = &mut self.model.purses[who];
        let of_wallet = purse.credit_by_wallet;
        let fits = may && amount <= if in_cash { purse.credit - of_wallet } else { of_wallet };
        prop_assert_eq!(returned.is_ok(), fits, "{:?}", returned);
        if fits {
            purse.credit -= amount;
            purse.credit_by_wallet -= if in_cash { 0 } else { amount };
            self.gave_back(who, amount, in_cash);
        }
        Ok(())
    }

    fn back<T>(&self, of: T, amount: i64, in_cash: bool) -> Refund<T> {
        self.club.back(of, amount, if in_cash { Way::Cash } else { Way::Wallet })
    }

    fn gave_back(&mut self, who: usize, amount: i64, in_cash: bool) {
        let purse = &mut self.model.purses[who];
        if in_cash {
            purse.by_cash -= amount;
        } else {
            purse.by_wallet -= amount;
            purse.wallet += amount;
        }
        self.model.transfers += 1;
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        let Self { club, model, people, .. } = self;
        for (person, purse) in people.iter().zip(&model.purses) {
            prop_assert_eq!(club.wallet(person).await.get(), purse.wallet);
            prop_assert_eq!(club.balance(person).await, (purse.credit, purse.by_wallet, purse.by_cash));
        }
        let sum = |of: fn(&Purse) -> i64| model.purses.iter().map(of).sum::<i64>();
        prop_assert_eq!(club.held().await, (sum(|purse| purse.by_wallet), sum(|purse| purse.by_cash)));
        let requests = club.dues().requests(people[0].user.id, club.room, None, 100).await.unwrap();
        prop_assert_eq!(requests.len(), model.requests);
        for (number, request) in requests.iter().rev().enumerate() {
            let found = request.counts;
            let counts = (found.asked_of as usize, found.paid_by as usize, found.collected.get());
            prop_assert_eq!(counts, model.counts(number));
            let (_, charges) = club.dues().request(people[0].user.id, club.room, request.id).await.unwrap();
            prop_assert_eq!(charges.len(), model.owed.iter().filter(|owed| owed.request == number).count());
            for Charge { id, late_fee, waived, paid, is_void, .. } in charges.into_iter().map(|entry| entry.charge) {
                let owed = model.owed.iter().find(|owed| owed.id == id.0).unwrap();
                let found = (late_fee.get(), waived.get(), paid.get(), is_void);
                prop_assert_eq!(found, (owed.fee, owed.waived, owed.paid, owed.void), "charge {}", id);
            }
        }
        self.compare_told().await?;
        let verified = club.stores.ledger().verify(None).await.unwrap();
        prop_assert_eq!((verified.sum, &verified.faults.0), (0, &Vec::new()));
        Ok(())
    }

    async fn compare_told(&self) -> Result<(), TestCaseError> {
        let told = self.club.told().await;
        let of_kind = |kind: Kind| told.iter().filter(|(found, _)| *found == kind).count();
        prop_assert_eq!((of_kind(Kind::Request), of_kind(Kind::Money)), (self.model.requests, self.model.transfers));
        let changes: Vec<_> = told
            .iter()
            .filter(|(kind, text)| *kind == Kind::RequestChanged && text["what"] != "reminder")
            .map(|(_, text)| {
                let number = |name: &str| text[name].as_i64().unwrap();
                let who = self.people.iter().position(|person| i64::from(person.user.id.0) == number("user"));
                let (what, counts) = (text["what"].as_str().unwrap(), (number("paidBy"), number("askedOf")));
                (
                    what.to_owned(),
                    who.unwrap(),
                    number("open"),
                    counts.0 as usize,
                    counts.1 as usize,
                    number("collected"),
                )
            })
            .collect();
        let expected = self.model.told.iter().copied();
        let expected = expected.map(|(what, who, open, paid, of, sum)| (what.to_owned(), who, open, paid, of, sum));
        prop_assert_eq!(changes, expected.collect::<Vec<_>>());
        Ok(())
    }
}

async fn random_dues_are_where_the_model_has_them(arm: Arm) {
    let cases = match std::env::var("MOIM_TEST_DUES_CASES") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 16,
    };
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let steps = (proptest::option::of(0..PEOPLE), proptest::collection::vec(step(), 1..40));
    let counts = std::sync::Mutex::new([0usize; 5]);
    let handle = tokio::runtime::Handle::current();
    let run = |(exempt, steps): (Option<usize>, Vec<Step>)| {
        handle.block_on(async {
            // Without anything that is asked, most of what happens would be refused.
            let mut world = World::open(arm, exempt).await.step(&Step::Month).await?;
            for step in &steps {
                world = world.step(step).await?;
                world.compare().await?;
            }
            let model = &world.model;
            let of_this = [steps.len(), model.requests, model.owed.len(), model.transfers, model.told.len()];
            counts.lock().unwrap().iter_mut().zip(of_this).for_each(|(count, more)| *count += more);
            Ok(())
        })
    };
    let outcome = tokio::task::block_in_place(|| runner.run(&steps, run));
    let [steps, requests, charges, transfers, told] = *counts.lock().unwrap();
    eprintln!(
        "{arm:?}: {cases} cases, {steps} steps, {requests} requests, {charges} charges, {transfers} transfers, {told} changes told"
    );
    outcome.unwrap();
    assert!(transfers > 0 && told > 0);
}

on_each_arm!(threads: random_dues_are_where_the_model_has_them);
