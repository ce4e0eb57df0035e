//! The embedded store's files: opened, checked for their version, and what their errors mean.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use crate::error::Error;

/// Version of the rows' layout.
const VERSION: u32 = 1;
/// A table is written out when this much of it is in memory; two tables, so twice that at most.
const MEMTABLE_BYTES: u64 = 16 * 1024 * 1024;
/// The store's own journal; 64 MiB are written beforehand.
const JOURNAL_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Threads that write tables out and merge them.
const WORKERS: usize = 1;

/// The tables of an open store.
pub(super) struct Tables {
    /// Room and message id, big-endian, so that a page is a range: the MESSAGE frame as it went over the wire.
    pub(super) messages: Keyspace,
    /// See `device_window`.
    pub(super) devices: Keyspace,
    pub(super) database: Database,
    failed: AtomicBool,
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
        Ok(Self { messages, devices, database, failed: AtomicBool::new(false) })
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
