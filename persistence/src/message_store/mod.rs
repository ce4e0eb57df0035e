//! Messages of all rooms, chosen by a setting, matched in this file alone.

mod batch;
mod device_window;
mod embedded;
mod page;
mod tables;
mod withdrawn;

use std::sync::Arc;

use bytes::Bytes;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};
use tokio::sync::watch;

pub use page::{Page, PageQuery};

use crate::config::Config;
use crate::error::Error;
use crate::folder_lock::FolderLock;
use crate::runtime::Runtime;
use crate::stats::MessageStats;

use embedded::Embedded;

/// The message store. Cheap to clone; every `async` method may be awaited on any executor.
#[derive(Clone)]
pub struct MessageStore {
    runtime: Arc<Runtime>,
    back_end: BackEnd,
    returned: watch::Sender<u64>,
}

#[derive(Clone)]
enum BackEnd {
    Embedded(Arc<Embedded>),
}

impl MessageStore {
    pub(crate) fn open(config: &Config, runtime: &Arc<Runtime>, lock: FolderLock) -> Result<Self, Error> {
        let path = config.embedded_path()?;
        let embedded = Runtime::open_nicely(|| Embedded::open(&path, config.message_cache_bytes, lock))??;
        let back_end = BackEnd::Embedded(Arc::new(embedded));
        Ok(Self { runtime: runtime.clone(), back_end, returned: watch::Sender::new(0) })
    }

    /// Whether the store may lose what it confirmed when it dies, because it syncs later and by itself.
    pub const fn confirms_before_sync(&self) -> bool {
        match &self.back_end {
            BackEnd::Embedded(_) => false,
        }
    }

    /// Rises each time that the store is back from an absence in which it may have lost what it confirmed: before it
    /// answers anything again, so that no write is confirmed and no page read in between.
    pub(crate) fn returns(&self) -> watch::Receiver<u64> {
        self.returned.subscribe()
    }

    /// Writes messages: each of `frames` is any number of MESSAGE frames without session id, back to back. All or none
    /// of one call is written; the same room and id again replaces what was there. Durable after [`Self::sync`].
    ///
    /// # Errors
    /// [`Error::Internal`] for bytes that are no MESSAGE frames, [`Error::StorageFull`], [`Error::Unavailable`].
    pub async fn write(&self, frames: &[Bytes]) -> Result<(), Error> {
        let frames = frames.to_vec();
        self.off_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.write(&frames),
        })
        .await
    }

    /// [`Self::write`] and [`Self::sync`] in one: when it returns, these messages are on the disk. The way to write
    /// where others write too.
    ///
    /// # Errors
    /// As [`Self::write`]; the messages may be there or not, and the same call again makes sure.
    pub async fn write_durably(&self, frames: &[Bytes]) -> Result<(), Error> {
        let frames = frames.to_vec();
        self.off_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.write_durably(&frames),
        })
        .await
    }

    /// Returns when everything written before is on the disk, provided that no write or sync has failed since.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Unavailable`]. What was written since the last sync must be written again.
    pub async fn sync(&self) -> Result<(), Error> {
        self.off_the_limit(|back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.sync(),
        })
        .await
    }

    /// A page of a room's messages: up to `limit` of them and `bytes_max` bytes of frames, though always one if there
    /// is one.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`].
    pub async fn page(&self, room: RoomId, query: PageQuery, limit: usize, bytes_max: usize) -> Result<Page, Error> {
        self.within_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.page(room, query, limit, bytes_max),
        })
        .await
    }

    /// The room's newest message, `None` where it has none.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn newest(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        self.within_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.newest(room),
        })
        .await
    }

    /// How many messages of the room are newer than `after`; counting stops at `cap`.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn count_after(&self, room: RoomId, after: MessageId, cap: u32) -> Result<u32, Error> {
        self.within_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.count_after(room, after, cap),
        })
        .await
    }

    /// The newest sequences that the store has from that device in that room, at most
    /// [`SENDS_IN_FLIGHT_MAX`](moim_wire::limits::SENDS_IN_FLIGHT_MAX), rising. A room's own events (device 0) are of
    /// user 0 here, whoever caused them, since their sequence is the change's number.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn device_window(
        &self,
        room: RoomId,
        user: UserId,
        device: DeviceId,
    ) -> Result<Vec<(Sequence, MessageId)>, Error> {
        self.within_the_limit(move |back_end| match back_end {
            BackEnd::Embedded(embedded) => embedded.device_window(room, user, device),
        })
        .await
    }

    pub(crate) fn stats(&self) -> MessageStats {
        match &self.back_end {
            BackEnd::Embedded(embedded) => embedded.stats(),
        }
    }

    /// Syncs and lets go of the files. Blocks.
    pub(crate) fn close(&self) -> Result<(), Error> {
        match &self.back_end {
            BackEnd::Embedded(embedded) => embedded.close(),
        }
    }

    /// Reads take one of the requests' permits, and wait for one of the threads that reads may have.
    async fn within_the_limit<T>(
        &self,
        work: impl FnOnce(BackEnd) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let back_end = self.back_end.clone();
        self.runtime.clone().run_blocking_read(move || work(back_end)).await
    }

    /// Writes come from the lanes, a bounded number, and take a thread that reads leave free.
    async fn off_the_limit<T>(
        &self,
        work: impl FnOnce(BackEnd) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let back_end = self.back_end.clone();
        self.runtime.run_blocking_write(move || work(back_end)).await
    }
}
