//! The rules of spending on what was read under the room's lock: whether a transfer may be made, posted or voided for an
//! expense, and what becomes of the expense by it. Nothing here waits, reads a clock or knows a database.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use moim_wire::{RoomId, UserId};

use super::expense::{COLUMNS, Expense, ExpenseId, ExpenseState, Payee};
use super::refused::SpendingRefused as Refused;
use super::told;
use crate::dues::{Way, is_keeper};
use crate::error::Error;
use crate::ledger::{End, Moved, Purpose, TransferId};
use crate::members::Told;
use crate::sql::{Transaction, list, listed, values};

/// Members who have not left and may decide, by how they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Votes {
    pub(super) approve: u32,
    pub(super) object: u32,
}

/// Why a pending transfer is voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its time is over.
    Expired,
    /// Somebody asks for it.
    Asked(UserId),
    /// Whom it would be paid to has no wallet any more.
    PayeeGone,
}

/// What a batch is about.
#[derive(Default)]
pub(crate) struct Sheet {
    expenses: BTreeMap<ExpenseId, (Expense, Votes)>,
    /// Those of the actors who keep the room's fund.
    keepers: HashSet<(RoomId, UserId)>,
    changed: BTreeSet<ExpenseId>,
}

impl Sheet {
    /// Locks and reads the expenses that transfers are made for.
    pub(crate) async fn lock(transaction: &mut Transaction, purposes: &[(Purpose, UserId)]) -> Result<Self, Error> {
        let of = |&(purpose, actor): &(Purpose, UserId)| match purpose {
            Purpose::Expense(id) => Some((id, actor)),
            _ => None,
        };
        let named: Vec<(ExpenseId, UserId)> = purposes.iter().filter_map(of).collect();
        let ids: Vec<ExpenseId> = named.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut sheet = Self::default();
        if ids.is_empty() {
            return Ok(sheet);
        }
        for row in transaction.rows_for_update(listed(COLUMNS, "e.expense_id", &ids), &list(&ids)).await? {
            let expense = Expense::of(&row)?;
            let votes = count(transaction, &expense).await?;
            for (_, actor) in named.iter().filter(|(id, _)| *id == expense.id) {
                if is_keeper(transaction, expense.room, *actor).await? {
                    sheet.keepers.insert((expense.room, *actor));
                }
            }
            sheet.expenses.insert(expense.id, (expense, votes));
        }
        Ok(sheet)
    }

    /// Whether a transfer may be made for an expense: reserved, or posted at once where nobody has to agree.
    pub(crate) fn judge(&self, id: ExpenseId, moved: &Moved, is_reserved: bool) -> Result<(), Refused> {
        let (expense, _) = self.expense(id)?;
        let (from, to) = match (expense.way, &expense.payee) {
            (Way::Cash, _) => (End::Cash(expense.room), End::Outside),
            (Way::Wallet, Payee::Outside(_)) => (End::Fund(expense.room), End::Outside),
            (Way::Wallet, Payee::Member(user)) => (End::Fund(expense.room), End::Wallet(*user)),
        };
        if (moved.from, moved.to, moved.amount) != (from, to, expense.amount) {
            return Err(Refused::WrongWay(id));
        }
        if expense.state != ExpenseState::Begun {
            return Err(Refused::Settled { id, state: expense.state });
        }
        if expense.proposed_by != moved.actor || !self.keepers.contains(&(expense.room, moved.actor)) {
            return Err(Refused::NotTheTreasurer);
        }
        if is_reserved == (expense.quorum == 0) { Err(Refused::WrongWay(id)) } else { Ok(()) }
    }

    /// Whether what is reserved for it may be posted.
    pub(crate) fn may_post(&self, id: ExpenseId) -> Result<(), Refused> {
        let (expense, votes) = self.proposed(id)?;
        if votes.approve < expense.quorum {
            return Err(Refused::NotAgreed { id, quorum: expense.quorum, agree: votes.approve });
        }
        Ok(())
    }

    /// Whether it may be given up: by who proposed it or keeps the fund now, where it has expired, or where as many object as would have to agree.
    pub(crate) fn may_void(&self, id: ExpenseId, ending: Ending) -> Result<(), Refused> {
        let (expense, votes) = self.proposed(id)?;
        match ending {
            Ending::Expired | Ending::PayeeGone => Ok(()),
            Ending::Asked(user) if user == expense.proposed_by || self.keepers.contains(&(expense.room, user)) => {
                Ok(())
            }
            Ending::Asked(UserId(0)) if votes.object >= expense.quorum => Ok(()),
            Ending::Asked(_) => Err(Refused::NotTheTreasurer),
        }
    }

    /// Its amount is reserved: the room is told of it.
    pub(crate) fn reserved(&mut self, id: ExpenseId, transfer: TransferId) -> Option<(RoomId, Told)> {
        let (expense, _) = self.become_of(id, ExpenseState::Proposed, transfer, None)?;
        Some((expense.room, told::card(expense)))
    }

    /// It is paid.
    pub(crate) fn posted(&mut self, id: ExpenseId, moved: &Moved) -> Vec<(RoomId, Told)> {
        let state = ExpenseState::Posted;
        let was = self.expenses.get(&id).map(|(expense, _)| expense.state);
        let Some((expense, votes)) = self.become_of(id, state, moved.transfer, Some(moved.at_ms)) else {
            return Vec::new();
        };
        let told = match was {
            Some(ExpenseState::Begun) => told::card(expense),
            _ => told::changed(expense, expense.proposed_by, "posted", votes),
        };
        vec![(expense.room, told)]
    }

    /// It is given up.
    pub(crate) fn voided(
        &mut self,
        id: ExpenseId,
        ending: Ending,
        (transfer, at_ms): (TransferId, u64),
    ) -> Option<(RoomId, Told)> {
        let (state, what, actor) = match ending {
            Ending::Expired => (ExpenseState::Expired, "expired", UserId(0)),
            Ending::Asked(UserId(0)) => (ExpenseState::Refused, "refused", UserId(0)),
            Ending::PayeeGone => (ExpenseState::Withdrawn, "withdrawn", UserId(0)),
            Ending::Asked(user) => (ExpenseState::Withdrawn, "withdrawn", user),
        };
        let (expense, votes) = self.become_of(id, state, transfer, Some(at_ms))?;
        Some((expense.room, told::changed(expense, actor, what, votes)))
    }

    fn become_of(
        &mut self,
        id: ExpenseId,
        state: ExpenseState,
        transfer: TransferId,
        settled_at_ms: Option<u64>,
    ) -> Option<(&Expense, Votes)> {
        let (expense, votes) = self.expenses.get_mut(&id)?;
        expense.state = state;
        expense.transfer = Some(transfer);
        expense.settled_at_ms = settled_at_ms;
        expense.settled_by = settled_at_ms.map(|_| (votes.approve, votes.object));
        self.changed.insert(id);
        Some((expense, *votes))
    }

    /// What it is for.
    pub(crate) fn title(&self, id: ExpenseId) -> String {
        self.expenses.get(&id).map(|(expense, _)| expense.title.clone()).unwrap_or_default()
    }

    fn expense(&self, id: ExpenseId) -> Result<&(Expense, Votes), Refused> {
        self.expenses.get(&id).ok_or(Refused::NoSuchExpense(id))
    }

    fn proposed(&self, id: ExpenseId) -> Result<(&Expense, Votes), Refused> {
        let (expense, votes) = self.expense(id)?;
        match expense.state {
            ExpenseState::Proposed => Ok((expense, *votes)),
            state => Err(Refused::Settled { id, state }),
        }
    }

    /// Writes what has become of the expenses.
    pub(crate) async fn write(&self, transaction: &mut Transaction) -> Result<(), Error> {
        for id in &self.changed {
            let (expense, _) = &self.expenses[id];
            let sql = "UPDATE expenses SET state = ?, transfer_id = ?, settled_at_ms = ?, approvals = ?, objections = ?
                       WHERE expense_id = ?";
            let (approvals, objections) = expense.settled_by.unzip();
            let (state, settled_at_ms) = (expense.state.stored(), expense.settled_at_ms);
            let values = values![state, expense.transfer, settled_at_ms, approvals, objections, *id];
            transaction.execute(sql, values).await?;
        }
        Ok(())
    }
}

/// How those have voted who may decide, and have been members since before it was proposed. The room is locked.
pub(super) async fn count(transaction: &mut Transaction, expense: &Expense) -> Result<Votes, Error> {
    let sql = "SELECT v.user_id, v.approves FROM expense_votes v
               JOIN expenses e ON e.expense_id = v.expense_id
               JOIN memberships m ON m.room_id = e.room_id AND m.user_id = v.user_id AND m.has_left = 0
                                 AND m.joined_change <= e.voters_up_to
               WHERE v.expense_id = ?";
    let mut votes = Votes::default();
    for row in transaction.rows_for_update(sql, values![expense.id]).await? {
        if expense.is_others_than(UserId(row.int(0)?)) {
            let counted = if row.flag(1)? { &mut votes.approve } else { &mut votes.object };
            *counted += 1;
        }
    }
    Ok(votes)
}
