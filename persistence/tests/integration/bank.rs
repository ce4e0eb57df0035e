//! Notices of a bank: credited once each, whatever their order, and put right by others.

use moim_persistence::{
    AccountId, Bank, BankRefused, Deposit, DepositState, Error, Ledger, NewDeposit, Payment, Reference, RequestKey,
    UserId,
};

use crate::arm::{Arm, on_each_arm};
use crate::support::Stores;

const SECRET: &str = "wallet secret";

/// Mina and Jun with empty wallets.
struct Scene {
    stores: Stores,
    bank: Bank,
    ledger: Ledger,
    mina: (UserId, AccountId),
    jun: (UserId, AccountId),
}

impl Scene {
    async fn open(arm: Arm) -> Self {
        let stores = Stores::open(arm);
        let accounts = stores.persistence.accounts();
        let (bank, ledger) = (accounts.bank(), accounts.ledger());
        let mut people = Vec::new();
        for name in ["mina", "jun"] {
            let user = stores.user(name).await.id;
            people.push((user, ledger.open_wallet(user, SECRET).await.unwrap().id));
        }
        Self { bank, ledger, mina: people[0], jun: people[1], stores }
    }

    async fn take(&self, new: NewDeposit) -> Result<Deposit, Error> {
        self.bank.take(new).await
    }

    async fn balances(&self) -> (i64, i64) {
        let of = async |user| self.ledger.wallet(user).await.unwrap().balance.get();
        (of(self.mina.0).await, of(self.jun.0).await)
    }

    /// Every balance and chain is sound, and the sum is zero.
    async fn verify(&self) {
        let verified = self.ledger.verify(None).await.unwrap();
        assert!(verified.faults.0.is_empty() && verified.sum == 0, "{:?}", verified.faults);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a code or a text, as it comes")]
fn told(bank_id: &str, reference: impl ToString, amount: i64) -> NewDeposit {
    let (bank_id, reference, payer) = (bank_id.to_owned(), reference.to_string(), "김민지".to_owned());
    NewDeposit { bank_id, reference, payer, amount, corrects: None }
}

fn correction(bank_id: &str, corrects: &str, amount: i64) -> NewDeposit {
    NewDeposit { corrects: Some(corrects.to_owned()), ..told(bank_id, "", amount) }
}

fn is_conflict<T>(taken: &Result<T, Error>) -> bool {
    matches!(taken, Err(Error::Bank(BankRefused::Conflict(_))))
}

async fn a_notice_told_a_hundred_times_at_once_is_credited_once(arm: Arm) {
    let scene = Scene::open(arm).await;
    let new = told("1", format!("회비 {}", Reference::of(scene.mina.1)), 30_000);
    let taking: Vec<_> = (0..100)
        .map(|_| {
            let (bank, new) = (scene.bank.clone(), new.clone());
            tokio::spawn(async move { bank.take(new).await.unwrap() })
        })
        .collect();
    let mut kept = Vec::new();
    for taken in taking {
        let taken = taken.await.unwrap();
        assert_eq!((taken.state, taken.wallet), (DepositState::Credited, Some(scene.mina.1)));
        kept.push((taken.id, taken.transfer.unwrap()));
    }
    kept.dedup();
    assert_eq!((kept.len(), scene.balances().await), (1, (30_000, 0)));
    scene.verify().await;
    // A row that claims more than came is found.
    scene.stores.say("UPDATE bank_deposits SET amount = amount + 1".to_owned()).await;
    let faults = scene.ledger.verify(None).await.unwrap().faults.0;
    // Not always the first number: those who made way for another one have used some up.
    let fault = format!("deposit {} is credited", kept[0].0);
    assert!(faults.len() == 1 && faults[0].contains(&fault), "{faults:?}");
}

async fn another_notice_under_the_same_number_is_refused_and_written_down_once(arm: Arm) {
    let scene = Scene::open(arm).await;
    let code = Reference::of(scene.mina.1);
    scene.take(told("1", code, 30_000)).await.unwrap();
    for _ in 0..2 {
        assert!(is_conflict(&scene.take(told("1", code, 90_000)).await));
    }
    assert!(is_conflict(&scene.take(told("1", Reference::of(scene.jun.1), 30_000)).await));
    assert_eq!(scene.balances().await, (30_000, 0));
    let conflicts = scene.bank.conflicts().await.unwrap();
    let seen: Vec<_> = conflicts.iter().map(|conflict| (conflict.bank_id.as_str(), conflict.amount.get())).collect();
    assert_eq!(seen, [("1", 30_000), ("1", 90_000)]);
    scene.verify().await;
}

async fn an_unknown_code_is_nobodys_until_the_operator_says_whose(arm: Arm) {
    let scene = Scene::open(arm).await;
    let closed = scene.stores.user("sora").await.id;
    let wallet = scene.ledger.open_wallet(closed, SECRET).await.unwrap().id;
    scene.ledger.close_wallet(closed).await.unwrap();
    let unknown = [String::new(), "회비".to_owned(), Reference::of(AccountId(999_999)).to_string()];
    for (number, reference) in unknown.into_iter().chain([Reference::of(wallet).to_string()]).enumerate() {
        let taken = scene.take(told(&number.to_string(), reference, 1_000)).await.unwrap();
        assert_eq!((taken.state, taken.wallet, taken.transfer), (DepositState::Unmatched, None, None), "{number}");
    }
    // The bank's own accounts have no codes.
    let external = scene.take(told("external", Reference::of(AccountId::EXTERNAL), 1_000)).await.unwrap();
    assert_eq!((external.state, scene.balances().await), (DepositState::Unmatched, (0, 0)));
    let matched = scene.bank.match_to("1", scene.jun.0).await.unwrap();
    assert_eq!((matched.state, matched.wallet), (DepositState::Credited, Some(scene.jun.1)));
    let again = scene.bank.match_to("1", scene.mina.0).await;
    assert!(matches!(again, Err(Error::Bank(BankRefused::WrongState { .. }))), "{again:?}");
    assert!(matches!(scene.bank.match_to("none", scene.jun.0).await, Err(Error::Bank(BankRefused::NoSuchDeposit(_)))));
    assert_eq!(scene.bank.deposits(Some(DepositState::Unmatched)).await.unwrap().len(), 4);
    assert_eq!(scene.balances().await, (0, 1_000));
    // Told again it is answered as it stands, matched.
    assert_eq!(scene.take(told("1", "회비", 1_000)).await.unwrap(), matched);
    scene.verify().await;
}

async fn a_correction_puts_right_before_and_after_and_when_it_is_corrected_itself(arm: Arm) {
    let scene = Scene::open(arm).await;
    let code = Reference::of(scene.mina.1);
    scene.take(told("1", code, 10_000)).await.unwrap();
    let right = scene.take(correction("1b", "1", 7_000)).await.unwrap();
    assert_eq!((right.state, scene.balances().await), (DepositState::Credited, (7_000, 0)));
    assert_eq!(scene.take(correction("1b", "1", 7_000)).await.unwrap(), right);
    assert_eq!(scene.take(told("1", code, 10_000)).await.unwrap().state, DepositState::Replaced);
    assert!(is_conflict(&scene.take(correction("1x", "1", 6_000)).await), "corrected before, by another");
    scene.take(correction("1c", "1b", 8_000)).await.unwrap();
    assert_eq!(scene.balances().await, (8_000, 0));
    // The correction is faster than what it corrects.
    assert_eq!(scene.take(correction("2b", "2", 500)).await.unwrap().state, DepositState::Early);
    let late = scene.take(told("2", code, 900)).await.unwrap();
    assert_eq!(late.state, DepositState::Replaced);
    assert_eq!(scene.balances().await, (8_500, 0));
    // It never came, and it was another's.
    scene.take(correction("1d", "1c", 0)).await.unwrap();
    assert_eq!(scene.balances().await, (500, 0));
    let others = NewDeposit { reference: Reference::of(scene.jun.1).to_string(), ..correction("2c", "2b", 500) };
    scene.take(others).await.unwrap();
    assert_eq!(scene.balances().await, (0, 500));
    scene.verify().await;
}

async fn a_correction_of_money_that_was_spent_is_stuck_until_it_is_there(arm: Arm) {
    let scene = Scene::open(arm).await;
    scene.take(told("1", Reference::of(scene.mina.1), 10_000)).await.unwrap();
    let spent = Payment {
        actor: scene.mina.0,
        key: RequestKey::drawn().unwrap(),
        source: scene.mina.1,
        target: scene.jun.1,
        amount: 4_000,
        password: SECRET.to_owned(),
    };
    scene.ledger.pay(spent).await.unwrap();
    // 6,000 are left: 7,000 would be right, and all but 3,000 is covered.
    assert_eq!(scene.take(correction("1b", "1", 7_000)).await.unwrap().state, DepositState::Credited);
    assert_eq!(scene.balances().await, (3_000, 4_000));
    let stuck = scene.take(correction("1c", "1b", 1_000)).await.unwrap();
    assert_eq!((stuck.state, stuck.transfer), (DepositState::Stuck, None));
    assert!(stuck.failure.unwrap().contains("can spend"), "the reason is told");
    assert_eq!(scene.balances().await, (3_000, 4_000), "nothing of it is done");
    scene.take(told("3", Reference::of(scene.mina.1), 5_000)).await.unwrap();
    assert_eq!(scene.bank.settle_again("1c").await.unwrap().state, DepositState::Credited);
    assert_eq!(scene.balances().await, (2_000, 4_000));
    assert!(matches!(scene.bank.settle_again("1c").await, Err(Error::Bank(BankRefused::WrongState { .. }))));
    scene.verify().await;
}

async fn the_correction_of_a_stuck_correction_moves_back_what_that_one_left(arm: Arm) {
    let scene = Scene::open(arm).await;
    scene.take(told("1", Reference::of(scene.mina.1), 10_000)).await.unwrap();
    let pays = |actor: (UserId, AccountId), target: AccountId| Payment {
        actor: actor.0,
        key: RequestKey::drawn().unwrap(),
        source: actor.1,
        target,
        amount: 10_000,
        password: SECRET.to_owned(),
    };
    scene.ledger.pay(pays(scene.mina, scene.jun.1)).await.unwrap();
    assert_eq!(scene.take(correction("1b", "1", 1_000)).await.unwrap().state, DepositState::Stuck);
    // Still spent: what was wrong is not forgotten.
    assert_eq!(scene.take(correction("1c", "1b", 2_000)).await.unwrap().state, DepositState::Stuck);
    assert_eq!(scene.balances().await, (0, 10_000));
    scene.ledger.pay(pays(scene.jun, scene.mina.1)).await.unwrap();
    assert_eq!(scene.take(correction("1d", "1c", 3_000)).await.unwrap().state, DepositState::Credited);
    assert_eq!(scene.balances().await, (3_000, 0));
    let states: Vec<_> = scene.bank.deposits(None).await.unwrap().into_iter().map(|deposit| deposit.state).collect();
    let replaced = DepositState::Replaced;
    assert_eq!(states, [DepositState::Credited, replaced, replaced, replaced]);
    scene.verify().await;
}

async fn what_a_crash_left_between_notice_and_transfer_is_credited_once(arm: Arm) {
    let scene = Scene::open(arm).await;
    let code = Reference::of(scene.mina.1);
    // Before the transfer, and between the transfer and its being written down.
    scene.take(told("2", code, 200)).await.unwrap();
    let insert = "INSERT INTO bank_deposits (bank_id, reference, payer, amount, wallet_id, state, told_at_ms)";
    scene.stores.say(format!("{insert} VALUES ('1', '{code}', '', 100, {}, 0, 1)", scene.mina.1)).await;
    scene.stores.say("UPDATE bank_deposits SET state = 0, transfer_id = NULL WHERE bank_id = '2'".into()).await;
    assert_eq!(scene.bank.settle_left(6_000).await.unwrap(), 1, "young ones are left to who took them");
    assert_eq!(scene.bank.settle_left(u64::MAX >> 12).await.unwrap(), 1);
    assert_eq!(scene.bank.settle_left(u64::MAX >> 12).await.unwrap(), 0);
    assert_eq!(scene.balances().await, (300, 0));
    // Between the moving back and the crediting of a correction that says it was another's.
    let wrong = scene.take(told("3", code, 700)).await.unwrap();
    scene.ledger.correct(wrong.transfer.unwrap()).await.unwrap();
    let jun = Reference::of(scene.jun.1);
    let insert = insert.replace("amount,", "amount, corrects,");
    scene.stores.say(format!("{insert} VALUES ('4', '{jun}', '', 700, '3', {}, 0, 1)", scene.jun.1)).await;
    assert_eq!(scene.bank.settle_left(u64::MAX >> 12).await.unwrap(), 1);
    assert_eq!(scene.balances().await, (300, 700));
    scene.verify().await;
}

async fn one_whose_wallet_was_closed_meanwhile_is_whose_the_operator_says(arm: Arm) {
    let scene = Scene::open(arm).await;
    let code = Reference::of(scene.mina.1);
    let insert = "INSERT INTO bank_deposits (bank_id, reference, payer, amount, wallet_id, state, told_at_ms)";
    scene.stores.say(format!("{insert} VALUES ('1', '{code}', '', 100, {}, 0, 1)", scene.mina.1)).await;
    scene.ledger.close_wallet(scene.mina.0).await.unwrap();
    assert_eq!(scene.bank.settle_left(u64::MAX >> 12).await.unwrap(), 0);
    assert_eq!(scene.bank.settle_again("1").await.unwrap().state, DepositState::Stuck);
    let matched = scene.bank.match_to("1", scene.jun.0).await.unwrap();
    assert_eq!((matched.state, matched.wallet, matched.failure), (DepositState::Credited, Some(scene.jun.1), None));
    assert!(matches!(scene.bank.match_to("1", scene.jun.0).await, Err(Error::Bank(BankRefused::WrongState { .. }))));
    scene.verify().await;
}

async fn a_notice_out_of_bounds_is_refused(arm: Arm) {
    let scene = Scene::open(arm).await;
    let long = "a".repeat(65);
    let wrong = [
        told("", "", 1),
        told("a b", "", 1),
        told(&long, "", 1),
        told("1", "", 0),
        told("1", "", -1),
        told("1", "", 1 << 53),
        told("1", "가".repeat(201), 1),
        told("1", "\u{0}", 1),
        correction("1", "1", 1),
        correction("1", "", 1),
        correction("1", "2", -1),
    ];
    for new in wrong {
        let refused = scene.take(new.clone()).await;
        assert!(matches!(refused, Err(Error::InvalidField { .. })), "{new:?} {refused:?}");
    }
    assert_eq!(scene.bank.deposits(None).await.unwrap(), []);
}

on_each_arm! {
    a_notice_told_a_hundred_times_at_once_is_credited_once,
    another_notice_under_the_same_number_is_refused_and_written_down_once,
    an_unknown_code_is_nobodys_until_the_operator_says_whose,
    a_correction_puts_right_before_and_after_and_when_it_is_corrected_itself,
    a_correction_of_money_that_was_spent_is_stuck_until_it_is_there,
    the_correction_of_a_stuck_correction_moves_back_what_that_one_left,
    what_a_crash_left_between_notice_and_transfer_is_credited_once,
    one_whose_wallet_was_closed_meanwhile_is_whose_the_operator_says,
    a_notice_out_of_bounds_is_refused,
}
