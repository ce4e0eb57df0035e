//! What a crash or a withdrawal left: found in the rows, and removed.

use moim_wire::limits::{FRAME_BYTES_MAX, HISTORY_BYTES_MAX, HISTORY_LIMIT_MAX};
use moim_wire::schema::{Kind, Message};
use moim_wire::{Frame, MessageId, body, withdrawal};

use super::row::{COMING, LEAVING, STORED, entry_of};
use super::{FileEntry, FileId, Files};
use crate::clock::now_ms;
use crate::error::Error;
use crate::message_store::{MessageStore, PageQuery};
use crate::sql::{transact, values};

/// Nothing that is still coming is older: uploads have far less time.
const COMING_MS_MAX: u64 = 60 * 60 * 1_000;
/// A file's message is said within seconds after its bytes were there, or not at all.
const SAID_WITHIN_MS: u64 = 60 * 1_000;
/// A message that was said is in its store by then.
const WRITTEN_WITHIN_MS: u64 = 24 * 60 * 60 * 1_000;
/// Files looked at in one pass, of each kind.
const AT_ONCE: u32 = 500;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files removed with their bytes.
    pub removed: u64,
    /// Files whose messages were withdrawn, among them.
    pub withdrawn: u64,
    /// Files whose messages were found.
    pub found: u64,
    /// Where the next pass goes on looking for withdrawn messages.
    pub looked_up_to: FileId,
}

impl Files {
    /// Whether the message of a file was taken back, as far as the store of messages knows. The receipt of an expense stays
    /// for who asks of that, whatever becomes of its message.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_withdrawn(&self, file: &FileEntry, messages: &MessageStore) -> Result<bool, Error> {
        if file.message == MessageId::ZERO {
            return Ok(false);
        }
        let query = PageQuery::Before(MessageId(file.message.0 + 1));
        let page = messages.page(file.room, query, 1, HISTORY_BYTES_MAX).await?;
        let found = each(&page.frames, |message| {
            let is_it = message.head().id() == file.message.0;
            (is_it && withdrawal::is_withdrawn(message)).then_some(MessageId(message.head().id()))
        });
        Ok(found.is_some() && !self.is_receipt(file.id).await?)
    }

    /// One pass: uploads that were cut short, files of deleted rooms, files that were never shown, and some of those whose
    /// messages may have been withdrawn, from `after` on. What cannot be decided now is left to a later pass.
    ///
    /// # Errors
    /// The stores'; what was done until then stands.
    pub async fn clean(&self, messages: &MessageStore, after: FileId) -> Result<Cleaned, Error> {
        let mut cleaned = Cleaned::default();
        self.give_up_unfinished().await?;
        for file in self.not_shown().await? {
            match self.find_message(&file, messages).await? {
                Some(message) => {
                    self.shown(file.id, message).await?;
                    cleaned.found += 1;
                }
                None if file.created_at_ms + WRITTEN_WITHIN_MS < now_ms() => self.mark(file.id).await?,
                None => {}
            }
        }
        let shown = self.shown_after(after).await?;
        // The next pass begins anew behind the last one.
        let is_last = shown.len() < AT_ONCE as usize;
        cleaned.looked_up_to = FileId(if is_last { 0 } else { shown.last().map_or(0, |file| file.id.0) });
        for file in shown {
            if self.is_withdrawn(&file, messages).await? {
                self.mark(file.id).await?;
                cleaned.withdrawn += 1;
            }
        }
        for (id, key) in self.leaving().await? {
            self.take_away(id, &key).await?;
            cleaned.removed += 1;
        }
        Ok(cleaned)
    }

    async fn give_up_unfinished(&self) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "UPDATE files SET state = ? WHERE state = ? AND created_at_ms < ?";
                    let before_ms = now_ms().saturating_sub(COMING_MS_MAX);
                    transaction.execute(sql, values![LEAVING, COMING, before_ms]).await?;
                    let sql = "UPDATE files SET state = ? WHERE state = ? AND room_id IN
                               (SELECT room_id FROM rooms WHERE deleted_at_ms IS NOT NULL)";
                    transaction.execute(sql, values![LEAVING, STORED]).await.map(drop)
                })
            })
            .await
    }

    async fn mark(&self, id: FileId) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    // A receipt of an expense stays, also where that was proposed meanwhile.
                    let sql = "UPDATE files SET state = ? WHERE file_id = ?
                               AND NOT EXISTS (SELECT 1 FROM expenses e
                                               WHERE e.file_id = files.file_id AND e.state IN (0, 1, 2))";
                    transaction.execute(sql, values![LEAVING, id.0]).await.map(drop)
                })
            })
            .await
    }

    /// Stored long ago, and of no message: the server was stopped between the two, or does not know what became of the
    /// message.
    async fn not_shown(&self) -> Result<Vec<FileEntry>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT file_id, object_key, user_id, room_id, message_id, name, content_type, size_bytes,
                                  created_at_ms
                           FROM files WHERE state = ? AND message_id = 0 AND created_at_ms < ?
                           ORDER BY file_id LIMIT ?";
                let before_ms = now_ms().saturating_sub(SAID_WITHIN_MS);
                let rows = shared.database.rows(sql, values![STORED, before_ms, AT_ONCE]).await?;
                rows.iter().map(entry_of).collect()
            })
            .await
    }

    async fn shown_after(&self, after: FileId) -> Result<Vec<FileEntry>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT file_id, object_key, user_id, room_id, message_id, name, content_type, size_bytes,
                                  created_at_ms
                           FROM files WHERE state = ? AND file_id > ? AND message_id > 0 ORDER BY file_id LIMIT ?";
                let rows = shared.database.rows(sql, values![STORED, after.0, AT_ONCE]).await?;
                rows.iter().map(entry_of).collect()
            })
            .await
    }

    async fn leaving(&self) -> Result<Vec<(FileId, String)>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT file_id, object_key FROM files WHERE state = ? ORDER BY file_id LIMIT ?";
                let rows = shared.database.rows(sql, values![LEAVING, AT_ONCE]).await?;
                rows.iter().map(|row| Ok((FileId(row.int(0)?), row.text(1)?))).collect()
            })
            .await
    }

    /// The message that shows a file: a File of its uploader's, said within a moment after its bytes were there.
    async fn find_message(&self, file: &FileEntry, messages: &MessageStore) -> Result<Option<MessageId>, Error> {
        let mut after = MessageId::at_unix_ms(file.created_at_ms);
        let end = MessageId::at_unix_ms(file.created_at_ms + SAID_WITHIN_MS);
        let named = format!("\"fileId\":\"{}\"", file.id);
        loop {
            let page = messages.page(file.room, PageQuery::After(after), HISTORY_LIMIT_MAX, HISTORY_BYTES_MAX).await?;
            let found = each(&page.frames, |message| {
                let shows = message.kind() == Kind::File
                    && message.head().sender() == file.user.0
                    && message.text().contains(&named);
                shows.then_some(MessageId(message.head().id()))
            });
            match page.newest {
                _ if found.is_some() => return Ok(found),
                Some(newest) if page.more && newest < end => after = newest,
                _ => return Ok(None),
            }
        }
    }
}

/// Looks at the messages of a page until one gives something.
fn each<T>(frames: &[u8], mut look: impl FnMut(&Message<'_>) -> Option<T>) -> Option<T> {
    let mut rest = frames;
    while let Some(frame) = Frame::first(rest, FRAME_BYTES_MAX).ok().flatten() {
        rest = &rest[frame.bytes.len()..];
        if let Some(found) = body::read::<Message<'_>>(frame.body()).ok().and_then(|message| look(&message)) {
            return Some(found);
        }
    }
    None
}
