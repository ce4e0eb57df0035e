//! What an expense of a room takes: set by an admin, told to the room, in force for what is proposed from then on.

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::Spending;
use super::told;
use crate::audit::{self, AuditAction, NewLine};
use crate::clock::now_ms;
use crate::dues::require_reader;
use crate::error::Error;
use crate::ledger::{Won, stored_won};
use crate::members::{Change, lock_room, record_told, require_member};
use crate::sql::{Row, Transaction, transact, values};

const QUORUM_MAX: u32 = 1_000;
const DAYS_MAX: u32 = 90;

/// What an expense takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendingRules {
    /// So many members have to agree, from 1; where fewer are there who may, all of them.
    pub quorum: u32,
    /// Up to this amount it is posted at once.
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

const RULES: &str = "SELECT quorum, limit_won, wait_days FROM spending_rules WHERE room_id = ?";

impl Spending {
    /// The room's rules, for its members.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn rules(&self, user: UserId, room: RoomId) -> Result<SpendingRules, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    snapshot.row(RULES, values![room]).await?.as_ref().map_or(Ok(SpendingRules::default()), rules_of)
                })
            })
            .await
    }

    /// Sets them; admins only. What is proposed already stays as it was.
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
                    transaction.execute("DELETE FROM spending_rules WHERE room_id = ?", values![room]).await?;
                    let sql = "INSERT INTO spending_rules (room_id, quorum, limit_won, wait_days) VALUES (?, ?, ?, ?)";
                    let values = values![room, rules.quorum, rules.limit.get(), rules.wait_days];
                    transaction.execute(sql, values).await?;
                    let said = format!("{} / {} / {}", rules.quorum, rules.limit, rules.wait_days);
                    let line = NewLine::new(origin, actor, now_ms(), AuditAction::SpendingRulesChanged, room.0.into());
                    audit::write(transaction, &[line.in_room(room).of(rules.limit).saying(said)]).await?;
                    record_told(transaction, room, told::rules(actor, rules)).await
                })
            })
            .await
    }
}

/// The rules of a room that is locked.
pub(super) async fn of_room(transaction: &mut Transaction, room: RoomId) -> Result<SpendingRules, Error> {
    let row = transaction.row_for_update(RULES, values![room]).await?;
    row.as_ref().map_or(Ok(SpendingRules::default()), rules_of)
}

fn rules_of(row: &Row) -> Result<SpendingRules, Error> {
    Ok(SpendingRules { quorum: row.int(0)?, limit: stored_won(row, 1)?, wait_days: row.int(2)? })
}

fn within(field: &'static str, value: u32, most: u32) -> Result<(), Error> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::InvalidField { field, reason: format!("{value} is not within 1 to {most}") })
}
