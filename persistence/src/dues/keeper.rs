//! Who keeps a room's dues: its treasurer, or where it has none, its admins, but those who audit them. And who may read
//! of them: its members, and the operator.

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::refused::DuesRefused;
use crate::error::Error;
use crate::members::{Office, office_of, require_member, role_in};
use crate::sql::{Transaction, values};

/// Whether a user keeps the dues of a room, which is locked.
pub(crate) async fn is_keeper(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<bool, Error> {
    if let Some(office) = office_of(transaction, room, user).await? {
        return Ok(office == Office::Treasurer);
    }
    let is_admin = role_in(transaction, room, user).await? == Some(Role::Admin);
    Ok(is_admin && transaction.row_for_update(TREASURER, values![room]).await?.is_none())
}

const TREASURER: &str = "SELECT user_id FROM offices WHERE treasurer_of = ?";

/// Refuses those who do not.
pub(crate) async fn require_keeper(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    require_member(transaction, room, user).await?;
    if is_keeper(transaction, room, user).await? { Ok(()) } else { Err(DuesRefused::NotTheTreasurer.into()) }
}

/// Whether a user keeps the dues, to be shown and not to rest on.
pub(super) async fn reads_as_keeper(snapshot: &mut Transaction, room: RoomId, user: UserId) -> Result<bool, Error> {
    if let Some(row) = snapshot.row(TREASURER, values![room]).await? {
        return Ok(row.int::<u32>(0)? == user.0);
    }
    let sql = "SELECT m.role FROM memberships m LEFT JOIN offices o ON o.room_id = m.room_id AND o.user_id = m.user_id
               WHERE m.room_id = ? AND m.user_id = ? AND m.has_left = 0 AND o.user_id IS NULL";
    let row = snapshot.row(sql, values![room, user]).await?;
    row.map_or(Ok(false), |row| Ok(Role(row.int(0)?) == Role::Admin))
}

/// Who reads of a room's dues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A user, who has to be a member of the room.
    Member(UserId),
    /// Whoever runs the server; of deleted rooms, too. Nothing but its own name makes a reader this one.
    Operator,
}

impl From<UserId> for Reader {
    /// Whatever the number: who comes with one is judged as that user.
    fn from(user: UserId) -> Self {
        Self::Member(user)
    }
}

/// Refuses those who may not read, in a transaction that only reads.
pub(crate) async fn require_reader(
    snapshot: &mut Transaction,
    room: RoomId,
    reader: impl Into<Reader>,
) -> Result<(), Error> {
    let Reader::Member(user) = reader.into() else {
        let row = snapshot.row("SELECT 1 FROM rooms WHERE room_id = ?", values![room]).await?;
        return row.map(drop).ok_or(Error::NoSuchRoom(room));
    };
    let sql = "SELECT m.has_left FROM rooms r LEFT JOIN memberships m ON m.room_id = r.room_id AND m.user_id = ?
               WHERE r.room_id = ? AND r.deleted_at_ms IS NULL";
    let row = snapshot.row(sql, values![user, room]).await?.ok_or(Error::NoSuchRoom(room))?;
    if row.is_null(0) || row.flag(0)? { Err(Error::NotAMember { room, user }) } else { Ok(()) }
}
