//! Random expenses against a model of a few lines: proposals, votes, changed minds, rules, members who leave, are
//! removed and come back, what is taken back or expires, the same request again, restarts, two servers in turn. After
//! each step the fund, every wallet, every expense with its votes, the zero sum, the chains and all that the room was
//! told are compared.

use moim_persistence::{
    Accounts, Config, ExpenseId, ExpenseState, Kind, NewExpense, Payee, Persistence, RequestKey, SpendingRules,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, TestRunner};

use super::{DAY_MS, fund, told};
use crate::arm::{Arm, on_each_arm};
use crate::dues::Club;
use crate::ledger::{Person, now_ms, payment, person, top_up, won};
use crate::support::config;

/// The first of them keeps the fund.
const PEOPLE: usize = 5;
const MONEY: i64 = 100_000;
/// Won of a gift or an expense, at most.
const AMOUNT_MAX: i64 = 30_000;

#[derive(Clone, Debug)]
enum Step {
    /// Into the fund.
    Give {
        who: usize,
        amount: i64,
    },
    Propose {
        amount: i64,
        payee: Option<usize>,
    },
    /// The newest proposal, once more.
    Again,
    /// On the expense that is so many back from the newest.
    Vote {
        by: usize,
        back: usize,
        approves: bool,
    },
    Withdraw {
        by: usize,
        back: usize,
    },
    Rules {
        quorum: u32,
        limit: i64,
    },
    /// Until everything that is proposed is over.
    TimePasses,
    /// Until newcomers have a say, and before what is proposed is over.
    DaysPass,
    Leave(usize),
    Remove(usize),
    Return(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE;
    let amount = 0..AMOUNT_MAX;
    let back = 0..2usize;
    let approves = prop::bool::weighted(0.7);
    prop_oneof![
        4 => (who.clone(), amount.clone()).prop_map(|(who, amount)| Step::Give { who, amount }),
        6 => (amount.clone(), proptest::option::of(who.clone())).prop_map(|(amount, payee)| Step::Propose { amount, payee }),
        2 => Just(Step::Again),
        16 => (who.clone(), back.clone(), approves).prop_map(|(by, back, approves)| Step::Vote { by, back, approves }),
        2 => (who, back).prop_map(|(by, back)| Step::Withdraw { by, back }),
        2 => (1..4u32, amount).prop_map(|(quorum, limit)| Step::Rules { quorum, limit: limit / 4 }),
        2 => Just(Step::TimePasses),
        4 => Just(Step::DaysPass),
        3 => (1..PEOPLE).prop_map(Step::Leave),
        2 => (1..PEOPLE).prop_map(Step::Remove),
        6 => (1..PEOPLE).prop_map(Step::Return),
        1 => Just(Step::Restart),
    ]
}

/// An expense, as it ought to be.
#[derive(Clone, Debug)]
struct Expected {
    id: ExpenseId,
    amount: i64,
    payee: Option<usize>,
    quorum: u32,
    /// Who joined by then decides.
    voters_up_to: usize,
    votes: [Option<bool>; PEOPLE],
    state: ExpenseState,
    /// Who had agreed and objected when it was settled.
    settled_by: Option<(u32, u32)>,
}

#[derive(Debug)]
struct Model {
    wallets: [i64; PEOPLE],
    fund: i64,
    /// When they joined the last time, in joinings, and whether they are there.
    joined: [(usize, bool); PEOPLE],
    joinings: usize,
    /// Who came while the dues held nothing, or so long ago that it does not matter.
    has_say: [bool; PEOPLE],
    /// Whom the treasurer removed not long ago, while they held something.
    still_counts: [bool; PEOPLE],
    /// Quorum and limit, and those that come into force once time passes.
    rules: (u32, i64),
    next_rules: Option<(u32, i64)>,
    /// What was paid without anyone's consent lately.
    at_once: i64,
    expenses: Vec<Expected>,
    told: Vec<&'static str>,
    transfers: usize,
}

impl Model {
    fn reserved(&self) -> i64 {
        let waits = |expense: &&Expected| expense.state == ExpenseState::Proposed;
        self.expenses.iter().filter(waits).map(|expense| expense.amount).sum()
    }

    fn may_vote(&self, who: usize, expense: &Expected) -> bool {
        self.was_there(who, expense.voters_up_to) && who != 0 && expense.payee != Some(who)
    }

    fn was_there(&self, who: usize, voters_up_to: usize) -> bool {
        let (joined, is_there) = self.joined[who];
        is_there && joined <= voters_up_to
    }

    fn voters_up_to(&self) -> usize {
        (0..PEOPLE).filter(|&who| self.has_say[who]).map(|who| self.joined[who].0).max().unwrap()
    }

    fn counted(&self, expense: &Expected) -> (u32, u32) {
        let of =
            |vote| (0..PEOPLE).filter(|&who| expense.votes[who] == Some(vote) && self.may_vote(who, expense)).count();
        expense.settled_by.unwrap_or_else(|| (of(true) as u32, of(false) as u32))
    }

    /// Won, quorum and payee of what would be proposed now, if it may be.
    fn quorum(&self, amount: i64, payee: Option<usize>) -> Option<u32> {
        let others = || (1..PEOPLE).filter(|&who| payee != Some(who));
        let may = others().filter(|&who| self.was_there(who, self.voters_up_to())).count() as u32;
        let counted =
            others().filter(|&who| self.was_there(who, self.voters_up_to()) || self.still_counts[who]).count();
        let at_once = payee != Some(0) && self.at_once + amount <= self.rules.1;
        let quorum = if at_once { 0 } else { self.rules.0.min(counted.max(1) as u32) };
        let is_there = payee.is_none_or(|payee| self.joined[payee].1);
        let fits = is_there && (1..=self.fund - self.reserved()).contains(&amount);
        (fits && may >= quorum).then_some(quorum)
    }

    fn pay(&mut self, place: usize) {
        let Expected { amount, payee, .. } = self.expenses[place];
        self.fund -= amount;
        if let Some(payee) = payee {
            self.wallets[payee] += amount;
        }
        self.transfers += 1;
    }

    fn settle(&mut self, place: usize, state: ExpenseState) {
        self.expenses[place].settled_by = Some(self.counted(&self.expenses[place]));
        self.expenses[place].state = state;
        self.told.push(state.name());
    }
}

/// The real thing beside its model.
struct World {
    club: Club,
    /// A second server on the same database, and which of the two is asked next.
    other: Accounts,
    others_turn: bool,
    people: [Person; PEOPLE],
    model: Model,
    newest: Option<NewExpense>,
}

fn second_server(club: &Club) -> Accounts {
    let accounts = club.stores.place.address();
    Persistence::open_accounts_only(&Config { accounts, ..config(&club.stores.folder) }).unwrap()
}

impl World {
    async fn open(arm: Arm) -> Self {
        let club = Club::open(arm).await;
        let more = [person(&club.stores, "haneul").await, person(&club.stores, "garam").await];
        for person in &more {
            club.stores.persistence.accounts().rooms().join(person.user.id, club.room, None).await.unwrap();
            top_up(&club.stores.ledger(), person, MONEY).await;
        }
        // With its first plan the room has a fund.
        club.plan(Club::terms(moim_persistence::Amount::Equal(won(1_000)))).await;
        let [haneul, garam] = more;
        let people = [club.minji.clone(), club.jun.clone(), club.sora.clone(), haneul, garam];
        let model = Model {
            wallets: [MONEY; PEOPLE],
            fund: 0,
            joined: [(0, true); PEOPLE],
            joinings: 0,
            has_say: [true; PEOPLE],
            still_counts: [false; PEOPLE],
            rules: (2, 0),
            next_rules: None,
            at_once: 0,
            expenses: Vec::new(),
            told: Vec::new(),
            transfers: 0,
        };
        Self { other: second_server(&club), others_turn: false, club, people, model, newest: None }
    }

    fn server(&mut self) -> Accounts {
        self.others_turn = !self.others_turn;
        if self.others_turn { self.other.clone() } else { self.club.stores.persistence.accounts().clone() }
    }

    async fn step(mut self, step: &Step) -> Result<Self, TestCaseError> {
        let server = self.server();
        let (room, treasurer) = (self.club.room, self.people[0].user.id);
        match *step {
            Step::Give { who, amount } => self.give(&server, who, amount).await?,
            Step::Propose { amount, payee } => self.propose(&server, amount, payee).await?,
            Step::Again => {
                if let (Some(newest), Some(expected)) = (self.newest.clone(), self.model.expenses.last()) {
                    let (again, changes) = server.spending().propose(newest).await.unwrap();
                    prop_assert_eq!((again.id, changes.len()), (expected.id, 0));
                }
            }
            Step::Vote { by, back, approves } => self.vote(&server, by, back, approves).await?,
            Step::Withdraw { by, back } => {
                let Some(place) = self.model.expenses.len().checked_sub(1 + back) else { return Ok(self) };
                let (actor, id) = (self.people[by].user.id, self.model.expenses[place].id);
                let withdrawn = server.spending().withdraw(actor, room, id).await;
                let fits = by == 0 && self.model.expenses[place].state == ExpenseState::Proposed;
                prop_assert_eq!(withdrawn.is_ok(), fits, "{:?}", withdrawn);
                if fits {
                    self.model.settle(place, ExpenseState::Withdrawn);
                }
            }
            Step::Rules { quorum, limit } => {
                let rules = SpendingRules { quorum, limit: won(limit), wait_days: 7 };
                server.spending().set_rules(treasurer, room, rules).await.unwrap();
                let is_looser = quorum < self.model.rules.0 || limit > self.model.rules.1;
                self.model.next_rules = (is_looser && self.model.fund > 0).then_some((quorum, limit));
                if self.model.next_rules.is_none() {
                    self.model.rules = (quorum, limit);
                }
                self.model.told.push("rules");
            }
            Step::TimePasses => {
                server.ledger().void_expired(now_ms() + 8 * DAY_MS).await.unwrap();
                let sql = "UPDATE spending_rules SET next_from_ms = 0 WHERE next_from_ms IS NOT NULL";
                self.club.stores.say(sql.to_owned()).await;
                self.days_pass().await;
                let sql = format!("UPDATE expenses SET proposed_at_ms = proposed_at_ms - {}", 8 * DAY_MS);
                self.club.stores.say(sql).await;
                self.model.at_once = 0;
                self.model.rules = self.model.next_rules.take().unwrap_or(self.model.rules);
                for place in 0..self.model.expenses.len() {
                    if self.model.expenses[place].state == ExpenseState::Proposed {
                        self.model.settle(place, ExpenseState::Expired);
                    }
                }
            }
            Step::DaysPass => self.days_pass().await,
            Step::Leave(_) | Step::Remove(_) | Step::Return(_) => self.come_or_go(&server, step).await,
            Step::Restart => self.club.stores = self.club.stores.reopen(),
        }
        Ok(self)
    }

    async fn come_or_go(&mut self, server: &Accounts, step: &Step) {
        let (room, treasurer, people, model) = (self.club.room, self.people[0].user.id, &self.people, &mut self.model);
        match *step {
            Step::Leave(who) if model.joined[who].1 => {
                server.rooms().leave(people[who].user.id, room).await.unwrap();
                model.joined[who].1 = false;
            }
            Step::Remove(who) if model.joined[who].1 => {
                server.rooms().remove(treasurer, room, people[who].user.id).await.unwrap();
                model.joined[who].1 = false;
                if model.has_say[who] {
                    model.still_counts[who] = model.fund > 0;
                }
            }
            Step::Return(who) if !model.joined[who].1 => {
                server.rooms().join(people[who].user.id, room, None).await.unwrap();
                model.joinings += 1;
                model.joined[who] = (model.joinings, true);
                model.has_say[who] = model.fund == 0;
            }
            _ => {}
        }
    }

    async fn days_pass(&mut self) {
        super::days_pass(&self.club).await;
        (self.model.has_say, self.model.still_counts) = ([true; PEOPLE], [false; PEOPLE]);
    }

    async fn give(&mut self, server: &Accounts, who: usize, amount: i64) -> Result<(), TestCaseError> {
        let balances = self.club.dues().balances(self.people[0].user.id, self.club.room).await.unwrap();
        let (from, fund) = (&self.people[who], balances.0.unwrap().wallet);
        let given = server.ledger().pay(payment(from, from.wallet, fund, amount)).await;
        let fits = (1..=self.model.wallets[who]).contains(&amount);
        prop_assert_eq!(given.is_ok(), fits, "{:?}", given);
        if fits {
            self.model.wallets[who] -= amount;
            self.model.fund += amount;
            self.model.transfers += 1;
        }
        Ok(())
    }

    async fn propose(&mut self, server: &Accounts, amount: i64, payee: Option<usize>) -> Result<(), TestCaseError> {
        let to =
            payee.map_or_else(|| Payee::Outside("한식당".to_owned()), |who| Payee::Member(self.people[who].user.id));
        let key = RequestKey::given(&format!("expense-{}", self.model.expenses.len())).unwrap();
        let new = NewExpense { key, payee: to, ..super::expense(&self.club, amount) };
        let proposed = server.spending().propose(new.clone()).await;
        let quorum = self.model.quorum(amount, payee);
        prop_assert_eq!(proposed.as_ref().ok().map(|(expense, _)| expense.quorum), quorum, "{:?}", proposed);
        let (Ok((expense, _)), Some(quorum)) = (proposed, quorum) else { return Ok(()) };
        self.newest = Some(new);
        let (id, votes, voters_up_to) = (expense.id, [None; PEOPLE], self.model.voters_up_to());
        let state = ExpenseState::Proposed;
        self.model.expenses.push(Expected { id, amount, payee, quorum, voters_up_to, votes, state, settled_by: None });
        let place = self.model.expenses.len() - 1;
        if quorum == 0 {
            self.model.at_once += amount;
            self.model.settle(place, ExpenseState::Posted);
            self.model.pay(place);
        } else {
            self.model.told.push(state.name());
        }
        Ok(())
    }

    async fn vote(&mut self, server: &Accounts, by: usize, back: usize, approves: bool) -> Result<(), TestCaseError> {
        let Some(place) = self.model.expenses.len().checked_sub(1 + back) else { return Ok(()) };
        let id = self.model.expenses[place].id;
        let voted = server.spending().vote(self.people[by].user.id, self.club.room, id, approves).await;
        let expense = &self.model.expenses[place];
        // The same again is answered, whatever has become of it; that nothing comes of it is seen below.
        let is_again = expense.votes[by] == Some(approves);
        let fits = self.model.may_vote(by, expense) && expense.state == ExpenseState::Proposed;
        prop_assert_eq!(voted.is_ok(), fits || is_again, "{:?}", voted);
        if is_again || !fits {
            return Ok(());
        }
        self.model.expenses[place].votes[by] = Some(approves);
        self.model.told.push(if approves { "approved" } else { "objected" });
        let (agree, object) = self.model.counted(&self.model.expenses[place]);
        let quorum = self.model.expenses[place].quorum;
        if agree >= quorum {
            self.model.settle(place, ExpenseState::Posted);
            self.model.pay(place);
        } else if object >= quorum {
            self.model.settle(place, ExpenseState::Refused);
        }
        Ok(())
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        let Self { club, model, people, .. } = self;
        prop_assert_eq!(fund(club).await, (model.fund, model.reserved()));
        for (person, money) in people.iter().zip(model.wallets) {
            prop_assert_eq!(club.wallet(person).await.get(), money);
        }
        let spending = club.stores.persistence.accounts().spending();
        let found = spending.expenses(people[0].user.id, club.room, ExpenseId(0), 100).await.unwrap();
        let found: Vec<_> = found.iter().rev().map(|it| (it.expense.id, it.expense.state, it.counted())).collect();
        let expected = model.expenses.iter().map(|it| (it.id, it.state, model.counted(it)));
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
        let told: Vec<String> = told(club).await.into_iter().map(|(_, what)| what).collect();
        prop_assert_eq!(told, model.told.clone());
        let money = club.told().await.iter().filter(|(kind, _)| *kind == Kind::Money).count();
        prop_assert_eq!(money, model.transfers);
        let verified = club.stores.ledger().verify(None).await.unwrap();
        prop_assert_eq!((verified.sum, &verified.faults.0), (0, &Vec::new()));
        Ok(())
    }
}

async fn random_expenses_are_where_the_model_has_them(arm: Arm) {
    let cases = match std::env::var("MOIM_TEST_SPENDING_CASES") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 12,
    };
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let steps = proptest::collection::vec(step(), 20..60);
    let counts = std::sync::Mutex::new([0usize; 4]);
    let handle = tokio::runtime::Handle::current();
    let run = |steps: Vec<Step>| {
        handle.block_on(async {
            let mut world = World::open(arm).await.step(&Step::Give { who: 0, amount: MONEY / 2 }).await?;
            for step in &steps {
                world = world.step(step).await?;
                world.compare().await?;
            }
            let posted = world.model.expenses.iter().filter(|expense| expense.state == ExpenseState::Posted).count();
            let of_this = [steps.len(), world.model.expenses.len(), posted, world.model.told.len()];
            counts.lock().unwrap().iter_mut().zip(of_this).for_each(|(count, more)| *count += more);
            Ok(())
        })
    };
    let outcome = tokio::task::block_in_place(|| runner.run(&steps, run));
    let [steps, expenses, posted, told] = *counts.lock().unwrap();
    eprintln!("{arm:?}: {cases} cases, {steps} steps, {expenses} expenses, {posted} paid, {told} changes told");
    outcome.unwrap();
    assert!(expenses > 0 && told > expenses);
}

on_each_arm!(threads: random_expenses_are_where_the_model_has_them);
