//! A note beside the index that the store went on without it: search was switched off meanwhile.

use std::fs::File;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

pub(super) struct Stale(PathBuf);

impl Stale {
    pub(super) fn of(index: &Path) -> Self {
        Self(index.with_extension("stale"))
    }

    /// Leaves the note where there is an index.
    pub(super) fn set(&self, index: &Path) -> Result<()> {
        if index.exists() { File::create(&self.0)?.sync_all() } else { Ok(()) }
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.exists()
    }

    pub(super) fn clear(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
