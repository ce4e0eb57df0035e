//! What a room's members see of its expenses.

use std::collections::HashSet;

use moim_wire::limits::MONEY_LIMIT_MAX;
use moim_wire::{RoomId, UserId};

use super::Spending;
use super::expense::{COLUMNS, Expense, ExpenseId};
use super::refused::SpendingRefused as Refused;
use crate::dues::require_reader;
use crate::error::Error;
use crate::sql::{Row, Statement, Transaction, Value, list, listed, transact, values};

/// Expenses of one answer: a page of the protocol, and one that says that there are more.
const SHOWN_MAX: usize = MONEY_LIMIT_MAX + 1;

/// How a member has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpenseVote {
    /// Who.
    pub user: UserId,
    /// Agreed, or objected.
    pub approves: bool,
    /// Whether it counts: not of one who has left, be he back or not.
    pub counts: bool,
    /// When, Unix time in milliseconds.
    pub voted_at_ms: u64,
}

/// An expense and its votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpenseEntry {
    /// The expense.
    pub expense: Expense,
    /// The votes, in the order of users.
    pub votes: Vec<ExpenseVote>,
    /// Whether the asker may decide on it: it is another's, and he was a member in time.
    pub decides: bool,
}

impl ExpenseEntry {
    /// Who agree and who object: of those whose votes count, or counted when it was settled.
    pub fn counted(&self) -> (u32, u32) {
        let of = |approves| self.votes.iter().filter(|vote| vote.counts && vote.approves == approves).map(|_| 1).sum();
        self.expense.settled_by.unwrap_or_else(|| (of(true), of(false)))
    }
}

impl Spending {
    /// Expenses of a room below a number (0: the newest), the newest first, at most `limit` and 101; for its members.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn expenses(
        &self,
        user: UserId,
        room: RoomId,
        before: ExpenseId,
        limit: usize,
    ) -> Result<Vec<ExpenseEntry>, Error> {
        let limit = limit.clamp(1, SHOWN_MAX) as u64;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    let sql = Statement::from(COLUMNS).then(
                        " WHERE e.room_id = ? AND e.state <> 0 AND (e.expense_id < ? OR ? = 0)
                          ORDER BY e.expense_id DESC LIMIT ?",
                    );
                    let rows = snapshot.rows(sql, values![room, before, before, limit]).await?;
                    let expenses = rows.iter().map(Expense::of).collect::<Result<Vec<_>, _>>()?;
                    with_votes(snapshot, user, expenses).await
                })
            })
            .await
    }

    /// An expense of a room, for its members.
    ///
    /// # Errors
    /// [`Refused::NoSuchExpense`], [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn expense(&self, user: UserId, room: RoomId, id: ExpenseId) -> Result<ExpenseEntry, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    let expense = find(snapshot, user, room, id).await?;
                    let entry = with_votes(snapshot, user, vec![expense]).await?.pop();
                    entry.ok_or_else(|| Refused::NoSuchExpense(id).into())
                })
            })
            .await
    }

    /// An expense with its votes, for who has just proposed it or voted on it: whether he is a member still is not
    /// looked at.
    ///
    /// # Errors
    /// [`Refused::NoSuchExpense`].
    pub async fn entry(&self, user: UserId, id: ExpenseId) -> Result<ExpenseEntry, Error> {
        let expense = self.get(id).await?;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    let entry = with_votes(snapshot, user, vec![expense.clone()]).await?.pop();
                    entry.ok_or_else(|| Refused::NoSuchExpense(id).into())
                })
            })
            .await
    }

    pub(super) async fn of_room(&self, user: UserId, room: RoomId, id: ExpenseId) -> Result<Expense, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| find(snapshot, user, room, id).await)
            })
            .await
    }
}

async fn find(snapshot: &mut Transaction, user: UserId, room: RoomId, id: ExpenseId) -> Result<Expense, Error> {
    require_reader(snapshot, room, user).await?;
    let sql = Statement::from(COLUMNS).then(" WHERE e.expense_id = ? AND e.room_id = ? AND e.state <> 0");
    Expense::of(&snapshot.row(sql, values![id, room]).await?.ok_or(Refused::NoSuchExpense(id))?)
}

async fn with_votes(
    snapshot: &mut Transaction,
    user: UserId,
    expenses: Vec<Expense>,
) -> Result<Vec<ExpenseEntry>, Error> {
    let ids: Vec<ExpenseId> = expenses.iter().map(|expense| expense.id).collect();
    let sql = "SELECT e.expense_id FROM expenses e JOIN memberships m
               ON m.room_id = e.room_id AND m.joined_change <= e.voters_up_to AND m.user_id = ?";
    let values: Vec<Value> = [user.into()].into_iter().chain(list(&ids)).collect();
    let rows = snapshot.rows(listed(sql, "e.expense_id", &ids), &values).await?;
    let in_time: HashSet<ExpenseId> = rows.iter().map(|row| row.int(0).map(ExpenseId)).collect::<Result<_, _>>()?;
    let sql = "SELECT v.expense_id, v.user_id, v.approves, v.voted_at_ms, m.has_left,
                      CASE WHEN m.joined_change <= e.voters_up_to THEN 1 ELSE 0 END FROM expense_votes v
               LEFT JOIN expenses e ON e.expense_id = v.expense_id
               LEFT JOIN memberships m ON m.room_id = e.room_id AND m.user_id = v.user_id";
    let rows = snapshot.rows(listed(sql, "v.expense_id", &ids), &list(&ids)).await?;
    let mut entries: Vec<ExpenseEntry> =
        expenses.into_iter().map(|expense| entry_of(expense, user, &in_time)).collect();
    for row in rows {
        let (id, vote) = vote_of(&row)?;
        if let Some(entry) = entries.iter_mut().find(|entry| entry.expense.id == id) {
            entry.votes.push(vote);
        }
    }
    for entry in &mut entries {
        entry.votes.sort_by_key(|vote| vote.user);
    }
    Ok(entries)
}

fn entry_of(expense: Expense, user: UserId, in_time: &HashSet<ExpenseId>) -> ExpenseEntry {
    let decides = expense.is_others_than(user) && in_time.contains(&expense.id);
    ExpenseEntry { expense, votes: Vec::new(), decides }
}

fn vote_of(row: &Row) -> Result<(ExpenseId, ExpenseVote), Error> {
    let counts = !row.is_null(4) && !row.flag(4)? && row.flag(5)?;
    let vote = ExpenseVote { user: UserId(row.int(1)?), approves: row.flag(2)?, counts, voted_at_ms: row.int(3)? };
    Ok((ExpenseId(row.int(0)?), vote))
}
