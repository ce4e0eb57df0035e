//! What a crash has left between two steps of an expense. Those whose time is over are given up by the ledger's schedule, with
//! the transfers that reserve them.

use super::Spending;
use super::expense::{COLUMNS, Expense, ExpenseState};
use super::sheet::{Votes, count};
use crate::error::Error;
use crate::members::lock_room;
use crate::sql::{Statement, transact, values};

/// Younger ones are being worked on by who began them.
const LEFT_AFTER_MS: u64 = 60_000;
const LEFT_MAX: u64 = 100;

/// Those whose amount is not reserved yet.
const BEGUN: &str = " WHERE e.state = 0 AND e.proposed_at_ms <= ?";
/// Those with as many votes one way as decide; whether these count is looked at under the room's lock.
const DECIDED: &str = " WHERE e.state = 1 AND e.proposed_at_ms <= ?
      AND (e.quorum <= (SELECT COUNT(*) FROM expense_votes v JOIN memberships m ON m.room_id = e.room_id AND m.user_id = v.user_id
                        WHERE v.expense_id = e.expense_id AND v.approves = 1 AND m.has_left = 0
                          AND m.joined_change <= e.voters_up_to)
        OR e.quorum <= (SELECT COUNT(*) FROM expense_votes v JOIN memberships m ON m.room_id = e.room_id AND m.user_id = v.user_id
                        WHERE v.expense_id = e.expense_id AND v.approves = 0 AND m.has_left = 0
                          AND m.joined_change <= e.voters_up_to))";

impl Spending {
    /// Reserves what was begun, and settles what was decided; gives how many. Two servers that do it at once do it once. One
    /// that fails harms no other.
    ///
    /// # Errors
    /// The store's, where not even what is left can be read.
    pub async fn settle_left(&self, now_ms: u64) -> Result<u64, Error> {
        let before_ms = now_ms.saturating_sub(LEFT_AFTER_MS);
        let mut done = 0;
        for begun in self.left(BEGUN, before_ms).await? {
            let id = begun.id;
            match self.reserve(begun).await {
                Ok(_) => done += 1,
                Err(error) => tracing::warn!(%error, expense = id.0, "an expense that was begun is not reserved"),
            }
        }
        for expense in self.left(DECIDED, before_ms).await? {
            match self.settle_decided(&expense).await {
                Ok(is_settled) => done += u64::from(is_settled),
                Err(error) => tracing::warn!(%error, expense = expense.id.0, "an expense is settled later"),
            }
        }
        Ok(done)
    }

    async fn settle_decided(&self, expense: &Expense) -> Result<bool, Error> {
        let votes = self.votes(expense).await?;
        Ok(!self.settle(expense, votes).await?.is_empty())
    }

    /// Whether there is anything of that.
    pub(crate) async fn is_left(&self, now_ms: u64) -> Result<bool, Error> {
        let before_ms = now_ms.saturating_sub(LEFT_AFTER_MS);
        Ok(!self.left(BEGUN, before_ms).await?.is_empty() || !self.left(DECIDED, before_ms).await?.is_empty())
    }

    async fn left(&self, condition: &'static str, before_ms: u64) -> Result<Vec<Expense>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(COLUMNS).then(condition).then(" ORDER BY e.expense_id LIMIT ?");
                let rows = shared.database.rows(sql, values![before_ms, LEFT_MAX]).await?;
                rows.iter().map(Expense::of).collect()
            })
            .await
    }

    async fn votes(&self, expense: &Expense) -> Result<Votes, Error> {
        let expense = expense.clone();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    match lock_room(transaction, expense.room).await {
                        // Of a deleted room nobody is left to agree.
                        Err(Error::NoSuchRoom(_)) => Ok(Votes::default()),
                        Err(error) => Err(error),
                        Ok(()) => count(transaction, &expense).await,
                    }
                })
            })
            .await
    }
}

// `ExpenseState` numbers the states in the conditions above.
const _: () = assert!(ExpenseState::Begun as i64 == 0 && ExpenseState::Proposed as i64 == 1);
