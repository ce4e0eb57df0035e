//! Money through the whole server: killed with -9 in the middle of payments, and the operator's view of the ledger.
//!
//! The moments of the kills are random among the answers: they fall before, between and after the steps of a transfer (its
//! transaction, the room's journal, the outbox's emptying). `MOIM_SEED` repeats a run's choice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moim_client::{Kind, Message, RoomId};
use moim_persistence::{Accounts, Config, NewGroupWallet, NewRoom, PasswordCost, Persistence, RequestKey, SignUp};

use super::kill_9::{connect, free_port, start, whole_history};
use super::server::{operate, operated};

const KILLS: u64 = 20;
const PAYERS: usize = 4;
/// Answers between one kill and the next, at most.
const BURST_MAX: u64 = 40;
pub(super) const AMOUNT: i64 = 100;
const SECRET: &str = "wallet secret";
/// A run that stands still this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Scene {
    room: RoomId,
    pub(super) group: u64,
    /// Token and wallet.
    pub(super) payers: Vec<(String, u64)>,
}

/// Payers with money and a group's wallet in their room. Passwords are of the least cost: it is not these that are tested.
pub(super) fn scene(data: &Path, money: i64) -> Scene {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = Config { password_cost: PasswordCost::LEAST, ..Config::new(data) };
    let accounts = Persistence::open_accounts_only(&config).unwrap();
    runtime.block_on(people(&accounts, money))
}

async fn people(accounts: &Accounts, money: i64) -> Scene {
    let (rooms, ledger) = (accounts.rooms(), accounts.ledger());
    let mut users = Vec::new();
    for number in 0..PAYERS {
        let email = format!("person{number}@example.org");
        let sign_up = SignUp { email, username: format!("person {number}"), password: "correct horse".into() };
        users.push(accounts.users().sign_up(sign_up).await.unwrap().id);
    }
    let new = NewRoom { name: "모임".into(), description: String::new(), private: false, password: String::new() };
    let room = rooms.create(users[0], new).await.unwrap().id;
    let mut payers = Vec::new();
    for &user in &users {
        if user != users[0] {
            rooms.add(users[0], room, user).await.unwrap();
        }
        let wallet = ledger.open_wallet(user, SECRET).await.unwrap().id;
        ledger.top_up(user, RequestKey::drawn().unwrap(), money).await.unwrap();
        payers.push((accounts.logins().issue(user).await.unwrap().token, wallet.0));
    }
    let new = NewGroupWallet { room, name: "회비".into(), description: String::new(), password: SECRET.into() };
    let group = ledger.open_group_wallet(users[0], new).await.unwrap().id.0;
    Scene { room, group, payers }
}

/// The status of an answer; none where the server went away before it.
pub(super) fn pay(page: &str, token: &str, key: &str, (from, to): (u64, u64)) -> Option<u16> {
    let body = format!(r#"{{"walletId":{from},"targetWalletId":{to},"amount":{AMOUNT},"password":"{SECRET}"}}"#);
    let mut stream = TcpStream::connect(page).ok()?;
    write!(
        stream,
        "POST /api/wallet/transaction HTTP/1.1\r\nHost: {page}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Asks again with the same key until there is an answer.
pub(super) fn pay_until_answered(page: &str, token: &str, key: &str, ends: (u64, u64)) {
    let begin = Instant::now();
    loop {
        match pay(page, token, key, ends) {
            Some(200) => return,
            // Gone, starting, or still taking up what it was killed in.
            None | Some(408 | 503) => std::thread::park_timeout(Duration::from_millis(2)),
            Some(other) => panic!("{key} was answered {other}"),
        }
        assert!(begin.elapsed() < PATIENCE, "{key} has no answer");
    }
}

/// Pays until told to stop; how many payments it made.
fn payer(page: &str, (token, wallet): &(String, u64), group: u64, shared: &(AtomicU64, AtomicBool)) -> u64 {
    let mut paid = 0;
    while !shared.1.load(Ordering::Acquire) {
        pay_until_answered(page, token, &format!("payment-{paid}"), (*wallet, group));
        paid += 1;
        shared.0.fetch_add(1, Ordering::AcqRel);
    }
    paid
}

#[test]
fn twenty_kills_amid_payments_lose_and_double_no_won_and_no_notice() {
    let seed = std::env::var("MOIM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()) * 0x9E37_79B9);
    eprintln!("MOIM_SEED={seed}");
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path(), 100_000_000);
    let [page, engine] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    let mut server = start(data.path(), &page, &engine);
    let shared = Arc::new((AtomicU64::new(0), AtomicBool::new(false)));
    let payers: Vec<_> = scene
        .payers
        .iter()
        .cloned()
        .map(|of| {
            let (page, shared, group) = (page.clone(), Arc::clone(&shared), scene.group);
            std::thread::spawn(move || payer(&page, &of, group, &shared))
        })
        .collect();
    let mut random = seed | 1;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let target = shared.0.load(Ordering::Acquire) + 1 + (random >> 33) % BURST_MAX;
        let begin = Instant::now();
        while shared.0.load(Ordering::Acquire) < target {
            assert!(begin.elapsed() < PATIENCE, "the payers stand still");
            std::thread::yield_now();
        }
        server.kill().unwrap();
        server.wait().unwrap();
        server = start(data.path(), &page, &engine);
    }
    shared.1.store(true, Ordering::Release);
    let paid: u64 = payers.into_iter().map(|payer| payer.join().unwrap()).sum();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let told = runtime.block_on(all_told(&engine, &scene, paid));
    server.kill().unwrap();
    server.wait().unwrap();
    is_told_once_in_order(&told, paid);
    let verified = operated(data.path(), &["ledger", "verify"], "");
    let head = serde_json::from_str::<serde_json::Value>(&told.last().unwrap().text).unwrap()["head"].clone();
    let line = format!("head\twallet {}\t{paid} entries\t{}", scene.group, head.as_str().unwrap());
    assert!(verified.contains("sum\t0 KRW") && verified.contains(&line), "{verified}\n{line}");
    eprintln!("{KILLS} kills, {paid} payments, each told once; the room's newest head is the ledger's");
}

/// The room's events of money, once the last payment's has come.
pub(super) async fn all_told(engine: &str, scene: &Scene, paid: u64) -> Vec<Message> {
    let client = connect(engine, &scene.payers[0].0).await;
    let begin = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    loop {
        looks.tick().await;
        let history = whole_history(&client, scene.room).await;
        let told: Vec<Message> = history.into_iter().filter(|message| message.kind == Kind::Money).collect();
        if told.len() as u64 >= paid {
            return told;
        }
        assert!(begin.elapsed() < PATIENCE, "{} of {paid} payments were told", told.len());
    }
}

pub(super) fn is_told_once_in_order(told: &[Message], paid: u64) {
    let mut transfers = std::collections::BTreeSet::new();
    for (told, entry) in told.iter().zip(1..) {
        let text: serde_json::Value = serde_json::from_str(&told.text).unwrap();
        assert_eq!((text["entry"].as_i64(), text["balance"].as_i64()), (Some(entry), Some(entry * AMOUNT)));
        assert!(transfers.insert(told.reference), "transfer {} was told twice", told.reference);
    }
    assert_eq!(transfers.len() as u64, paid);
}

#[test]
fn an_operator_verifies_and_corrects_the_ledger() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path(), 1_000);
    let verified = operated(data.path(), &["ledger", "verify"], "");
    assert!(verified.contains(&format!("transfers\t{PAYERS}\nsum\t0 KRW")), "{verified}");
    let of_group = operated(data.path(), &["ledger", "verify", "--group", &scene.group.to_string()], "");
    assert!(of_group.contains(&format!("wallet {}\t0 entries\t{}", scene.group, "0".repeat(64))), "{of_group}");
    let none = operate(data.path(), &["ledger", "verify", "--group", "999"], "");
    assert_eq!(none.status.code(), Some(5));
    // The first top-up is taken back, once.
    let [once, again] = [0; 2].map(|_| operated(data.path(), &["ledger", "correct", "1"], ""));
    assert!(once == again && once.contains("1000 KRW from wallet"), "{once}");
    assert!(operated(data.path(), &["ledger", "verify"], "").contains(&format!("transfers\t{}", PAYERS + 1)));
    let audit = operated(data.path(), &["ledger", "audit", "--limit", "2"], "");
    let [newest, before] = audit.lines().collect::<Vec<_>>()[..] else { panic!("{audit}") };
    let fields: Vec<&str> = newest.split('\t').collect();
    assert_eq!((fields[2], fields[3], fields[5], fields[8]), ("0 -", "operator", "corrected", "1000 KRW"), "{audit}");
    assert!(before.contains("\tgroupWalletOpened\t"), "{audit}");
    let by = operated(data.path(), &["ledger", "audit", "--by", "person1@example.org"], "");
    assert!(by.lines().count() == 2 && by.lines().all(|line| line.contains(" person 1\t")), "{by}");
    let nothing = operate(data.path(), &["ledger", "correct", "999999"], "");
    assert_eq!(nothing.status.code(), Some(5));
}
