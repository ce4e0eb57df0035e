//! Who belongs to a room: joining, adding, leaving, removing, roles. Every function here changes and records in one
//! transaction, having locked the room first, so that what it read still holds when it writes.

use moim_wire::schema::{Kind, Role};
use moim_wire::{RoomId, UserId};

use super::office::lose;
use super::room::Rooms;
use super::room_change::{NewChange, lock_room, record};
use super::user::name_of;
use super::{Change, Shared, field, now_ms};
use crate::audit::Origin;
use crate::dues;
use crate::error::Error;
use crate::ledger::leave_wallets;
use crate::spending::changes_count_from;
use crate::sql::{Transaction, transact, values};

impl Rooms {
    /// Makes `user` a member; a private room takes its password. The first to come to an empty room is its admin.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::AlreadyMember`], [`Error::WrongPassword`], [`Error::TooManyAttempts`] after too
    /// many wrong ones, [`Error::NoSuchUser`].
    pub async fn join(&self, user: UserId, room: RoomId, password: Option<&str>) -> Result<Change, Error> {
        let password = password.map(field::room_password).transpose().unwrap_or_default();
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                check_password(&shared, user, room, password).await?;
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    admit(transaction, (origin, user), room, user).await
                })
            })
            .await
    }

    /// Makes `user` a member; any member may, without a password.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`] of the actor, [`Error::AlreadyMember`], [`Error::NoSuchUser`].
    pub async fn add(&self, actor: UserId, room: RoomId, user: UserId) -> Result<Change, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_member(transaction, room, actor).await?;
                    admit(transaction, (origin, actor), room, user).await
                })
            })
            .await
    }

    /// Ends another's membership; admins only. Of oneself it is [`Self::leave`].
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`] of either, [`Error::NotAllowed`].
    pub async fn remove(&self, actor: UserId, room: RoomId, user: UserId) -> Result<Change, Error> {
        if actor == user {
            return self.leave(user, room).await;
        }
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_admin(transaction, room, actor).await?;
                    require_member(transaction, room, user).await?;
                    go_on_counting(transaction, room, user).await?;
                    end(transaction, (origin, actor), room, user, Kind::MemberRemoved).await
                })
            })
            .await
    }

    /// Ends the user's own membership. The last admin hands over to the longest-standing member, which is a change of
    /// its own before the leaving.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`]; of the last member
    /// [`DuesRefused::HoldsMoney`](crate::DuesRefused::HoldsMoney) while the room's dues do.
    pub async fn leave(&self, user: UserId, room: RoomId) -> Result<Change, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| depart(transaction, origin, room, user).await)
            })
            .await
    }

    /// Gives a member a role; admins only.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`] of either, [`Error::NotAllowed`], also where it would leave the room
    /// without an admin.
    pub async fn set_role(&self, actor: UserId, room: RoomId, user: UserId, role: Role) -> Result<Change, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_admin(transaction, room, actor).await?;
                    require_member(transaction, room, user).await?;
                    if role != Role::Admin && !has_other_admin(transaction, room, user).await? {
                        return Err(Error::NotAllowed("the room's only admin; make another member admin first"));
                    }
                    give_role(transaction, room, actor, user, role).await
                })
            })
            .await
    }
}

/// Leaves a room within a transaction, handing over where that is due.
pub(super) async fn depart(
    transaction: &mut Transaction,
    origin: Origin,
    room: RoomId,
    user: UserId,
) -> Result<Change, Error> {
    lock_room(transaction, room).await?;
    let role = require_member(transaction, room, user).await?;
    if role == Role::Admin && !has_other_admin(transaction, room, user).await? {
        let sql = "SELECT user_id FROM memberships WHERE room_id = ? AND has_left = 0 AND user_id <> ?
                   ORDER BY joined_change, user_id LIMIT 1";
        match transaction.row_for_update(sql, values![room, user]).await? {
            Some(heir) => drop(give_role(transaction, room, user, UserId(heir.int(0)?), Role::Admin).await?),
            // The first to come to an empty room is its admin, and would have what others have paid.
            None => dues::require_nothing_held(transaction, room).await?,
        }
    }
    end(transaction, (origin, user), room, user, Kind::MemberLeft).await
}

/// The role of a member, `None` for others.
pub(crate) async fn role_in(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<Option<Role>, Error> {
    let sql = "SELECT role FROM memberships WHERE room_id = ? AND user_id = ? AND has_left = 0";
    transaction.row_for_update(sql, values![room, user]).await?.map(|row| row.int(0).map(Role)).transpose()
}

pub(super) async fn require_admin(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    match require_member(transaction, room, user).await? {
        Role::Admin => Ok(()),
        _ => Err(Error::NotAllowed("only an admin of the room may do that")),
    }
}

pub(crate) async fn require_member(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<Role, Error> {
    role_in(transaction, room, user).await?.ok_or(Error::NotAMember { room, user })
}

async fn has_other_admin(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM memberships WHERE room_id = ? AND has_left = 0 AND role = ? AND user_id <> ? LIMIT 1";
    Ok(transaction.row_for_update(sql, values![room, Role::Admin.0, user]).await?.is_some())
}

async fn give_role(
    transaction: &mut Transaction,
    room: RoomId,
    actor: UserId,
    user: UserId,
    role: Role,
) -> Result<Change, Error> {
    let sql = "UPDATE memberships SET role = ? WHERE room_id = ? AND user_id = ?";
    transaction.execute(sql, values![role.0, room, user]).await?;
    let text = name_of(transaction, user).await?;
    record(transaction, room, NewChange { kind: Kind::RoleChanged, actor, subject: Some(user), text, role }).await
}

/// Adds a member to a locked room; one who had left is the same row again, and owes again what he owed. Gives the
/// newest of what the room is told.
async fn admit(
    transaction: &mut Transaction,
    by: (Origin, UserId),
    room: RoomId,
    user: UserId,
) -> Result<Change, Error> {
    let text = name_of(transaction, user).await?;
    let sql = "SELECT member_count FROM rooms WHERE room_id = ?";
    let count = transaction.row_for_update(sql, values![room]).await?.ok_or(Error::NoSuchRoom(room))?.int::<u32>(0)?;
    let role = if count == 0 { Role::Admin } else { Role::Member };
    let change = NewChange { kind: Kind::MemberJoined, actor: by.1, subject: Some(user), text, role };
    let change = record(transaction, room, change).await?;
    let votes_from_ms = changes_count_from(transaction, room).await?;
    let returned = transaction
        .execute(
            "UPDATE memberships SET has_left = 0, role = ?, joined_change = ?, votes_from_ms = ?
             WHERE room_id = ? AND user_id = ? AND has_left = 1",
            values![role.0, change.change, votes_from_ms, room, user],
        )
        .await?;
    if returned == 0 {
        let sql = "INSERT INTO memberships (room_id, user_id, role, read_mark, has_left, joined_change, votes_from_ms)
                   VALUES (?, ?, ?, 0, 0, ?, ?)";
        let inserted = transaction.try_execute(sql, values![room, user, role.0, change.change, votes_from_ms]).await?;
        inserted.ok_or(Error::AlreadyMember { room, user })?;
    }
    transaction.execute("UPDATE rooms SET member_count = member_count + 1 WHERE room_id = ?", values![room]).await?;
    let asked_again = if returned == 0 { None } else { dues::reopen(transaction, by, room, user).await? };
    Ok(asked_again.unwrap_or(change))
}

/// One who has a say in expenses and is removed counts for a while among those who have to agree: no admin removes
/// whoever objects and spends the same day.
async fn go_on_counting(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    let until_ms = changes_count_from(transaction, room).await?;
    let sql = "UPDATE memberships SET counted_until_ms = ? WHERE room_id = ? AND user_id = ? AND votes_from_ms <= ?";
    transaction.execute(sql, values![until_ms, room, user, now_ms()]).await.map(drop)
}

/// Ends the membership of a member of a locked room.
async fn end(
    transaction: &mut Transaction,
    by: (Origin, UserId),
    room: RoomId,
    user: UserId,
    kind: Kind,
) -> Result<Change, Error> {
    // The row's name as it is, for one whose account is being deleted too.
    let named = transaction.row_for_update("SELECT name FROM users WHERE user_id = ?", values![user]).await?;
    let text = named.map(|row| row.text(0)).transpose()?.unwrap_or_default();
    lose(transaction, by, room, (user, &text)).await?;
    dues::leave(transaction, by, room, user).await?;
    leave_wallets(transaction, room, user).await?;
    let sql = "UPDATE memberships SET has_left = 1, role = ? WHERE room_id = ? AND user_id = ?";
    transaction.execute(sql, values![Role::Member.0, room, user]).await?;
    transaction.execute("UPDATE rooms SET member_count = member_count - 1 WHERE room_id = ?", values![room]).await?;
    record(transaction, room, NewChange { kind, actor: by.1, subject: Some(user), text, role: Role::Member }).await
}

/// Lets pass who may join; before the transaction, since hashing takes longer than a write lock should be held.
async fn check_password(shared: &Shared, user: UserId, room: RoomId, password: Option<String>) -> Result<(), Error> {
    let sql = "SELECT r.password_hash, m.has_left
               FROM rooms r LEFT JOIN memberships m ON m.room_id = r.room_id AND m.user_id = ?
               WHERE r.room_id = ? AND r.deleted_at_ms IS NULL";
    let row = shared.database.row(sql, values![user, room]).await?.ok_or(Error::NoSuchRoom(room))?;
    if !row.is_null(1) && !row.flag(1)? {
        return Err(Error::AlreadyMember { room, user });
    }
    let Some(hash) = row.text_or_null(0)? else { return Ok(()) };
    let password = password.ok_or(Error::WrongPassword)?;
    let turn = shared.passwords.turn().await?;
    shared.limit.check_room(user, room, now_ms())?;
    if shared.passwords.matches(&turn, password, Some(hash)).await? {
        return Ok(());
    }
    shared.limit.failed_room(user, room, now_ms());
    Err(Error::WrongPassword)
}
