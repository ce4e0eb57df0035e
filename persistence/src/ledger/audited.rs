//! The audit lines of a batch: one for each step of a transfer that was taken in it, in each room whose money it is.

use super::account::AccountId;
use super::book::Book;
use super::command::{Command, What};
use super::purpose::Purpose;
use super::transfer::{Transfer, TransferState};
use crate::audit::{AuditAction, NewLine};

impl Book {
    /// Notes what a command has done with a transfer.
    pub(super) fn audit(&mut self, command: &Command, transfer: &Transfer) {
        // A reservation runs for who booked it, whoever looks at the clock.
        let actor = if matches!(command.what, What::Run(_)) { transfer.actor } else { command.actor };
        let (source, target) = (&self.accounts[&transfer.source], &self.accounts[&transfer.target]);
        let action = action(&command.what, transfer);
        let line = NewLine::new(command.origin, actor, command.at_ms, action, transfer.id.0)
            .of(transfer.amount)
            .saying(match transfer.purpose {
                Some(Purpose::Expense(id)) => self.spending.title(id),
                _ => format!("{} → {}", source.name, target.name),
            });
        let rooms = [source.kind.room(), target.kind.room()];
        let second = rooms[1].filter(|room| Some(*room) != rooms[0]);
        let lines = rooms[0].into_iter().chain(second).map(|room| line.clone().in_room(room));
        let before = self.writing.lines.len();
        self.writing.lines.extend(lines);
        if self.writing.lines.len() == before {
            self.writing.lines.push(line);
        }
    }
}

fn action(what: &What, transfer: &Transfer) -> AuditAction {
    match (transfer.purpose, transfer.state, what) {
        (Some(Purpose::Charge(_)), ..) => AuditAction::DuesPaid,
        (Some(Purpose::Receipt(_)), ..) => AuditAction::CashConfirmed,
        (Some(Purpose::Refund(_)), ..) => AuditAction::Refunded,
        (Some(Purpose::Credit(_)), ..) => AuditAction::CreditReturned,
        (Some(Purpose::Expense(_)), TransferState::Pending, _) => AuditAction::ExpenseReserved,
        (Some(Purpose::Expense(_)), TransferState::Posted, _) => AuditAction::ExpensePaid,
        (Some(Purpose::Expense(_)), TransferState::Voided, _) => AuditAction::ExpenseGivenUp,
        (None, TransferState::Pending, _) => AuditAction::Held,
        (None, TransferState::Voided, What::Expire(_)) => AuditAction::Expired,
        (None, TransferState::Voided, _) => AuditAction::Voided,
        (None, TransferState::Posted, What::Correct(_)) => AuditAction::Corrected,
        (None, TransferState::Posted, What::Run(_)) => AuditAction::ReservationRun,
        (None, TransferState::Posted, What::Post(_)) => AuditAction::Posted,
        (None, TransferState::Posted, _) if transfer.source == AccountId::EXTERNAL => AuditAction::Deposited,
        (None, TransferState::Posted, _) => AuditAction::Transferred,
    }
}
