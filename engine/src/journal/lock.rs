//! One engine at a time writes a journal.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::Error;

/// The held lock of a journal's folder; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct JournalLock {
    _file: File,
}

impl JournalLock {
    /// Takes the lock of `journal`, which exists.
    pub(crate) fn take(journal: &Path) -> Result<Self, Error> {
        let path = journal.join("LOCK");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| Error::File { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked(journal.to_owned())),
            Err(TryLockError::Error(source)) => Err(Error::File { path, source }),
        }
    }
}
