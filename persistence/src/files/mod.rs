//! Files that people upload to a room: what they are in the accounts' database, their bytes in a folder or an
//! S3-compatible store.
//!
//! # From an upload to a file
//! 1. A row says that bytes are coming ([`Files::begin`]); it reserves their size of the user's quota.
//! 2. The bytes are written under a random key ([`Upload::write`]).
//! 3. The row says that they are there ([`Upload::finish`]). A crash before leaves a row that nobody is shown, and
//!    perhaps bytes, for [`Files::clean`].
//! 4. A message of kind File is said in the room, and the row names it ([`Files::shown`]).
//!
//! A removal goes the other way round: the row says it, the bytes go, the row goes. So a row is there whenever bytes are,
//! and nothing has to be looked for in the store.
//!
//! Whoever holds a member's login may fetch a file while its message stands: a withdrawn message takes its file away, at
//! once for readers ([`Files::is_withdrawn`]), soon for the disk. The files of a deleted room go as well; those of a
//! deleted account stay with its messages.
//!
//! Pieces are read and written on the caller's tokio runtime, unlike what the rest of the stores does.

mod bytes_store;
mod cleaning;
mod row;
mod upload;

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use moim_wire::{MessageId, RoomId, UserId};

pub(crate) use bytes_store::{BytesStore, KNOWN, refused};
pub use cleaning::Cleaned;
pub use upload::Upload;

use crate::error::Error;
use crate::members::Shared;

/// Of what is read of a file at once.
pub const PIECE_BYTES_MAX: u64 = 256 * 1024;

/// The id of a file: from 1, never given twice, below 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FileId {
    type Err = ParseIntError;

    fn from_str(digits: &str) -> Result<Self, ParseIntError> {
        digits.parse().map(Self)
    }
}

/// A file whose bytes are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its id.
    pub id: FileId,
    /// Who uploaded it.
    pub user: UserId,
    /// Whose members may fetch it.
    pub room: RoomId,
    /// What showed it there; zero for one that was not shown yet.
    pub message: MessageId,
    /// As its uploader called it, within bounds.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// Unix time in milliseconds.
    pub created_at_ms: u64,
    /// Of its bytes; says nothing of the file.
    pub(crate) key: String,
}

impl FileEntry {
    /// Another for every file, the same for ever: its bytes never change.
    pub fn tag(&self) -> &str {
        &self.key
    }
}

/// What a file is to be called and taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// 1 to 255 characters.
    pub name: String,
    /// Up to 127 characters.
    pub content_type: String,
}

/// Files and their bytes. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    shared: Arc<Shared>,
}

impl Files {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The most bytes that a file may have.
    pub fn bytes_max(&self) -> u64 {
        self.shared.files.file_bytes_max
    }

    /// Where the bytes are, without a password.
    pub fn place(&self) -> String {
        self.shared.files.to_string()
    }

    /// Bytes of a file from `start` on, at most [`PIECE_BYTES_MAX`] and those before `end`.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`] where they are gone, [`Error::Unavailable`].
    pub async fn piece(&self, file: &FileEntry, start: u64, end: u64) -> Result<Bytes, Error> {
        let end = end.min(start.saturating_add(PIECE_BYTES_MAX));
        self.shared.files.read(&file.key, start..end).await.map_err(|error| error.unwrap_or(Error::NoSuchFile(file.id)))
    }
}
