//! Numbers of what dues consist of.

use crate::number::numbers;

numbers! {
    /// Of a plan.
    PlanId;
    /// Of a request: one period of a plan.
    RequestId;
    /// Of a charge: what a request asks of one member.
    ChargeId;
    /// Of a receipt of cash.
    ReceiptId;
    /// Of a member's balance in a room.
    BalanceId;
    /// Of an entry of the dues' book.
    DuesEntryId;
}
