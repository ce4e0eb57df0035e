//! What an expense of a room takes: set by an admin, told to the room, in force for what is proposed from then on.

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::{DAY_MS, Spending, told};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::dues::{Day, require_reader};
use crate::error::Error;
use crate::ledger::{CASH, Won, stored_won};
use crate::members::{Change, lock_room, record_told, require_member};
use crate::sql::{Row, Transaction, transact, values};

const QUORUM_MAX: u32 = 1_000;
const DAYS_MAX: u32 = 90;

/// What an expense takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendingRules {
    /// So many members have to agree, from 1; where fewer are there who may, all of them.
    pub quorum: u32,
    /// Up to this amount it is posted at once, with what was so in the days of waiting before; never to who proposes
    /// it.
    pub limit: Won,
    /// It waits for so many days, from 1.
    pub wait_days: u32,
}

impl Default for SpendingRules {
    /// Of a room that has said nothing.
    fn default() -> Self {
        Self { quorum: 2, limit: Won::ZERO, wait_days: 7 }
    }
}

/// Rules, and those that come into force later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RulesInForce {
    /// In force now.
    pub rules: SpendingRules,
    /// What comes, and from when on, Unix time in milliseconds.
    pub next: Option<(SpendingRules, u64)>,
}

const RULES: &str = "SELECT quorum, limit_won, wait_days, next_from_ms, next_quorum, next_limit_won, next_wait_days
    FROM spending_rules WHERE room_id = ?";

impl SpendingRules {
    /// Whether money is spent by them that `before` would not have let go, or others have less time to see it coming.
    fn is_looser_than(self, before: Self) -> bool {
        self.quorum < before.quorum || self.limit > before.limit || self.wait_days < before.wait_days
    }
}

impl Spending {
    /// The room's rules, for its members.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn rules(&self, user: UserId, room: RoomId) -> Result<RulesInForce, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    in_force(snapshot.row(RULES, values![room]).await?, now_ms())
                })
            })
            .await
    }

    /// Sets them; admins only. What is proposed already stays as it was. While the dues hold money, looser rules come into
    /// force once an expense that is proposed now would be over, so that members see them coming: until then the old ones are.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::InvalidField`].
    pub async fn set_rules(&self, actor: UserId, room: RoomId, rules: SpendingRules) -> Result<Change, Error> {
        within("quorum", rules.quorum, QUORUM_MAX)?;
        within("waitDays", rules.wait_days, DAYS_MAX)?;
        if rules.limit < Won::ZERO {
            return Err(Error::InvalidField { field: "limit", reason: format!("{} is below 0", rules.limit.get()) });
        }
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    if require_member(transaction, room, actor).await? != Role::Admin {
                        return Err(Error::NotAllowed("only an admin of the room sets what its expenses take"));
                    }
                    set(transaction, (origin, actor), room, rules).await
                })
            })
            .await
    }
}

/// From when on it counts in a locked room's expenses that a member comes or is removed, Unix time in milliseconds: 0,
/// at once, while its dues hold nothing; otherwise once an expense that is proposed now would be over, as looser rules.
pub(crate) async fn changes_count_from(transaction: &mut Transaction, room: RoomId) -> Result<u64, Error> {
    if !holds_money(transaction, room).await? {
        return Ok(0);
    }
    Ok(now_ms() + u64::from(of_room(transaction, room).await?.wait_days) * DAY_MS)
}

async fn set(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    room: RoomId,
    rules: SpendingRules,
) -> Result<Change, Error> {
    let now_ms = now_ms();
    let before = of_room(transaction, room).await?;
    let waits = rules.is_looser_than(before) && holds_money(transaction, room).await?;
    let from_ms = waits.then_some(now_ms + u64::from(before.wait_days) * DAY_MS);
    let (now, next) = if waits { (before, Some(rules)) } else { (rules, None) };
    transaction.execute("DELETE FROM spending_rules WHERE room_id = ?", values![room]).await?;
    let sql = "INSERT INTO spending_rules (room_id, quorum, limit_won, wait_days, next_from_ms, next_quorum,
                                           next_limit_won, next_wait_days) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = values![
        room,
        now.quorum,
        now.limit.get(),
        now.wait_days,
        from_ms,
        next.map(|next| next.quorum),
        next.map(|next| next.limit.get()),
        next.map(|next| next.wait_days)
    ];
    transaction.execute(sql, values).await?;
    let from = from_ms.map(|from_ms| format!(" from {}", Day::of_ms(from_ms))).unwrap_or_default();
    let said = format!("{} / {} / {}{from}", rules.quorum, rules.limit, rules.wait_days);
    let line = NewLine::new(origin, actor, now_ms, AuditAction::SpendingRulesChanged, room.0.into());
    audit::write(transaction, &[line.in_room(room).of(rules.limit).saying(said)]).await?;
    record_told(transaction, room, told::rules(actor, rules, from_ms)).await
}

/// The rules in force in a room that is locked.
pub(super) async fn of_room(transaction: &mut Transaction, room: RoomId) -> Result<SpendingRules, Error> {
    let row = transaction.row_for_update(RULES, values![room]).await?;
    Ok(in_force(row, now_ms())?.rules)
}

/// The room is locked, as it is by whoever moves its money: a plain read, the transaction's first, is of an instant
/// since, and locks no gap of the index that other rooms' wallets are put into, at each joining.
async fn holds_money(transaction: &mut Transaction, room: RoomId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM ledger_accounts WHERE room_id = ? AND balance > 0 AND (fund_of IS NOT NULL OR kind = ?)";
    Ok(transaction.row(sql, values![room, CASH]).await?.is_some())
}

fn in_force(row: Option<Row>, now_ms: u64) -> Result<RulesInForce, Error> {
    let Some(row) = row else { return Ok(RulesInForce::default()) };
    let rules = rules_of(&row, 0)?;
    let Some(from_ms) = row.int_or_null(3)? else { return Ok(RulesInForce { rules, next: None }) };
    let next = rules_of(&row, 4)?;
    Ok(if from_ms <= now_ms {
        RulesInForce { rules: next, next: None }
    } else {
        RulesInForce { rules, next: Some((next, from_ms)) }
    })
}

fn rules_of(row: &Row, first: usize) -> Result<SpendingRules, Error> {
    Ok(SpendingRules { quorum: row.int(first)?, limit: stored_won(row, first + 1)?, wait_days: row.int(first + 2)? })
}

fn within(field: &'static str, value: u32, most: u32) -> Result<(), Error> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::InvalidField { field, reason: format!("{value} is not within 1 to {most}") })
}
