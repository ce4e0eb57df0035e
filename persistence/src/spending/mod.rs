//! Spending with consent: the treasurer proposes an expense out of the room's fund, members agree or object, and it is posted.
//!
//! # Invariants
//! - Money leaves a fund for an expense by one transfer, which names it (`transfers.purpose`); what becomes of the expense and
//!   what the room is told is committed with what becomes of the transfer.
//! - While an expense waits its amount is reserved: what was agreed to can be paid.
//! - Nobody agrees to his own: neither who proposed it nor who is paid counts, nor anyone who has left. It is posted once as
//!   many agree as the rules said when it was proposed, and refused once as many object. A change of rules is for what is
//!   proposed from then on.
//!
//! # Where things are
//! The rules (`sheet`) are plain code, asked in the ledger's batch. A vote is a transaction of its own under the room's lock; where
//! it decides, the transfer is settled right after, and by the schedule where a crash came between.

mod expense;
mod proposing;
mod reading;
mod refused;
mod rules;
mod schedule;
mod sheet;
mod told;
mod verify;
mod voting;

use std::sync::Arc;

pub use expense::{Expense, ExpenseId, ExpenseState, Payee};
pub use proposing::NewExpense;
pub use reading::{ExpenseEntry, ExpenseVote};
pub use refused::SpendingRefused;
pub(crate) use rules::changes_count_from;
pub use rules::{RulesInForce, SpendingRules};
pub(crate) use sheet::{Ending, Sheet};
pub(crate) use verify::CHECKS;

use crate::audit::Origin;
use crate::error::Error;
use crate::ledger::{Ledger, Refused};
use crate::members::Shared;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Expenses of rooms. Cheap to clone.
#[derive(Clone)]
pub struct Spending {
    shared: Arc<Shared>,
    origin: Origin,
}

impl Spending {
    pub(crate) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.shared.clone(), self.origin)
    }
}

impl From<SpendingRefused> for Error {
    fn from(refused: SpendingRefused) -> Self {
        Self::Ledger(Refused::Spending(refused))
    }
}
