//! What a batch has come to, written in few statements however many transfers it has.

use super::account::Account;
use super::book::{Book, Writing};
use super::chain::Entry;
use super::money::Won;
use super::notice::Notice;
use super::purpose::Purpose;
use super::reservation::{ReservationState, Run};
use super::transfer::{Transfer, TransferId};
use crate::audit;
use crate::error::Error;
use crate::sql::{Statement, Transaction, Value, filled, pieces, values};
use moim_wire::schema::Role;

/// Rows of one INSERT.
const ROWS_MAX: usize = 64;

/// Writes it all, or fails and leaves it to the caller to undo what is written.
pub(super) async fn write(transaction: &mut Transaction, book: &Book) -> Result<(), Error> {
    let Writing { accounts, made, settled, entries, notices, runs, lines } = &book.writing;
    adds_up(entries)?;
    let made_rows: Vec<(&Transfer, &str)> = made.iter().map(|(id, key)| (&book.transfers[id], &**key)).collect();
    make(transaction, &made_rows).await?;
    let is_made = |id: &TransferId| made.iter().any(|(made, _)| made == id);
    for id in settled.iter().filter(|id| !is_made(id)) {
        settle(transaction, &book.transfers[id]).await?;
    }
    let accounts: Vec<&Account> = accounts.iter().map(|id| &book.accounts[id]).collect();
    enter(transaction, entries).await?;
    update(transaction, &accounts, entries).await?;
    tell(transaction, notices).await?;
    audit::write(transaction, lines).await?;
    for run in runs {
        over(transaction, run).await?;
    }
    book.dues.write(transaction).await?;
    book.spending.write(transaction).await
}

/// What came and what went are the same, so that with all accounts' sum zero before it is zero after. Others cannot write to
/// these accounts meanwhile, nor does this transaction to any else.
fn adds_up(entries: &[Entry]) -> Result<(), Error> {
    let sum: i128 = entries.iter().map(|entry| i128::from(entry.amount.get())).sum();
    if sum == 0 { Ok(()) } else { Err(Error::Internal(format!("entries of a batch add up to {sum} won"))) }
}

async fn make(transaction: &mut Transaction, made: &[(&Transfer, &str)]) -> Result<(), Error> {
    let sql =
        "INSERT INTO transfers (transfer_id, actor_id, request_key, source_id, target_id, amount, state, corrects_id,
                                      created_at_ms, settled_at_ms, expires_at_ms, purpose_kind, purpose_id) VALUES ";
    for piece in pieces(made, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(|(transfer, key)| row_of(transfer, key)).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ", ", piece.len());
        if transaction.try_execute(sql, &values).await?.is_none() {
            // Another server was a moment faster with the same key: the next run finds its answer.
            return Err(transaction.overtaken("another server carries out the same request"));
        }
    }
    Ok(())
}

fn row_of(transfer: &Transfer, key: &str) -> [Value; 13] {
    let purpose = transfer.purpose.map(Purpose::stored);
    [
        transfer.id.into(),
        transfer.actor.into(),
        key.into(),
        transfer.source.into(),
        transfer.target.into(),
        transfer.amount.get().into(),
        transfer.state.stored().into(),
        transfer.corrects.into(),
        transfer.created_at_ms.into(),
        transfer.settled_at_ms.into(),
        transfer.expires_at_ms.into(),
        purpose.map(|(kind, _)| kind).into(),
        purpose.map(|(_, id)| id).into(),
    ]
}

async fn settle(transaction: &mut Transaction, transfer: &Transfer) -> Result<(), Error> {
    let sql = "UPDATE transfers SET state = ?, settled_at_ms = ? WHERE transfer_id = ? AND state = 0";
    let settled_at = transfer.settled_at_ms.unwrap_or_default();
    let found = transaction.execute(sql, values![transfer.state.stored(), settled_at, transfer.id]).await?;
    expect_rows(found, 1, "pending transfers")
}

async fn enter(transaction: &mut Transaction, entries: &[Entry]) -> Result<(), Error> {
    let sql = "INSERT INTO postings (account_id, entry_number, transfer_id, counterpart_id, amount, balance_before,
                                     balance_after, posted_at_ms, hash) VALUES ";
    for piece in pieces(entries, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(entry_row).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

fn entry_row(entry: &Entry) -> [Value; 9] {
    [
        entry.account.into(),
        entry.number.into(),
        entry.transfer.into(),
        entry.counterpart.into(),
        entry.amount.get().into(),
        entry.balance_before.get().into(),
        entry.balance_after.get().into(),
        entry.posted_at_ms.into(),
        entry.hash.to_string().into(),
    ]
}

/// Brings the accounts to what they have come to, if they are what was read: nobody else can have changed them, unless the
/// locks do not hold what they promise.
async fn update(transaction: &mut Transaction, accounts: &[&Account], entries: &[Entry]) -> Result<(), Error> {
    if accounts.is_empty() {
        return Ok(());
    }
    let before = |account: &Account| {
        let first = entries.iter().find(|entry| entry.account == account.id);
        first.map_or((account.balance, account.entries), |first| (first.balance_before, first.number - 1))
    };
    let filled = filled(accounts);
    let by_account = |value: &dyn Fn(&Account) -> Value| {
        filled.iter().flat_map(|account| [account.id.into(), value(account)]).collect::<Vec<Value>>()
    };
    let whens = |statement: Statement| statement.repeat("WHEN ? THEN ?", " ", filled.len()).then(" END");
    let mut sql = whens(Statement::from("UPDATE ledger_accounts SET balance = CASE account_id "));
    sql = whens(sql.then(", reserved = CASE account_id "));
    sql = whens(sql.then(", entries = CASE account_id "));
    sql = whens(sql.then(", head = CASE account_id "));
    sql = sql.then(" WHERE closed_at_ms IS NULL AND (").repeat(
        "(account_id = ? AND balance = ? AND entries = ?)",
        " OR ",
        filled.len(),
    );
    let mut values = by_account(&|account| account.balance.get().into());
    values.extend(by_account(&|account| account.reserved.get().into()));
    values.extend(by_account(&|account| account.entries.into()));
    values.extend(by_account(&|account| account.head.to_string().into()));
    values.extend(filled.iter().flat_map(|account| {
        let (balance, entries): (Won, u64) = before(account);
        [account.id.into(), balance.get().into(), entries.into()]
    }));
    let found = transaction.execute(sql.then(")"), &values).await?;
    expect_rows(found, accounts.len(), "accounts as they were read")
}

async fn tell(transaction: &mut Transaction, notices: &[Notice]) -> Result<(), Error> {
    let mut last: Vec<&Notice> = Vec::new();
    for notice in notices {
        match last.iter_mut().find(|last| last.room == notice.room) {
            Some(last) => *last = notice,
            None => last.push(notice),
        }
    }
    for notice in last {
        let sql = "UPDATE rooms SET last_change = ? WHERE room_id = ? AND last_change < ?";
        let found = transaction.execute(sql, values![notice.change, notice.room, notice.change]).await?;
        expect_rows(found, 1, "rooms as they were read")?;
    }
    let sql = "INSERT INTO room_changes (room_id, change_number, kind, actor_id, subject, subject_text, role) VALUES ";
    for piece in pieces(notices, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(change_row).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?, ?, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    let of_entries: Vec<(&Notice, &Entry)> =
        notices.iter().filter_map(|notice| Some((notice, notice.entry.as_ref()?))).collect();
    let sql = "INSERT INTO money_notices (room_id, change_number, account_id, entry_number, notice) VALUES ";
    for piece in pieces(&of_entries, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(|(notice, entry)| notice_row(notice, entry)).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    let others: Vec<&Notice> = notices.iter().filter(|notice| notice.entry.is_none()).collect();
    let sql = "INSERT INTO change_texts (room_id, change_number, change_text) VALUES ";
    for piece in pieces(&others, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(|notice| text_row(notice)).collect();
        transaction.execute(Statement::from(sql).repeat("(?, ?, ?)", ", ", piece.len()), &values).await?;
    }
    Ok(())
}

/// The change that carries a notice; its text is with the notice, longer than the one of a change may be.
fn change_row(notice: &Notice) -> [Value; 7] {
    [
        notice.room.into(),
        notice.change.into(),
        notice.told.kind.0.into(),
        notice.told.actor.into(),
        notice.told.subject.into(),
        "".into(),
        Role::Member.0.into(),
    ]
}

fn text_row(notice: &Notice) -> [Value; 3] {
    [notice.room.into(), notice.change.into(), (&*notice.told.text).into()]
}

fn notice_row(notice: &Notice, entry: &Entry) -> [Value; 5] {
    [notice.room.into(), notice.change.into(), entry.account.into(), entry.number.into(), (&*notice.told.text).into()]
}

/// Ends a run and books the next, as one of those who hold its row.
pub(super) async fn over(transaction: &mut Transaction, run: &Run) -> Result<(), Error> {
    let ran = &run.reservation;
    let sql = "UPDATE reservations SET state = ?, transfer_id = ?, failure = ?, ran_at_ms = ?
               WHERE reservation_id = ? AND state = ?";
    let booked = ReservationState::Booked.stored();
    let values = values![ran.state.stored(), ran.transfer, ran.failure.clone(), run.ran_at_ms, ran.id, booked];
    let found = transaction.execute(sql, values).await?;
    expect_rows(found, 1, "booked reservations")?;
    let Some(next_ms) = run.next_ms else { return Ok(()) };
    let sql = "INSERT INTO reservations (series_id, user_id, source_id, target_id, amount, rhythm, booked_day,
                                         booked_minute, run_at_ms, state, created_at_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = values![
        ran.series,
        ran.actor,
        ran.source,
        ran.target,
        ran.amount.get(),
        ran.rhythm.stored(),
        i64::from(ran.booked_day),
        i64::from(ran.booked_minute),
        next_ms,
        booked,
        run.ran_at_ms
    ];
    transaction.execute(sql, values).await.map(drop)
}

fn expect_rows(found: u64, expected: usize, what: &str) -> Result<(), Error> {
    if found == expected as u64 {
        return Ok(());
    }
    Err(Error::Internal(format!("{found} of {expected} {what} were found; nothing was written")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::account::AccountId;
    use crate::ledger::chain::Hash;

    #[test]
    fn entries_that_do_not_add_up_are_not_written() {
        let entry = |amount| Entry {
            account: AccountId(3),
            number: 1,
            transfer: TransferId(1),
            counterpart: AccountId(4),
            amount: Won::new(amount).unwrap(),
            balance_before: Won::ZERO,
            balance_after: Won::new(amount).unwrap(),
            posted_at_ms: 0,
            hash: Hash::ZERO,
        };
        assert!(adds_up(&[entry(5), entry(-5)]).is_ok());
        assert!(matches!(adds_up(&[entry(5), entry(-4)]), Err(Error::Internal(_))));
    }
}
