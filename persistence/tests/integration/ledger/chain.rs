//! Chains: what was rewritten is noticed, and a backup has the heads that its database had.

use moim_persistence::{AccountId, Config, Entry, Hash, Persistence, StatementLine, Won};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection};

use super::{Group, is_sound, payment, person, top_up, won};
use crate::arm::{Arm, Place, on_each_arm, say};
use crate::support::config;

/// A group with a few entries.
async fn with_entries(arm: Arm) -> Group {
    let group = Group::open(arm).await;
    top_up(&group.ledger(), &group.jun, 10_000).await;
    for amount in [1_000, 2_000, 3_000] {
        group.jun_pays(amount).await.unwrap();
    }
    let out = payment(&group.minji, group.wallet.id, group.minji.wallet, 500);
    group.ledger().pay(out).await.unwrap();
    group
}

/// Says something to the database that the ledger never would.
async fn tamper(group: &Group, sql: &str) {
    match &group.stores.place {
        Place::Folder => {
            let file = group.stores.folder.path().join("accounts.sqlite");
            let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
            let mut connection = options.connect().await.unwrap();
            connection.execute("PRAGMA ignore_check_constraints = 1").await.unwrap();
            connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        }
        Place::Database(database) => say(&database.url(), format!("SET STATEMENT foreign_key_checks = 0 FOR {sql}")),
    }
}

async fn what_a_member_computes_from_the_entries_is_the_head(arm: Arm) {
    let group = with_entries(arm).await;
    let (jun, wallet) = (group.jun.user.id, group.wallet.id);
    let lines: Vec<StatementLine> = group.ledger().chain_of_group(jun, wallet, 0, 2).await.unwrap();
    let rest = group.ledger().chain_of_group(jun, wallet, 2, 500).await.unwrap();
    assert_eq!((lines.len(), rest.len()), (2, 2), "in pages");
    let mut hash = Hash::ZERO;
    for line in lines.iter().chain(&rest) {
        hash = line.entry.hash_after(hash);
        assert_eq!(hash, line.entry.hash);
    }
    let head = group.ledger().head_of_group(jun, wallet).await.unwrap();
    assert_eq!((head.hash, head.entries), (hash, 4));
    let verified = group.ledger().verify(Some(wallet)).await.unwrap();
    assert_eq!((verified.heads, verified.entries, verified.accounts), (vec![head], 4, 1));
}

async fn history_that_was_rewritten_is_noticed(arm: Arm) {
    let forgeries = [
        ("UPDATE postings SET posted_at_ms = posted_at_ms + 1 WHERE entry_number = 2", "its contents have"),
        ("UPDATE postings SET counterpart_id = 2 WHERE account_id = {group} AND entry_number = 1", "its contents have"),
        ("DELETE FROM postings WHERE account_id = {group} AND entry_number = 2", "entries are missing"),
        ("DELETE FROM postings WHERE account_id = {group} AND entry_number = 4", "its entries come to 3"),
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE account_id = {group}", "not nothing"),
        ("UPDATE transfers SET amount = amount + 1", "is not what its entries are"),
        ("UPDATE transfers SET state = 2", "is not what its entries are"),
        ("UPDATE ledger_accounts SET reserved = 1 WHERE account_id = {group}", "pending are 0"),
        ("DELETE FROM money_notices WHERE entry_number = 3", "was not told"),
        ("UPDATE money_notices SET notice = REPLACE(notice, '2000', '2001')", "was told as something else"),
        ("UPDATE money_notices SET notice = 'paid' WHERE entry_number = 1", "was told as something else"),
    ];
    for (forgery, found) in forgeries {
        let group = with_entries(arm).await;
        is_sound(&group.ledger()).await;
        tamper(&group, &forgery.replace("{group}", &group.wallet.id.to_string())).await;
        let faults = group.ledger().verify(None).await.unwrap().faults.0;
        assert!(faults.iter().any(|fault| fault.contains(found)), "{forgery}: {faults:#?}");
    }
}

/// Money out of nothing, under the number of a transfer between others: chains, balances and the sum are as they ought
/// to be.
async fn entries_that_no_transfer_has_are_found(arm: Arm) {
    let group = with_entries(arm).await;
    let (ledger, forger) = (group.ledger(), person(&group.stores, "mallory").await.wallet);
    let real = ledger.entries_of(group.wallet.id, Some(0), 10).await.unwrap()[0].entry.clone();
    for (account, counterpart, amount) in [(AccountId::EXTERNAL, forger, -500), (forger, AccountId::EXTERNAL, 500)] {
        let last = ledger.entries_of(account, None, 1).await.unwrap().pop();
        let (number, before, head) = last
            .map_or((0, Won::ZERO, Hash::ZERO), |last| (last.entry.number, last.entry.balance_after, last.entry.hash));
        let amount = won(amount);
        let mut entry = Entry {
            account,
            number: number + 1,
            counterpart,
            amount,
            balance_before: before,
            balance_after: before.plus(amount).unwrap(),
            ..real.clone()
        };
        entry.hash = entry.hash_after(head);
        let Entry { number, transfer, balance_after: after, posted_at_ms, hash, .. } = entry;
        let (amount, before, after) = (amount.get(), before.get(), after.get());
        tamper(
            &group,
            &format!(
                "INSERT INTO postings (account_id, entry_number, transfer_id, counterpart_id, amount, balance_before,
                                       balance_after, posted_at_ms, hash)
                 VALUES ({account}, {number}, {transfer}, {counterpart}, {amount}, {before}, {after}, {posted_at_ms}, '{hash}')"
            ),
        )
        .await;
        let sql = "UPDATE ledger_accounts SET entries";
        tamper(&group, &format!("{sql} = {number}, balance = {after}, head = '{hash}' WHERE account_id = {account}"))
            .await;
    }
    let verified = ledger.verify(None).await.unwrap();
    let fault = format!("transfer {} is said to have an entry that is not its own", real.transfer);
    assert_eq!((verified.sum, verified.faults.0), (0, vec![fault.clone(), fault]));
}

async fn balances_below_zero_are_refused_by_the_database_itself(arm: Arm) {
    let group = with_entries(arm).await;
    let sql = format!("UPDATE ledger_accounts SET balance = -1 WHERE account_id = {}", group.wallet.id);
    let refused = match &group.stores.place {
        Place::Folder => {
            let file = group.stores.folder.path().join("accounts.sqlite");
            let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
            connection.execute(AssertSqlSafe(sql)).await.unwrap_err()
        }
        Place::Database(database) => {
            let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
            connection.execute(AssertSqlSafe(sql)).await.unwrap_err()
        }
    };
    assert!(refused.to_string().contains("ledger_balance_not_negative"), "{refused}");
    is_sound(&group.ledger()).await;
}

async fn a_restored_backup_has_the_heads_of_its_instant(arm: Arm) {
    let group = with_entries(arm).await;
    let heads = group.ledger().verify(None).await.unwrap().heads;
    let backup = tempfile::tempdir().unwrap();
    let place = match &group.stores.place {
        Place::Folder => {
            let file = group.stores.folder.path().join("accounts.sqlite");
            let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
            let copy = backup.path().join("accounts.sqlite");
            connection.execute(AssertSqlSafe(format!("VACUUM INTO '{}'", copy.display()))).await.unwrap();
            Place::Folder
        }
        Place::Database(database) => Place::Database(database.restored().await),
    };
    // The original goes on.
    group.jun_pays(1).await.unwrap();
    let restored = Persistence::open_accounts_only(&Config { accounts: place.address(), ..config(&backup) }).unwrap();
    let verified = restored.ledger().verify(None).await.unwrap();
    assert_eq!((&verified.heads, verified.faults.0.len()), (&heads, 0));
    let now = group.ledger().verify(None).await.unwrap().heads;
    assert_ne!(now, heads);
    // A member who kept the newer head sees that the restored ledger has lost an entry.
    assert!(
        restored.ledger().head_of_group(group.jun.user.id, group.wallet.id).await.unwrap().entries < now[0].entries
    );
}

on_each_arm!(
    a_restored_backup_has_the_heads_of_its_instant,
    what_a_member_computes_from_the_entries_is_the_head,
    history_that_was_rewritten_is_noticed,
    entries_that_no_transfer_has_are_found,
    balances_below_zero_are_refused_by_the_database_itself,
);
