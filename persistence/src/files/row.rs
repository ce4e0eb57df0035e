//! The rows of files.

use moim_wire::{MessageId, RoomId, UserId};

use super::{FileEntry, FileId, Files, NewFile};
use crate::clock::now_ms;
use crate::error::Error;
use crate::sql::{Row, transact, values};

/// Bytes are coming.
pub(super) const COMING: u32 = 0;
pub(super) const STORED: u32 = 1;
/// To be removed, the bytes first.
pub(super) const LEAVING: u32 = 2;

/// What a new row is.
pub(super) struct Begun {
    pub(super) id: FileId,
    pub(super) key: String,
    /// Of the user's quota.
    pub(super) reserved: u64,
}

impl Files {
    /// Enters a file whose bytes are coming, `wanted` at most; reserves as many of them as the user has left.
    pub(super) async fn enter(&self, user: UserId, wanted: u64) -> Result<Begun, Error> {
        self.shared
            .run(move |shared| async move {
                let quota = shared.files.user_bytes_max;
                let drawn = getrandom::u64().and_then(|high| getrandom::u64().map(|low| (high, low)));
                let (high, low) = drawn.map_err(|error| Error::Internal(format!("no randomness: {error}")))?;
                let key = format!("{high:016x}{low:016x}");
                let (id, reserved) = transact!(shared.database.write(), |transaction| {
                    // Uploads of one user are counted one after the other.
                    let sql = "SELECT user_id FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                    let found = transaction.row_for_update(sql, values![user]).await?;
                    found.ok_or_else(|| Error::NoSuchUser(user.to_string()))?;
                    let sql = "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS SIGNED) FROM files
                               WHERE user_id = ? AND state <> ?";
                    let used = transaction.row_for_update(sql, values![user, LEAVING]).await?;
                    let left = quota.saturating_sub(used.map_or(Ok(0), |row| row.int(0))?);
                    if left == 0 {
                        return Err(Error::QuotaExceeded { left, quota });
                    }
                    let reserved = wanted.min(left);
                    let sql = "INSERT INTO files (object_key, state, user_id, room_id, message_id, name, content_type,
                                                  size_bytes, created_at_ms)
                               VALUES (?, ?, ?, 0, 0, '', '', ?, ?)";
                    let values = values![&*key, COMING, user, reserved, now_ms()];
                    let inserted = transaction.try_execute(sql, values).await?;
                    let inserted = inserted.ok_or_else(|| Error::Internal("a file's id was taken".to_owned()))?;
                    Ok((inserted.id, reserved))
                })?;
                Ok(Begun { id: FileId(id), key, reserved })
            })
            .await
    }

    /// The bytes are there. False where the file was to be removed meanwhile.
    pub(super) async fn entered(&self, id: FileId, room: RoomId, size: u64, new: NewFile) -> Result<bool, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let sql = "UPDATE files SET state = ?, room_id = ?, name = ?, content_type = ?, size_bytes = ?,
                                                created_at_ms = ?
                               WHERE file_id = ? AND state = ?";
                    let NewFile { name, content_type } = &new;
                    let values = values![STORED, room, &**name, &**content_type, size, now_ms(), id.0, COMING];
                    Ok(transaction.execute(sql, values).await? > 0)
                })
            })
            .await
    }

    /// The file is shown by that message.
    ///
    /// # Errors
    /// The store's.
    pub async fn shown(&self, id: FileId, message: MessageId) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "UPDATE files SET message_id = ? WHERE file_id = ?";
                    transaction.execute(sql, values![message, id.0]).await.map(drop)
                })
            })
            .await
    }

    /// A file whose bytes are there.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`].
    pub async fn get(&self, id: FileId) -> Result<FileEntry, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT file_id, object_key, user_id, room_id, message_id, name, content_type, size_bytes,
                                  created_at_ms
                           FROM files WHERE file_id = ? AND state = ?";
                let row = shared.database.row(sql, values![id.0, STORED]).await?;
                entry_of(&row.ok_or(Error::NoSuchFile(id))?)
            })
            .await
    }

    /// Files shown in a room, newest first, those below `before` (all where `None`), at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_room(&self, room: RoomId, before: Option<FileId>, limit: u32) -> Result<Vec<FileEntry>, Error> {
        let before = before.map_or(u64::MAX, |before| before.0);
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT file_id, object_key, user_id, room_id, message_id, name, content_type, size_bytes,
                                  created_at_ms
                           FROM files WHERE room_id = ? AND file_id < ? AND state = ? AND message_id > 0
                           ORDER BY file_id DESC LIMIT ?";
                let rows = shared.database.rows(sql, values![room, before, STORED, limit]).await?;
                rows.iter().map(entry_of).collect()
            })
            .await
    }

    /// Whether the file is the receipt of an expense that is proposed or paid, and stays.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_receipt(&self, id: FileId) -> Result<bool, Error> {
        self.shared
            .run(move |shared| async move { Ok(shared.database.row(RECEIPT, values![id.0]).await?.is_some()) })
            .await
    }

    /// Removes a file: readers do not find it from here on, and its bytes go. Where those cannot be removed now,
    /// [`Self::clean`] will.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for the receipt of an expense that is proposed or paid.
    pub async fn remove(&self, id: FileId) -> Result<(), Error> {
        let key = self
            .shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    if transaction.row_for_update(RECEIPT, values![id.0]).await?.is_some() {
                        return Err(Error::NotAllowed("the file is the receipt of an expense, and stays with it"));
                    }
                    transaction.execute("UPDATE files SET state = ? WHERE file_id = ?", values![LEAVING, id.0]).await?;
                    let sql = "SELECT object_key FROM files WHERE file_id = ?";
                    transaction.row_for_update(sql, values![id.0]).await?.map(|row| row.text(0)).transpose()
                })
            })
            .await?;
        let Some(key) = key else { return Ok(()) };
        if let Err(error) = self.take_away(id, &key).await {
            tracing::warn!(file = id.0, %error, "the bytes of a removed file go later");
        }
        Ok(())
    }

    /// The last two steps of a removal.
    pub(super) async fn take_away(&self, id: FileId, key: &str) -> Result<(), Error> {
        self.shared.files.remove(key).await?;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "DELETE FROM files WHERE file_id = ? AND state = ?";
                    transaction.execute(sql, values![id.0, LEAVING]).await.map(drop)
                })
            })
            .await
    }
}

/// The expense that a file is the receipt of, one that is begun, waits or is paid.
pub(super) const RECEIPT: &str = "SELECT expense_id FROM expenses WHERE file_id = ? AND state IN (0, 1, 2)";

/// From the columns `file_id, object_key, user_id, room_id, message_id, name, content_type, size_bytes, created_at_ms`.
pub(super) fn entry_of(row: &Row) -> Result<FileEntry, Error> {
    Ok(FileEntry {
        id: FileId(row.int(0)?),
        key: row.text(1)?,
        user: UserId(row.int(2)?),
        room: RoomId(row.int(3)?),
        message: MessageId(row.int(4)?),
        name: row.text(5)?,
        content_type: row.text(6)?,
        size: row.int(7)?,
        created_at_ms: row.int(8)?,
    })
}
