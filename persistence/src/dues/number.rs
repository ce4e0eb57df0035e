//! Numbers of what dues consist of, each from 1 and below 2^53.

use std::fmt;

use crate::sql::Value;

macro_rules! number {
    ($($(#[$what:meta])* $name:ident;)*) => {
        $($(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for Value {
            fn from(number: $name) -> Self {
                Self::from(number.0)
            }
        })*
    };
}

number! {
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
