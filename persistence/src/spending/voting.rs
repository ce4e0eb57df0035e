//! Members agree or object. The vote that decides settles the expense.

use moim_wire::{RoomId, UserId};

use super::Spending;
use super::expense::{COLUMNS, Expense, ExpenseId, ExpenseState};
use super::reading::ExpenseEntry;
use super::refused::SpendingRefused as Refused;
use super::sheet::{Votes, count};
use super::told;
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{Ledger, Refused as LedgerRefused};
use crate::members::{Change, lock_room, record_told, require_member};
use crate::sql::{Statement, Transaction, transact, values};

impl Spending {
    /// Agrees to an expense, or objects; one's newest vote counts, until the expense is settled. The same vote again is
    /// answered with what has become of it, also once the expense is settled or the voter has left.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::NotAMember`]; [`Error::OutcomeUnknown`] where the vote stands and
    /// how the expense does could not be read.
    pub async fn vote(
        &self,
        actor: UserId,
        room: RoomId,
        id: ExpenseId,
        approves: bool,
    ) -> Result<(ExpenseEntry, Vec<Change>), Error> {
        let origin = self.origin;
        let (expense, votes, mut changes) = self
            .shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    vote(transaction, (origin, actor), (room, id), approves).await
                })
            })
            .await?;
        // The vote stands: a refusal from here on would say that it does not.
        match self.settle(&expense, votes).await {
            Ok(settled) => changes.extend(settled),
            Err(error) => tracing::warn!(%error, expense = id.0, "an expense that is decided is settled later"),
        }
        let entry = self.entry(actor, id).await.map_err(|error| {
            Error::OutcomeUnknown(format!("the vote stands, and how its expense does could not be read: {error}"))
        })?;
        Ok((entry, changes))
    }

    /// Posts an expense that enough agree to, or gives it up where as many object. Where others were faster, or its time is
    /// over, nothing is done.
    pub(super) async fn settle(&self, expense: &Expense, votes: Votes) -> Result<Vec<Change>, Error> {
        let Some(transfer) = expense.transfer else { return Ok(Vec::new()) };
        // What the vote decides the server does: the voter's own line is that of his vote.
        let ledger = Ledger::new(self.shared.clone(), Origin::SERVER);
        let settled = if votes.approve >= expense.quorum {
            ledger.post_for(expense.proposed_by, transfer, now_ms()).await
        } else if votes.object >= expense.quorum {
            ledger.void_for(UserId(0), transfer, now_ms()).await
        } else {
            return Ok(Vec::new());
        };
        match settled {
            Ok(outcome) => Ok(outcome.notices),
            Err(Error::Ledger(LedgerRefused::Settled(_) | LedgerRefused::Expired(_) | LedgerRefused::Spending(_))) => {
                Ok(Vec::new())
            }
            // The vote stands; the schedule tries again until the expense expires.
            Err(Error::Ledger(refused)) => {
                tracing::warn!(%refused, expense = expense.id.0, "an expense that is decided is not settled yet");
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

/// The expense of the room, locked with it.
pub(super) async fn locked(transaction: &mut Transaction, room: RoomId, id: ExpenseId) -> Result<Expense, Error> {
    let sql = Statement::from(COLUMNS).then(" WHERE e.expense_id = ? AND e.room_id = ? AND e.state <> 0");
    let row = transaction.row_for_update(sql, values![id, room]).await?;
    Expense::of(&row.ok_or(Refused::NoSuchExpense(id))?)
}

async fn vote(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    (room, id): (RoomId, ExpenseId),
    approves: bool,
) -> Result<(Expense, Votes, Vec<Change>), Error> {
    lock_room(transaction, room).await?;
    let sql = "SELECT approves FROM expense_votes WHERE expense_id = ? AND user_id = ?";
    let before = transaction.row_for_update(sql, values![id, actor]).await?.map(|row| row.flag(0)).transpose()?;
    if before == Some(approves) {
        let expense = locked(transaction, room, id).await?;
        let votes = count(transaction, &expense).await?;
        return Ok((expense, votes, Vec::new()));
    }
    require_member(transaction, room, actor).await?;
    let expense = locked(transaction, room, id).await?;
    if !expense.is_others_than(actor) {
        return Err(Refused::OwnExpense(id).into());
    }
    let sql =
        "SELECT 1 FROM expenses e JOIN memberships m ON m.room_id = e.room_id AND m.joined_change <= e.voters_up_to
               WHERE e.expense_id = ? AND m.user_id = ?";
    if transaction.row(sql, values![id, actor]).await?.is_none() {
        return Err(Error::NotAllowed(
            "who joined after an expense was proposed, or within some days before it while the dues held money, \
             does not decide on it",
        ));
    }
    if expense.state != ExpenseState::Proposed {
        return Err(Refused::Settled { id, state: expense.state }.into());
    }
    transaction.execute("DELETE FROM expense_votes WHERE expense_id = ? AND user_id = ?", values![id, actor]).await?;
    let sql = "INSERT INTO expense_votes (expense_id, user_id, approves, voted_at_ms) VALUES (?, ?, ?, ?)";
    transaction.execute(sql, values![id, actor, approves, now_ms()]).await?;
    let action = if approves { AuditAction::ExpenseApproved } else { AuditAction::ExpenseObjected };
    let line = NewLine::new(origin, actor, now_ms(), action, id.0).in_room(room).of(expense.amount);
    audit::write(transaction, &[line.saying(&*expense.title)]).await?;
    let votes = count(transaction, &expense).await?;
    let what = if approves { "approved" } else { "objected" };
    let told = told::changed(&expense, actor, what, votes);
    let change = record_told(transaction, room, told).await?;
    Ok((expense, votes, vec![change]))
}
