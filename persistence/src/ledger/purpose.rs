//! What a transfer is made for. The ledger keeps it beside the transfer and asks those who look after it, in the same
//! transaction: before, whether it is right, and once the money has moved, what comes of it and what the room is told.

use moim_wire::{RoomId, UserId};

use super::account::{Account, AccountKind};
use super::book::{Book, Request};
use super::money::Won;
use super::refused::Refused;
use super::transfer::{Transfer, TransferId, TransferState};
use crate::dues::{BalanceId, ChargeId, ReceiptId};
use crate::error::Error;
use crate::members::Change;
use crate::spending::{Ending, ExpenseId};
use crate::sql::Row;

/// What a transfer is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A member pays a charge from his wallet.
    Charge(ChargeId),
    /// A second person confirms the cash of a receipt.
    Receipt(ReceiptId),
    /// What was paid for a charge is given back.
    Refund(ChargeId),
    /// A member's credit is given back.
    Credit(BalanceId),
    /// An expense that the members agreed to.
    Expense(ExpenseId),
}

impl Purpose {
    /// As it is stored.
    pub(super) const fn stored(self) -> (i64, u64) {
        match self {
            Self::Charge(charge) => (1, charge.0),
            Self::Receipt(receipt) => (2, receipt.0),
            Self::Refund(charge) => (3, charge.0),
            Self::Credit(balance) => (4, balance.0),
            Self::Expense(expense) => (5, expense.0),
        }
    }

    /// From the columns `purpose_kind, purpose_id` at `first`.
    pub(super) fn of(row: &Row, first: usize) -> Result<Option<Self>, Error> {
        if row.is_null(first) {
            return Ok(None);
        }
        let id = first + 1;
        Ok(Some(match row.int::<i64>(first)? {
            1 => Self::Charge(ChargeId(row.int(id)?)),
            2 => Self::Receipt(ReceiptId(row.int(id)?)),
            3 => Self::Refund(ChargeId(row.int(id)?)),
            4 => Self::Credit(BalanceId(row.int(id)?)),
            5 => Self::Expense(ExpenseId(row.int(id)?)),
            other => {
                return Err(Error::Internal(format!("a transfer for {other}, which this binary does not know")));
            }
        }))
    }
}

/// An end of a transfer, as those see it whom it is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A member's wallet.
    Wallet(UserId),
    /// The wallet that keeps the dues of a room.
    Fund(RoomId),
    /// The cash of a room's dues.
    Cash(RoomId),
    /// The world outside.
    Outside,
    /// Any other account.
    Other,
}

impl End {
    fn of(account: &Account) -> Self {
        match account.kind {
            AccountKind::Member(owner) => Self::Wallet(owner),
            AccountKind::Group(room) if account.is_fund => Self::Fund(room),
            AccountKind::Cash(room) => Self::Cash(room),
            AccountKind::External => Self::Outside,
            AccountKind::Group(_) | AccountKind::Fees => Self::Other,
        }
    }
}

/// A transfer, as those see it whom it is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) transfer: TransferId,
    pub(crate) actor: UserId,
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) amount: Won,
    pub(crate) at_ms: u64,
}

impl Book {
    /// Whether the transfer is right for what it is made for. Without a purpose, nothing leaves a fund, and cash neither comes
    /// nor goes; only what came into a fund wrongly is corrected.
    pub(super) fn suits(&self, request: &Request<'_>, source: &Account, target: &Account) -> Result<(), Refused> {
        let (from, to) = (End::of(source), End::of(target));
        let (actor, amount, at_ms) = (request.command.actor, request.amount, request.command.at_ms);
        match request.purpose {
            Some(purpose) => {
                let moved = Moved { transfer: TransferId(0), actor, from, to, amount, at_ms };
                match purpose {
                    Purpose::Expense(id) => self.spending.judge(id, &moved, request.expires_at_ms.is_some())?,
                    _ => self.dues.judge(purpose, &moved)?,
                }
                Ok(())
            }
            None if matches!(from, End::Cash(_)) || (matches!(from, End::Fund(_)) && request.corrects.is_none()) => {
                Err(Refused::IsAFund(source.id))
            }
            None if matches!(to, End::Cash(_)) => Err(Refused::NoSuchAccount(target.id)),
            None => Ok(()),
        }
    }

    /// Does what a transfer was made for, now that it is posted; gives the changes of the room that tell of it.
    pub(super) fn serve(&mut self, id: TransferId) -> Vec<Change> {
        let transfer = &self.transfers[&id];
        let Some(purpose) = transfer.purpose else { return Vec::new() };
        let end = |account| self.accounts.get(account).map_or(End::Other, End::of);
        let moved = Moved {
            transfer: id,
            actor: transfer.actor,
            from: end(&transfer.source),
            to: end(&transfer.target),
            amount: transfer.amount,
            at_ms: transfer.settled_at_ms.unwrap_or(transfer.created_at_ms),
        };
        let told = match purpose {
            Purpose::Expense(expense) => self.spending.posted(expense, &moved),
            _ => self.dues.serve(purpose, &moved),
        };
        told.into_iter().filter_map(|(room, told)| self.put_among_changes(room, told, None)).collect()
    }

    /// Does what is to be done once the amount of a transfer is reserved.
    pub(super) fn reserved_for(&mut self, id: TransferId) -> Vec<Change> {
        let Some(Purpose::Expense(expense)) = self.transfers[&id].purpose else { return Vec::new() };
        let told = self.spending.reserved(expense, id);
        told.and_then(|(room, told)| self.put_among_changes(room, told, None)).into_iter().collect()
    }

    /// Whether what a pending transfer was made for lets it be posted.
    pub(super) fn may_post(&self, pending: &Transfer) -> Result<(), Refused> {
        match pending.purpose {
            Some(Purpose::Expense(expense)) => Ok(self.spending.may_post(expense)?),
            _ => Ok(()),
        }
    }

    /// Whether what a pending transfer was made for lets it be given up.
    pub(super) fn may_void(&self, pending: &Transfer, ending: Ending) -> Result<(), Refused> {
        match pending.purpose {
            Some(Purpose::Expense(expense)) => Ok(self.spending.may_void(expense, ending)?),
            _ => Ok(()),
        }
    }

    /// Whether it waits for an expense whose payee has closed his wallet meanwhile.
    pub(super) fn lost_its_payee(&self, transfer: &Transfer) -> bool {
        transfer.state == TransferState::Pending
            && matches!(transfer.purpose, Some(Purpose::Expense(_)))
            && self.account(transfer.target).is_err()
    }

    /// Does what is to be done once a pending transfer is given up.
    pub(super) fn given_up(&mut self, voided: &Transfer, ending: Ending) -> Vec<Change> {
        let Some(Purpose::Expense(expense)) = voided.purpose else { return Vec::new() };
        let at_ms = voided.settled_at_ms.unwrap_or_default();
        let told = self.spending.voided(expense, ending, (voided.id, at_ms));
        told.and_then(|(room, told)| self.put_among_changes(room, told, None)).into_iter().collect()
    }
}
