//! The embedded message store: a log-structured merge tree in this process. All calls block.

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use fjall::{Guard, PersistMode};
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use super::batch::Rows;
use super::device_window::{self, Window};
use super::page::{Page, PageQuery, Pager};
use super::tables::{Tables, store_error};
use crate::error::Error;
use crate::folder_lock::FolderLock;
use crate::stats::MessageStats;

pub(super) struct Embedded {
    path: PathBuf,
    cache_bytes: u64,
    state: Mutex<State>,
    counters: Counters,
    // Behind the state: the folder is free only after the files in it are let go.
    lock: Mutex<Option<FolderLock>>,
}

enum State {
    Open(Arc<Tables>),
    /// Failed and let go; who still reads from it holds its files, which cannot be opened twice.
    Reopening(Weak<Tables>),
    Closed,
}

#[derive(Default)]
struct Counters {
    written: AtomicU64,
    written_bytes: AtomicU64,
    syncs: AtomicU64,
    pages: AtomicU64,
    errors: AtomicU64,
    reopened: AtomicU64,
}

impl Embedded {
    pub(super) fn open(path: &Path, cache_bytes: u64, lock: Option<FolderLock>) -> Result<Self, Error> {
        let tables = Tables::open(path, cache_bytes)?;
        Ok(Self {
            path: path.to_owned(),
            cache_bytes,
            state: Mutex::new(State::Open(Arc::new(tables))),
            counters: Counters::default(),
            lock: Mutex::new(lock),
        })
    }

    pub(super) fn write(&self, frames: &[Bytes]) -> Result<(), Error> {
        let tables = self.sound_tables()?;
        self.write_to(&tables, &Rows::of(frames)?)
    }

    /// The sync is of the same opening as the write: of another it would vouch for what the failed one had lost.
    pub(super) fn write_durably(&self, frames: &[Bytes]) -> Result<(), Error> {
        let tables = self.sound_tables()?;
        self.write_to(&tables, &Rows::of(frames)?)?;
        self.sync_of(&tables)
    }

    pub(super) fn sync(&self) -> Result<(), Error> {
        let tables = self.tables()?;
        self.sync_of(&tables)
    }

    fn write_to(&self, tables: &Tables, rows: &Rows<'_>) -> Result<(), Error> {
        let mut batch = tables.database.batch();
        let mut bytes = 0;
        for (room, id, frame) in rows.stored() {
            // Copied: a slice would keep the whole batch in memory for as long as its longest-lived row.
            batch.insert(&tables.messages, message_key(room, id), &*frame);
            bytes += frame.len() as u64;
        }
        for (room, id, left) in rows.left_of_stored(|room, id| self.frame(tables, room, id))? {
            batch.insert(&tables.messages, message_key(room, id), left);
        }
        let mut device_bytes = 0;
        for (sender, sent) in &rows.devices {
            if let Some((key, value)) = device_window::row(*sender, sent) {
                device_bytes += value.len() as u64;
                batch.insert(&tables.devices, key, value);
            }
        }
        self.checked_write(tables, tables.commit(batch, bytes + device_bytes))?;
        self.counters.written.fetch_add(rows.messages.len() as u64, Ordering::Relaxed);
        self.counters.written_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn frame(&self, tables: &Tables, room: RoomId, id: MessageId) -> Result<Option<Vec<u8>>, Error> {
        let row = tables.messages.get(message_key(room, id)).map_err(|error| self.read_error(&error))?;
        Ok(row.map(|row| row.to_vec()))
    }

    pub(super) fn sync_of(&self, tables: &Tables) -> Result<(), Error> {
        self.checked_write(tables, tables.database.persist(PersistMode::SyncAll))?;
        self.counters.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn page(&self, room: RoomId, query: PageQuery, limit: usize, bytes_max: usize) -> Result<Page, Error> {
        let tables = self.tables()?;
        self.counters.pages.fetch_add(1, Ordering::Relaxed);
        let mut pager = Pager::new(limit, bytes_max);
        match query {
            PageQuery::Before(before) => {
                let last = if before == MessageId::ZERO { Bound::Unbounded } else { Bound::Excluded(before) };
                for guard in tables.messages.range(message_keys(room, Bound::Unbounded, last)).rev() {
                    if !pager.take(self.message(guard)?) {
                        break;
                    }
                }
                Ok(pager.finish_newest_first())
            }
            PageQuery::After(after) => {
                for guard in tables.messages.range(message_keys(room, Bound::Excluded(after), Bound::Unbounded)) {
                    if !pager.take(self.message(guard)?) {
                        break;
                    }
                }
                Ok(pager.finish_oldest_first())
            }
        }
    }

    pub(super) fn each(&self, messages: &[(RoomId, MessageId)]) -> Result<Vec<Option<Bytes>>, Error> {
        let tables = self.tables()?;
        messages.iter().map(|&(room, id)| Ok(self.frame(&tables, room, id)?.map(Bytes::from))).collect()
    }

    pub(super) fn newest(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        let tables = self.tables()?;
        let last = tables.messages.range(message_keys(room, Bound::Unbounded, Bound::Unbounded)).next_back();
        last.map(|guard| self.message(guard).map(|(id, _)| id)).transpose()
    }

    pub(super) fn count_after(&self, room: RoomId, after: MessageId, cap: u32) -> Result<u32, Error> {
        let tables = self.tables()?;
        let newer = tables.messages.range(message_keys(room, Bound::Excluded(after), Bound::Unbounded));
        let mut count = 0;
        for guard in newer.take(cap as usize) {
            guard.key().map_err(|error| self.read_error(&error))?;
            count += 1;
        }
        Ok(count)
    }

    pub(super) fn device_window(
        &self,
        room: RoomId,
        user: UserId,
        device: DeviceId,
    ) -> Result<Vec<(Sequence, MessageId)>, Error> {
        let tables = self.tables()?;
        let mut window = Window::default();
        for guard in tables.devices.prefix(device_window::prefix((room, user, device))).rev() {
            let (key, value) = guard.into_inner().map_err(|error| self.read_error(&error))?;
            if !window.take(&key, &value)? {
                break;
            }
        }
        let (window, old_keys) = window.finish();
        self.prune(&tables, old_keys);
        Ok(window)
    }

    pub(super) fn stats(&self) -> MessageStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MessageStats {
            written_total: count(&self.counters.written),
            written_bytes_total: count(&self.counters.written_bytes),
            syncs_total: count(&self.counters.syncs),
            pages_total: count(&self.counters.pages),
            errors_total: count(&self.counters.errors),
            reopened_total: count(&self.counters.reopened),
            open: matches!(&*self.state(), State::Open(tables) if !tables.has_failed()),
            ..MessageStats::default()
        }
    }

    pub(super) fn close(&self) -> Result<(), Error> {
        let synced = match &*self.state() {
            State::Open(tables) if !tables.has_failed() => tables.database.persist(PersistMode::SyncAll),
            _ => Ok(()),
        };
        *self.state() = State::Closed;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        synced.map_err(|error| store_error(&self.path, &error))
    }

    /// Removes rows that no window needs any more. They are harmless: a failure is left to the next writer.
    fn prune(&self, tables: &Tables, old_keys: Vec<Vec<u8>>) {
        if old_keys.is_empty() || tables.has_failed() {
            return;
        }
        let mut batch = tables.database.batch();
        for key in old_keys {
            batch.remove(&tables.devices, key);
        }
        if let Err(error) = self.checked_write(tables, tables.commit(batch, 0)) {
            tracing::warn!(%error, "pruning a device's rows failed");
        }
    }

    /// The tables to read from. A failed store can still be read until a writer opens it anew.
    pub(super) fn tables(&self) -> Result<Arc<Tables>, Error> {
        let mut state = self.state();
        match &*state {
            State::Open(tables) => Ok(tables.clone()),
            State::Reopening(old) => {
                let tables = self.reopen(old)?;
                *state = State::Open(tables.clone());
                Ok(tables)
            }
            State::Closed => Err(Error::Unavailable("the message store is closed".to_owned())),
        }
    }

    /// The tables to write to: of a failed store those of its files opened anew.
    pub(super) fn sound_tables(&self) -> Result<Arc<Tables>, Error> {
        {
            let mut state = self.state();
            let failed = match &*state {
                State::Open(tables) if tables.has_failed() => Some(Arc::downgrade(tables)),
                _ => None,
            };
            if let Some(failed) = failed {
                *state = State::Reopening(failed);
            }
        }
        self.tables()
    }

    fn reopen(&self, old: &Weak<Tables>) -> Result<Arc<Tables>, Error> {
        if old.strong_count() > 0 {
            return Err(Error::Unavailable("the message store is being opened anew".to_owned()));
        }
        let tables = Tables::open(&self.path, self.cache_bytes).inspect_err(|_| self.count_error())?;
        self.counters.reopened.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(path = %self.path.display(), "opened the message store anew after a failure");
        Ok(Arc::new(tables))
    }

    pub(super) fn checked_write(&self, tables: &Tables, result: fjall::Result<()>) -> Result<(), Error> {
        result.map_err(|error| {
            tables.fail();
            self.count_error();
            store_error(&self.path, &error)
        })
    }

    fn message(&self, guard: Guard) -> Result<(MessageId, Bytes), Error> {
        let (key, value) = guard.into_inner().map_err(|error| self.read_error(&error))?;
        let id = key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Ok((MessageId(id), value.into()))
    }

    pub(super) fn read_error(&self, error: &fjall::Error) -> Error {
        self.count_error();
        store_error(&self.path, error)
    }

    fn count_error(&self) {
        self.counters.errors.fetch_add(1, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message_key(room: RoomId, id: MessageId) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&room.0.to_be_bytes());
    key[4..].copy_from_slice(&id.0.to_be_bytes());
    key
}

/// The keys of a room between two ids.
fn message_keys(room: RoomId, from: Bound<MessageId>, to: Bound<MessageId>) -> (Bound<[u8; 12]>, Bound<[u8; 12]>) {
    let key = |id| message_key(room, id);
    let from = match from {
        Bound::Unbounded => Bound::Included(key(MessageId::ZERO)),
        bound => bound.map(key),
    };
    let to = match to {
        Bound::Unbounded => Bound::Included(key(MessageId(u64::MAX))),
        bound => bound.map(key),
    };
    (from, to)
}
