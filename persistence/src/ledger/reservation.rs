//! Transfers booked for a time, again and again. Each run is a row of its own: booked, then moved or refused; the run that
//! is over books the next.

use moim_wire::UserId;

use super::account::AccountId;
use super::money::Won;
use super::rhythm::{self, Rhythm};
use super::transfer::{RequestKey, TransferId, stored_won};
use crate::error::Error;
use crate::number::numbers;
use crate::sql::Row;

numbers! {
    /// Number of a run of a reservation, from 1.
    ReservationId;
}

/// Where a run has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationState {
    /// It is to come.
    Booked,
    /// The money was moved.
    Moved,
    /// The money was not moved; the row says why.
    Refused,
    /// It will not come.
    Cancelled,
}

impl ReservationState {
    pub(super) const fn stored(self) -> i64 {
        match self {
            Self::Booked => 0,
            Self::Moved => 1,
            Self::Refused => 2,
            Self::Cancelled => 3,
        }
    }

    fn of(stored: i64) -> Result<Self, Error> {
        match stored {
            0 => Ok(Self::Booked),
            1 => Ok(Self::Moved),
            2 => Ok(Self::Refused),
            3 => Ok(Self::Cancelled),
            other => Err(Error::Internal(format!("a reservation in state {other}, which this binary does not know"))),
        }
    }
}

impl Rhythm {
    pub(super) const fn stored(self) -> i64 {
        match self {
            Self::Daily => 1,
            Self::Monthly => 2,
        }
    }

    fn of(stored: i64) -> Result<Self, Error> {
        match stored {
            1 => Ok(Self::Daily),
            2 => Ok(Self::Monthly),
            other => Err(Error::Internal(format!("a rhythm {other}, which this binary does not know"))),
        }
    }
}

/// A run of a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its number.
    pub id: ReservationId,
    /// The first run of the same booking.
    pub series: ReservationId,
    /// Who booked it.
    pub actor: UserId,
    /// From where.
    pub source: AccountId,
    /// To where.
    pub target: AccountId,
    /// How much.
    pub amount: Won,
    /// How often.
    pub rhythm: Rhythm,
    /// When it is to run, a whole minute.
    pub run_at_ms: u64,
    /// Where it has come to.
    pub state: ReservationState,
    /// What it moved.
    pub transfer: Option<TransferId>,
    /// Why it did not.
    pub failure: Option<String>,
    pub(super) booked_day: i8,
    pub(super) booked_minute: i16,
}

/// Columns of `reservations` as [`Reservation::of`] takes them.
pub(super) const COLUMNS: &str = "SELECT reservation_id, series_id, user_id, source_id, target_id, amount, rhythm,
    booked_day, booked_minute, run_at_ms, state, transfer_id, failure FROM reservations";

impl Reservation {
    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: ReservationId(row.int(0)?),
            series: ReservationId(row.int(1)?),
            actor: UserId(row.int(2)?),
            source: AccountId(row.int(3)?),
            target: AccountId(row.int(4)?),
            amount: stored_won(row, 5)?,
            rhythm: Rhythm::of(row.int(6)?)?,
            booked_day: row.int(7)?,
            booked_minute: row.int(8)?,
            run_at_ms: row.int(9)?,
            state: ReservationState::of(row.int(10)?)?,
            transfer: row.int_or_null(11)?.map(TransferId),
            failure: row.text_or_null(12)?,
        })
    }

    pub(super) fn is_due(&self, at_ms: u64) -> bool {
        self.state == ReservationState::Booked && self.run_at_ms <= at_ms
    }

    /// The key of its transfer: there is one for each run.
    pub(super) fn key(&self) -> RequestKey {
        RequestKey::of_run(self.id)
    }

    /// This run as it is over, with the next one.
    pub(super) fn ran(mut self, at_ms: u64, came_to: Result<TransferId, String>) -> Run {
        let next_ms = self.rhythm.next_ms(self.run_at_ms, self.booked_day, self.booked_minute, &rhythm::seoul()).ok();
        match came_to {
            Ok(transfer) => (self.state, self.transfer) = (ReservationState::Moved, Some(transfer)),
            Err(failure) => (self.state, self.failure) = (ReservationState::Refused, Some(failure)),
        }
        Run { reservation: self, ran_at_ms: at_ms, next_ms }
    }
}

/// A run that is over.
pub(super) struct Run {
    pub(super) reservation: Reservation,
    pub(super) ran_at_ms: u64,
    /// When the next one is; past the calendar's end there is none.
    pub(super) next_ms: Option<u64>,
}
