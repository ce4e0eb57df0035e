//! What spending refuses, and why.

use super::expense::{ExpenseId, ExpenseState};

/// Why nothing was done about an expense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpendingRefused {
    /// For the treasurer alone, or an admin where the room has none.
    #[error("only the room's treasurer may do that, or an admin where it has none")]
    NotTheTreasurer,
    /// No such expense in the room.
    #[error("the room has no expense {0}")]
    NoSuchExpense(ExpenseId),
    /// It waits for nobody any more.
    #[error("expense {id} is {state}; only one that is proposed can be decided on", state = .state.name())]
    Settled {
        /// Which.
        id: ExpenseId,
        /// What has become of it.
        state: ExpenseState,
    },
    /// His own proposal, or to his own wallet.
    #[error("expense {0} was proposed by you or is paid to you; others decide on it")]
    OwnExpense(ExpenseId),
    /// Fewer are in the room who may agree than have to.
    #[error(
        "{quorum} would have to agree and {may} may: others, who were there before the dues held money or some days ago, \
         and whom no admin has removed since; wait, invite others, or let the rules post such amounts at once"
    )]
    TooFewToAgree {
        /// So many may.
        may: u32,
        /// So many would have to.
        quorum: u32,
    },
    /// Fewer agree than have to.
    #[error("expense {id} takes {quorum} who agree, and {agree} do")]
    NotAgreed {
        /// Which.
        id: ExpenseId,
        /// So many have to.
        quorum: u32,
        /// So many members do.
        agree: u32,
    },
    /// The transfer is not the one of the expense.
    #[error("the money would not go from the room's fund to who is to be paid by expense {0}")]
    WrongWay(ExpenseId),
    /// The receipt is no file of the room.
    #[error("file: the room has no file {0}; upload the receipt there first")]
    NoSuchReceipt(u64),
    /// The same key came with another request.
    #[error("the key was used for another expense; take a new key")]
    KeyReused,
}
