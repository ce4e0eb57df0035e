//! Reservations are booked, shown and cancelled.

use moim_wire::UserId;

use super::Ledger;
use super::account::AccountId;
use super::group_wallet::for_participant;
use super::money::Won;
use super::payment::compared;
use super::refused::Refused;
use super::reservation::{COLUMNS, Reservation, ReservationId, ReservationState};
use super::rhythm::{self, Rhythm};
use super::transfer::RequestKey;
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::sql::{Row, Statement, Transaction, Value, transact, values};

const MINUTE_MS: u64 = 60_000;
/// Those that one user has booked and that are still to come.
const BOOKED_MAX: i64 = 200;
/// Runs of one answer, the newest of them.
const SHOWN_MAX: u64 = 500;

/// A reservation to be booked.
#[derive(Clone)]
pub struct NewReservation {
    /// Who books: the wallet's owner, or an admin of the group's.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// From where.
    pub source: AccountId,
    /// To where.
    pub target: AccountId,
    /// How many won, each time.
    pub amount: i64,
    /// Of the source.
    pub password: String,
    /// How often.
    pub rhythm: Rhythm,
    /// The first run; cut to its minute, which is at least one minute ahead.
    pub first_ms: u64,
}

impl Ledger {
    /// Books a transfer for a time and those after it. The same request again is answered with the first run of the
    /// first.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::InvalidField`] for a time that is not ahead, and above 200 that are to
    /// come.
    pub async fn book(&self, new: NewReservation) -> Result<Reservation, Error> {
        let NewReservation { actor, key, source, target, amount, password, rhythm, first_ms } = new;
        let amount = Won::new(amount).filter(|amount| amount.is_positive()).ok_or(Refused::Amount(amount))?;
        if source == target {
            return Err(Refused::SameAccount(source).into());
        }
        let run_at_ms = first_ms / MINUTE_MS * MINUTE_MS;
        let origin = self.origin;
        let (booked_day, booked_minute) = rhythm::day_and_minute(run_at_ms, &rhythm::seoul())?;
        let stored = key.may_be_known().then(|| key.stored(actor));
        self.shared
            .run(move |shared| async move {
                let new = Reservation {
                    id: ReservationId(0),
                    series: ReservationId(0),
                    actor,
                    source,
                    target,
                    amount,
                    rhythm,
                    run_at_ms,
                    state: ReservationState::Booked,
                    transfer: None,
                    failure: None,
                    booked_day,
                    booked_minute,
                };
                let sql = Statement::from(COLUMNS).then(BY_KEY);
                if let Some(row) = shared.database.row(sql, values![stored.clone()]).await? {
                    return new.again(&row);
                }
                if run_at_ms < now_ms() + MINUTE_MS {
                    let reason = "is not a minute ahead or more".to_owned();
                    return Err(Error::InvalidField { field: "reservationTime", reason });
                }
                let hash = compared(&shared, actor, source, password).await?;
                transact!(shared.database.write(), |transaction| {
                    let sql = Statement::from(COLUMNS).then(BY_KEY);
                    if let Some(row) = transaction.row(sql, values![stored.clone()]).await? {
                        return new.again(&row);
                    }
                    let id = insert(transaction, &new, (&hash, &stored)).await?;
                    let line = NewLine::new(origin, actor, now_ms(), AuditAction::ReservationBooked, id.0).of(amount);
                    audit::write(transaction, &[line]).await?;
                    Ok(Reservation { id, series: id, ..new.clone() })
                })
            })
            .await
    }

    /// The newest 500 runs that a user has booked, rising, and before others those to come: who wants to cancel one
    /// finds it.
    ///
    /// # Errors
    /// The store's.
    pub async fn reservations_of_user(&self, user: UserId) -> Result<Vec<Reservation>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(COLUMNS).then(" WHERE user_id = ?").then(NEWEST);
                let rows = shared.database.rows(sql, values![user, SHOWN_MAX]).await?;
                rising(&rows)
            })
            .await
    }

    /// The newest 500 runs booked from a group's wallet or to it, rising, for those who take part in it.
    ///
    /// # Errors
    /// As [`Ledger::group_wallet`].
    pub async fn reservations_of_group(&self, user: UserId, wallet: AccountId) -> Result<Vec<Reservation>, Error> {
        self.shared
            .run(move |shared| async move {
                for_participant(&shared, user, wallet).await?;
                let sql = Statement::from(COLUMNS).then(" WHERE (source_id = ? OR target_id = ?)").then(NEWEST);
                let rows = shared.database.rows(sql, values![wallet, wallet, SHOWN_MAX]).await?;
                let mut runs = rising(&rows)?;
                // Why another's transfer failed tells how much he has.
                for run in runs.iter_mut().filter(|run| run.actor != user && run.source != wallet) {
                    run.failure = run.failure.take().map(|_| "refused".to_owned());
                }
                Ok(runs)
            })
            .await
    }

    /// Cancels a run that is to come, and so those after it. Only who booked it may.
    ///
    /// # Errors
    /// [`Error::InvalidField`] where there is no such run, or it is over.
    pub async fn cancel(&self, user: UserId, id: ReservationId) -> Result<(), Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                let (cancelled, booked) = (ReservationState::Cancelled.stored(), ReservationState::Booked.stored());
                let sql = "UPDATE reservations SET state = ? WHERE reservation_id = ? AND user_id = ? AND state = ?";
                transact!(shared.database.write(), |transaction| {
                    if transaction.execute(sql, values![cancelled, id, user, booked]).await? == 0 {
                        let reason = format!("you have no reservation {id} that is to come");
                        return Err(Error::InvalidField { field: "id", reason });
                    }
                    let line = NewLine::new(origin, user, now_ms(), AuditAction::ReservationCancelled, id.0);
                    audit::write(transaction, &[line]).await
                })
            })
            .await
    }
}

const BY_KEY: &str = " WHERE request_key = ?";

impl Reservation {
    /// The first run of what was booked by the same key, if it is the same booking.
    fn again(&self, row: &Row) -> Result<Self, Error> {
        let first = Self::of(row)?;
        let is_same = (first.source, first.target, first.amount, first.rhythm, first.run_at_ms)
            == (self.source, self.target, self.amount, self.rhythm, self.run_at_ms);
        let reason = || format!("was used for reservation {}; take a new one", first.id);
        if is_same { Ok(first) } else { Err(Error::InvalidField { field: "Idempotency-Key", reason: reason() }) }
    }
}

/// Those that are booked are in the first state.
const NEWEST: &str = " ORDER BY CASE WHEN state = 0 THEN 0 ELSE 1 END, reservation_id DESC LIMIT ?";

fn rising(rows: &[Row]) -> Result<Vec<Reservation>, Error> {
    let mut runs = rows.iter().map(Reservation::of).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| run.id);
    Ok(runs)
}

/// Cancels all runs to come that a condition on one column finds.
pub(super) async fn cancel_all(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    condition: &'static str,
    value: Value,
) -> Result<(), Error> {
    let of = |sql: &'static str| Statement::from(sql).then(" WHERE state = ? AND ").then(condition);
    let (cancelled, booked) = (ReservationState::Cancelled.stored(), ReservationState::Booked.stored());
    let select = of("SELECT reservation_id FROM reservations");
    let rows = transaction.rows_for_update(select, values![booked, value.clone()]).await?;
    let now_ms = now_ms();
    let line = |row: &Row| Ok(NewLine::new(origin, actor, now_ms, AuditAction::ReservationCancelled, row.int(0)?));
    let lines = rows.iter().map(line).collect::<Result<Vec<_>, Error>>()?;
    transaction.execute(of("UPDATE reservations SET state = ?"), values![cancelled, booked, value]).await?;
    audit::write(transaction, &lines).await
}

/// Books for one who may spend from the source; `hash` is of its password, which was compared.
async fn insert(
    transaction: &mut Transaction,
    new: &Reservation,
    (hash, key): (&str, &Option<String>),
) -> Result<ReservationId, Error> {
    super::batch::check(transaction, new, hash).await?;
    let booked = ReservationState::Booked.stored();
    let sql = "SELECT COUNT(*) FROM reservations WHERE user_id = ? AND state = ?";
    let count = transaction.row(sql, values![new.actor, booked]).await?.map_or(Ok(0), |row| row.int::<i64>(0))?;
    if count >= BOOKED_MAX {
        let reason = "would be one more than the 200 that you may have booked; cancel one first".to_owned();
        return Err(Error::InvalidField { field: "reservationTime", reason });
    }
    let sql = "INSERT INTO reservations (series_id, user_id, source_id, target_id, amount, rhythm, booked_day,
                                         booked_minute, run_at_ms, state, created_at_ms, request_key)
               VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = values![
        new.actor,
        new.source,
        new.target,
        new.amount.get(),
        new.rhythm.stored(),
        i64::from(new.booked_day),
        i64::from(new.booked_minute),
        new.run_at_ms,
        booked,
        now_ms(),
        key.clone()
    ];
    let id = ReservationId(transaction.insert_once(sql, values).await?);
    // The first of its series is named after itself, whose number is known now.
    let sql = "UPDATE reservations SET series_id = ? WHERE reservation_id = ?";
    transaction.execute(sql, values![id, id]).await?;
    Ok(id)
}
