//! Transfers: money on its way from one account to another, and the keys by which a request is known again.

use moim_wire::UserId;

use super::account::AccountId;
use super::money::Won;
use super::purpose::Purpose;
use super::refused::Refused;
use super::reservation::ReservationId;
use crate::dues::{BalanceId, ChargeId, ReceiptId};
use crate::error::Error;
use crate::number::numbers;
use crate::sql::Row;

numbers! {
    /// Number of a transfer, from 1, below 2^53. Numbers are not given in the order of commits, and not all are given.
    TransferId;
}

/// Where a transfer has come to. It is settled once, by being posted or voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Reserved at its source, not yet moved.
    Pending,
    /// Moved: it has its two entries.
    Posted,
    /// Given up: it has none.
    Voided,
}

impl TransferState {
    pub(super) const fn stored(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Posted => 1,
            Self::Voided => 2,
        }
    }

    pub(super) fn of(stored: i64) -> Result<Self, Error> {
        match stored {
            0 => Ok(Self::Pending),
            1 => Ok(Self::Posted),
            2 => Ok(Self::Voided),
            other => Err(Error::Internal(format!("a transfer in state {other}, which this binary does not know"))),
        }
    }
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its number.
    pub id: TransferId,
    /// Who asked for it; 0: the operator.
    pub actor: UserId,
    /// From where.
    pub source: AccountId,
    /// To where.
    pub target: AccountId,
    /// How much, more than nothing.
    pub amount: Won,
    /// Where it has come to.
    pub state: TransferState,
    /// The posted transfer that this one takes back.
    pub corrects: Option<TransferId>,
    /// What it was made for, beyond moving money.
    pub(crate) purpose: Option<Purpose>,
    /// When it was asked for.
    pub created_at_ms: u64,
    /// When it was posted or voided.
    pub settled_at_ms: Option<u64>,
    /// From when on it cannot be posted any more.
    pub expires_at_ms: Option<u64>,
}

/// Columns of `transfers` as [`Transfer::of`] takes them, and `request_key` behind.
pub(super) const COLUMNS: &str = "SELECT transfer_id, actor_id, source_id, target_id, amount, state, corrects_id,
    created_at_ms, settled_at_ms, expires_at_ms, purpose_kind, purpose_id, request_key FROM transfers";
pub(super) const COLUMNS_LEN: usize = 13;

impl Transfer {
    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: TransferId(row.int(0)?),
            actor: UserId(row.int(1)?),
            source: AccountId(row.int(2)?),
            target: AccountId(row.int(3)?),
            amount: stored_won(row, 4)?,
            state: TransferState::of(row.int(5)?)?,
            corrects: row.int_or_null(6)?.map(TransferId),
            purpose: Purpose::of(row, 10)?,
            created_at_ms: row.int(7)?,
            settled_at_ms: row.int_or_null(8)?,
            expires_at_ms: row.int_or_null(9)?,
        })
    }

    /// Whether it was made to pay so many won of a charge.
    pub(crate) fn pays(&self, charge: ChargeId, amount: i64) -> bool {
        (self.purpose, self.amount.get()) == (Some(Purpose::Charge(charge)), amount)
    }
}

/// A column of money.
pub(crate) fn stored_won(row: &Row, column: usize) -> Result<Won, Error> {
    let stored = row.int(column)?;
    Won::new(stored).ok_or_else(|| Error::Internal(format!("{stored} won are more than there can be")))
}

/// What a request is known by, and known again: unique for each actor. Of one that gave none it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(String);

impl RequestKey {
    /// Of characters that a header holds, so many at most.
    pub const CHARS_MAX: usize = 64;

    /// The key that a caller gave.
    ///
    /// # Errors
    /// [`Refused::Key`] for an empty or long one, and for anything but printable ASCII.
    pub fn given(key: &str) -> Result<Self, Refused> {
        let fits = (1..=Self::CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(format!("given {key}"))) } else { Err(Refused::Key(key.chars().take(80).collect())) }
    }

    /// One that no other request has.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system gives no randomness.
    pub fn drawn() -> Result<Self, Error> {
        let draw = || getrandom::u64().map_err(|error| Error::Internal(format!("no randomness: {error}")));
        Ok(Self(format!("drawn {:016x}{:016x}", draw()?, draw()?)))
    }

    /// The one of a correction: there is one for each transfer.
    pub(super) fn of_correction(corrected: TransferId) -> Self {
        Self(format!("corrects {corrected}"))
    }

    /// The one of a reservation's run.
    pub(super) fn of_run(reservation: ReservationId) -> Self {
        Self(format!("runs {reservation}"))
    }

    /// The one by which cash is confirmed.
    pub(crate) fn of_receipt(receipt: ReceiptId) -> Self {
        Self(format!("confirms {receipt}"))
    }

    /// The one by which the credit of one who left then is given back.
    pub(crate) fn of_leaving(balance: BalanceId, left_at_ms: u64) -> Self {
        Self(format!("left {balance} {left_at_ms}"))
    }

    /// The one of an expense.
    pub(crate) fn of_expense(expense: u64) -> Self {
        Self(format!("expense {expense}"))
    }

    /// The one of a notice of the bank.
    pub(crate) fn of_deposit(deposit: u64) -> Self {
        Self(format!("deposit {deposit}"))
    }

    /// Whether another request may have come with it.
    pub(super) fn may_be_known(&self) -> bool {
        !self.0.starts_with("drawn ")
    }

    /// As it is stored, with whose it is.
    pub(crate) fn stored(&self, actor: UserId) -> String {
        format!("{actor} {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_two_actors_and_of_two_origins_never_coincide() {
        let given = RequestKey::given("drawn").unwrap();
        assert!(given.may_be_known());
        assert_ne!(given.stored(UserId(1)), given.stored(UserId(11)));
        assert_ne!(given.stored(UserId(1)), RequestKey::of_correction(TransferId(1)).stored(UserId(1)));
        assert_ne!(RequestKey::drawn().unwrap(), RequestKey::drawn().unwrap());
        assert!(!RequestKey::drawn().unwrap().may_be_known());
    }

    #[test]
    fn a_key_that_no_header_holds_is_refused() {
        for wrong in ["", "a b", "키", "a\n", &"a".repeat(65)] {
            assert!(matches!(RequestKey::given(wrong), Err(Refused::Key(_))), "{wrong:?}");
        }
    }
}
