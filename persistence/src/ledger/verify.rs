//! Recomputes the ledger from its entries: every balance, every chain, the zero sum, and that rooms were told.

use std::fmt;

use super::account::{AccountId, AccountKind};
use super::chain::{Entry, Hash};
use super::statement::entry_of;
use super::transfer::{TransferId, stored_won};
use super::{Head, Ledger, Won};
use crate::error::Error;
use crate::sql::{Row, Transaction, transact, values};
use crate::{audit, bank, dues, spending};

/// Entries or transfers read at a time.
const PAGE: u64 = 1_000;
/// Faults that are told; of more the first say enough.
const FAULTS_MAX: usize = 100;

/// What was found wrong, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl Faults {
    fn found(&mut self, fault: impl fmt::Display) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(fault.to_string());
        }
    }
}

/// What was looked at, all of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Accounts.
    pub accounts: u64,
    /// Their entries.
    pub entries: u64,
    /// Transfers; none where one group's wallet was asked for.
    pub transfers: u64,
    /// What all accounts hold together; nothing where one group's wallet was asked for.
    pub sum: i64,
    /// Where the chains of the groups' wallets have come to, rising by account.
    pub heads: Vec<Head>,
    /// What is wrong.
    pub faults: Faults,
}

/// Entries that no transfer has: what is wrong, and how it is found.
const CHECKS: [(&str, &str); 1] = [(
    "transfer {} is said to have an entry that is not its own",
    "SELECT p.transfer_id FROM postings p LEFT JOIN transfers t ON t.transfer_id = p.transfer_id AND t.state = 1
       AND ((p.account_id = t.source_id AND p.counterpart_id = t.target_id AND p.amount = -t.amount)
         OR (p.account_id = t.target_id AND p.counterpart_id = t.source_id AND p.amount = t.amount))
     WHERE t.transfer_id IS NULL ORDER BY p.transfer_id LIMIT 10",
)];

impl Ledger {
    /// Recomputes the ledger, or one group's wallet of it.
    ///
    /// # Errors
    /// The store's; what is wrong with the ledger is in [`Verified::faults`].
    pub async fn verify(&self, group: Option<AccountId>) -> Result<Verified, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| verify(snapshot, group).await)
            })
            .await
    }
}

async fn verify(snapshot: &mut Transaction, group: Option<AccountId>) -> Result<Verified, Error> {
    let mut verified = Verified::default();
    let mut after = AccountId(0);
    while let Some(row) = next_account(snapshot, after, group).await? {
        let account = Stored::of(&row)?;
        verified.accounts += 1;
        verified.sum += account.balance.get();
        chain(snapshot, &account, &mut verified).await?;
        reserved(snapshot, &account, &mut verified.faults).await?;
        if account.kind.room().is_some() {
            verified.heads.push(Head { account: account.id, entries: account.entries, hash: account.head });
            notices(snapshot, &account, &mut verified.faults).await?;
            texts(snapshot, &account, &mut verified.faults).await?;
        }
        after = account.id;
    }
    if group.is_some() {
        verified.sum = 0;
        return Ok(verified);
    }
    if verified.sum != 0 {
        verified.faults.found(format_args!("all accounts together hold {} won, not nothing", verified.sum));
    }
    transfers(snapshot, &mut verified).await?;
    let checks =
        CHECKS.into_iter().chain(dues::CHECKS).chain(spending::CHECKS).chain(bank::CHECKS).chain(audit::CHECKS);
    for (fault, sql) in checks {
        for row in snapshot.rows(sql, values![]).await? {
            verified.faults.found(fault.replace("{}", &row.int::<u64>(0)?.to_string()));
        }
    }
    Ok(verified)
}

async fn next_account(
    snapshot: &mut Transaction,
    after: AccountId,
    group: Option<AccountId>,
) -> Result<Option<Row>, Error> {
    let (first, last) = group.map_or((0, i64::MAX as u64), |group| (group.0, group.0));
    let sql = "SELECT account_id, kind, owner_id, room_id, balance, reserved, entries, head FROM ledger_accounts
               WHERE account_id > ? AND account_id >= ? AND account_id <= ? ORDER BY account_id LIMIT 1";
    snapshot.row(sql, values![after, first, last]).await
}

/// An account as it says of itself.
struct Stored {
    id: AccountId,
    kind: AccountKind,
    balance: Won,
    reserved: Won,
    entries: u64,
    head: Hash,
}

impl Stored {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: AccountId(row.int(0)?),
            kind: AccountKind::of(row, 1)?,
            balance: stored_won(row, 4)?,
            reserved: stored_won(row, 5)?,
            entries: row.int(6)?,
            head: row.text(7)?.parse()?,
        })
    }
}

/// Follows an account's entries from the first to the last.
async fn chain(snapshot: &mut Transaction, account: &Stored, verified: &mut Verified) -> Result<(), Error> {
    let (mut number, mut balance, mut head) = (0, Won::ZERO, Hash::ZERO);
    loop {
        let sql = "SELECT account_id, entry_number, transfer_id, counterpart_id, amount, balance_before, balance_after,
                          posted_at_ms, hash
                   FROM postings WHERE account_id = ? AND entry_number > ? ORDER BY entry_number LIMIT ?";
        let rows = snapshot.rows(sql, values![account.id, number, PAGE]).await?;
        for row in &rows {
            let entry = entry_of(row)?;
            link(&entry, (number, balance, head), account.kind, &mut verified.faults);
            (number, balance, head) = (entry.number, entry.balance_after, entry.hash);
            verified.entries += 1;
        }
        if (rows.len() as u64) < PAGE {
            break;
        }
    }
    if (number, balance, head) != (account.entries, account.balance, account.head) {
        let Stored { id, entries, balance: stored, head: stored_head, .. } = account;
        verified.faults.found(format_args!(
            "account {id} says {entries} entries, {stored} and head {stored_head}; its entries come to {number}, {balance} \
             and {head}"
        ));
    }
    Ok(())
}

/// Looks at an entry behind one of `number` and `hash` that left `balance`.
fn link(entry: &Entry, (number, balance, hash): (u64, Won, Hash), kind: AccountKind, faults: &mut Faults) {
    let place = format!("entry {} of account {}", entry.number, entry.account);
    if entry.number != number + 1 {
        faults.found(format_args!("{place} comes after {number}: entries are missing"));
    }
    if entry.balance_before != balance {
        faults.found(format_args!(
            "{place} begins with {}, the one before it ended with {balance}",
            entry.balance_before
        ));
    }
    if entry.balance_before.plus(entry.amount) != Some(entry.balance_after) {
        faults.found(format_args!(
            "{place}: {} and {} are not {}",
            entry.balance_before, entry.amount, entry.balance_after
        ));
    }
    if entry.balance_after < Won::ZERO && kind != AccountKind::External {
        faults.found(format_args!("{place} leaves {}, less than nothing", entry.balance_after));
    }
    if entry.hash_after(hash) != entry.hash {
        faults.found(format_args!("{place} has hash {}, its contents have {}", entry.hash, entry.hash_after(hash)));
    }
}

/// What is reserved is what pending transfers will take.
async fn reserved(snapshot: &mut Transaction, account: &Stored, faults: &mut Faults) -> Result<(), Error> {
    let sql = "SELECT amount FROM transfers WHERE source_id = ? AND state = 0";
    let rows = snapshot.rows(sql, values![account.id]).await?;
    let pending: i64 = rows.iter().map(|row| row.int::<i64>(0)).sum::<Result<_, _>>()?;
    if pending != account.reserved.get() {
        faults.found(format_args!("account {} reserves {}, pending are {pending} won", account.id, account.reserved));
    }
    Ok(())
}

/// Each entry of a group's wallet was told to its room, in its order, unless the room was deleted; and nothing else was.
async fn notices(snapshot: &mut Transaction, account: &Stored, faults: &mut Faults) -> Result<(), Error> {
    let sql = "SELECT p.entry_number FROM postings p JOIN ledger_accounts a ON a.account_id = p.account_id
               JOIN rooms r ON r.room_id = a.room_id
               LEFT JOIN money_notices n ON n.account_id = p.account_id AND n.entry_number = p.entry_number
               WHERE p.account_id = ? AND r.deleted_at_ms IS NULL
                 AND (n.room_id IS NULL OR n.room_id <> a.room_id OR n.change_number > r.last_change)
               ORDER BY p.entry_number LIMIT 10";
    for row in snapshot.rows(sql, values![account.id]).await? {
        faults.found(format_args!("entry {} of account {} was not told to its room", row.int::<u64>(0)?, account.id));
    }
    let sql = "SELECT n.entry_number FROM money_notices n
               JOIN money_notices m ON m.account_id = n.account_id AND m.entry_number = n.entry_number + 1
               WHERE n.account_id = ? AND m.change_number <= n.change_number ORDER BY n.entry_number LIMIT 10";
    for row in snapshot.rows(sql, values![account.id]).await? {
        faults.found(format_args!("entry {} of account {} was told after its next", row.int::<u64>(0)?, account.id));
    }
    Ok(())
}

/// What a room was told of an entry is what the entry says.
async fn texts(snapshot: &mut Transaction, account: &Stored, faults: &mut Faults) -> Result<(), Error> {
    let mut after = 0_u64;
    loop {
        let sql = "SELECT p.entry_number, p.transfer_id, p.amount, p.balance_after, p.hash, n.notice FROM postings p
                   JOIN money_notices n ON n.account_id = p.account_id AND n.entry_number = p.entry_number
                   WHERE p.account_id = ? AND p.entry_number > ? ORDER BY p.entry_number LIMIT ?";
        let rows = snapshot.rows(sql, values![account.id, after, PAGE]).await?;
        for row in &rows {
            after = row.int(0)?;
            let told: serde_json::Value = serde_json::from_str(&row.text(5)?).unwrap_or_default();
            let is_true = told["entry"].as_u64() == Some(after)
                && told["wallet"].as_u64() == Some(account.id.0)
                && told["transfer"].as_u64() == Some(row.int(1)?)
                && told["amount"].as_i64() == Some(row.int::<i64>(2)?.abs())
                && told["balance"].as_i64() == Some(row.int(3)?)
                && told["head"].as_str() == Some(row.text(4)?.as_str());
            if !is_true {
                faults.found(format_args!("entry {after} of account {} was told as something else", account.id));
            }
        }
        if (rows.len() as u64) < PAGE {
            return Ok(());
        }
    }
}

/// A posted transfer has its two entries, and another has none.
async fn transfers(snapshot: &mut Transaction, verified: &mut Verified) -> Result<(), Error> {
    let mut after = TransferId(0);
    loop {
        let sql = "SELECT t.transfer_id, t.state, t.amount, s.amount, e.amount, s.counterpart_id, t.target_id
                   FROM transfers t
                   LEFT JOIN postings s ON s.transfer_id = t.transfer_id AND s.account_id = t.source_id
                   LEFT JOIN postings e ON e.transfer_id = t.transfer_id AND e.account_id = t.target_id
                   WHERE t.transfer_id > ? ORDER BY t.transfer_id LIMIT ?";
        let rows = snapshot.rows(sql, values![after, PAGE]).await?;
        for row in &rows {
            after = TransferId(row.int(0)?);
            verified.transfers += 1;
            if !has_its_entries(row)? {
                verified.faults.found(format_args!("transfer {after} is not what its entries are"));
            }
        }
        if (rows.len() as u64) < PAGE {
            return Ok(());
        }
    }
}

fn has_its_entries(row: &Row) -> Result<bool, Error> {
    let (is_posted, amount) = (row.int::<i64>(1)? == 1, row.int::<i64>(2)?);
    if !is_posted {
        return Ok(row.is_null(3) && row.is_null(4));
    }
    if row.is_null(3) || row.is_null(4) {
        return Ok(false);
    }
    let (sent, came) = (row.int::<i64>(3)?, row.int::<i64>(4)?);
    Ok(sent == -amount && came == amount && row.int::<u64>(5)? == row.int::<u64>(6)?)
}
