//! Charges: what a request asks of one member, and what has come of it.

use moim_wire::{RoomId, UserId};

use super::number::{ChargeId, RequestId};
use crate::ledger::Won;

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something is left to be paid.
    Open,
    /// Paid, all of it.
    Paid,
    /// Nothing is to be paid, and nothing was.
    Exempt,
    /// Its member left before it was paid.
    Void,
}

impl Standing {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Exempt => "exempt",
            Self::Void => "void",
        }
    }
}

/// A charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its number.
    pub id: ChargeId,
    /// The request that it is part of.
    pub request: RequestId,
    /// The room.
    pub room: RoomId,
    /// Who is to pay.
    pub user: UserId,
    /// What was asked.
    pub amount: Won,
    /// What came on top.
    pub late_fee: Won,
    /// What was let go again.
    pub waived: Won,
    /// What was paid; never more than what is asked.
    pub paid: Won,
    /// How much of that came from the wallet, and goes back there; the rest was cash.
    pub paid_by_wallet: Won,
    /// Its member has left.
    pub is_void: bool,
    /// Why it was waived; empty where it was not.
    pub reason: String,
}

impl Charge {
    /// What is asked now.
    pub fn asked(&self) -> Won {
        let all = self.amount.plus(self.late_fee).and_then(|all| all.minus(self.waived));
        // Amounts and fees are at most a hundred billion won each.
        all.expect("what a charge asks for is within bounds")
    }

    /// What is left to be paid; of a void one nothing, whatever was given back of it.
    pub fn open(&self) -> Won {
        if self.is_void {
            return Won::ZERO;
        }
        self.asked().minus(self.paid).expect("what a charge asks for is within bounds")
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        match () {
            () if self.is_void => Standing::Void,
            () if self.open().is_positive() => Standing::Open,
            () if self.paid.is_positive() => Standing::Paid,
            () => Standing::Exempt,
        }
    }
}
