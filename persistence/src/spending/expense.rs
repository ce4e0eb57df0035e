//! An expense as it is stored.

use moim_wire::{RoomId, UserId};

use crate::dues::Way;
use crate::error::Error;
use crate::files::FileId;
use crate::ledger::{TransferId, Won, stored_won};
use crate::number::numbers;
use crate::sql::Row;

numbers! {
    /// Number of an expense, from 1, below 2^53.
    ExpenseId;
}

/// What has become of an expense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpenseState {
    /// Written down, and its amount not reserved yet: nobody is told.
    Begun,
    /// It waits for members to agree; its amount is reserved.
    Proposed,
    /// Paid.
    Posted,
    /// So many object.
    Refused,
    /// Its time is over.
    Expired,
    /// Taken back.
    Withdrawn,
}

impl ExpenseState {
    const ALL: [Self; 6] = [Self::Begun, Self::Proposed, Self::Posted, Self::Refused, Self::Expired, Self::Withdrawn];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Proposed => "proposed",
            Self::Posted => "posted",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) const fn stored(self) -> i64 {
        self as i64
    }

    fn of(stored: i64) -> Result<Self, Error> {
        let state = usize::try_from(stored).ok().and_then(|place| Self::ALL.get(place)).copied();
        state.ok_or_else(|| Error::Internal(format!("an expense in state {stored}, which this binary does not know")))
    }
}

/// Who is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payee {
    /// A member, into his wallet, or in cash.
    Member(UserId),
    /// Somebody outside, by that name: money leaves Moim.
    Outside(String),
}

/// An expense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expense {
    /// Its number.
    pub id: ExpenseId,
    /// Whose fund.
    pub room: RoomId,
    /// What for.
    pub title: String,
    /// More on it.
    pub note: String,
    /// How much.
    pub amount: Won,
    /// To whom.
    pub payee: Payee,
    /// Out of the fund, or from the cash.
    pub way: Way,
    /// The receipt.
    pub file: Option<FileId>,
    /// By whom.
    pub proposed_by: UserId,
    /// When, Unix time in milliseconds.
    pub proposed_at_ms: u64,
    /// So many have to agree.
    pub quorum: u32,
    /// When it is over.
    pub expires_at_ms: u64,
    /// What has become of it.
    pub state: ExpenseState,
    /// What reserves or has paid it.
    pub transfer: Option<TransferId>,
    /// When it was posted or given up.
    pub settled_at_ms: Option<u64>,
    /// How many agreed and objected then, whoever has left since.
    pub settled_by: Option<(u32, u32)>,
}

/// Columns as [`Expense::of`] takes them.
pub(super) const COLUMNS: &str =
    "SELECT e.expense_id, e.room_id, e.title, e.note, e.amount, e.payee_id, e.payee_name, e.file_id,
    e.proposed_by, e.proposed_at_ms, e.quorum, e.expires_at_ms, e.state, e.transfer_id, e.settled_at_ms, e.approvals,
    e.objections, e.in_cash FROM expenses e";

impl Expense {
    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        let payee = if row.is_null(5) { Payee::Outside(row.text(6)?) } else { Payee::Member(UserId(row.int(5)?)) };
        Ok(Self {
            id: ExpenseId(row.int(0)?),
            room: RoomId(row.int(1)?),
            title: row.text(2)?,
            note: row.text(3)?,
            amount: stored_won(row, 4)?,
            payee,
            way: if row.flag(17)? { Way::Cash } else { Way::Wallet },
            file: row.int_or_null(7)?.map(FileId),
            proposed_by: UserId(row.int(8)?),
            proposed_at_ms: row.int(9)?,
            quorum: row.int(10)?,
            expires_at_ms: row.int(11)?,
            state: ExpenseState::of(row.int(12)?)?,
            transfer: row.int_or_null(13)?.map(TransferId),
            settled_at_ms: row.int_or_null(14)?,
            settled_by: row.int_or_null(15)?.zip(row.int_or_null(16)?),
        })
    }

    /// Whether the user may decide on it: not who proposed it, and not whose wallet is paid. Cash goes to nobody's: to
    /// name somebody as who is given it takes no say away.
    pub(super) fn is_others_than(&self, user: UserId) -> bool {
        self.proposed_by != user && self.paid_wallet() != Some(user)
    }

    /// Whose wallet is paid, if one is.
    pub(super) const fn paid_wallet(&self) -> Option<UserId> {
        match (self.way, &self.payee) {
            (Way::Wallet, Payee::Member(user)) => Some(*user),
            _ => None,
        }
    }
}
