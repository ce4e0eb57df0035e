//! What can be done with money: one table of all actions.

use crate::error::Error;
use crate::sql::Value;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $number:literal $name:literal,)*) => {
        /// What was done. Those below 20 are of a transfer, which is their subject.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $action = $number,)*
        }

        impl AuditAction {
            /// Every action, by its number.
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            /// Its name for programs.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }

            pub(super) fn of(stored: i64) -> Result<Self, Error> {
                match stored {
                    $($number => Ok(Self::$action),)*
                    other => Err(Error::Internal(format!("an action {other}, which this binary does not know"))),
                }
            }
        }
    };
}

actions! {
    /// Money was moved from one wallet to another.
    Transferred = 1 "transferred",
    /// Money came from outside.
    Deposited = 2 "deposited",
    /// Money was reserved.
    Held = 3 "held",
    /// What was reserved was moved.
    Posted = 4 "posted",
    /// What was reserved was given up.
    Voided = 5 "voided",
    /// What was reserved was given up because its time was over.
    Expired = 6 "expired",
    /// What was moved wrongly was moved back.
    Corrected = 7 "corrected",
    /// A reservation was carried out.
    ReservationRun = 8 "reservationRun",
    /// A charge was paid from a wallet.
    DuesPaid = 10 "duesPaid",
    /// A second person said that cash was received.
    CashConfirmed = 11 "cashConfirmed",
    /// What was paid for a charge was given back.
    Refunded = 12 "refunded",
    /// A member's credit was given back.
    CreditReturned = 13 "creditReturned",
    /// An expense was proposed, and its amount reserved.
    ExpenseReserved = 14 "expenseReserved",
    /// An expense was paid.
    ExpensePaid = 15 "expensePaid",
    /// An expense was refused or withdrawn, or its time was over.
    ExpenseGivenUp = 16 "expenseGivenUp",

    /// A wallet was opened, which is the subject.
    WalletOpened = 20 "walletOpened",
    /// A wallet was closed.
    WalletClosed = 21 "walletClosed",
    /// A group's wallet was opened.
    GroupWalletOpened = 22 "groupWalletOpened",
    /// A member takes part in a group's wallet.
    GroupWalletJoined = 23 "groupWalletJoined",
    /// A group's wallet was closed.
    GroupWalletClosed = 24 "groupWalletClosed",
    /// A transfer was booked for a time; the subject is the reservation.
    ReservationBooked = 25 "reservationBooked",
    /// It was cancelled.
    ReservationCancelled = 26 "reservationCancelled",

    /// A plan of dues was made, which is the subject.
    PlanOpened = 30 "planOpened",
    /// It was changed.
    PlanChanged = 31 "planChanged",
    /// It was ended.
    PlanEnded = 32 "planEnded",
    /// Dues were asked for; the subject is the request.
    DuesAsked = 33 "duesAsked",
    /// A late fee was put on open charges of a request, which is the subject.
    LateFeeCharged = 34 "lateFeeCharged",
    /// What was open of a charge was let go; the subject is the charge.
    Waived = 35 "waived",
    /// Cash was written down; the subject is the receipt.
    CashRecorded = 36 "cashRecorded",
    /// It was said that it was not received.
    CashDenied = 37 "cashDenied",
    /// What was open of the charges of one who is no member any more was let go; the subject is he.
    ChargesVoided = 38 "chargesVoided",
    /// What that was is asked again of one who is a member again; the subject is he.
    ChargesReopened = 39 "chargesReopened",

    /// A member agreed to an expense, which is the subject.
    ExpenseApproved = 41 "expenseApproved",
    /// A member objected to it.
    ExpenseObjected = 42 "expenseObjected",
    /// Expenses of the room take something else from now on.
    SpendingRulesChanged = 43 "spendingRulesChanged",

    /// A member was given an office, or another, or lost it; the subject is the member.
    OfficeChanged = 50 "officeChanged",

    /// An operator said whose a deposit is, which is the subject.
    DepositMatched = 60 "depositMatched",
}

impl From<AuditAction> for Value {
    fn from(action: AuditAction) -> Self {
        Self::Int(action as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_action_has_a_name_of_its_own_and_is_found_by_its_number() {
        let names: HashSet<&str> = AuditAction::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), AuditAction::ALL.len());
        for &action in AuditAction::ALL {
            assert_eq!(AuditAction::of(action as i64).unwrap(), action);
        }
        assert!(matches!(AuditAction::of(0), Err(Error::Internal(_))));
    }
}
