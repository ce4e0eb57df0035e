//! The outbox of room changes: written with the change, read and emptied by the room's owner.

use moim_wire::schema::{Kind, Role};
use moim_wire::{MessageId, RoomId, UserId};
use serde::Serialize;

use super::room::{Rooms, limit_of};
use super::{Change, RoomChange, RoomSnapshot};
use crate::error::Error;
use crate::sql::{Row, Transaction, transact, values};

/// A change to be recorded.
pub(super) struct NewChange {
    pub(super) kind: Kind,
    pub(super) actor: UserId,
    pub(super) subject: Option<UserId>,
    pub(super) text: String,
    pub(super) role: Role,
}

/// What a room is told of its money, with a text that is longer than a name.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) kind: Kind,
    pub(crate) actor: UserId,
    /// The number of what it is about.
    pub(crate) subject: u64,
    pub(crate) text: String,
}

impl Told {
    /// With a text in JSON, as `wire/PROTOCOL.md` describes it: numbers and strings, nothing that cannot be written.
    pub(crate) fn of(kind: Kind, actor: UserId, subject: u64, text: &impl Serialize) -> Self {
        Self { kind, actor, subject, text: serde_json::to_string(text).unwrap_or_default() }
    }
}

/// Takes the room's row, so that changes of one room follow one another whatever the isolation. What is read of the room
/// and its members from here on is read for update: a plain read may be of an instant before the lock.
pub(crate) async fn lock_room(transaction: &mut Transaction, room: RoomId) -> Result<(), Error> {
    let sql = "UPDATE rooms SET last_change = last_change WHERE room_id = ? AND deleted_at_ms IS NULL";
    match transaction.execute(sql, values![room]).await? {
        0 => Err(Error::NoSuchRoom(room)),
        _ => Ok(()),
    }
}

/// Gives the change the room's next number and puts it into the outbox.
pub(super) async fn record(transaction: &mut Transaction, room: RoomId, change: NewChange) -> Result<Change, Error> {
    let subject = u64::from(change.subject.unwrap_or_default().0);
    put(transaction, room, (change.kind, change.actor, subject), &change.text, change.role).await
}

/// Likewise, of what the room is told of its money.
pub(crate) async fn record_told(transaction: &mut Transaction, room: RoomId, told: Told) -> Result<Change, Error> {
    let change = put(transaction, room, (told.kind, told.actor, told.subject), "", Role::Member).await?;
    let sql = "INSERT INTO change_texts (room_id, change_number, change_text) VALUES (?, ?, ?)";
    transaction.execute(sql, values![room, change.change, &*told.text]).await?;
    Ok(change)
}

async fn put(
    transaction: &mut Transaction,
    room: RoomId,
    (kind, actor, subject): (Kind, UserId, u64),
    text: &str,
    role: Role,
) -> Result<Change, Error> {
    transaction.execute("UPDATE rooms SET last_change = last_change + 1 WHERE room_id = ?", values![room]).await?;
    let row = transaction.row_for_update("SELECT last_change FROM rooms WHERE room_id = ?", values![room]).await?;
    let number: u32 = row.ok_or(Error::NoSuchRoom(room))?.int(0)?;
    transaction
        .execute(
            "INSERT INTO room_changes (room_id, change_number, kind, actor_id, subject, subject_text, role)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            values![room, number, kind.0, actor, subject, text, role.0],
        )
        .await?;
    Ok(Change { room, change: number })
}

/// Texts of money are kept apart: they are longer than names are.
const CHANGES_AFTER: &str =
    "SELECT c.change_number, c.kind, c.actor_id, c.subject, COALESCE(n.notice, t.change_text, c.subject_text), c.role
                             FROM room_changes c
                             LEFT JOIN money_notices n ON n.room_id = c.room_id AND n.change_number = c.change_number
                             LEFT JOIN change_texts t ON t.room_id = c.room_id AND t.change_number = c.change_number
                             WHERE c.room_id = ? AND c.change_number > ? ORDER BY c.change_number LIMIT 1000";

impl Rooms {
    /// The room as its owner needs it, deleted or not, all of one instant.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`] for one that never was.
    pub async fn load(&self, room: RoomId) -> Result<RoomSnapshot, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    let sql = "SELECT name, deleted_at_ms, last_change FROM rooms WHERE room_id = ?";
                    let row = snapshot.row(sql, values![room]).await?.ok_or(Error::NoSuchRoom(room))?;
                    let sql = "SELECT user_id, role, read_mark FROM memberships
                               WHERE room_id = ? AND has_left = 0 ORDER BY user_id";
                    let members = snapshot.rows(sql, values![room]).await?;
                    let changes = snapshot.rows(CHANGES_AFTER, values![room, 0u32]).await?;
                    let member = |row: &Row| Ok((UserId(row.int(0)?), Role(row.int(1)?), MessageId(row.int(2)?)));
                    Ok(RoomSnapshot {
                        name: row.text(0)?,
                        deleted: !row.is_null(1),
                        last_change: row.int(2)?,
                        members: members.iter().map(member).collect::<Result<_, Error>>()?,
                        changes: changes.iter().map(change_of).collect::<Result<_, Error>>()?,
                    })
                })
            })
            .await
    }

    /// The newest room, deleted or not; zero where there is none.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn newest(&self) -> Result<RoomId, Error> {
        self.shared
            .run(move |shared| async move {
                let row = shared.database.row("SELECT COALESCE(MAX(room_id), 0) FROM rooms", values![]).await?;
                row.map_or(Ok(RoomId(0)), |row| Ok(RoomId(row.int(0)?)))
            })
            .await
    }

    /// The first 1,000 changes of a room above `after` that are not sequenced yet, rising.
    ///
    /// # Errors
    /// The store's.
    pub async fn changes(&self, room: RoomId, after: u32) -> Result<Vec<RoomChange>, Error> {
        self.shared
            .run(move |shared| async move {
                let rows = shared.database.rows(CHANGES_AFTER, values![room, after]).await?;
                rows.iter().map(change_of).collect()
            })
            .await
    }

    /// Takes changes out of the outbox, of each room those up to the given one: they are durable in the room's journal.
    /// Repeatable.
    ///
    /// # Errors
    /// The store's.
    pub async fn changes_sequenced(&self, changes: &[(RoomId, u32)]) -> Result<(), Error> {
        let mut changes = changes.to_vec();
        changes.sort_unstable();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "DELETE FROM room_changes WHERE room_id = ? AND change_number <= ?";
                    for &(room, up_to) in &changes {
                        transaction.execute(sql, values![room, up_to]).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Rooms with changes to be sequenced, by id, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn rooms_with_changes(&self, limit: usize) -> Result<Vec<RoomId>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT DISTINCT room_id FROM room_changes ORDER BY room_id LIMIT ?";
                let rows = shared.database.rows(sql, values![limit_of(limit)]).await?;
                rows.iter().map(|row| row.int(0).map(RoomId)).collect()
            })
            .await
    }
}

/// From the columns of [`CHANGES_AFTER`].
fn change_of(row: &Row) -> Result<RoomChange, Error> {
    Ok(RoomChange {
        change: row.int(0)?,
        kind: Kind(row.int(1)?),
        actor: UserId(row.int(2)?),
        subject: row.int(3)?,
        text: row.text(4)?,
        role: Role(row.int(5)?),
    })
}
