//! The ledger: wallets, transfers between them, and reservations of transfers. Double entry, append only.
//!
//! # Invariants
//! - A posted transfer has two entries, of its amount at the target and of as much less at the source, and nothing else has
//!   any: the sum over all accounts is zero at every commit (`write::adds_up`, and constraints of the tables).
//! - No balance is negative but that of the world outside, which owes what came in. Nobody spends what is reserved.
//! - Entries are never changed. What was wrong is corrected by a transfer back, which names what it corrects.
//! - The entries of an account form a chain: each has the hash of the one before it in its own (`chain`).
//! - An entry of a group's wallet is committed with the change of the room that tells of it; there is none without the other.
//! - A request's key is unique for its actor. Asked again, the first answer is given; another request under it is refused.
//!   A request that was refused leaves no trace of its key.
//!
//! [`Ledger::verify`] recomputes all of it.
//!
//! # Where things are
//! What is asked is a `command`; those that arrive together are committed together (`committer`); what they are about is
//! locked and read (`batch`), judged without any I/O (`book`), and written (`write`).

mod account;
mod audited;
mod batch;
mod book;
mod booking;
mod chain;
mod command;
mod committer;
mod group_wallet;
mod lease;
mod money;
mod notice;
mod participant;
mod payment;
mod purpose;
mod refused;
mod reservation;
mod rhythm;
mod schedule;
mod statement;
mod transfer;
mod verify;
mod wallet;
mod write;

use std::sync::Arc;

pub(crate) use account::CASH;
pub use account::{AccountId, AccountKind};
pub use booking::NewReservation;
pub use chain::{Entry, Hash};
pub use command::Outcome;
pub(crate) use committer::Committer;
pub(crate) use group_wallet::insert as open_group_account;
pub use group_wallet::{GroupWallet, NewGroupWallet, Participant};
pub use money::Won;
pub(crate) use participant::{inherit_wallets, leave_wallets};
pub(crate) use payment::Errand;
pub use payment::{Hold, Payment};
pub(crate) use purpose::{End, Moved, Purpose};
pub use refused::Refused;
pub use reservation::{Reservation, ReservationId, ReservationState};
pub use rhythm::Rhythm;
pub(crate) use rhythm::seoul;
pub use statement::{Head, StatementLine};
pub(crate) use transfer::stored_won;
pub use transfer::{RequestKey, Transfer, TransferId, TransferState};
pub use verify::{Faults, Verified};
pub use wallet::Wallet;
pub(crate) use wallet::forget_wallet;

use crate::audit::Origin;
use crate::members::Shared;

/// Wallets, transfers and reservations. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
    origin: Origin,
}

impl Ledger {
    pub(crate) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }
}
