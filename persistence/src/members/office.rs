//! Offices: who looks after a room's money. A treasurer, one a room, and auditors, beside the roles.
//!
//! Admins appoint and dismiss; the treasurer may hand over to another member, and anyone may lay down an office of his own.
//! A member has one office at most, so that no treasurer audits himself. Who ceases to be a member has none any more, by the
//! same transaction; to those who follow the room the event of his leaving says it.

use moim_wire::schema::{Kind, Role};
use moim_wire::{RoomId, UserId};

use super::membership::require_member;
use super::room::Rooms;
use super::room_change::{NewChange, lock_room, record};
use super::user::name_of;
use super::{Change, now_ms};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::error::Error;
use crate::sql::{Row, Transaction, transact, values};

/// What a member does for the room's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// Asks for dues and spends them.
    Treasurer,
    /// Looks over the books, and is never the treasurer.
    Auditor,
}

impl Office {
    /// As the protocol has it, and the store.
    pub const fn role(self) -> Role {
        match self {
            Self::Treasurer => Role::Treasurer,
            Self::Auditor => Role::Auditor,
        }
    }

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Treasurer => "treasurer",
            Self::Auditor => "auditor",
        }
    }

    /// The office of that role; `None` for one that is none.
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::Treasurer => Some(Self::Treasurer),
            Role::Auditor => Some(Self::Auditor),
            _ => None,
        }
    }
}

/// A member who has an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeHolder {
    /// The member.
    pub user: UserId,
    /// The member's name now.
    pub name: String,
    /// The office.
    pub office: Office,
    /// Since when, Unix time in milliseconds.
    pub since_ms: u64,
}

impl Rooms {
    /// Gives a member an office, or with `None` takes the one that he has. A room's treasurer of before has none any more;
    /// that is a change of its own, before the new one's. Without changes where it was so already.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`] of either, [`Error::NotAllowed`].
    pub async fn set_office(
        &self,
        actor: UserId,
        room: RoomId,
        user: UserId,
        office: Option<Office>,
    ) -> Result<Vec<Change>, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    let role = require_member(transaction, room, actor).await?;
                    let own = office_of(transaction, room, actor).await?;
                    require_member(transaction, room, user).await?;
                    may_set(role, own, actor == user, office)?;
                    set(transaction, (origin, actor), room, user, office).await
                })
            })
            .await
    }

    /// The room's treasurer and auditors, the treasurer first. Whether the asker may see them is for the caller to decide.
    ///
    /// # Errors
    /// The store's.
    pub async fn offices(&self, room: RoomId) -> Result<Vec<OfficeHolder>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT o.user_id, u.name, o.office, o.since_ms
                           FROM offices o JOIN users u ON u.user_id = o.user_id
                           WHERE o.room_id = ? ORDER BY o.office, o.since_ms, o.user_id";
                let rows = shared.database.rows(sql, values![room]).await?;
                rows.iter().map(holder_of).collect()
            })
            .await
    }

    /// The user's office in the room.
    ///
    /// # Errors
    /// The store's.
    pub async fn office_of(&self, room: RoomId, user: UserId) -> Result<Option<Office>, Error> {
        self.shared
            .run(move |shared| async move {
                let row = shared.database.row(OFFICE_OF, values![room, user]).await?;
                row.as_ref().map_or(Ok(None), |row| stored_office(row, 0))
            })
            .await
    }
}

const OFFICE_OF: &str = "SELECT office FROM offices WHERE room_id = ? AND user_id = ?";

/// The user's office in a room that is locked.
pub(crate) async fn office_of(
    transaction: &mut Transaction,
    room: RoomId,
    user: UserId,
) -> Result<Option<Office>, Error> {
    let row = transaction.row_for_update(OFFICE_OF, values![room, user]).await?;
    row.as_ref().map_or(Ok(None), |row| stored_office(row, 0))
}

/// From a column that is NULL, or has the office's number.
pub(super) fn stored_office(row: &Row, column: usize) -> Result<Option<Office>, Error> {
    if row.is_null(column) {
        return Ok(None);
    }
    let number = row.int(column)?;
    let office = Office::of(Role(number));
    office.map(Some).ok_or_else(|| Error::Internal(format!("an office {number}, which this binary does not know")))
}

/// Takes the office of one who is no member any more; those who follow the room learn by his leaving.
pub(super) async fn lose(
    transaction: &mut Transaction,
    by: (Origin, UserId),
    room: RoomId,
    (user, name): (UserId, &str),
) -> Result<(), Error> {
    if end_office(transaction, room, user).await? {
        note(transaction, by, room, (user, name), None).await
    } else {
        Ok(())
    }
}

/// Whether there was one to take.
async fn end_office(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<bool, Error> {
    let sql = "DELETE FROM offices WHERE room_id = ? AND user_id = ?";
    Ok(transaction.execute(sql, values![room, user]).await? > 0)
}

async fn note(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    room: RoomId,
    (user, name): (UserId, &str),
    office: Option<Office>,
) -> Result<(), Error> {
    let office = office.map_or("none", Office::name);
    let line = NewLine::new(origin, actor, now_ms(), AuditAction::OfficeChanged, user.0.into()).in_room(room);
    audit::write(transaction, &[line.saying(format!("{name}: {office}"))]).await
}

/// Takes all offices of a room that is being deleted.
pub(super) async fn end_offices(transaction: &mut Transaction, room: RoomId) -> Result<(), Error> {
    transaction.execute("DELETE FROM offices WHERE room_id = ?", values![room]).await.map(drop)
}

/// Whether one of that role and office may give `office` to a member, or to himself.
fn may_set(role: Role, own: Option<Office>, to_himself: bool, office: Option<Office>) -> Result<(), Error> {
    let hands_over = own == Some(Office::Treasurer) && office == Some(Office::Treasurer);
    let lays_down = to_himself && office.is_none();
    if role == Role::Admin || hands_over || lays_down {
        return Ok(());
    }
    Err(Error::NotAllowed(
        "only an admin of the room appoints and dismisses; the treasurer may hand over his own office",
    ))
}

async fn set(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    room: RoomId,
    user: UserId,
    office: Option<Office>,
) -> Result<Vec<Change>, Error> {
    if office_of(transaction, room, user).await? == office {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    if office == Some(Office::Treasurer) {
        let sql = "SELECT user_id FROM offices WHERE treasurer_of = ?";
        if let Some(before) = transaction.row_for_update(sql, values![room]).await? {
            changes.push(give(transaction, (origin, actor), room, UserId(before.int(0)?), None).await?);
        }
    }
    changes.push(give(transaction, (origin, actor), room, user, office).await?);
    Ok(changes)
}

/// Writes an office down, in place of the one that the member had.
async fn give(
    transaction: &mut Transaction,
    by: (Origin, UserId),
    room: RoomId,
    user: UserId,
    office: Option<Office>,
) -> Result<Change, Error> {
    end_office(transaction, room, user).await?;
    if let Some(office) = office {
        let treasurer_of = (office == Office::Treasurer).then_some(room);
        let sql = "INSERT INTO offices (room_id, user_id, office, treasurer_of, since_ms) VALUES (?, ?, ?, ?, ?)";
        transaction.execute(sql, values![room, user, office.role().0, treasurer_of, now_ms()]).await?;
    }
    let role = office.map_or(Role::Member, Office::role);
    let text = name_of(transaction, user).await?;
    note(transaction, by, room, (user, &text), office).await?;
    record(transaction, room, NewChange { kind: Kind::OfficeChanged, actor: by.1, subject: Some(user), text, role })
        .await
}

fn holder_of(row: &Row) -> Result<OfficeHolder, Error> {
    let office = stored_office(row, 2)?.ok_or_else(|| Error::Internal("an office that is none".to_owned()))?;
    Ok(OfficeHolder { user: UserId(row.int(0)?), name: row.text(1)?, office, since_ms: row.int(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admins_appoint_the_treasurer_hands_over_and_each_lays_down_his_own() {
        use Office::{Auditor, Treasurer};
        let may = |role, own, to_himself, office| may_set(role, own, to_himself, office).is_ok();
        for office in [None, Some(Treasurer), Some(Auditor)] {
            assert!(may(Role::Admin, None, false, office) && may(Role::Admin, None, true, office));
            assert!(may(Role::Member, office, true, None), "his own");
            assert!(!may(Role::Member, office, false, None), "another's");
            assert!(!may(Role::Member, office, false, Some(Auditor)));
            assert_eq!(may(Role::Member, office, false, Some(Treasurer)), office == Some(Treasurer));
        }
        assert!(!may(Role::Member, None, true, Some(Treasurer)) && !may(Role::Member, None, true, Some(Auditor)));
    }
}
