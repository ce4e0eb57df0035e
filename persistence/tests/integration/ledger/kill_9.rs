//! `kill -9` in the middle of transfers: what was answered has happened, what was not has happened whole or not at all, and
//! asking again with the same keys brings each about once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use futures_util::StreamExt;
use moim_persistence::{AccountId, Config, PasswordCost, Payment, Persistence, RequestKey, UserId};
use serde::{Deserialize, Serialize};

use super::{Group, WALLET_PASSWORD, is_sound, money_told, top_up, won};
use crate::arm::{Arm, on_each_arm};
use crate::support::config;

const BURST: &str = "MOIM_TEST_LEDGER_BURST";
/// Payments of a child that are under way at once.
const AT_ONCE: usize = 16;

/// Payments for a process of its own, which is going to be killed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Burst {
    pub(crate) folder: PathBuf,
    pub(crate) accounts: String,
    /// Key, actor, source, target, amount.
    pub(crate) payments: Vec<(String, u32, u64, u64, i64)>,
}

impl Burst {
    /// Lets a process pay, kills it once it has told of `answers` that it got, and gives the keys of all that it told of.
    pub(crate) fn pay_until_killed(&self, answers: usize) -> BTreeSet<String> {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ledger::kill_9::child_that_pays", "--ignored", "--nocapture"])
            .env(BURST, serde_json::to_string(self).unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut paid = BTreeSet::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(key) = line.unwrap().strip_prefix("paid ") {
                paid.insert(key.to_owned());
            }
            if paid.len() >= answers {
                // What is in the pipe by then is read to its end.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(paid.len() >= answers.min(self.payments.len()), "the child told of {} payments", paid.len());
        paid
    }

    pub(crate) fn payment((key, actor, source, target, amount): &(String, u32, u64, u64, i64)) -> Payment {
        Payment {
            actor: UserId(*actor),
            key: RequestKey::given(key).unwrap(),
            source: AccountId(*source),
            target: AccountId(*target),
            amount: *amount,
            password: WALLET_PASSWORD.to_owned(),
        }
    }
}

#[tokio::test]
#[ignore = "the process that the test below kills"]
#[allow(clippy::print_stdout, reason = "its parent reads it")]
async fn child_that_pays() {
    let Ok(burst) = std::env::var(BURST) else { return };
    let burst: Burst = serde_json::from_str(&burst).unwrap();
    let config = Config {
        accounts: burst.accounts.as_str().into(),
        password_cost: PasswordCost::LEAST,
        ..Config::new(&burst.folder)
    };
    let ledger = Persistence::open_accounts_only(&config).unwrap().ledger();
    let asked = burst.payments.iter().map(|payment| {
        let ledger = ledger.clone();
        async move {
            ledger.pay(Burst::payment(payment)).await.unwrap();
            println!("paid {}", payment.0);
        }
    });
    futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn killed_at_any_moment_a_transfer_is_whole_or_not_at_all(arm: Arm) {
    const ROUNDS: usize = 12;
    const PAYMENTS: usize = 60;
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, (ROUNDS * PAYMENTS) as i64 * 10).await;
    let (mut done_unanswered, mut not_done) = (0, 0);
    for round in 0..ROUNDS {
        let from_jun = |number| {
            let key = format!("round-{round}-{number}");
            (key, group.jun.user.id.0, group.jun.wallet.0, group.wallet.id.0, 10)
        };
        let burst = Burst {
            folder: config(&group.stores.folder).data,
            accounts: group.stores.place.url(),
            payments: (0..PAYMENTS).map(from_jun).collect(),
        };
        let paid = tokio::task::block_in_place(|| burst.pay_until_killed(1 + round * 4));
        is_sound(&group.ledger()).await;
        for payment in &burst.payments {
            let again = group.ledger().pay(Burst::payment(payment)).await.unwrap();
            assert!(again.repeated || !paid.contains(&payment.0), "{} was answered and is not there", payment.0);
            done_unanswered += u32::from(again.repeated && !paid.contains(&payment.0));
            not_done += u32::from(!again.repeated);
        }
        assert_eq!(group.group_balance().await, won(((round + 1) * PAYMENTS) as i64 * 10));
        is_sound(&group.ledger()).await;
    }
    let told = money_told(group.stores.persistence.accounts(), group.room.id).await;
    assert_eq!(told.len(), ROUNDS * PAYMENTS);
    eprintln!("{arm:?}: {ROUNDS} kills; committed without an answer: {done_unanswered}, not committed: {not_done}");
}

on_each_arm!(threads: killed_at_any_moment_a_transfer_is_whole_or_not_at_all);
