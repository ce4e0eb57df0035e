//! The embedded store's files: opened, checked for their version, and what their errors mean.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use crate::error::Error;

/// Version of the rows' layout.
const VERSION: u32 = 1;
/// The tables are written out when this much was put into them; a second such portion may be on its way to the disk.
const UNFLUSHED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// What a row takes in memory beside its value, about.
const ROW_BYTES: u64 = 160;
/// Above any portion, so that the store leaves the writing out to [`Tables::commit`].
const MEMTABLE_BYTES: u64 = 1024 * 1024 * 1024;
/// Portions of a table on their way to the disk, and written but not merged yet, at which a writer waits. The store's
/// own bounds are 4 and 20; it waits there for ever even when nobody works any more, so it must not come to that.
const SEALED_MAX: usize = 2;
const UNMERGED_MAX: usize = 16;
/// How often a waiting writer looks again, there being nothing to be woken by, and when it gives the store up.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const GIVE_UP: Duration = Duration::from_secs(30);
/// The store's own journal; 64 MiB are written beforehand, and the least that it takes.
const JOURNAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Threads that write tables out and merge them.
const WORKERS: usize = 2;

/// The tables of an open store.
pub(super) struct Tables {
    /// Room and message id, big-endian, so that a page is a range: the MESSAGE frame as it went over the wire.
    pub(super) messages: Keyspace,
    /// See `device_window`.
    pub(super) devices: Keyspace,
    pub(super) database: Database,
    failed: AtomicBool,
    /// Bytes put into the tables since they were last written out; its holder alone commits.
    unflushed: Mutex<u64>,
}

impl Tables {
    pub(super) fn open(path: &Path, cache_bytes: u64) -> Result<Self, Error> {
        let opened = Database::builder(path)
            .cache_size(cache_bytes)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(WORKERS)
            .open();
        let database = opened.map_err(|error| store_error(path, &error))?;
        let table = |name: &str| {
            let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
            database.keyspace(name, options).map_err(|error| store_error(path, &error))
        };
        check_version(path, &table("version")?)?;
        let (messages, devices) = (table("messages")?, table("devices")?);
        Ok(Self { messages, devices, database, failed: AtomicBool::new(false), unflushed: Mutex::new(0) })
    }

    /// Commits a batch with `bytes` bytes of values; has the tables written out when it is time.
    pub(super) fn commit(&self, batch: OwnedWriteBatch, bytes: u64) -> fjall::Result<()> {
        let mut unflushed = self.unflushed.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait_for_workers()?;
        *unflushed += bytes + batch.len() as u64 * ROW_BYTES;
        batch.commit()?;
        if *unflushed >= UNFLUSHED_BYTES_MAX {
            *unflushed = 0;
            self.messages.rotate_memtable()?;
            self.devices.rotate_memtable()?;
        }
        Ok(())
    }

    /// Waits while the workers are behind, and no longer than there are any: a full disk ends them.
    #[expect(
        clippy::disallowed_methods,
        reason = "called on threads made for blocking, where there is no event to await"
    )]
    fn wait_for_workers(&self) -> fjall::Result<()> {
        let is_behind =
            |table: &Keyspace| table.sealed_memtable_count() >= SEALED_MAX || table.l0_table_count() >= UNMERGED_MAX;
        let begun = Instant::now();
        while is_behind(&self.messages) || is_behind(&self.devices) {
            // The way to ask whether a worker has failed.
            self.database.persist(PersistMode::Buffer)?;
            if begun.elapsed() >= GIVE_UP {
                return Err(std::io::Error::from(ErrorKind::TimedOut).into());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// After a failed write or sync nothing more may be written before the store is opened anew.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

fn check_version(path: &Path, table: &Keyspace) -> Result<(), Error> {
    let stored = table.get("rows").map_err(|error| store_error(path, &error))?;
    let Some(stored) = stored else {
        return table.insert("rows", VERSION.to_be_bytes()).map_err(|error| store_error(path, &error));
    };
    let found = stored.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    if found > VERSION {
        let (found, known) = (i64::from(found), i64::from(VERSION));
        return Err(Error::SchemaFromTheFuture { store: "the message store", found, known });
    }
    Ok(())
}

/// What a failure of the embedded store means.
pub(super) fn store_error(path: &Path, error: &fjall::Error) -> Error {
    let text = format!("the message store in {}: {error}", path.display());
    let io = match error {
        fjall::Error::Io(io) | fjall::Error::Storage(fjall::LsmError::Io(io)) => Some(io.kind()),
        _ => None,
    };
    match (io, error) {
        (Some(ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded), _) => {
            Error::StorageFull(text)
        }
        (Some(_), _) | (_, fjall::Error::Poisoned) => Error::Unavailable(text),
        (_, fjall::Error::Locked) => Error::Locked(path.to_owned()),
        _ => Error::Internal(text),
    }
}
