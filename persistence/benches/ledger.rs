//! Transfers a second, beside the database's bare transactions that change two rows.
//!
//! `cargo bench -p moim-persistence --bench ledger -- sqlite [FOLDER]`, or `-- mysql URL` with the address of an empty database
//! that is there. Passwords are of the least cost that argon2id takes: at its real cost a core compares fifty a second, whatever
//! the ledger does.

#![recursion_limit = "256"] // the bare transactions are generic over two databases
#![allow(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "what it measures is what it prints")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moim_persistence::{
    AccountId, Config, Ledger, NewGroupWallet, NewRoom, PasswordCost, Payment, Persistence, RequestKey, SignUp, UserId,
};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Database, Executor, IntoArguments, Pool};

const SECONDS: u64 = 5;
const PEOPLE: usize = 200;
/// Clients that wait for one answer each.
const CLIENTS: usize = 256;
const PASSWORD: &str = "of the least cost";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    match arguments[..] {
        ["sqlite"] => sqlite(folder.path()).await,
        ["sqlite", folder] => sqlite(Path::new(folder)).await,
        ["mysql", url] => {
            let bare = bare_mysql(url).await;
            ledger(folder.path(), url, bare).await;
        }
        _ => println!("which database? -- sqlite [FOLDER], or -- mysql URL"),
    }
}

async fn sqlite(folder: &Path) {
    let bare = bare_sqlite(folder).await;
    ledger(folder, "sqlite", bare).await;
}

async fn bare_sqlite(folder: &Path) -> f64 {
    let options = SqliteConnectOptions::new().filename(folder.join("bare.sqlite")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    // One connection writes, as in the store: more would only wait for its lock.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    bare(pool, 1).await
}

async fn bare_mysql(url: &str) -> f64 {
    // As many connections as the store takes.
    let connections = Config::new("").connections;
    let pool = MySqlPoolOptions::new().max_connections(connections).connect(url).await.unwrap();
    bare(pool, connections as usize).await
}

/// Transactions a second that move one between two rows of a thousand, and nothing else.
async fn bare<D: Database>(pool: Pool<D>, at_once: usize) -> f64
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
    for<'q> i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    const ROWS: u64 = 1_000;
    pool.acquire().await.unwrap().execute("DROP TABLE IF EXISTS bare").await.unwrap();
    let table = "CREATE TABLE bare (id BIGINT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL)";
    pool.acquire().await.unwrap().execute(table).await.unwrap();
    for id in 0..ROWS as i64 {
        let insert = sqlx::query("INSERT INTO bare (id, balance) VALUES (?, 0)").bind(id);
        insert.execute(&mut *pool.acquire().await.unwrap()).await.unwrap();
    }
    let done = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let workers = (0..at_once as u64).map(|worker| {
        let (pool, done) = (pool.clone(), done.clone());
        async move {
            let mut number = worker * 7;
            while Instant::now() < until {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (one, other) = ((number >> 33) % ROWS, (number >> 43) % ROWS);
                // In one order, so that none waits in a circle.
                let mut transaction = pool.begin().await.unwrap();
                for (id, by) in [(one.min(other), 1i64), (one.max(other), -1)] {
                    let update =
                        sqlx::query("UPDATE bare SET balance = balance + ? WHERE id = ?").bind(by).bind(id as i64);
                    update.execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    futures_util::future::join_all(workers).await;
    pool.acquire().await.unwrap().execute("DROP TABLE bare").await.unwrap();
    let rate = done.load(Ordering::Relaxed) as f64 / SECONDS as f64;
    println!("bare transactions of two rows, {at_once} connections: {rate:.0}/s");
    rate
}

async fn ledger(folder: &Path, accounts: &str, bare: f64) {
    let config = Config {
        accounts: accounts.into(),
        password_cost: PasswordCost::LEAST,
        passwords_waiting_max: 2 * CLIENTS,
        store_wait: Duration::from_secs(60),
        ..Config::new(folder)
    };
    let persistence = tokio::task::block_in_place(|| Persistence::open(&config)).unwrap();
    let (people, group) = people_and_group(&persistence).await;
    let ledger = persistence.accounts().ledger();
    for (name, target) in [("between members", None), ("all into one group's wallet", Some(group))] {
        let before = persistence.stats().ledger;
        let rate = pay_for_a_while(&ledger, &people, target).await;
        let after = persistence.stats().ledger;
        let (commands, batches) =
            (after.commands_total - before.commands_total, after.batches_total - before.batches_total);
        println!(
            "transfers {name}: {rate:.0}/s, {:.2} of bare; {:.1} a transaction",
            rate / bare,
            commands as f64 / batches as f64
        );
    }
    let verified = ledger.verify(None).await.unwrap();
    println!("sum {} KRW, {} entries, {} faults", verified.sum, verified.entries, verified.faults.0.len());
    tokio::task::block_in_place(|| persistence.close()).unwrap();
}

async fn people_and_group(persistence: &Persistence) -> (Vec<(UserId, AccountId)>, AccountId) {
    let (accounts, ledger) = (persistence.accounts(), persistence.accounts().ledger());
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let email = format!("{number}-{}@example.org", std::process::id());
        let sign_up = SignUp { email, username: format!("person {number}"), password: PASSWORD.to_owned() };
        let user = accounts.users().sign_up(sign_up).await.unwrap().id;
        let wallet = ledger.open_wallet(user, PASSWORD).await.unwrap().id;
        ledger.top_up(user, RequestKey::drawn().unwrap(), 1_000_000_000).await.unwrap();
        people.push((user, wallet));
    }
    let treasurer = people[0].0;
    let room = NewRoom { name: "dues".into(), description: String::new(), private: false, password: String::new() };
    let room = accounts.rooms().create(treasurer, room).await.unwrap().id;
    let wallet = NewGroupWallet { room, name: "dues".into(), description: String::new(), password: PASSWORD.into() };
    (people, ledger.open_group_wallet(treasurer, wallet).await.unwrap().id)
}

/// Transfers a second of clients that ask, wait and ask again; to the next person, or all to `target`.
async fn pay_for_a_while(ledger: &Ledger, people: &[(UserId, AccountId)], target: Option<AccountId>) -> f64 {
    let begin = Instant::now();
    let until = begin + Duration::from_secs(SECONDS);
    let clients = (0..CLIENTS).map(|client| {
        let (ledger, people) = (ledger.clone(), people.to_vec());
        tokio::spawn(async move {
            let mut done = 0u64;
            while Instant::now() < until {
                let (actor, source) = people[client % PEOPLE];
                let next = (client + 1 + done as usize) % PEOPLE;
                let target =
                    target.unwrap_or(people[if next == client % PEOPLE { (next + 1) % PEOPLE } else { next }].1);
                let key = RequestKey::drawn().unwrap();
                let payment = Payment { actor, key, source, target, amount: 1, password: PASSWORD.to_owned() };
                ledger.pay(payment).await.unwrap();
                done += 1;
            }
            done
        })
    });
    let done: u64 = futures_util::future::join_all(clients).await.into_iter().map(Result::unwrap).sum();
    done as f64 / begin.elapsed().as_secs_f64()
}
