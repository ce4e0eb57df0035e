//! What comes due of dues: periods to be asked for, reminders, late fees, credit of those who left. The time is a value; who
//! calls has the clock.

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::asking::ask;
use super::day::Day;
use super::fund::{self, Fund};
use super::late;
use super::number::{BalanceId, PlanId, RequestId};
use super::sheet::Sheet;
use super::steps::{Action, Days, Step};
use super::told;
use crate::error::Error;
use crate::ledger::{Errand, Purpose, RequestKey, Won, stored_won};
use crate::members::{lock_room, record_told};
use crate::sql::{Row, Statement, Transaction, Value, transact, values};

/// So much later what failed is tried again.
const POSTPONED_MS: u64 = 60 * 60 * 1_000;

/// Something that is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// A period of a plan.
    Ask(RoomId, PlanId),
    /// A step of a request.
    Step(RoomId, RequestId),
    /// A balance of one who has left, of that time.
    Settle(BalanceId, u64),
}

impl Dues {
    /// Does all that is due at `now_ms`, the earliest first, until nothing is: what was missed comes in its order. Gives how
    /// many things were looked at.
    ///
    /// May be called by several servers at once: each thing happens once.
    ///
    /// # Errors
    /// The store's; what was done before stands.
    pub async fn run_due(&self, now_ms: u64) -> Result<u64, Error> {
        let mut done = 0;
        while let Some(due) = self.next_due(now_ms).await? {
            let outcome = match due {
                Due::Ask(room, plan) => self.ask(room, plan, now_ms).await,
                Due::Step(room, request) => self.step(room, request, now_ms).await,
                Due::Settle(balance, at_ms) => self.settle(balance, at_ms, now_ms).await,
            };
            match outcome {
                // A fault that would meet it again would stop all that is due after it.
                Err(Error::Internal(fault)) => self.postpone(due, now_ms, &fault).await?,
                outcome => outcome?,
            }
            done += 1;
        }
        Ok(done)
    }

    /// Where it is still due: another server may have done it meanwhile, and set its next time.
    async fn postpone(&self, due: Due, now_ms: u64, fault: &str) -> Result<(), Error> {
        tracing::error!(?due, fault, "dues that are due are looked at again later");
        let (sql, id) = match due {
            Due::Ask(_, id) => {
                ("UPDATE dues_plans SET next_ask_at_ms = ? WHERE plan_id = ? AND next_ask_at_ms <= ?", id.0)
            }
            Due::Step(_, id) => {
                ("UPDATE dues_requests SET next_step_at_ms = ? WHERE request_id = ? AND next_step_at_ms <= ?", id.0)
            }
            Due::Settle(id, _) => {
                ("UPDATE dues_balances SET settle_at_ms = ? WHERE balance_id = ? AND settle_at_ms <= ?", id.0)
            }
        };
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    transaction.execute(sql, values![now_ms + POSTPONED_MS, id, now_ms]).await.map(drop)
                })
            })
            .await
    }

    pub(crate) async fn is_due(&self, now_ms: u64) -> Result<bool, Error> {
        Ok(self.next_due(now_ms).await?.is_some())
    }

    async fn next_due(&self, now_ms: u64) -> Result<Option<Due>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT next_ask_at_ms, room_id, plan_id FROM dues_plans WHERE next_ask_at_ms <= ?
                           ORDER BY next_ask_at_ms, plan_id LIMIT 1";
                let ask = shared.database.row(sql, values![now_ms]).await?;
                let sql = "SELECT next_step_at_ms, room_id, request_id FROM dues_requests WHERE next_step_at_ms <= ?
                           ORDER BY next_step_at_ms, request_id LIMIT 1";
                let step = shared.database.row(sql, values![now_ms]).await?;
                let sql = "SELECT settle_at_ms, room_id, balance_id FROM dues_balances WHERE settle_at_ms <= ?
                           ORDER BY settle_at_ms, balance_id LIMIT 1";
                let settle = shared.database.row(sql, values![now_ms]).await?;
                let mut due: Vec<(u64, Due)> = Vec::new();
                let place = |row: &Row| Ok::<_, Error>((row.int(0)?, RoomId(row.int(1)?), row.int(2)?));
                for (row, make) in [
                    (ask, (|_, room, id| Due::Ask(room, PlanId(id))) as fn(u64, RoomId, u64) -> Due),
                    (step, |_, room, id| Due::Step(room, RequestId(id))),
                    (settle, |at_ms, _, id| Due::Settle(BalanceId(id), at_ms)),
                ] {
                    if let Some((at_ms, room, id)) = row.as_ref().map(place).transpose()? {
                        due.push((at_ms, make(at_ms, room, id)));
                    }
                }
                Ok(due.into_iter().min_by_key(|(at_ms, _)| *at_ms).map(|(_, due)| due))
            })
            .await
    }

    async fn ask(&self, room: RoomId, plan: PlanId, now_ms: u64) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| ask(transaction, room, plan, now_ms).await).map(drop)
            })
            .await
    }

    async fn step(&self, room: RoomId, request: RequestId, now_ms: u64) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| step(transaction, room, request, now_ms).await)
            })
            .await
    }

    /// Gives the credit of one who has left back to his wallet: as much as came from there and as the fund holds. The rest is
    /// looked at again later.
    async fn settle(&self, balance: BalanceId, at_ms: u64, now_ms: u64) -> Result<(), Error> {
        let left = self.left(balance, at_ms).await?;
        let is_over = left.is_none();
        if let Some((fund, user, credit)) = left {
            let free = fund.balance.minus(fund.reserved).unwrap_or_default();
            match self.send_back(balance, at_ms, (fund, user, credit.min(free)), now_ms).await {
                Ok(()) => {}
                Err(Error::Ledger(refused)) => tracing::info!(%balance, %refused, "credit of one who left stays"),
                Err(error) => return Err(error),
            }
        }
        let later = if is_over { Value::Null } else { (now_ms + POSTPONED_MS).into() };
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    // Not of one who has come back and left again meanwhile.
                    let sql = "UPDATE dues_balances
                               SET settle_at_ms = CASE WHEN credit_by_wallet > 0 THEN ? ELSE NULL END
                               WHERE balance_id = ? AND settle_at_ms = ?";
                    transaction.execute(sql, values![later.clone(), balance, at_ms]).await.map(drop)
                })
            })
            .await
    }

    /// The fund, the member who has left at that time, and what is to go back to his wallet. None where nothing can any more.
    async fn left(&self, balance: BalanceId, at_ms: u64) -> Result<Option<(Fund, UserId, Won)>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT b.room_id, b.user_id, b.credit_by_wallet FROM dues_balances b
                           JOIN memberships m ON m.room_id = b.room_id AND m.user_id = b.user_id AND m.has_left = 1
                           JOIN rooms r ON r.room_id = b.room_id AND r.deleted_at_ms IS NULL
                           JOIN users u ON u.user_id = b.user_id AND u.deleted_at_ms IS NULL
                           WHERE b.balance_id = ? AND b.settle_at_ms = ?";
                let Some(row) = shared.database.row(sql, values![balance, at_ms]).await? else { return Ok(None) };
                let Some(fund) = fund::of_room(&shared.database, RoomId(row.int(0)?)).await? else { return Ok(None) };
                Ok(Some((fund, UserId(row.int(1)?), stored_won(&row, 2)?)))
            })
            .await
    }

    async fn send_back(
        &self,
        balance: BalanceId,
        left_at_ms: u64,
        (fund, user, amount): (Fund, UserId, Won),
        now_ms: u64,
    ) -> Result<(), Error> {
        if !amount.is_positive() {
            return Ok(());
        }
        let ledger = self.ledger();
        // One key a look: looked at twice, it is done once.
        let key = RequestKey::of_leaving(balance, left_at_ms);
        let target = ledger.wallet_of_user(user).await?;
        let (source, amount) = (fund.wallet, amount.get());
        let errand = Errand { actor: UserId(0), key, source, target, amount, at_ms: now_ms };
        ledger.move_for(Purpose::Credit(balance), errand).await.map(drop)
    }
}

/// A request's row, as its steps need it.
struct Stepping {
    id: RequestId,
    title: String,
    days: Days,
    late_fee: Won,
    step: Step,
    at_ms: Option<u64>,
}

/// Does the step of a request whose time has come. Whoever comes second finds that it has not.
async fn step(transaction: &mut Transaction, room: RoomId, request: RequestId, now_ms: u64) -> Result<(), Error> {
    match lock_room(transaction, room).await {
        // Nobody is left to be reminded.
        Err(Error::NoSuchRoom(_)) => return go_on(transaction, request, Step::Over, None).await,
        locked => locked?,
    }
    let sql = "SELECT title, due_day, grace_days, late_fee, next_step, next_step_at_ms FROM dues_requests
               WHERE request_id = ?";
    let Some(row) = transaction.row_for_update(sql, values![request]).await? else { return Ok(()) };
    let found = Stepping {
        id: request,
        title: row.text(0)?,
        days: Days { due: Day::of_stored(row.int(1)?)?, grace_days: row.int(2)? },
        late_fee: stored_won(&row, 3)?,
        step: Step::of(row.int(4)?),
        at_ms: row.int_or_null(5)?,
    };
    if found.at_ms.is_none_or(|at_ms| at_ms > now_ms) {
        return Ok(());
    }
    match found.step.action(found.days, now_ms) {
        Action::Wait(until_ms) => return go_on(transaction, request, found.step, Some(until_ms)).await,
        Action::PassOver => {}
        Action::Do => act(transaction, room, &found, now_ms).await?,
    }
    let next = found.step.next();
    go_on(transaction, request, next, next.at_ms(found.days)).await
}

async fn act(transaction: &mut Transaction, room: RoomId, found: &Stepping, now_ms: u64) -> Result<(), Error> {
    let open = late::open_charges(transaction, room, found.id).await?;
    let mut told = Vec::new();
    match found.step {
        Step::Before | Step::OnTheDay | Step::Late => {
            let unpaid: Vec<UserId> = open.iter().map(|(_, user)| *user).collect();
            told.extend(told::reminders(found.id, found.step.name(), (&found.title, found.days.due), &unpaid));
        }
        Step::LateFee if found.late_fee.is_positive() => {
            let mut sheet = Sheet::default();
            let of = open.iter().map(|(_, user)| (room, *user)).collect();
            sheet.lock_members(transaction, &of).await?;
            let mut charged = Won::ZERO;
            for (charge, user) in open {
                if let Some((_, of_fee)) = sheet.charge_late_fee(charge, found.late_fee, now_ms) {
                    charged = charged.plus(found.late_fee).unwrap_or(Won::MAX);
                    told.push(of_fee);
                }
                told.extend(sheet.use_credit(room, user, user, now_ms).into_iter().map(|(_, told)| told));
            }
            sheet.write(transaction).await?;
            late::note(transaction, room, found.id, (&found.title, charged), now_ms).await?;
        }
        Step::LateFee | Step::Over => {}
    }
    for told in told {
        record_told(transaction, room, told).await?;
    }
    Ok(())
}

async fn go_on(transaction: &mut Transaction, id: RequestId, step: Step, at_ms: Option<u64>) -> Result<(), Error> {
    let sql = Statement::from("UPDATE dues_requests SET next_step = ?, next_step_at_ms = ? WHERE request_id = ?");
    transaction.execute(sql, values![step.stored(), at_ms, id]).await.map(drop)
}
