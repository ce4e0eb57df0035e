//! What comes due: reservations that run, holds that expire, dues. The time is a value; who calls has the clock.

use std::sync::{Arc, Weak};
use std::time::Duration;

use moim_wire::UserId;

use super::command::{Answer, Authority, Command, What};
use super::reservation::{COLUMNS, Reservation, ReservationId, ReservationState};
use super::transfer::TransferId;
use super::{Ledger, lease, write};
use crate::audit::Origin;
use crate::clock::now_ms;
use crate::dues::Dues;
use crate::error::Error;
use crate::members::Shared;
use crate::spending::Spending;
use crate::sql::{Statement, transact, values};

/// Asked of the database at a time.
const DUE_MAX: u64 = 100;
/// How often it is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Ledger {
    /// Runs every reservation that is due at `now_ms`, the earliest first, and books its next one, until none is due: one that
    /// was missed for three days runs three times. Gives how many were run here.
    ///
    /// May be called by several servers at once: each run happens once. That one is refused is in its row and stops no other.
    ///
    /// # Errors
    /// The store's; what was run before stands.
    pub async fn run_due(&self, now_ms: u64) -> Result<u64, Error> {
        let mut run = 0;
        loop {
            let due = self.due(now_ms).await?;
            if due.is_empty() {
                return Ok(run);
            }
            let asked = due.iter().map(|&id| self.system(What::Run(id), now_ms)).collect();
            for (id, answer) in due.iter().zip(self.carry_out_in_order(asked).await?) {
                match answer {
                    // A fault that would meet it again would stop all that is due after it.
                    Err(Error::Internal(fault)) => self.give_up(*id, now_ms, &fault).await?,
                    answer => run += u64::from(!matches!(answer?, Ok(None))),
                }
            }
        }
    }

    fn system(&self, what: What, at_ms: u64) -> Command {
        Command { actor: UserId(0), origin: self.origin, authority: Authority::Operator, at_ms, what }
    }

    async fn carry_out_in_order(&self, commands: Vec<Command>) -> Result<Vec<Result<Answer, Error>>, Error> {
        self.shared.run(|shared| async move { Ok(shared.committer.carry_out_in_order(commands).await) }).await
    }

    /// Ends a run without a transfer, and books the next.
    async fn give_up(&self, id: ReservationId, now_ms: u64, fault: &str) -> Result<(), Error> {
        tracing::error!(reservation = id.0, fault, "a reservation could not be run");
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let sql = Statement::from(COLUMNS).then(" WHERE reservation_id = ?");
                    let row = transaction.row_for_update(sql, values![id]).await?;
                    match row.as_ref().map(Reservation::of).transpose()? {
                        Some(due) if due.is_due(now_ms) => {
                            let told = "a fault of the server's, which its log tells".to_owned();
                            write::over(transaction, &due.ran(now_ms, Err(told))).await
                        }
                        _ => Ok(()),
                    }
                })
            })
            .await
    }

    /// Voids the holds whose time is over at `now_ms`. Gives how many.
    ///
    /// # Errors
    /// The store's; what was voided before stands.
    pub async fn void_expired(&self, now_ms: u64) -> Result<u64, Error> {
        let mut voided = 0;
        loop {
            let due = self.expired(now_ms).await?;
            if due.is_empty() {
                return Ok(voided);
            }
            let asked = due.into_iter().map(|id| self.system(What::Expire(id), now_ms)).collect();
            let before = voided;
            for answer in self.carry_out_in_order(asked).await? {
                match answer? {
                    Ok(outcome) => voided += u64::from(outcome.is_some()),
                    Err(refused) => tracing::warn!(%refused, "a hold that expired is not voided"),
                }
            }
            // Those that are refused would be found for ever.
            if voided == before {
                return Ok(voided);
            }
        }
    }

    /// Sees to what is due once a second, for as long as somebody else holds the ledger open, while no other server on the
    /// database does.
    pub(crate) fn keep_schedule(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::downgrade(&self.shared);
        keep(shared)
    }

    async fn see_to_it(&self, holder: &str, now_ms: u64) -> Result<(), Error> {
        // Looking is cheap; a lease is a write, which an idle server has no reason for.
        let dues = Dues::new(self.shared.clone(), self.origin);
        let spending = Spending::new(self.shared.clone(), self.origin);
        let is_due = !self.due(now_ms).await?.is_empty()
            || !self.expired(now_ms).await?.is_empty()
            || dues.is_due(now_ms).await?
            || spending.is_left(now_ms).await?;
        if !is_due || !lease::take(&self.shared.database, "money", holder, now_ms).await? {
            return Ok(());
        }
        // Each on its own: what fails in one stops none of the others.
        let jobs = [
            ("holds that expired", self.void_expired(now_ms).await),
            ("reservations", self.run_due(now_ms).await),
            ("expenses", spending.settle_left(now_ms).await),
            ("dues", dues.run_due(now_ms).await),
        ];
        for (job, done) in jobs {
            match done {
                Ok(0) => {}
                Ok(done) => tracing::info!(done, job, "what was due is done"),
                Err(error) => tracing::warn!(%error, job, "what is due is done later"),
            }
        }
        Ok(())
    }

    /// Holds whose time is over, the earliest first.
    async fn expired(&self, now_ms: u64) -> Result<Vec<TransferId>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT transfer_id FROM transfers WHERE state = 0 AND expires_at_ms <= ?
                           ORDER BY expires_at_ms, transfer_id LIMIT ?";
                let rows = shared.database.rows(sql, values![now_ms, DUE_MAX]).await?;
                rows.iter().map(|row| row.int(0).map(TransferId)).collect()
            })
            .await
    }

    /// Those booked for the earliest minute that is due, by number. One minute at a time: a run books the next, which may be
    /// due as well, and before those of a later minute.
    async fn due(&self, now_ms: u64) -> Result<Vec<ReservationId>, Error> {
        self.shared
            .run(move |shared| async move {
                let booked = ReservationState::Booked.stored();
                let sql = "SELECT reservation_id FROM reservations
                           WHERE state = ? AND run_at_ms = (SELECT MIN(run_at_ms) FROM reservations
                                                            WHERE state = ? AND run_at_ms <= ?)
                           ORDER BY reservation_id LIMIT ?";
                let rows = shared.database.rows(sql, values![booked, booked, now_ms, DUE_MAX]).await?;
                rows.iter().map(|row| row.int(0).map(ReservationId)).collect()
            })
            .await
    }
}

async fn keep(shared: Weak<Shared>) {
    let holder = format!("{:016x}", getrandom::u64().unwrap_or_else(|_| now_ms()));
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(shared) = shared.upgrade().filter(|shared| !shared.database.is_closed()) else { return };
        let database = shared.database.clone();
        if let Err(error) = Ledger::new(shared, Origin::SERVER).see_to_it(&holder, now_ms()).await
            && !database.is_closed()
        {
            tracing::warn!(%error, "reservations that are due run later");
        }
    }
}
