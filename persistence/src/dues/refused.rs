//! What dues refuse, and why.

use moim_wire::RoomId;

use super::number::{ChargeId, PlanId, ReceiptId, RequestId};
use crate::ledger::{RequestKey, Won};

/// Why nothing was done about dues.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DuesRefused {
    /// For the treasurer alone, or an admin where the room has none.
    #[error("only the room's treasurer may do that, or an admin where it has none")]
    NotTheTreasurer,
    /// No such plan in the room.
    #[error("the room has no plan {0}")]
    NoSuchPlan(PlanId),
    /// It was ended, or asked for all that it was to ask for.
    #[error("plan {0} has ended; make another one")]
    PlanEnded(PlanId),
    /// No such request in the room.
    #[error("the room has no request {0}")]
    NoSuchRequest(RequestId),
    /// No such charge in the room.
    #[error("the room has no charge {0}")]
    NoSuchCharge(ChargeId),
    /// Another's charge.
    #[error("charge {0} is another member's; everybody pays his own")]
    NotYourCharge(ChargeId),
    /// Nothing is asked by it any more: its member has left.
    #[error("charge {0} is void; nothing is to be paid for it")]
    Void(ChargeId),
    /// Nothing is left to be waived.
    #[error("nothing of charge {0} is open")]
    NothingOpen(ChargeId),
    /// The wallets at the two ends are not those of what is paid for.
    #[error("the money would not go between the member and the fund of the room that asks for it")]
    WrongWay,
    /// A refund of more than came that way.
    #[error("no more than {0} can be given back this way; what came in cash goes back in cash, the rest to the wallet")]
    MoreThanCame(Won),
    /// More than there can be.
    #[error("amount: the member would have paid more than {max} in all", max = Won::MAX)]
    TooMuch,
    /// Nobody gives back or lets go what is his own, unless he is alone in the room.
    #[error("these are your own dues; somebody else gives them back or lets them go, once he keeps the room's dues")]
    OwnDues,
    /// No such receipt in the room.
    #[error("the room has no receipt {0}")]
    NoSuchReceipt(ReceiptId),
    /// It was confirmed or denied before.
    #[error("receipt {0} is settled already")]
    ReceiptSettled(ReceiptId),
    /// Who wrote the receipt cannot confirm it as well.
    #[error("receipt {0} takes a second person; you wrote it yourself")]
    OwnReceipt(ReceiptId),
    /// A room that asks for nothing yet.
    #[error("the room has no dues yet; make a plan first")]
    NoFund,
    /// The wallet cannot keep the dues.
    #[error("fund: {0}")]
    NotAFund(&'static str),
    /// Nobody could spend it or give it back any more.
    #[error(
        "the dues of room {room} hold {fund} in their fund and {cash} in cash; give it back or spend it before the room is \
         deleted or its last member leaves"
    )]
    HoldsMoney {
        /// The room.
        room: RoomId,
        /// What the fund holds.
        fund: Won,
        /// How much cash there is.
        cash: Won,
    },
    /// It goes back to the wallet, which the account takes with it.
    #[error(
        "{credit} that you paid too much are with the dues of room {room}; leave the room, and they come back to your \
         wallet, then delete the account"
    )]
    HoldsCredit {
        /// The room.
        room: RoomId,
        /// What was paid too much.
        credit: Won,
    },
    /// The same key came with another request.
    #[error("the key was used for another request; take a new key")]
    KeyReused(RequestKey),
}
