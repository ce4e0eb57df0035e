//! The message store in ScyllaDB, or another server that speaks CQL.
//!
//! Rows are only ever put, under timestamps taken from the ids, so that any write may be made again, at any time, in any
//! order: nothing is deleted and nothing is compared. A write is many batches at once; it is confirmed when each of them
//! was. The session is opened when the servers are there: a Moim may start before its store.

mod bucket;
mod coalesce;
mod connection;
mod failure;
mod pace;
mod place;
mod presence;
mod read;
mod schema;
mod sends;
mod set_up;
mod write;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId, withdrawal};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::batch::Rows;
use super::page::{Page, PageQuery, Pager};
use crate::address::StoreAddress;
use crate::error::Error;
use crate::folder_lock::FolderLock;
use crate::runtime::Runtime;
use crate::stats::MessageStats;

use bucket::Bucket;
use coalesce::Coalesced;
use failure::Failure;
use pace::Pace;
use place::Place;
use presence::Presence;
use read::{Columns, Direction, Reading};
use write::{Part, Stored};

pub use set_up::{Examined, SetUp};

/// Statements that read at once.
const READS: usize = 64;
/// Buckets of rooms that are remembered to be in the directory.
const KNOWN: usize = 65_536;
/// How long opening waits for servers that do not refuse either.
const OPENING: Duration = Duration::from_secs(10);

/// A page that is asked for; two are the same only where no write was finished in between.
type PageKey = (RoomId, PageQuery, usize, usize, u64);

pub(super) struct Scylla {
    presence: Arc<Presence>,
    read_timeout: Duration,
    pace: Pace,
    reads: Semaphore,
    pages: Coalesced<PageKey, Result<Page, Failure>>,
    known: Mutex<Known>,
    counters: Counters,
    lock: Mutex<Option<FolderLock>>,
}

/// Buckets that the directory has. It holds between two returns of a server that may have lost some of it.
#[derive(Default)]
struct Known {
    returns: u64,
    buckets: HashSet<(RoomId, Bucket)>,
}

#[derive(Default)]
struct Counters {
    written: AtomicU64,
    written_bytes: AtomicU64,
    writes: AtomicU64,
    pages: AtomicU64,
    errors: AtomicU64,
}

impl Scylla {
    /// Whether an address is of this store.
    pub(super) fn is_meant(address: &StoreAddress) -> bool {
        Place::is_meant(address)
    }

    /// Whether an address can be understood.
    pub(super) fn check(address: &StoreAddress) -> Result<(), Error> {
        Place::parse(address).map(drop)
    }

    /// Opens the store. Servers that do not answer are waited for later; those that answer and have not what is needed are
    /// an error. Blocks.
    pub(super) fn open(
        address: &StoreAddress,
        runtime: &Runtime,
        returned: watch::Sender<u64>,
        lock: FolderLock,
    ) -> Result<Self, Error> {
        let place = Place::parse(address)?;
        let read_timeout = place.read_timeout;
        let presence = Arc::new(Presence::new(place, returned));
        let (tell, told) = tokio::sync::oneshot::channel();
        runtime.handle().spawn(presence.clone().watch(tell));
        let opened = runtime.wait_for(async move { timeout(OPENING, told).await });
        match opened? {
            Ok(Ok(Err(failure))) if !matches!(failure, Failure::Away(_) | Failure::Overloaded(_)) => {
                presence.close();
                return Err(failure.into());
            }
            Ok(Ok(Ok(()))) => {}
            _ => tracing::warn!("starting without the message store; the journal keeps what is sent until it answers"),
        }
        Ok(Self {
            presence,
            read_timeout,
            pace: Pace::default(),
            reads: Semaphore::new(READS),
            pages: Coalesced::default(),
            known: Mutex::default(),
            counters: Counters::default(),
            lock: Mutex::new(Some(lock)),
        })
    }

    pub(super) async fn write(&self, rows: &Rows<'_>) -> Result<(), Error> {
        let returns = self.presence.returns();
        let connection = self.checked(self.presence.connection().await)?;
        let messages = self.stored(rows).await?;
        let parts = {
            let known = self.known(returns);
            write::parts(&messages, rows, |room, bucket| known.buckets.contains(&(room, bucket)))
        };
        let put = write::put_all(&connection, &self.pace, &parts).await;
        self.doubted(put)?;
        self.remember(returns, &parts);
        let bytes: usize = rows.messages.iter().map(|(_, _, frame)| frame.len()).sum();
        self.counters.written.fetch_add(rows.messages.len() as u64, Ordering::Relaxed);
        self.counters.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        // Released after the rows are there: who sees the write reads them.
        self.counters.writes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The messages of a write as they are to be stored, and what is left of those that it withdraws.
    async fn stored<'a>(&self, rows: &Rows<'a>) -> Result<Vec<Stored<'a>>, Error> {
        let of_batch = rows.stored().map(|(room, id, frame)| {
            let is_left = matches!(frame, Cow::Owned(_));
            Stored { room, id, frame, is_left }
        });
        let mut messages: Vec<_> = of_batch.collect();
        for (room, id) in rows.withdrawn_earlier() {
            let mut left = None;
            let before = MessageId(id.0.saturating_sub(1));
            self.read(room, Direction::Newer, Columns::Frames, Some(before), 1, |found, frame| {
                left = (found == id).then(|| withdrawal::left_of(&frame)).flatten();
                false
            })
            .await?;
            // A message that is not there has no text to lose.
            messages.extend(left.map(|frame| Stored { room, id, frame: Cow::Owned(frame), is_left: true }));
        }
        Ok(messages)
    }

    /// A page. Who asks for the same one while it is read, and no write was finished since, gets the same.
    pub(super) async fn page(
        self: Arc<Self>,
        room: RoomId,
        query: PageQuery,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Error> {
        let key = (room, query, limit, bytes_max, self.counters.writes.load(Ordering::Acquire));
        self.counters.pages.fetch_add(1, Ordering::Relaxed);
        let store = self.clone();
        let read = async move { store.read_page(room, query, limit, bytes_max).await };
        Ok(self.pages.read(key, read).await?)
    }

    async fn read_page(&self, room: RoomId, query: PageQuery, limit: usize, bytes_max: usize) -> Result<Page, Failure> {
        let (direction, from) = match query {
            PageQuery::Before(id) => (Direction::Older, (id != MessageId::ZERO && id <= MessageId::MAX).then_some(id)),
            PageQuery::After(id) => (Direction::Newer, (id != MessageId::ZERO).then_some(id)),
        };
        let mut pager = Pager::new(limit, bytes_max);
        // One more, to know whether there is more.
        let rows_max = limit.max(1).saturating_add(1);
        self.read(room, direction, Columns::Frames, from, rows_max, |id, frame| pager.take((id, frame))).await?;
        Ok(match direction {
            Direction::Older => pager.finish_newest_first(),
            Direction::Newer => pager.finish_oldest_first(),
        })
    }

    /// Each by a read of its own, as many at once as reads there may be: neighbours in a page of hits hardly ever share a
    /// partition.
    pub(super) async fn each(&self, messages: &[(RoomId, MessageId)]) -> Result<Vec<Option<Bytes>>, Error> {
        let reads = messages.iter().map(|&(room, id)| async move {
            let before = PageQuery::After(MessageId(id.0.saturating_sub(1)));
            let page = self.read_page(room, before, 1, usize::MAX).await?;
            Ok((page.newest == Some(id)).then_some(page.frames))
        });
        try_join_all(reads).await
    }

    pub(super) async fn newest(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        let mut newest = None;
        self.read(room, Direction::Older, Columns::Ids, None, 1, |id, _| {
            newest = Some(id);
            false
        })
        .await?;
        Ok(newest)
    }

    pub(super) async fn count_after(&self, room: RoomId, after: MessageId, cap: u32) -> Result<u32, Error> {
        let mut count = 0;
        let from = (after != MessageId::ZERO).then_some(after);
        if cap > 0 {
            self.read(room, Direction::Newer, Columns::Ids, from, cap as usize, |_, _| {
                count += 1;
                count < cap
            })
            .await?;
        }
        Ok(count)
    }

    pub(super) async fn device_window(
        &self,
        room: RoomId,
        user: UserId,
        device: DeviceId,
    ) -> Result<Vec<(Sequence, MessageId)>, Error> {
        let key = (i64::from(room.0), i64::from(user.0), i64::from(device.0));
        let read = async {
            let connection = self.presence.connection().await?;
            let mut rows: Vec<Bytes> = Vec::new();
            let take = |(row,): (Bytes,)| rows.push(row);
            read::rows::<(Bytes,)>(&connection, &self.reads, &connection.sends, key, take).await?;
            sends::window(rows.iter().map(|row| &row[..]))
        };
        Ok(self.in_time(read).await?)
    }

    pub(super) fn stats(&self) -> MessageStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (concurrency, overloaded_total) = self.pace.stats();
        MessageStats {
            written_total: count(&self.counters.written),
            written_bytes_total: count(&self.counters.written_bytes),
            syncs_total: count(&self.counters.writes),
            pages_total: count(&self.counters.pages),
            errors_total: count(&self.counters.errors),
            reopened_total: self.presence.returns(),
            open: self.presence.is_here(),
            concurrency,
            overloaded_total,
            coalesced_total: self.pages.joined(),
        }
    }

    /// An error once the store is closed.
    pub(super) fn is_open(&self) -> Result<(), Error> {
        if self.presence.is_closed() {
            Err(Error::Unavailable("the message store is closed".to_owned()))
        } else {
            Ok(())
        }
    }

    pub(super) fn close(&self) {
        self.presence.close();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn read(
        &self,
        room: RoomId,
        direction: Direction,
        columns: Columns,
        from: Option<MessageId>,
        rows_max: usize,
        take: impl FnMut(MessageId, Bytes) -> bool,
    ) -> Result<(), Failure> {
        self.in_time(async {
            let connection = self.presence.connection().await?;
            let reading = Reading { connection: &connection, reads: &self.reads, room, direction, columns };
            reading.read(from, rows_max, take).await
        })
        .await
    }

    /// Bounds a read in time: a store that hangs is an error to who waits.
    async fn in_time<T>(&self, read: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let read = timeout(self.read_timeout, read).await.unwrap_or_else(|_| {
            let ms = self.read_timeout.as_millis();
            Err(Failure::Away(format!("the message store did not answer within {ms} ms")))
        });
        self.doubted(read)
    }

    fn checked<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        result.inspect_err(|_| {
            self.counters.errors.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Has a failure looked into: a node may be gone.
    fn doubted<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(Failure::Away(_)) = &result {
            self.presence.doubt();
        }
        self.checked(result)
    }

    /// What is known of the directory as of that many returns.
    fn known(&self, returns: u64) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.returns != returns {
            *known = Known { returns, buckets: HashSet::new() };
        }
        known
    }

    /// Remembers what a write put into the directory, unless a server came back meanwhile.
    fn remember(&self, returns: u64, parts: &[Part<'_>]) {
        if self.presence.returns() != returns {
            return;
        }
        let mut known = self.known(returns);
        for part in parts {
            if let Part::Bucket(room, bucket) = part {
                if known.buckets.len() >= KNOWN {
                    known.buckets.clear();
                }
                known.buckets.insert((*room, *bucket));
            }
        }
    }
}
