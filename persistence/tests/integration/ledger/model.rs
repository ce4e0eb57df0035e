//! Random transfers, holds, settlements, retries, corrections, restarts and crashes against a model of a few lines. After each
//! step every balance, the zero sum, every chain and everything that the room was told are compared.

use std::collections::HashMap;

use moim_persistence::{
    AccountId, Error, Hash, Hold, Outcome, Payment, Refused, RequestKey, TransferId, TransferState,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, TestRunner};

use super::kill_9::Burst;
use super::{Group, Person, WALLET_PASSWORD, money_told, now_ms, person};
use crate::arm::{Arm, on_each_arm};
use crate::support::{Stores, config};

/// Three members' wallets and two of the group's, in this order.
const WALLETS: usize = 5;
const PEOPLE: usize = 3;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    TopUp {
        who: usize,
        amount: i64,
    },
    Pay {
        from: usize,
        to: usize,
        amount: i64,
    },
    Hold {
        from: usize,
        to: usize,
        amount: i64,
        expires_in: u64,
    },
    /// To a transfer made before, counted from the newest.
    Post(usize),
    Void(usize),
    Correct(usize),
    /// A request made before, once more.
    Again(usize),
    /// Its key, for a won more.
    OtherUnderItsKey(usize),
    /// So much later, what is over is voided.
    TimePasses(u64),
    Restart,
    /// A process pays and is killed after some answers.
    Crash {
        from: usize,
        to: usize,
        payments: usize,
        answers: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let wallet = 0..WALLETS;
    let amount = -1..4_000i64;
    let back = 0..6usize;
    prop_oneof![
        4 => (0..PEOPLE, amount.clone()).prop_map(|(who, amount)| Step::TopUp { who, amount }),
        8 => (wallet.clone(), wallet.clone(), amount.clone()).prop_map(|(from, to, amount)| Step::Pay { from, to, amount }),
        5 => (wallet.clone(), wallet.clone(), amount, 1..50u64)
            .prop_map(|(from, to, amount, expires_in)| Step::Hold { from, to, amount, expires_in }),
        4 => back.clone().prop_map(Step::Post),
        3 => back.clone().prop_map(Step::Void),
        2 => back.clone().prop_map(Step::Correct),
        4 => back.clone().prop_map(Step::Again),
        1 => back.prop_map(Step::OtherUnderItsKey),
        2 => (1..20u64).prop_map(Step::TimePasses),
        1 => Just(Step::Restart),
        2 => (0..PEOPLE, wallet, 2..12usize, 0..8usize)
            .prop_map(|(from, to, payments, answers)| Step::Crash { from, to, payments, answers }),
    ]
}

/// What ought to be.
#[derive(Default)]
struct Model {
    balances: HashMap<AccountId, i64>,
    reserved: HashMap<AccountId, i64>,
    transfers: Vec<Known>,
    /// What the room is told: wallet, entry, balance after it, transfer.
    told: Vec<(AccountId, u64, i64, TransferId)>,
    entries: HashMap<AccountId, u64>,
}

/// A transfer with the request that made it.
#[derive(Clone)]
struct Known {
    id: TransferId,
    request: Payment,
    /// Of a hold, on the model's clock.
    expires_at: Option<u64>,
    state: TransferState,
    corrected: bool,
    is_top_up: bool,
}

impl Model {
    fn balance(&self, account: AccountId) -> i64 {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    fn reserve(&mut self, account: AccountId, amount: i64) {
        *self.reserved.entry(account).or_default() += amount;
    }

    fn free(&self, account: AccountId) -> i64 {
        self.balance(account) - self.reserved.get(&account).copied().unwrap_or_default()
    }

    /// Whether a request is carried out; a refusal's name otherwise.
    fn judge(&self, from: AccountId, to: AccountId, amount: i64) -> Result<(), &'static str> {
        match () {
            () if amount <= 0 => Err("Amount"),
            () if from == to => Err("SameAccount"),
            () if from != AccountId::EXTERNAL && self.free(from) < amount => Err("InsufficientFunds"),
            () => Ok(()),
        }
    }

    fn post(&mut self, id: TransferId, (from, to): (AccountId, AccountId), amount: i64, groups: &[AccountId]) {
        for (account, amount) in [(from, -amount), (to, amount)] {
            *self.balances.entry(account).or_default() += amount;
            *self.entries.entry(account).or_default() += 1;
            if groups.contains(&account) {
                self.told.push((account, self.entries[&account], self.balance(account), id));
            }
        }
    }
}

/// The real thing beside its model.
struct World {
    group: Group,
    people: [Person; PEOPLE],
    wallets: [AccountId; WALLETS],
    model: Model,
    /// The model's clock: holds expire at so many seconds after the day that is added to them.
    clock: u64,
    base_ms: u64,
    steps: u64,
    crashes: u64,
    lost: u64,
}

fn name(refused: &Refused) -> String {
    format!("{refused:?}").split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}

impl World {
    async fn open(arm: Arm) -> Self {
        let group = Group::on(Stores::open(arm)).await;
        let sora = person(&group.stores, "sora").await;
        let second = group.stores.group_wallet(&group.minji, group.room.id).await;
        let people = [group.minji.clone(), group.jun.clone(), sora];
        let wallets = [people[0].wallet, people[1].wallet, people[2].wallet, group.wallet.id, second.id];
        let base_ms = now_ms() + 24 * 3_600_000;
        let model = Model::default();
        let mut world = Self { group, people, wallets, model, clock: 0, base_ms, steps: 0, crashes: 0, lost: 0 };
        // With nothing to spend most of what happens would be refused.
        for who in 0..PEOPLE {
            world.steps += 1;
            world.top_up(who, 30_000).await.unwrap();
        }
        world
    }

    /// Who may spend from a wallet.
    fn spender(&self, wallet: usize) -> &Person {
        &self.people[if wallet < PEOPLE { wallet } else { 0 }]
    }

    fn groups(&self) -> [AccountId; 2] {
        [self.wallets[3], self.wallets[4]]
    }

    fn request(&self, from: usize, to: usize, amount: i64) -> Payment {
        let actor = self.spender(from).user.id;
        let key = RequestKey::given(&format!("key-{}", self.steps)).unwrap();
        let password = WALLET_PASSWORD.to_owned();
        Payment { actor, key, source: self.wallets[from], target: self.wallets[to], amount, password }
    }

    /// A transfer made before.
    fn known(&self, back: usize) -> Option<usize> {
        self.model.transfers.len().checked_sub(1 + back)
    }

    async fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.steps += 1;
        match *step {
            Step::TopUp { who, amount } => self.top_up(who, amount).await?,
            Step::Pay { from, to, amount } => self.make(self.request(from, to, amount), None).await?,
            Step::Hold { from, to, amount, expires_in } => {
                self.make(self.request(from, to, amount), Some(self.clock + expires_in)).await?;
            }
            Step::Post(back) => self.settle(back, true).await?,
            Step::Void(back) => self.settle(back, false).await?,
            Step::Correct(back) => self.correct(back).await?,
            Step::Again(back) => self.again(back, 0).await?,
            Step::OtherUnderItsKey(back) => self.again(back, 1).await?,
            Step::TimePasses(seconds) => self.time_passes(seconds).await?,
            Step::Restart => self.restart(),
            Step::Crash { from, to, payments, answers } => self.crash(from, to, payments, answers).await?,
        }
        self.compare().await
    }

    async fn top_up(&mut self, who: usize, amount: i64) -> Result<(), TestCaseError> {
        let request = Payment { source: AccountId::EXTERNAL, ..self.request(who, who, amount) };
        let outcome = self.group.ledger().top_up(request.actor, request.key.clone(), amount).await;
        self.judged(outcome, request, None, true)
    }

    async fn make(&mut self, request: Payment, expires_at: Option<u64>) -> Result<(), TestCaseError> {
        let outcome = self.ask(&request, expires_at).await;
        self.judged(outcome, request, expires_at, false)
    }

    async fn ask(&self, payment: &Payment, expires_at: Option<u64>) -> Result<Outcome, Error> {
        let payment = payment.clone();
        match expires_at {
            None => self.group.ledger().pay(payment).await,
            Some(at) => self.group.ledger().hold(Hold { payment, expires_at_ms: self.base_ms + at * 1_000 }).await,
        }
    }

    /// Compares an outcome with the model's, and lets the model follow.
    fn judged(
        &mut self,
        outcome: Result<Outcome, Error>,
        request: Payment,
        expires_at: Option<u64>,
        is_top_up: bool,
    ) -> Result<(), TestCaseError> {
        let (from, to, amount) = (request.source, request.target, request.amount);
        match (outcome, self.model.judge(from, to, amount)) {
            (Ok(outcome), Ok(())) => {
                prop_assert!(!outcome.repeated);
                self.made(outcome.transfer.id, request, expires_at, is_top_up);
            }
            (Err(Error::Ledger(refused)), Err(expected)) => prop_assert_eq!(name(&refused), expected),
            (outcome, expected) => prop_assert!(false, "{outcome:?} where {expected:?} was expected"),
        }
        Ok(())
    }

    fn made(&mut self, id: TransferId, request: Payment, expires_at: Option<u64>, is_top_up: bool) {
        let (ends, amount, groups) = ((request.source, request.target), request.amount, self.groups());
        let state = match expires_at {
            None => {
                self.model.post(id, ends, amount, &groups);
                TransferState::Posted
            }
            Some(_) => {
                self.model.reserve(ends.0, amount);
                TransferState::Pending
            }
        };
        self.model.transfers.push(Known { id, request, expires_at, state, corrected: false, is_top_up });
    }

    async fn settle(&mut self, back: usize, post: bool) -> Result<(), TestCaseError> {
        let Some(index) = self.known(back) else { return Ok(()) };
        let Known { id, request, state, is_top_up, .. } = self.model.transfers[index].clone();
        if is_top_up {
            return Ok(());
        }
        let ledger = self.group.ledger();
        let outcome = if post { ledger.post(request.actor, id).await } else { ledger.void(request.actor, id).await };
        let wanted = if post { TransferState::Posted } else { TransferState::Voided };
        match (outcome, state) {
            (Ok(outcome), TransferState::Pending) => {
                prop_assert!(!outcome.repeated && outcome.transfer.state == wanted);
                self.model.reserve(request.source, -request.amount);
                self.model.transfers[index].state = wanted;
                if post {
                    let groups = self.groups();
                    self.model.post(id, (request.source, request.target), request.amount, &groups);
                }
            }
            (Ok(outcome), state) => prop_assert!(outcome.repeated && state == wanted, "{outcome:?}"),
            (Err(Error::Ledger(Refused::Settled(_))), state) => {
                prop_assert!(state != wanted && state != TransferState::Pending);
            }
            (other, state) => prop_assert!(false, "{other:?} of one that is {state:?}"),
        }
        Ok(())
    }

    async fn correct(&mut self, back: usize) -> Result<(), TestCaseError> {
        let Some(index) = self.known(back) else { return Ok(()) };
        let Known { id, request, state, corrected, .. } = self.model.transfers[index].clone();
        let outcome = self.group.ledger().correct(id).await;
        let covered = request.target == AccountId::EXTERNAL || self.model.free(request.target) >= request.amount;
        match outcome {
            Ok(outcome) if corrected => prop_assert!(outcome.repeated),
            Ok(outcome) => {
                prop_assert!(state == TransferState::Posted && covered && outcome.transfer.corrects == Some(id));
                let groups = self.groups();
                let ends = (request.target, request.source);
                self.model.post(outcome.transfer.id, ends, request.amount, &groups);
                self.model.transfers[index].corrected = true;
            }
            Err(Error::Ledger(Refused::NotCorrectable(_))) => prop_assert!(state != TransferState::Posted),
            Err(Error::Ledger(Refused::InsufficientFunds { .. })) => prop_assert!(!covered && !corrected),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        Ok(())
    }

    async fn again(&mut self, back: usize, more: i64) -> Result<(), TestCaseError> {
        let Some(index) = self.known(back) else { return Ok(()) };
        let Known { id, mut request, expires_at, is_top_up, .. } = self.model.transfers[index].clone();
        request.amount += more;
        let outcome = match is_top_up {
            true => self.group.ledger().top_up(request.actor, request.key.clone(), request.amount).await,
            false => self.ask(&request, expires_at).await,
        };
        match outcome {
            Ok(outcome) => prop_assert!(more == 0 && outcome.repeated && outcome.transfer.id == id),
            Err(Error::Ledger(Refused::KeyReused(first))) => prop_assert!(more > 0 && first == id),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        Ok(())
    }

    async fn time_passes(&mut self, seconds: u64) -> Result<(), TestCaseError> {
        self.clock += seconds;
        let mut over = 0;
        for index in 0..self.model.transfers.len() {
            let known = self.model.transfers[index].clone();
            if known.state == TransferState::Pending && known.expires_at.is_some_and(|at| at <= self.clock) {
                over += 1;
                self.model.transfers[index].state = TransferState::Voided;
                self.model.reserve(known.request.source, -known.request.amount);
            }
        }
        let voided = self.group.ledger().void_expired(self.base_ms + self.clock * 1_000).await.unwrap();
        prop_assert_eq!(voided, over);
        Ok(())
    }

    fn restart(&mut self) {
        let accounts = self.group.stores.place.address();
        let folder = &self.group.stores.folder;
        let config = moim_persistence::Config { accounts, ..config(folder) };
        tokio::task::block_in_place(|| {
            self.group.stores.persistence.clone().close().unwrap();
            self.group.stores.persistence = moim_persistence::Persistence::open(&config).unwrap();
        });
    }

    /// The process may have done some of its payments and not told of them: asked again each is known or made, and the model
    /// hears of them in the order of their numbers at the room.
    async fn crash(&mut self, from: usize, to: usize, count: usize, answers: usize) -> Result<(), TestCaseError> {
        let to = if to == from { PEOPLE } else { to };
        let request = self.request(from, to, 3);
        let fields = |number| {
            let key = format!("crash-{}-{number}", self.steps);
            (key, request.actor.0, request.source.0, request.target.0, request.amount)
        };
        let affordable = (self.model.free(request.source) / 3).max(0) as usize;
        let payments: Vec<_> = (0..count.min(affordable)).map(fields).collect();
        let burst =
            Burst { folder: config(&self.group.stores.folder).data, accounts: self.group.stores.place.url(), payments };
        if burst.payments.is_empty() {
            return Ok(());
        }
        let answers = answers.min(burst.payments.len());
        let paid = tokio::task::block_in_place(|| burst.pay_until_killed(answers));
        self.crashes += 1;
        let mut made = Vec::new();
        for fields in &burst.payments {
            let outcome = self.ask(&Burst::payment(fields), None).await.unwrap();
            prop_assert!(outcome.repeated || !paid.contains(&fields.0), "{} was answered and lost", fields.0);
            self.lost += u64::from(!outcome.repeated);
            let entry = self.group.ledger().sent(outcome.transfer.id).await.unwrap().entry.number;
            made.push((entry, outcome.transfer.id, Burst::payment(fields)));
        }
        made.sort_by_key(|(entry, _, _)| *entry);
        for (_, id, payment) in made {
            self.made(id, payment, None, false);
        }
        Ok(())
    }

    /// Everything there is, against the model.
    async fn compare(&self) -> Result<(), TestCaseError> {
        let ledger = self.group.ledger();
        let mut heads = HashMap::new();
        for (index, &id) in self.wallets.iter().enumerate() {
            let (balance, reserved) = if index < PEOPLE {
                let wallet = ledger.wallet(self.people[index].user.id).await.unwrap();
                (wallet.balance, wallet.reserved)
            } else {
                let wallet = ledger.group_wallet(self.people[0].user.id, id).await.unwrap();
                heads.insert(id, ledger.head_of_group(self.people[1].user.id, id).await.unwrap());
                (wallet.balance, wallet.reserved)
            };
            let expected = (self.model.balance(id), self.model.balance(id) - self.model.free(id));
            prop_assert_eq!((balance.get(), reserved.get()), expected, "wallet {}", id);
        }
        let verified = ledger.verify(None).await.unwrap();
        prop_assert_eq!((verified.sum, &verified.faults.0), (0, &Vec::new()));
        let told = money_told(self.group.stores.persistence.accounts(), self.group.room.id).await;
        prop_assert_eq!(told.len(), self.model.told.len());
        let mut last = HashMap::new();
        for (told, (wallet, entry, balance, transfer)) in told.iter().zip(&self.model.told) {
            let text: serde_json::Value = serde_json::from_str(&told.text).unwrap();
            let found = (text["wallet"].as_u64(), text["entry"].as_u64(), text["balance"].as_i64());
            prop_assert_eq!(found, (Some(wallet.0), Some(*entry), Some(*balance)));
            prop_assert_eq!(told.subject, transfer.0);
            last.insert(*wallet, text["head"].as_str().unwrap().parse::<Hash>().unwrap());
        }
        for (wallet, head) in heads {
            prop_assert_eq!(last.get(&wallet).copied().unwrap_or(Hash::ZERO), head.hash, "the room's newest head");
        }
        Ok(())
    }
}

async fn random_money_is_where_the_model_has_it(arm: Arm) {
    let cases = match std::env::var("MOIM_TEST_LEDGER_CASES") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 16,
    };
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let steps = proptest::collection::vec(step(), 1..40);
    let counts = std::sync::Mutex::new([0u64; 5]);
    let handle = tokio::runtime::Handle::current();
    let run = |steps: Vec<Step>| {
        handle.block_on(async {
            let mut world = World::open(arm).await;
            for step in &steps {
                world.step(step).await?;
            }
            let transfers = world.model.transfers.len() as u64;
            let told = world.model.told.len() as u64;
            let of_this = [world.steps, transfers, told, world.crashes, world.lost];
            counts.lock().unwrap().iter_mut().zip(of_this).for_each(|(count, more)| *count += more);
            Ok(())
        })
    };
    let outcome = tokio::task::block_in_place(|| runner.run(&steps, run));
    let [steps, transfers, told, crashes, lost] = *counts.lock().unwrap();
    eprintln!(
        "{arm:?}: {cases} cases, {steps} steps, {transfers} transfers, {told} notices, {crashes} processes killed, {lost} \
         payments lost with them and made again"
    );
    outcome.unwrap();
    assert!(transfers > 0 && told > 0);
}

on_each_arm!(threads: random_money_is_where_the_model_has_it);
