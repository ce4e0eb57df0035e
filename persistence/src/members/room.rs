//! Rooms themselves: created, found, renamed, deleted.

use std::sync::Arc;

use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::schema::{Kind, Role};
use moim_wire::{MessageId, RoomId, UserId};

use super::membership::require_admin;
use super::office::end_offices;
use super::room_change::{NewChange, lock_room, record};
use super::user::name_of;
use super::{Change, NewRoom, Room, RoomOfUser, Shared, field, now_ms};
use crate::audit::Origin;
use crate::dues;
use crate::error::Error;
use crate::ledger::inherit_wallets;
use crate::sql::{Row, Transaction, transact, values};

/// Rooms, their members and what changed in them. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(super) shared: Arc<Shared>,
    pub(super) origin: Origin,
}

impl Rooms {
    pub(super) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    /// Creates a room with `creator` as its admin. No change is recorded: nobody follows the room yet.
    ///
    /// # Errors
    /// [`Error::InvalidField`], [`Error::NoSuchUser`].
    pub async fn create(&self, creator: UserId, room: NewRoom) -> Result<Room, Error> {
        let name = field::room_name(&room.name)?;
        let description = field::description(&room.description)?;
        let password = room.private.then(|| field::room_password(&room.password)).transpose()?;
        let private = room.private;
        self.shared
            .run(move |shared| async move {
                let hash = match password {
                    Some(password) => {
                        Some(shared.passwords.hash(&shared.passwords.turn_to_set().await?, password).await?)
                    }
                    None => None,
                };
                let new = (&*name, &*description, private, &hash);
                transact!(shared.database.write(), |transaction| insert(transaction, creator, new).await)
            })
            .await
    }

    /// A room; whether the asker may see more than its listing is for the caller to decide.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], for a deleted one too.
    pub async fn get(&self, room: RoomId) -> Result<Room, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT r.room_id, r.name, r.description, r.is_private, r.creator_id, u.name,
                                  r.created_at_ms, r.member_count
                           FROM rooms r JOIN users u ON u.user_id = r.creator_id
                           WHERE r.room_id = ? AND r.deleted_at_ms IS NULL";
                room_of(&shared.database.row(sql, values![room]).await?.ok_or(Error::NoSuchRoom(room))?)
            })
            .await
    }

    /// The rooms of a user with ids above `after`, rising, at most `limit`. Ask for one more than a page to know
    /// whether there are more.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_user(&self, user: UserId, after: RoomId, limit: usize) -> Result<Vec<RoomOfUser>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT r.room_id, r.name, r.description, r.is_private, r.creator_id, u.name,
                                  r.created_at_ms, r.member_count, m.role, m.read_mark
                           FROM memberships m
                           JOIN rooms r ON r.room_id = m.room_id
                           JOIN users u ON u.user_id = r.creator_id
                           WHERE m.user_id = ? AND m.has_left = 0 AND m.room_id > ?
                           ORDER BY m.room_id LIMIT ?";
                let rows = shared.database.rows(sql, values![user, after, limit_of(limit)]).await?;
                rows.iter().map(room_of_user).collect()
            })
            .await
    }

    /// Rooms rising by id, from the first above `after`, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`].
    pub async fn page(&self, after: RoomId, limit: usize) -> Result<Vec<Room>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT r.room_id, r.name, r.description, r.is_private, r.creator_id, u.name,
                                  r.created_at_ms, r.member_count
                           FROM rooms r JOIN users u ON u.user_id = r.creator_id
                           WHERE r.deleted_at_ms IS NULL AND r.room_id > ?
                           ORDER BY r.room_id LIMIT ?";
                let rows = shared.database.rows(sql, values![after, limit_of(limit)]).await?;
                rows.iter().map(room_of).collect()
            })
            .await
    }

    /// Rooms whose name contains `keyword` in any case, by id, at most `limit`.
    ///
    /// # Errors
    /// [`Error::InvalidField`] for an empty keyword.
    pub async fn search(&self, keyword: &str, limit: usize) -> Result<Vec<Room>, Error> {
        let pattern = containing(&field::key(&field::keyword(keyword)?));
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT r.room_id, r.name, r.description, r.is_private, r.creator_id, u.name,
                                  r.created_at_ms, r.member_count
                           FROM rooms r JOIN users u ON u.user_id = r.creator_id
                           WHERE r.deleted_at_ms IS NULL AND r.name_key LIKE ? ESCAPE '!'
                           ORDER BY r.room_id LIMIT ?";
                let rows = shared.database.rows(sql, values![&*pattern, limit_of(limit)]).await?;
                rows.iter().map(room_of).collect()
            })
            .await
    }

    /// Gives a room another name and description; admins only.
    ///
    /// # Errors
    /// [`Error::InvalidField`], [`Error::NoSuchRoom`], [`Error::NotAMember`], [`Error::NotAllowed`].
    pub async fn change(&self, actor: UserId, room: RoomId, name: &str, description: &str) -> Result<Change, Error> {
        let name = field::room_name(name)?;
        let description = field::description(description)?;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_admin(transaction, room, actor).await?;
                    let sql = "UPDATE rooms SET name = ?, name_key = ?, description = ? WHERE room_id = ?";
                    transaction.execute(sql, values![&*name, field::key(&name), &*description, room]).await?;
                    let text = name.clone();
                    let change = NewChange { kind: Kind::RoomChanged, actor, subject: None, text, role: Role::Member };
                    record(transaction, room, change).await
                })
            })
            .await
    }

    /// Deletes a room and ends all memberships; admins only.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`], [`Error::NotAllowed`];
    /// [`DuesRefused::HoldsMoney`](crate::DuesRefused::HoldsMoney) while the room's dues do.
    pub async fn delete(&self, actor: UserId, room: RoomId) -> Result<Change, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_admin(transaction, room, actor).await?;
                    dues::close(transaction, (origin, actor), room).await?;
                    inherit_wallets(transaction, room, actor).await?;
                    let text = String::new();
                    let change = NewChange { kind: Kind::RoomDeleted, actor, subject: None, text, role: Role::Member };
                    let change = record(transaction, room, change).await?;
                    end_offices(transaction, room).await?;
                    let sql = "UPDATE memberships SET has_left = 1, role = ? WHERE room_id = ?";
                    transaction.execute(sql, values![Role::Member.0, room]).await?;
                    let sql = "UPDATE rooms SET deleted_at_ms = ?, member_count = 0 WHERE room_id = ?";
                    transaction.execute(sql, values![now_ms(), room]).await?;
                    Ok(change)
                })
            })
            .await
    }
}

/// Inserts a room of `(name, description, private, password's hash)` with its first member.
async fn insert(
    transaction: &mut Transaction,
    creator: UserId,
    (name, description, private, hash): (&str, &str, bool, &Option<String>),
) -> Result<Room, Error> {
    let created_at_ms = now_ms();
    let creator_name = name_of(transaction, creator).await?;
    let inserted = transaction
        .try_execute(
            "INSERT INTO rooms (name, name_key, description, is_private, password_hash, creator_id,
                                created_at_ms, member_count, last_change)
             VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0)",
            values![name, field::key(name), description, private, hash.clone(), creator, created_at_ms],
        )
        .await?;
    let id = inserted.and_then(|inserted| u32::try_from(inserted.id).ok());
    let id = RoomId(id.ok_or_else(|| Error::Internal("room ids are exhausted".to_owned()))?);
    let sql = "INSERT INTO memberships (room_id, user_id, role, read_mark, has_left, joined_change)
               VALUES (?, ?, ?, 0, 0, 0)";
    transaction.execute(sql, values![id, creator, Role::Admin.0]).await?;
    let (name, description) = (name.to_owned(), description.to_owned());
    Ok(Room { id, name, description, private, creator, creator_name, created_at_ms, members: 1 })
}

/// A page's limit: up to a protocol's page and the one entry more that shows whether it is the last.
pub(super) fn limit_of(limit: usize) -> u64 {
    limit.clamp(1, LIST_LIMIT_MAX + 1) as u64
}

/// The LIKE pattern for what contains `key`, with `!` as the escape, which both dialects spell alike.
fn containing(key: &str) -> String {
    let mut pattern = String::with_capacity(key.len() + 2);
    pattern.push('%');
    for c in key.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// From the columns `room_id, name, description, is_private, creator_id, creator's name, created_at_ms, member_count`.
fn room_of(row: &Row) -> Result<Room, Error> {
    Ok(Room {
        id: RoomId(row.int(0)?),
        name: row.text(1)?,
        description: row.text(2)?,
        private: row.flag(3)?,
        creator: UserId(row.int(4)?),
        creator_name: row.text(5)?,
        created_at_ms: row.int(6)?,
        members: row.int(7)?,
    })
}

/// From the columns of [`room_of`] and `role, read_mark`.
fn room_of_user(row: &Row) -> Result<RoomOfUser, Error> {
    Ok(RoomOfUser { room: room_of(row)?, role: Role(row.int(8)?), read_mark: MessageId(row.int(9)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_like_understands_are_searched_for_as_they_are() {
        assert_eq!(containing("100%_!"), "%100!%!_!!%");
    }
}
