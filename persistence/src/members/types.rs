//! What the accounts' store takes and gives.

use moim_wire::schema::{Kind, Role};
use moim_wire::{MessageId, RoomId, UserId};

use super::office::Office;

/// What a person signs up with, or changes all of at once.
#[derive(Clone, PartialEq, Eq)]
pub struct SignUp {
    /// Up to 254 characters; unique, whatever its letters' case.
    pub email: String,
    /// 1 to 40 characters.
    pub username: String,
    /// 8 to 72 bytes.
    pub password: String,
}

impl std::fmt::Debug for SignUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("SignUp").field("email", &self.email).field("username", &self.username).finish_non_exhaustive()
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id, from 1, never given twice.
    pub id: UserId,
    /// As the person wrote it.
    pub email: String,
    /// What others see.
    pub name: String,
}

/// A login that was granted.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The session token, a JWT.
    pub token: String,
    /// The login's id, by which it can be ended.
    pub login: u64,
    /// Whose it is.
    pub user: User,
    /// Unix time in milliseconds at which the token ends.
    pub expires_at_ms: u64,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Who reads a token in a log is its bearer.
        f.debug_struct("Login").field("login", &self.login).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// The login that the token belongs to.
    pub login: u64,
    /// The user's e-mail address now.
    pub email: String,
    /// The user's name now.
    pub name: String,
    /// Unix time in milliseconds at which the token ends.
    pub expires_at_ms: u64,
}

/// Logins ended since a cursor, oldest first, at most 1,000 of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedLogins {
    /// What to ask with next time.
    pub cursor: u64,
    /// User and login id of each.
    pub logins: Vec<(UserId, u64)>,
}

/// What a room is created with.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRoom {
    /// 1 to 80 characters.
    pub name: String,
    /// Up to 1,000 characters.
    pub description: String,
    /// Whether joining takes the password.
    pub private: bool,
    /// Of a private room 1 to 72 bytes; of another it is not looked at.
    pub password: String,
}

impl std::fmt::Debug for NewRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("NewRoom").field("name", &self.name).field("private", &self.private).finish_non_exhaustive()
    }
}

/// A room as anyone may see it who found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its id, from 1, never given twice.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether joining takes a password.
    pub private: bool,
    /// Who created it.
    pub creator: UserId,
    /// The creator's name.
    pub creator_name: String,
    /// Unix time in milliseconds.
    pub created_at_ms: u64,
    /// Members now.
    pub members: u32,
}

/// A room that a user is a member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOfUser {
    /// The room.
    pub room: Room,
    /// The user's role in it.
    pub role: Role,
    /// The newest message that the user has read.
    pub read_mark: MessageId,
}

/// A member of a room, or a former one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberEntry {
    /// The user.
    pub user: UserId,
    /// The user's name now.
    pub name: String,
    /// The user's e-mail address; empty when the account was deleted.
    pub email: String,
    /// The role; `Member` for those who left.
    pub role: Role,
    /// The newest message that the user has read.
    pub read_mark: MessageId,
    /// No member any more.
    pub left: bool,
    /// What the member does for the room's money.
    pub office: Option<Office>,
}

/// A change of a room that was committed: sequence the room's changes up to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The room.
    pub room: RoomId,
    /// The newest of the numbers given.
    pub change: u32,
}

/// A change of a room that waits to be sequenced among its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomChange {
    /// The change's number: dense within the room, from 1.
    pub change: u32,
    /// `MemberJoined` and above.
    pub kind: Kind,
    /// Who made it.
    pub actor: UserId,
    /// The user whom it is about; 0 where it is about the room.
    pub subject: u64,
    /// The subject's name, or the room's new one.
    pub text: String,
    /// The subject's role from here on (`MemberJoined` and `RoleChanged`), or office (`OfficeChanged`).
    pub role: Role,
}

/// A room as its owner loads it, all of one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSnapshot {
    /// Its name.
    pub name: String,
    /// Deleted: it has no members, and takes none.
    pub deleted: bool,
    /// The newest change's number, 0 when there was none yet.
    pub last_change: u32,
    /// Members and read marks, rising by user. The pending changes are applied already; applying them again is harmless.
    pub members: Vec<(UserId, Role, MessageId)>,
    /// The first 1,000 changes not yet sequenced, rising; ask [`Rooms::changes`](crate::Rooms::changes) for more.
    pub changes: Vec<RoomChange>,
}
