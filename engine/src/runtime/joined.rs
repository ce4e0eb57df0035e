//! The message store joined with what the journal has for it: together everything that was committed when they were asked.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use moim_persistence::{Accounts, Error as StoreError, PageQuery, Persistence};
use moim_wire::limits::HISTORY_BYTES_MAX;
use moim_wire::{MessageId, RoomId, Sequence};

use crate::error::Error;
use crate::journal::{Backlogs, Page, Sender, View, join_sends, prev_id};
use crate::router::{self, ShardId};
use crate::shard::split_frames;

/// Both as they were at one moment, for one question. The journal is read first: what it gave up meanwhile is in the store
/// when that is read.
pub(super) struct Joined {
    persistence: Persistence,
    backlogs: Arc<Backlogs>,
    shard: ShardId,
    generation: u64,
    settled: u64,
    view: View,
}

impl Joined {
    pub(super) fn now(persistence: &Persistence, backlogs: &Arc<Backlogs>, shard: ShardId) -> Self {
        // In this order: a view taken after a rewind has what the store may have lost.
        let generation = backlogs.generation();
        let settled = backlogs.settled(shard.0);
        let view = backlogs.view(shard.0);
        Self { persistence: persistence.clone(), backlogs: Arc::clone(backlogs), shard, generation, settled, view }
    }

    /// Whether the store lacks anything at all.
    pub(super) fn has_backlog(&self) -> bool {
        !self.view.is_empty()
    }

    pub(super) fn accounts(&self) -> &Accounts {
        self.persistence.accounts()
    }

    /// A page of a room: MESSAGE frames back to back, ids rising, and whether there are more in the direction asked.
    pub(super) async fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> Result<(Bytes, bool), StoreError> {
        let waiting = self.read(move |view| view.page(room, query, limit)).await?;
        let is_unmoved = self.backlogs.settled(self.shard.0) == self.settled;
        if let Some(page) = self.view.whole(&waiting, query, limit).filter(|_| is_unmoved) {
            return Ok(concat(&self.view.emptied(room, page)));
        }
        let stored = self.persistence.messages().page(room, query, limit, HISTORY_BYTES_MAX).await?;
        self.check()?;
        if waiting.frames.is_empty() && !self.view.has_withdrawn(room) {
            return Ok((stored.frames, stored.more));
        }
        let stored = Page { frames: split_frames(&stored.frames), more: stored.more };
        Ok(concat(&self.view.emptied(room, stored.join(waiting, query, limit))))
    }

    /// A device's newest sends in a room, rising.
    pub(super) async fn sends(&self, sender: Sender) -> Result<Vec<(Sequence, MessageId)>, StoreError> {
        let waiting = self.read(move |view| view.sends(sender)).await?;
        let (room, user, device) = sender;
        let messages = self.persistence.messages();
        let stored = match messages.device_window(room, user, device).await {
            Err(StoreError::Unavailable(_)) if self.is_at_hand(room).await? => {
                messages.device_window_at_hand(room, user, device).await?
            }
            stored => {
                let stored = stored?;
                self.check()?;
                stored
            }
        };
        Ok(if waiting.is_empty() { stored } else { join_sends(stored, waiting) })
    }

    /// The newest messages of a room that the journal has, or the newest one's id where it has none, zero
    /// where there is none: for going on while the message store is away. `None` where nobody here knows the room.
    pub(super) async fn recent_at_hand(
        &self,
        room: RoomId,
        limit: usize,
    ) -> Result<Option<(Bytes, MessageId)>, StoreError> {
        let waiting = self.read(move |view| view.page(room, PageQuery::Before(MessageId(u64::MAX)), limit)).await?;
        if waiting.frames.is_empty() {
            let newest = self.persistence.messages().newest_at_hand(room).await?;
            return Ok(newest.map(|newest| (Bytes::new(), newest)));
        }
        Ok(Some((concat(&self.view.emptied(room, waiting)).0, MessageId::ZERO)))
    }

    /// Whether all sends of the room are known without the store: its first message is in the journal or went through here.
    async fn is_at_hand(&self, room: RoomId) -> Result<bool, StoreError> {
        let first = self.read(move |view| view.page(room, PageQuery::After(MessageId::ZERO), 1)).await?;
        let is_first = |(_, frame): &(MessageId, Bytes)| prev_id(frame) == MessageId::ZERO;
        Ok(first.frames.first().is_some_and(is_first)
            || self.persistence.messages().newest_at_hand(room).await?.is_some())
    }

    /// Reads the journal on one of the stores' threads, under their bounds.
    async fn read<T: Default + Send + 'static>(
        &self,
        read: impl FnOnce(&View) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.view.is_empty() {
            return Ok(T::default());
        }
        let view = self.view.clone();
        self.persistence.read_beside(move || read(&view).map_err(|error| journal_error(&error))).await
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.backlogs.generation() == self.generation {
            return Ok(());
        }
        Err(StoreError::Unavailable("the message store was away a moment ago".to_owned()))
    }
}

/// Counts what is unread in rooms, whichever shards own them.
pub(super) struct Unread {
    persistence: Persistence,
    /// By shard.
    views: Vec<View>,
}

impl Unread {
    pub(super) fn now(persistence: &Persistence, backlogs: &Backlogs, shards: u16) -> Self {
        Self { persistence: persistence.clone(), views: (0..shards).map(|shard| backlogs.view(shard)).collect() }
    }

    pub(super) fn accounts(&self) -> &Accounts {
        self.persistence.accounts()
    }

    /// How many messages of each room are newer than the id beside it; counting stops at `cap`.
    pub(super) async fn count(&self, marks: Vec<(RoomId, MessageId)>, cap: u32) -> Result<Vec<u32>, StoreError> {
        let mut waiting = self.waiting(marks.clone(), cap).await?.into_iter();
        let messages = self.persistence.messages();
        let mut counts = Vec::with_capacity(marks.len());
        for (room, mark) in marks {
            let waiting = waiting.next().unwrap_or_default();
            // Looked at first: what the store gets meanwhile is counted twice rather than not at all.
            let newest = if waiting.is_empty() { None } else { messages.newest(room).await? };
            let stored = messages.count_after(room, mark, cap).await?;
            let more = waiting.iter().filter(|&&id| newest.is_none_or(|newest| id > newest)).count();
            counts.push(cap.min(stored + more as u32));
        }
        Ok(counts)
    }

    /// Ids of the newer messages that the journals have.
    async fn waiting(&self, marks: Vec<(RoomId, MessageId)>, cap: u32) -> Result<Vec<Vec<MessageId>>, StoreError> {
        if self.views.iter().all(View::is_empty) {
            return Ok(Vec::new());
        }
        let views = self.views.clone();
        let read = move || {
            let newer = |(room, mark): (RoomId, MessageId)| {
                let owner = router::owner(room, views.len() as u16);
                let page = views[usize::from(owner.0)].page(room, PageQuery::After(mark), cap as usize)?;
                Ok(page.frames.into_iter().map(|(id, _)| id).collect())
            };
            marks.into_iter().map(newer).collect::<Result<_, Error>>().map_err(|error| journal_error(&error))
        };
        self.persistence.read_beside(read).await
    }
}

fn concat(page: &Page) -> (Bytes, bool) {
    let mut frames = BytesMut::new();
    page.frames.iter().for_each(|(_, frame)| frames.extend_from_slice(frame));
    (frames.freeze(), page.more)
}

/// What a journal that cannot be read means to who asks for a room.
pub(super) fn journal_error(error: &Error) -> StoreError {
    match error {
        Error::File { .. } => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Internal(error.to_string()),
    }
}
