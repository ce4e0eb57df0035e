//! The message store joined with what the journal has for it: together everything that was committed when they were asked.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use moim_persistence::{Accounts, Error as StoreError, PageQuery, Persistence};
use moim_wire::limits::HISTORY_BYTES_MAX;
use moim_wire::{MessageId, RoomId, Sequence};

use crate::error::Error;
use crate::journal::{Backlogs, Page, Sender, View, join_sends};
use crate::router::ShardId;
use crate::shard::split_frames;

/// Both as they were at one moment, for one question. The journal is read first: what it gave up meanwhile is in the store
/// when that is read.
pub(super) struct Joined {
    persistence: Persistence,
    backlogs: Arc<Backlogs>,
    generation: u64,
    view: View,
}

impl Joined {
    pub(super) fn now(persistence: &Persistence, backlogs: &Arc<Backlogs>, shard: ShardId) -> Self {
        // In this order: a view taken after a rewind has what the store may have lost.
        let generation = backlogs.generation();
        let view = backlogs.view(shard.0);
        Self { persistence: persistence.clone(), backlogs: Arc::clone(backlogs), generation, view }
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
        if let Some(page) = self.view.whole(&waiting, query, limit) {
            return Ok(concat(&page));
        }
        let stored = self.persistence.messages().page(room, query, limit, HISTORY_BYTES_MAX).await?;
        self.check()?;
        if waiting.frames.is_empty() {
            return Ok((stored.frames, stored.more));
        }
        let stored = Page { frames: split_frames(&stored.frames), more: stored.more };
        Ok(concat(&stored.join(waiting, query, limit)))
    }

    /// A device's newest sends in a room, rising.
    pub(super) async fn sends(&self, sender: Sender) -> Result<Vec<(Sequence, MessageId)>, StoreError> {
        let waiting = self.read(move |view| view.sends(sender)).await?;
        let (room, user, device) = sender;
        let stored = self.persistence.messages().device_window(room, user, device).await?;
        self.check()?;
        Ok(if waiting.is_empty() { stored } else { join_sends(stored, waiting) })
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
