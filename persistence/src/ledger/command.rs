//! What the ledger is asked to do, one line each, and what it answers.

use moim_wire::UserId;

use super::account::AccountId;
use super::money::Won;
use super::purpose::Purpose;
use super::refused::Refused;
use super::reservation::ReservationId;
use super::transfer::{RequestKey, Transfer, TransferId};
use crate::audit::Origin;
use crate::members::Change;

/// A request, complete: time and chance are values in it.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// Who asks; 0: the operator.
    pub(super) actor: UserId,
    /// From where.
    pub(super) origin: Origin,
    pub(super) authority: Authority,
    pub(super) at_ms: u64,
    pub(super) what: What,
}

/// What the actor's right rests on.
#[derive(Clone, Debug)]
pub(super) enum Authority {
    /// It is not the actor's own: the operator asks, or the system.
    Operator,
    /// It is judged by those whom the transfer is made for.
    Purpose,
    /// The actor may spend from the source.
    Spender,
    /// As before, and knows its password: the one of this hash, as it was when it was compared.
    Password(String),
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// To move money; with an expiry, to reserve it until it is settled.
    Move {
        key: RequestKey,
        source: AccountId,
        target: AccountId,
        amount: Won,
        expires_at_ms: Option<u64>,
        purpose: Option<Purpose>,
    },
    /// To post a pending transfer.
    Post(TransferId),
    /// To void a pending transfer.
    Void(TransferId),
    /// To void a pending transfer whose time is over.
    Expire(TransferId),
    /// To move back what a posted transfer moved.
    Correct(TransferId),
    /// To carry out a reservation that is due.
    Run(ReservationId),
}

impl What {
    /// The transfer that it names.
    pub(super) const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::Post(id) | Self::Void(id) | Self::Expire(id) | Self::Correct(id) => Some(*id),
            Self::Move { .. } | Self::Run(_) => None,
        }
    }

    /// The key by which another request may have come before.
    pub(super) fn key(&self) -> Option<RequestKey> {
        match self {
            Self::Move { key, .. } => Some(key.clone()),
            Self::Correct(id) => Some(RequestKey::of_correction(*id)),
            _ => None,
        }
    }
}

/// What came of a request that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The transfer as it is now.
    pub transfer: Transfer,
    /// Changes of rooms, which their owners put among the messages.
    pub notices: Vec<Change>,
    /// Nothing new: the request had been carried out before, and this is its transfer.
    pub repeated: bool,
}

impl Outcome {
    pub(super) const fn repeated(transfer: Transfer) -> Self {
        Self { transfer, notices: Vec::new(), repeated: true }
    }
}

/// The answer to a command; `None` where there was nothing to do any more.
pub(super) type Answer = Result<Option<Outcome>, Refused>;
