//! Messages of all rooms, chosen by a setting, matched in this file alone.

mod batch;
mod device_window;
mod embedded;
mod heads;
mod page;
mod scylla;
mod tables;
mod withdrawn;

use std::sync::Arc;

use bytes::Bytes;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};
use tokio::sync::watch;

pub use page::{Page, PageQuery};
pub use scylla::{Examined, SetUp};

use crate::address::StoreAddress;
use crate::config::Config;
use crate::error::Error;
use crate::folder_lock::FolderLock;
use crate::members::Accounts;
use crate::runtime::{Runtime, not_finished};
use crate::stats::MessageStats;

use batch::Rows;
use embedded::Embedded;
use heads::{Heads, News};
use scylla::Scylla;

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
    /// Beside it, in the data folder, what rooms need while it is away.
    Scylla(Arc<Scylla>, Arc<Heads>),
}

impl MessageStore {
    pub(crate) fn open(
        config: &Config,
        runtime: &Arc<Runtime>,
        accounts: &Accounts,
        lock: FolderLock,
    ) -> Result<Self, Error> {
        let returned = watch::Sender::new(0);
        let back_end = if Scylla::is_meant(&config.messages) {
            let scylla = Scylla::open(&config.messages, runtime, returned.clone(), lock)?;
            let path = config.data.join("heads");
            let heads = Runtime::open_nicely(|| {
                let rooms = accounts.rooms();
                Heads::open(&path, || runtime.wait_for(async move { rooms.newest().await })?)
            })??;
            BackEnd::Scylla(Arc::new(scylla), Arc::new(heads))
        } else {
            let path = config.embedded_path()?;
            let embedded = Runtime::open_nicely(|| Embedded::open(&path, config.message_cache_bytes, Some(lock)))??;
            BackEnd::Embedded(Arc::new(embedded))
        };
        Ok(Self { runtime: runtime.clone(), back_end, returned })
    }

    /// Whether an address can be understood, without looking whether the store is there.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(address: &StoreAddress) -> Result<(), Error> {
        if Scylla::is_meant(address) {
            return Scylla::check(address);
        }
        Config { messages: address.clone(), ..Config::new("") }.embedded_path().map(drop)
    }

    /// The tables that a store needs before anything runs on it; `None` for one that makes its own.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn set_up(address: &StoreAddress) -> Result<Option<SetUp>, Error> {
        Self::check(address)?;
        if Scylla::is_meant(address) { SetUp::of(address).map(Some) } else { Ok(None) }
    }

    /// Whether the store may lose what it confirmed when it dies, because it syncs later and by itself.
    pub const fn confirms_before_sync(&self) -> bool {
        match &self.back_end {
            BackEnd::Embedded(_) => false,
            BackEnd::Scylla(..) => true,
        }
    }

    /// Rises each time that the store is back from an absence in which it may have lost what it confirmed: before it
    /// answers anything again, so that no write is confirmed and no page read in between.
    pub(crate) fn returns(&self) -> watch::Receiver<u64> {
        self.returned.subscribe()
    }

    /// Writes messages: each of `frames` is any number of MESSAGE frames without session id, back to back. What is no such
    /// frame has nothing of a call written; the same room and id again replaces what was there. Durable after
    /// [`Self::sync`].
    ///
    /// # Errors
    /// [`Error::Internal`] for bytes that are no MESSAGE frames, [`Error::StorageFull`], [`Error::Unavailable`]: some of
    /// the messages may be there, and the same call again makes sure.
    pub async fn write(&self, frames: &[Bytes]) -> Result<(), Error> {
        let frames = frames.to_vec();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => self.runtime.run_blocking_write(move || embedded.write(&frames)).await,
            BackEnd::Scylla(scylla, heads) => self.write_remotely(scylla, heads, frames).await,
        }
    }

    /// [`Self::write`] and [`Self::sync`] in one: when it returns, these messages are on the disk, or confirmed where
    /// [`Self::confirms_before_sync`]. The way to write where others write too.
    ///
    /// # Errors
    /// As [`Self::write`]; the messages may be there or not, and the same call again makes sure.
    pub async fn write_durably(&self, frames: &[Bytes]) -> Result<(), Error> {
        let frames = frames.to_vec();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => {
                self.runtime.run_blocking_write(move || embedded.write_durably(&frames)).await
            }
            BackEnd::Scylla(scylla, heads) => self.write_remotely(scylla, heads, frames).await,
        }
    }

    /// Returns when everything written before is on the disk, provided that no write or sync has failed since. Nothing to
    /// do where the store [confirms before it syncs](Self::confirms_before_sync).
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Unavailable`]. What was written since the last sync must be written again.
    pub async fn sync(&self) -> Result<(), Error> {
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => self.runtime.run_blocking_write(move || embedded.sync()).await,
            BackEnd::Scylla(scylla, _) => self.off_the_limit(async move { scylla.is_open() }).await,
        }
    }

    /// A page of a room's messages: up to `limit` of them and `bytes_max` bytes of frames, though always one if there
    /// is one.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`], [`Error::NotSetUp`].
    pub async fn page(&self, room: RoomId, query: PageQuery, limit: usize, bytes_max: usize) -> Result<Page, Error> {
        let runtime = self.runtime.clone();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => {
                runtime.run_blocking_read(move || embedded.page(room, query, limit, bytes_max)).await
            }
            BackEnd::Scylla(scylla, _) => {
                runtime.run(async move { scylla.page(room, query, limit, bytes_max).await }).await
            }
        }
    }

    /// [`Self::page`] for who has time: on the calling thread, which it blocks, and none of the requests.
    pub(crate) fn page_behind(
        &self,
        room: RoomId,
        query: PageQuery,
        limit: usize,
        bytes: usize,
    ) -> Result<Page, Error> {
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => embedded.page(room, query, limit, bytes),
            BackEnd::Scylla(scylla, _) => {
                self.runtime.wait_for(async move { scylla.page(room, query, limit, bytes).await })?
            }
        }
    }

    /// The frames of these messages, `None` for each that is not there.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn each(&self, messages: Vec<(RoomId, MessageId)>) -> Result<Vec<Option<Bytes>>, Error> {
        let runtime = self.runtime.clone();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => runtime.run_blocking_read(move || embedded.each(&messages)).await,
            BackEnd::Scylla(scylla, _) => runtime.run(async move { scylla.each(&messages).await }).await,
        }
    }

    /// The room's newest message, `None` where it has none.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn newest(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        let runtime = self.runtime.clone();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => runtime.run_blocking_read(move || embedded.newest(room)).await,
            BackEnd::Scylla(scylla, _) => runtime.run(async move { scylla.newest(room).await }).await,
        }
    }

    /// How many messages of the room are newer than `after`; counting stops at `cap`.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn count_after(&self, room: RoomId, after: MessageId, cap: u32) -> Result<u32, Error> {
        let runtime = self.runtime.clone();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => {
                runtime.run_blocking_read(move || embedded.count_after(room, after, cap)).await
            }
            BackEnd::Scylla(scylla, _) => runtime.run(async move { scylla.count_after(room, after, cap).await }).await,
        }
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
        let runtime = self.runtime.clone();
        match self.back_end.clone() {
            BackEnd::Embedded(embedded) => {
                runtime.run_blocking_read(move || embedded.device_window(room, user, device)).await
            }
            BackEnd::Scylla(scylla, _) => {
                runtime.run(async move { scylla.device_window(room, user, device).await }).await
            }
        }
    }

    /// The room's newest message as the data folder knows it, whether a remote store answers or not: zero where it has none,
    /// `None` where the folder may not know, because the room is older than it.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`]: of the folder, or because the store itself is embedded in it.
    pub async fn newest_at_hand(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        match self.back_end.clone() {
            BackEnd::Embedded(_) => Err(nothing_beside()),
            BackEnd::Scylla(_, heads) => self.runtime.clone().run_blocking_read(move || heads.newest(room)).await,
        }
    }

    /// [`Self::device_window`] as the data folder knows it: all there is where [`Self::newest_at_hand`] knows the room.
    ///
    /// # Errors
    /// As [`Self::newest_at_hand`].
    pub async fn device_window_at_hand(
        &self,
        room: RoomId,
        user: UserId,
        device: DeviceId,
    ) -> Result<Vec<(Sequence, MessageId)>, Error> {
        match self.back_end.clone() {
            BackEnd::Embedded(_) => Err(nothing_beside()),
            BackEnd::Scylla(_, heads) => {
                self.runtime.clone().run_blocking_read(move || heads.window((room, user, device))).await
            }
        }
    }

    pub(crate) fn stats(&self) -> MessageStats {
        match &self.back_end {
            BackEnd::Embedded(embedded) => embedded.stats(),
            BackEnd::Scylla(scylla, _) => scylla.stats(),
        }
    }

    /// Syncs and lets go of the files. Blocks.
    pub(crate) fn close(&self) -> Result<(), Error> {
        match &self.back_end {
            BackEnd::Embedded(embedded) => embedded.close(),
            BackEnd::Scylla(scylla, heads) => {
                scylla.close();
                heads.close()
            }
        }
    }

    /// To both at once: what the folder knows before the store confirms it is in the journal still.
    async fn write_remotely(&self, scylla: Arc<Scylla>, heads: Arc<Heads>, frames: Vec<Bytes>) -> Result<(), Error> {
        let runtime = self.runtime.clone();
        self.off_the_limit(async move {
            let rows = Rows::of(&frames)?;
            let news = News::of(&rows);
            let here = runtime.run_blocking_write(move || heads.write(&news));
            let (there, here) = tokio::join!(scylla.write(&rows), here);
            there.and(here)
        })
        .await
    }

    /// Writes come from the lanes, a bounded number, and take no permit of the requests'.
    async fn off_the_limit(&self, work: impl Future<Output = Result<(), Error>> + Send + 'static) -> Result<(), Error> {
        self.runtime.handle().spawn(work).await.map_err(not_finished)?
    }
}

fn nothing_beside() -> Error {
    Error::Unavailable(
        "the message store in the data folder cannot be read, and nothing else has its messages".to_owned(),
    )
}
