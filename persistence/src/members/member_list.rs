//! Who is in a room, and who was.

use moim_wire::schema::Role;
use moim_wire::{MessageId, RoomId, UserId};

use super::MemberEntry;
use super::office::stored_office;
use super::room::{Rooms, limit_of};
use crate::error::Error;
use crate::sql::{Row, values};

impl Rooms {
    /// Members with user ids above `after`, rising, at most `limit`, and those who left, so that their messages have a
    /// name. Whether the asker may see them is for the caller to decide.
    ///
    /// # Errors
    /// The store's. A room that never was has no members.
    pub async fn members(&self, room: RoomId, after: UserId, limit: usize) -> Result<Vec<MemberEntry>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT m.user_id, u.name, u.email, m.role, m.read_mark, m.has_left, o.office
                           FROM memberships m JOIN users u ON u.user_id = m.user_id
                           LEFT JOIN offices o ON o.room_id = m.room_id AND o.user_id = m.user_id
                           WHERE m.room_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?";
                let rows = shared.database.rows(sql, values![room, after, limit_of(limit)]).await?;
                rows.iter().map(member_of).collect()
            })
            .await
    }

    /// Whether the user is a member of the room now.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_member(&self, room: RoomId, user: UserId) -> Result<bool, Error> {
        Ok(self.role_of(room, user).await?.is_some())
    }

    /// The user's role in the room, `None` for one who is no member.
    ///
    /// # Errors
    /// The store's.
    pub async fn role_of(&self, room: RoomId, user: UserId) -> Result<Option<Role>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT role FROM memberships WHERE room_id = ? AND user_id = ? AND has_left = 0";
                shared.database.row(sql, values![room, user]).await?.map(|row| row.int(0).map(Role)).transpose()
            })
            .await
    }
}

fn member_of(row: &Row) -> Result<MemberEntry, Error> {
    Ok(MemberEntry {
        user: UserId(row.int(0)?),
        name: row.text(1)?,
        email: row.text_or_null(2)?.unwrap_or_default(),
        role: Role(row.int(3)?),
        read_mark: MessageId(row.int(4)?),
        left: row.flag(5)?,
        office: stored_office(row, 6)?,
    })
}
