//! Entries of the dues' book: what happened to a member's dues. Charges, balances and requests are what these add up to.

use moim_wire::{RoomId, UserId};

use super::number::ChargeId;
use crate::error::Error;
use crate::ledger::{TransferId, Won};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuesEntryKind {
    /// Paid from the member's wallet.
    Paid,
    /// Paid in cash, which two people say.
    PaidInCash,
    /// Paid from what was paid too much before.
    CreditUsed,
    /// Given back to the wallet.
    Refunded,
    /// Given back in cash.
    RefundedInCash,
    /// Let go, for a reason.
    Waived,
    /// Late: more is asked.
    LateFee,
    /// The member left; what was open is not asked any more.
    Void,
    /// Credit was given back to the wallet.
    CreditReturned,
    /// Credit was given back in cash.
    CreditReturnedInCash,
    /// The member came back; what was void is asked again.
    Reopened,
}

/// By which way money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From wallet to wallet.
    Wallet,
    /// From hand to hand.
    Cash,
}

impl DuesEntryKind {
    const ALL: [Self; 11] = [
        Self::Paid,
        Self::PaidInCash,
        Self::CreditUsed,
        Self::Refunded,
        Self::RefundedInCash,
        Self::Waived,
        Self::LateFee,
        Self::Void,
        Self::CreditReturned,
        Self::CreditReturnedInCash,
        Self::Reopened,
    ];

    pub(super) fn stored(self) -> i64 {
        1 + Self::ALL.iter().position(|kind| *kind == self).unwrap_or_default() as i64
    }

    pub(super) fn of(stored: i64) -> Result<Self, Error> {
        let kind = usize::try_from(stored - 1).ok().and_then(|place| Self::ALL.get(place));
        kind.copied()
            .ok_or_else(|| Error::Internal(format!("an entry of kind {stored}, which this binary does not know")))
    }

    /// By which way it moved money, if it did.
    pub const fn way(self) -> Option<Way> {
        match self {
            Self::Paid | Self::Refunded | Self::CreditReturned => Some(Way::Wallet),
            Self::PaidInCash | Self::RefundedInCash | Self::CreditReturnedInCash => Some(Way::Cash),
            Self::CreditUsed | Self::Waived | Self::LateFee | Self::Void | Self::Reopened => None,
        }
    }

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::PaidInCash => "paidInCash",
            Self::CreditUsed => "creditUsed",
            Self::Refunded => "refunded",
            Self::RefundedInCash => "refundedInCash",
            Self::Waived => "waived",
            Self::LateFee => "lateFee",
            Self::Void => "void",
            Self::CreditReturned => "creditReturned",
            Self::CreditReturnedInCash => "creditReturnedInCash",
            Self::Reopened => "reopened",
        }
    }
}

/// An entry that is to be written.
#[derive(Clone, Debug)]
pub(super) struct NewEntry {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) charge: Option<ChargeId>,
    pub(super) kind: DuesEntryKind,
    /// What it does to what is paid for the charge.
    pub(super) to_charge: Won,
    /// What it does to the member's credit.
    pub(super) to_credit: Won,
    /// What it does to what the charge asks for.
    pub(super) to_due: Won,
    pub(super) transfer: Option<TransferId>,
    pub(super) actor: UserId,
    pub(super) note: String,
    pub(super) at_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_stored() {
        for kind in DuesEntryKind::ALL {
            assert_eq!(DuesEntryKind::of(kind.stored()).unwrap(), kind);
        }
        assert!(DuesEntryKind::of(0).is_err() && DuesEntryKind::of(12).is_err());
    }
}
