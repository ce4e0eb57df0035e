//! An expense is proposed: written down, and its amount reserved. And taken back.

use moim_wire::{RoomId, UserId};

use super::expense::{COLUMNS, Expense, ExpenseId, ExpenseState, Payee};
use super::refused::SpendingRefused as Refused;
use super::rules::{self, SpendingRules};
use super::{DAY_MS, Spending};
use crate::clock::now_ms;
use crate::dues::{Way, fund_of_room, positive, require_keeper};
use crate::error::Error;
use crate::files::FileId;
use crate::ledger::{AccountId, Errand, Outcome, Purpose, RequestKey, Won, stored_won};
use crate::members::{Change, field, lock_room, require_member};
use crate::sql::{Statement, Transaction, transact, values};

/// Those of a room that may wait at once.
const PROPOSED_MAX: i64 = 200;
/// As a file is stored whose bytes are there.
const FILE_STORED: i64 = 1;

/// An expense that is to be proposed.
#[derive(Clone)]
pub struct NewExpense {
    /// Who keeps the room's fund.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// The room.
    pub room: RoomId,
    /// What for, 1 to 80 characters.
    pub title: String,
    /// Up to 500 characters.
    pub note: String,
    /// How many won.
    pub amount: i64,
    /// To whom; a member has a wallet, or is paid in cash.
    pub payee: Payee,
    /// Out of the fund, or from the cash in the treasurer's hands.
    pub way: Way,
    /// The receipt, a file of the room.
    pub file: Option<FileId>,
}

impl Spending {
    /// Proposes an expense: its amount is reserved and the room is told. Within the rules' limit it is posted at once.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::InvalidField`], [`Error::NotAMember`] of the payee, too.
    pub async fn propose(&self, new: NewExpense) -> Result<(Expense, Vec<Change>), Error> {
        let (amount, new) = checked(new)?;
        let expense = self
            .shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| begin(transaction, &new, amount).await)
            })
            .await?;
        match expense.state {
            ExpenseState::Begun => self.reserve(expense).await,
            _ => Ok((expense, Vec::new())),
        }
    }

    /// Reserves the amount of an expense that is begun, or pays it. One that is refused is forgotten.
    pub(super) async fn reserve(&self, expense: Expense) -> Result<(Expense, Vec<Change>), Error> {
        let id = expense.id;
        match self.reserved(&expense).await {
            Ok(outcome) => Ok((self.get(id).await?, outcome.notices)),
            Err(Error::Ledger(refused)) => {
                self.shared
                    .run(move |shared| async move {
                        transact!(shared.database.write_repeatable(), |transaction| {
                            let sql = "DELETE FROM expenses WHERE expense_id = ? AND state = ?";
                            let begun = ExpenseState::Begun.stored();
                            transaction.execute(sql, values![id, begun]).await.map(drop)
                        })
                    })
                    .await?;
                Err(refused.into())
            }
            Err(error) => Err(error),
        }
    }

    async fn reserved(&self, expense: &Expense) -> Result<Outcome, Error> {
        let (room, ledger) = (expense.room, self.ledger());
        let fund = self.shared.run(move |shared| async move { fund_of_room(&shared.database, room).await }).await?;
        let (source, target) = match (expense.way, &expense.payee) {
            (Way::Cash, _) => (fund.cash, AccountId::EXTERNAL),
            (Way::Wallet, Payee::Outside(_)) => (fund.wallet, AccountId::EXTERNAL),
            (Way::Wallet, Payee::Member(user)) => (fund.wallet, ledger.wallet_of_user(*user).await?),
        };
        let errand = Errand {
            actor: expense.proposed_by,
            key: RequestKey::of_expense(expense.id.0),
            source,
            target,
            amount: expense.amount.get(),
            at_ms: now_ms(),
        };
        let expires_at_ms = (expense.quorum > 0).then_some(expense.expires_at_ms);
        ledger.hold_for(Purpose::Expense(expense.id), errand, expires_at_ms).await
    }

    /// Takes a proposal back: who made it, or who keeps the fund now.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason.
    pub async fn withdraw(&self, actor: UserId, room: RoomId, id: ExpenseId) -> Result<Vec<Change>, Error> {
        let expense = self.of_room(actor, room, id).await?;
        let settled = Refused::Settled { id, state: expense.state };
        let transfer = expense.transfer.filter(|_| expense.state == ExpenseState::Proposed).ok_or(settled)?;
        Ok(self.ledger().void_for(actor, transfer, now_ms()).await?.notices)
    }

    pub(super) async fn get(&self, id: ExpenseId) -> Result<Expense, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(COLUMNS).then(" WHERE e.expense_id = ?");
                let row = shared.database.row(sql, values![id]).await?;
                Expense::of(&row.ok_or(Refused::NoSuchExpense(id))?)
            })
            .await
    }
}

fn checked(new: NewExpense) -> Result<(Won, NewExpense), Error> {
    let amount = positive(new.amount)?;
    let title = field::dues_text("title", &new.title, 1, 80)?;
    let note = field::dues_text("note", &new.note, 0, 500)?;
    let payee = match new.payee {
        Payee::Outside(name) => Payee::Outside(field::dues_text("payeeName", &name, 1, 80)?),
        member => member,
    };
    Ok((amount, NewExpense { title, note, payee, ..new }))
}

/// Writes an expense down, or finds it by its key.
async fn begin(transaction: &mut Transaction, new: &NewExpense, amount: Won) -> Result<Expense, Error> {
    lock_room(transaction, new.room).await?;
    let stored = new.key.stored(new.actor);
    let sql = Statement::from(COLUMNS).then(" WHERE e.request_key = ?");
    if let Some(row) = transaction.row_for_update(sql, values![&*stored]).await? {
        let first = Expense::of(&row)?;
        let is_same = (first.room, &first.title, &first.note, first.amount, &first.payee, first.way, first.file)
            == (new.room, &new.title, &new.note, amount, &new.payee, new.way, new.file);
        // Whatever has become of his office since.
        return if is_same { Ok(first) } else { Err(Refused::KeyReused.into()) };
    }
    require_keeper(transaction, new.room, new.actor).await?;
    if let Payee::Member(user) = new.payee {
        require_member(transaction, new.room, user).await?;
    }
    if let Some(file) = new.file {
        let sql = "SELECT 1 FROM files WHERE file_id = ? AND room_id = ? AND state = ?";
        let row = transaction.row_for_update(sql, values![file.0, new.room, FILE_STORED]).await?;
        row.ok_or(Refused::NoSuchReceipt(file.0))?;
    }
    let waiting = "SELECT COUNT(*) FROM expenses WHERE room_id = ? AND state IN (0, 1)";
    if number(transaction, waiting, new.room).await? >= PROPOSED_MAX {
        let reason = format!("would be one more than the {PROPOSED_MAX} that may wait at once");
        return Err(Error::InvalidField { field: "expense", reason });
    }
    let voters_up_to = voters_up_to(transaction, new.room).await?;
    let expense = draft(transaction, new, amount, voters_up_to).await?;
    insert(transaction, &expense, &stored, voters_up_to).await
}

/// Who came by that change of the room, or before, has a say in what is proposed now.
async fn voters_up_to(transaction: &mut Transaction, room: RoomId) -> Result<u64, Error> {
    let sql = "SELECT COALESCE(MAX(joined_change), 0) FROM memberships WHERE room_id = ? AND votes_from_ms <= ?";
    transaction.row(sql, values![room, now_ms()]).await?.map_or(Ok(0), |row| row.int(0))
}

/// The expense as the room's rules are now.
async fn draft(
    transaction: &mut Transaction,
    new: &NewExpense,
    amount: Won,
    voters_up_to: u64,
) -> Result<Expense, Error> {
    let rules = rules::of_room(transaction, new.room).await?;
    let now_ms = now_ms();
    let mut expense = Expense {
        id: ExpenseId(0),
        room: new.room,
        title: new.title.clone(),
        note: new.note.clone(),
        amount,
        payee: new.payee.clone(),
        way: new.way,
        file: new.file,
        proposed_by: new.actor,
        proposed_at_ms: now_ms,
        quorum: 0,
        expires_at_ms: now_ms + u64::from(rules.wait_days) * DAY_MS,
        state: ExpenseState::Begun,
        transfer: None,
        settled_at_ms: None,
        settled_by: None,
    };
    let is_own = new.payee == Payee::Member(new.actor);
    if is_own || !is_within(transaction, new.room, amount, rules, now_ms).await? {
        let (may, counted) = others(transaction, &expense, voters_up_to).await?;
        expense.quorum = rules.quorum.min(counted.max(1));
        if may < expense.quorum {
            return Err(Refused::TooFewToAgree { may, quorum: expense.quorum }.into());
        }
    }
    Ok(expense)
}

/// Whether an amount, with what was paid at once in the days of waiting before, is within the rules' limit: many small
/// ones are no way around the members.
async fn is_within(
    transaction: &mut Transaction,
    room: RoomId,
    amount: Won,
    rules: SpendingRules,
    now_ms: u64,
) -> Result<bool, Error> {
    if amount > rules.limit {
        return Ok(false);
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM expenses
               WHERE room_id = ? AND quorum = 0 AND state IN (0, 1, 2) AND proposed_at_ms > ?";
    let since_ms = now_ms.saturating_sub(u64::from(rules.wait_days) * DAY_MS);
    let row = transaction.row(sql, values![room, since_ms]).await?;
    let before = row.map_or(Ok(Won::ZERO), |row| stored_won(&row, 0))?;
    Ok(before.plus(amount).is_some_and(|all| all <= rules.limit))
}

/// How many others may agree to an expense, and of how many some have to: those, and who would if no admin had removed
/// him.
async fn others(transaction: &mut Transaction, expense: &Expense, voters_up_to: u64) -> Result<(u32, u32), Error> {
    let sql = "SELECT COUNT(CASE WHEN has_left = 0 AND joined_change <= ? THEN 1 END), COUNT(*) FROM memberships
               WHERE room_id = ? AND user_id NOT IN (?, ?)
                 AND ((has_left = 0 AND joined_change <= ?) OR counted_until_ms > ?)";
    let proposer = expense.proposed_by;
    let payee = expense.paid_wallet().unwrap_or(proposer);
    let values = values![voters_up_to, expense.room, proposer, payee, voters_up_to, expense.proposed_at_ms];
    let row = transaction.row(sql, values).await?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

async fn number(transaction: &mut Transaction, sql: &'static str, room: RoomId) -> Result<i64, Error> {
    transaction.row(sql, values![room]).await?.map_or(Ok(0), |row| row.int(0))
}

async fn insert(transaction: &mut Transaction, new: &Expense, key: &str, voters_up_to: u64) -> Result<Expense, Error> {
    let sql =
        "INSERT INTO expenses (room_id, request_key, title, note, amount, payee_id, payee_name, file_id, proposed_by,
                                     proposed_at_ms, quorum, expires_at_ms, state, in_cash, voters_up_to)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let (payee, name) = match &new.payee {
        Payee::Member(user) => (Some(*user), ""),
        Payee::Outside(name) => (None, &**name),
    };
    let values = values![
        new.room,
        key,
        &*new.title,
        &*new.note,
        new.amount.get(),
        payee,
        name,
        new.file.map(|file| file.0),
        new.proposed_by,
        new.proposed_at_ms,
        new.quorum,
        new.expires_at_ms,
        new.state.stored(),
        new.way == Way::Cash,
        voters_up_to
    ];
    Ok(Expense { id: ExpenseId(transaction.insert_once(sql, values).await?), ..new.clone() })
}
