//! The rail from a bank: notices of money that came in become transfers from the world outside into members' wallets.
//!
//! A bank is not trusted to be tidy. It tells things twice, late, in any order, and wrongly.
//!
//! # Invariants
//! - A notice is known by the bank's own number, and credited once: its transfer has a key made of the notice. Told again it
//!   is answered as before; told otherwise under the same number it is refused and written down.
//! - A notice is on the disk before money moves. What a crash leaves between the two is carried on with afterwards.
//! - Whose it is the reference says, a code that each wallet has and that shows a slip of the pen. Money of an unknown code is
//!   nobody's, and in no wallet, until the operator says whose.
//! - What the bank had wrong it puts right by a notice that names the wrong one. No entry is changed: the right amount is
//!   credited and the wrong one moved back. Where it was spent already the correction is stuck, for the operator to see.
//!
//! Signatures are checked where notices arrive, in the bridge.

mod deposit;
mod operating;
mod reference;
mod settling;
mod taking;
mod verify;

use std::sync::Arc;

pub use deposit::{BankRefused, Conflict, Deposit, DepositId, DepositState, NewDeposit};
pub use reference::Reference;
pub(crate) use verify::CHECKS;

use crate::audit::Origin;
use crate::ledger::Ledger;
use crate::members::Shared;

/// Notices of a bank. Cheap to clone.
#[derive(Clone)]
pub struct Bank {
    shared: Arc<Shared>,
    origin: Origin,
}

impl Bank {
    pub(crate) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.shared.clone(), self.origin)
    }
}
