//! Plans are made, changed and ended by who keeps the room's dues.

use std::collections::{BTreeMap, BTreeSet};

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::day::Day;
use super::fund;
use super::keeper::{Reader, require_keeper, require_reader};
use super::number::PlanId;
use super::plan::{Amount, MemberTerms, Plan, Repeat, Terms, Tier, invalid};
use super::refused::DuesRefused as Refused;
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, RequestKey, Won, stored_won};
use crate::members::lock_room;
use crate::sql::{Row, Statement, Transaction, Value, list, listed, pieces, transact, values};

/// Plans of a room that have not ended.
const PLANS_MAX: i64 = 50;
const ROWS_MAX: usize = 64;

/// A plan that is to be made.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// Who makes it.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// The room.
    pub room: RoomId,
    /// What it asks.
    pub terms: Terms,
    /// The group's wallet that is to keep the room's dues; without one, a new one. Of the first plan alone.
    pub fund: Option<AccountId>,
}

impl Dues {
    /// Makes a plan.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::InvalidField`].
    pub async fn open_plan(&self, new: NewPlan) -> Result<Plan, Error> {
        let NewPlan { actor, key, room, terms, fund } = new;
        let terms = terms.checked(Day::of_ms(now_ms()))?;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_keeper(transaction, room, actor).await?;
                    let sql = Statement::from(COLUMNS).then(" WHERE request_key = ?");
                    if let Some(row) = transaction.row_for_update(sql, values![key.stored(actor)]).await? {
                        let plan = with_lists(transaction, plan_of(&row)?).await?;
                        let is_same = plan.room == room && plan.terms == terms;
                        return if is_same { Ok(plan) } else { Err(Refused::KeyReused(key.clone()).into()) };
                    }
                    require_space(transaction, room).await?;
                    fund::open(transaction, room, actor, fund).await?;
                    let plan = insert(transaction, actor, &key, room, &terms).await?;
                    note(transaction, (origin, actor), AuditAction::PlanOpened, &plan).await?;
                    Ok(plan)
                })
            })
            .await
    }

    /// Changes what a plan asks from its next period on.
    ///
    /// # Errors
    /// As [`Self::open_plan`]; [`Refused::NoSuchPlan`], [`Refused::PlanEnded`].
    pub async fn change_plan(&self, actor: UserId, room: RoomId, id: PlanId, terms: Terms) -> Result<Plan, Error> {
        let terms = terms.checked(Day::of_ms(now_ms()))?;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_keeper(transaction, room, actor).await?;
                    let before = locked(transaction, room, id).await?;
                    if before.next_due.is_none() {
                        return Err(Refused::PlanEnded(id).into());
                    }
                    if before.last_due.is_some_and(|last| terms.first_due <= last) {
                        let last = before.last_due.map(|last| last.to_string()).unwrap_or_default();
                        let reason = format!("{} is not after {last}, which was asked for already", terms.first_due);
                        return Err(invalid("firstDue", reason));
                    }
                    let next_due = terms.first_due;
                    let mut plan =
                        Plan { terms: terms.clone(), periods: 0, next_due: Some(next_due), ..before.clone() };
                    // The rhythm goes on from where it began, or the 31st would be the 28th from February on.
                    if before.next_due == plan.next_due && before.terms.repeat == terms.repeat {
                        plan.terms.first_due = before.terms.first_due;
                        plan.periods = before.periods;
                    }
                    update(transaction, &plan, next_due).await?;
                    write_lists(transaction, id, &plan.terms).await?;
                    note(transaction, (origin, actor), AuditAction::PlanChanged, &plan).await?;
                    Ok(plan)
                })
            })
            .await
    }

    /// Ends a plan: nothing more is asked by it. What was asked stays.
    ///
    /// # Errors
    /// As [`Self::change_plan`].
    pub async fn end_plan(&self, actor: UserId, room: RoomId, id: PlanId) -> Result<(), Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_keeper(transaction, room, actor).await?;
                    let plan = locked(transaction, room, id).await?;
                    let sql = "UPDATE dues_plans SET next_due_day = NULL, next_ask_at_ms = NULL, ended_at_ms = ?
                               WHERE plan_id = ? AND ended_at_ms IS NULL";
                    if transaction.execute(sql, values![now_ms(), id]).await? > 0 {
                        note(transaction, (origin, actor), AuditAction::PlanEnded, &plan).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The plans of a room that have not ended, rising.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn plans(&self, reader: impl Into<Reader>, room: RoomId) -> Result<Vec<Plan>, Error> {
        let reader = reader.into();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, reader).await?;
                    let sql =
                        Statement::from(COLUMNS).then(" WHERE room_id = ? AND ended_at_ms IS NULL ORDER BY plan_id");
                    let mut plans = Vec::new();
                    for row in snapshot.rows(sql, values![room]).await? {
                        plans.push(with_lists(snapshot, plan_of(&row)?).await?);
                    }
                    Ok(plans)
                })
            })
            .await
    }
}

async fn note(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    action: AuditAction,
    plan: &Plan,
) -> Result<(), Error> {
    let line = NewLine::new(origin, actor, now_ms(), action, plan.id.0).in_room(plan.room).saying(&*plan.terms.title);
    audit::write(transaction, &[line]).await
}

/// Columns of `dues_plans` as [`plan_of`] takes them.
const COLUMNS: &str =
    "SELECT plan_id, room_id, title, amount_kind, amount, first_due_day, rhythm, ask_days, grace_days,
    late_fee, periods, last_due_day, next_due_day, created_by FROM dues_plans";

/// A plan without its lists.
fn plan_of(row: &Row) -> Result<Plan, Error> {
    let amount = stored_won(row, 4)?;
    let day = |column| if row.is_null(column) { Ok(None) } else { Day::of_stored(row.int(column)?).map(Some) };
    let terms = Terms {
        title: row.text(2)?,
        amount: match row.int::<i64>(3)? {
            1 => Amount::Equal(amount),
            2 => Amount::Own(amount),
            3 => Amount::Tiers(Vec::new()),
            4 => Amount::Shared(amount),
            other => return Err(Error::Internal(format!("a plan of kind {other}, which this binary does not know"))),
        },
        members: BTreeMap::new(),
        first_due: Day::of_stored(row.int(5)?)?,
        repeat: match row.int::<i64>(6)? {
            0 => Repeat::Once,
            -1 => Repeat::Monthly,
            weeks => Repeat::Weeks(u32::try_from(weeks).unwrap_or_default()),
        },
        ask_days: row.int(7)?,
        grace_days: row.int(8)?,
        late_fee: stored_won(row, 9)?,
    };
    let (id, room, made_by) = (PlanId(row.int(0)?), RoomId(row.int(1)?), UserId(row.int(13)?));
    Ok(Plan { id, room, made_by, terms, periods: row.int(10)?, last_due: day(11)?, next_due: day(12)? })
}

/// With what the plan says of tiers and of single members. A reader of a snapshot sees them as of its instant; who holds
/// the room's lock is alone in changing them.
async fn with_lists(transaction: &mut Transaction, mut plan: Plan) -> Result<Plan, Error> {
    if let Amount::Tiers(tiers) = &mut plan.terms.amount {
        let sql = "SELECT name, amount FROM dues_tiers WHERE plan_id = ? ORDER BY tier_number";
        for row in transaction.rows(sql, values![plan.id]).await? {
            tiers.push(Tier { name: row.text(0)?, amount: stored_won(&row, 1)? });
        }
    }
    let sql = "SELECT user_id, amount, tier_number, exempt FROM dues_plan_members WHERE plan_id = ? ORDER BY user_id";
    for row in transaction.rows(sql, values![plan.id]).await? {
        let terms = MemberTerms {
            amount: (!row.is_null(1)).then(|| stored_won(&row, 1)).transpose()?,
            tier: row.int_or_null(2)?,
            exempt: row.text_or_null(3)?,
        };
        plan.terms.members.insert(UserId(row.int(0)?), terms);
    }
    Ok(plan)
}

/// A plan of a room whose row is locked.
pub(super) async fn locked(transaction: &mut Transaction, room: RoomId, id: PlanId) -> Result<Plan, Error> {
    let sql = Statement::from(COLUMNS).then(" WHERE plan_id = ?");
    let row = transaction.row_for_update(sql, values![id]).await?.ok_or(Refused::NoSuchPlan(id))?;
    let plan = plan_of(&row)?;
    if plan.room != room {
        return Err(Refused::NoSuchPlan(id).into());
    }
    with_lists(transaction, plan).await
}

async fn require_space(transaction: &mut Transaction, room: RoomId) -> Result<(), Error> {
    let sql = "SELECT COUNT(*) FROM dues_plans WHERE room_id = ? AND ended_at_ms IS NULL";
    let count = transaction.row(sql, values![room]).await?.map_or(Ok(0), |row| row.int::<i64>(0))?;
    if count < PLANS_MAX {
        return Ok(());
    }
    Err(invalid("plan", format!("would be one more than the {PLANS_MAX} that a room has; end one first")))
}

/// The columns that terms fill, in the order of both statements below.
fn columns(terms: &Terms, next_due: Day) -> [Value; 10] {
    let (kind, amount) = match &terms.amount {
        Amount::Equal(won) => (1, *won),
        Amount::Own(won) => (2, *won),
        Amount::Tiers(_) => (3, Won::ZERO),
        Amount::Shared(won) => (4, *won),
    };
    let rhythm = match terms.repeat {
        Repeat::Once => 0,
        Repeat::Monthly => -1,
        Repeat::Weeks(weeks) => i64::from(weeks),
    };
    [
        (&*terms.title).into(),
        Value::Int(kind),
        amount.get().into(),
        terms.first_due.into(),
        rhythm.into(),
        terms.ask_days.into(),
        terms.grace_days.into(),
        terms.late_fee.get().into(),
        next_due.into(),
        terms.ask_at_ms(next_due).into(),
    ]
}

async fn insert(
    transaction: &mut Transaction,
    actor: UserId,
    key: &RequestKey,
    room: RoomId,
    terms: &Terms,
) -> Result<Plan, Error> {
    let sql =
        "INSERT INTO dues_plans (title, amount_kind, amount, first_due_day, rhythm, ask_days, grace_days, late_fee,
                                       next_due_day, next_ask_at_ms, room_id, request_key, periods, created_by,
                                       created_at_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)";
    let mut values = columns(terms, terms.first_due).to_vec();
    values.extend([room.into(), key.stored(actor).into(), actor.into(), now_ms().into()]);
    let id = PlanId(transaction.insert_once(sql, &values).await?);
    write_lists(transaction, id, terms).await?;
    let (terms, next_due) = (terms.clone(), Some(terms.first_due));
    Ok(Plan { id, room, made_by: actor, terms, periods: 0, last_due: None, next_due })
}

async fn update(transaction: &mut Transaction, plan: &Plan, next_due: Day) -> Result<(), Error> {
    let sql =
        "UPDATE dues_plans SET title = ?, amount_kind = ?, amount = ?, first_due_day = ?, rhythm = ?, ask_days = ?,
                      grace_days = ?, late_fee = ?, next_due_day = ?, next_ask_at_ms = ?, periods = ?
               WHERE plan_id = ?";
    let mut values = columns(&plan.terms, next_due).to_vec();
    values.extend([plan.periods.into(), plan.id.into()]);
    transaction.execute(sql, &values).await.map(drop)
}

/// Writes what is said of tiers and of single members, in place of what was.
async fn write_lists(transaction: &mut Transaction, id: PlanId, terms: &Terms) -> Result<(), Error> {
    transaction.execute("DELETE FROM dues_tiers WHERE plan_id = ?", values![id]).await?;
    transaction.execute("DELETE FROM dues_plan_members WHERE plan_id = ?", values![id]).await?;
    if let Amount::Tiers(tiers) = &terms.amount {
        for (number, tier) in tiers.iter().enumerate() {
            let sql = "INSERT INTO dues_tiers (plan_id, tier_number, name, amount) VALUES (?, ?, ?, ?)";
            transaction.execute(sql, values![id, number as u64, &*tier.name, tier.amount.get()]).await?;
        }
    }
    let members: Vec<(&UserId, &MemberTerms)> = terms.members.iter().collect();
    // A member who never was would fail the foreign key as a fault of the store's.
    let mut unknown: BTreeSet<UserId> = terms.members.keys().copied().collect();
    for piece in pieces(&terms.members.keys().copied().collect::<Vec<_>>(), ROWS_MAX) {
        for row in transaction.rows(listed("SELECT user_id FROM users", "user_id", piece), &list(piece)).await? {
            unknown.remove(&UserId(row.int(0)?));
        }
    }
    if let Some(user) = unknown.first() {
        return Err(invalid("members", format!("there is no user {user}")));
    }
    let sql = "INSERT INTO dues_plan_members (plan_id, user_id, amount, tier_number, exempt) VALUES ";
    for piece in pieces(&members, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(|(user, terms)| member_row(id, **user, terms)).collect();
        transaction.execute(Statement::from(sql).repeat("(?, ?, ?, ?, ?)", ", ", piece.len()), &values).await?;
    }
    Ok(())
}

fn member_row(id: PlanId, user: UserId, terms: &MemberTerms) -> [Value; 5] {
    [
        id.into(),
        user.into(),
        terms.amount.map(Won::get).into(),
        terms.tier.map(|tier| tier as u64).into(),
        terms.exempt.clone().into(),
    ]
}
