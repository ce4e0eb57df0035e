//! A bank that misbehaves, against the whole server: what it told is credited once, and what others told in its name is not.

use std::path::Path;

use moim_persistence::{Accounts, Config, PasswordCost, Persistence};

use super::command_line::moim;
use super::server::{Server, operated, serve};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PAYMENTS: &str = "120";

const NAMES: [&str; 2] = ["haneul", "bada"];

fn email(name: &str) -> String {
    format!("{name}@example.org")
}

/// Runs one request on the accounts, beside the server.
fn asked<T>(data: &Path, request: impl AsyncFnOnce(&Accounts) -> T) -> T {
    let config = Config { password_cost: PasswordCost::LEAST, ..Config::new(data) };
    let accounts = Persistence::open_accounts_only(&config).unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(request(&accounts))
}

/// Two people with wallets; their codes.
fn people(data: &Path) -> [String; 2] {
    NAMES.map(|name| {
        operated(data, &["user", "add", &email(name), name], "correct horse\n");
        asked(data, async |accounts| {
            let user = accounts.users().by_email(&email(name)).await.unwrap().id;
            accounts.ledger().open_wallet(user, "wallet secret").await.unwrap();
        });
        operated(data, &["bank", "reference", &email(name)], "")
    })
}

fn balances(data: &Path) -> [i64; 2] {
    NAMES.map(|name| {
        asked(data, async |accounts| {
            let user = accounts.users().by_email(&email(name)).await.unwrap().id;
            accounts.ledger().wallet(user).await.unwrap().balance.get()
        })
    })
}

/// The sum of the amounts of those lines that begin so; amounts are in the column `column`.
fn sum(lines: &str, beginning: &str, column: usize) -> i64 {
    let of_line = |line: &str| line.split('\t').nth(column).unwrap().trim_end_matches(" KRW").parse::<i64>().unwrap();
    lines.lines().filter(|line| line.starts_with(beginning)).map(of_line).sum()
}

#[test]
fn a_bank_that_tells_twice_late_and_wrongly_credits_what_it_meant() {
    let data = tempfile::tempdir().unwrap();
    let codes = people(data.path());
    let mut serving = serve(data.path());
    serving.env("MOIM_BANK_SECRETS", format!("a secret that was used before this one,{SECRET}"));
    let server = Server::ready(serving);
    let mut told = String::new();
    for seed in ["7", "8"] {
        let mut bank = moim();
        bank.env("MOIM_BANK_SECRETS", SECRET).args([
            "bank",
            "simulate",
            "--set",
            "trial.enabled=true",
            "--seed",
            seed,
            "--payments",
            PAYMENTS,
        ]);
        bank.args(["--to", &server.page, "--reference", &codes[0], "--reference", &codes[1], "--data"]);
        let output = bank.arg(data.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        told += &String::from_utf8(output.stdout).unwrap();
    }
    let operated = |arguments: &[&str]| operated(data.path(), arguments, "");
    let credited = operated(&["bank", "deposits", "--state", "credited"]);
    for code in &codes {
        let meant = sum(&told, &format!("credited\t{code}"), 2);
        let of_code: String =
            credited.lines().filter(|line| line.contains(&**code)).map(|line| format!("{line}\n")).collect();
        assert!(meant > 0 && sum(&of_code, "", 1) == meant, "{code}: {meant}\n{credited}");
    }
    let meant = sum(&told, "unmatched", 1);
    let unmatched = operated(&["bank", "deposits", "--state", "unmatched"]);
    assert!(meant > 0 && sum(&unmatched, "", 1) == meant, "{meant}\n{unmatched}");
    for left in ["received", "early", "stuck"] {
        assert_eq!(operated(&["bank", "deposits", "--state", left]), "", "{left}");
    }
    assert!(!operated(&["bank", "conflicts"]).is_empty());
    let verified = operated(&["ledger", "verify"]);
    assert!(verified.contains("sum\t0 KRW"), "{verified}");
    // What is in the wallets is what was meant: entries tell it, not the bank's own table.
    let balances = balances(data.path());
    assert_eq!(balances, codes.map(|code| sum(&told, &format!("credited\t{code}"), 2)));
}
