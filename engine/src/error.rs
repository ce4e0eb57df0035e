//! What can stop an engine from starting or running.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::router::ShardId;

/// Why an engine, or its journal, refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error("setting {setting}: {reason}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the journal could not be used.
    #[error("journal: {}: {source}", path.display())]
    File {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another engine writes the journal.
    #[error("journal: {} is in use by another engine; stop that one or choose another folder", .0.display())]
    Locked(PathBuf),
    /// A segment is damaged before its end: acknowledged messages may be lost.
    #[error(
        "journal: {} is damaged at byte {offset}: {what}. Later records are intact, so this is no torn end. \
         Nothing was changed; restore the file from a copy, or move it away to go on without its records",
        path.display()
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the first unreadable batch begins.
        offset: u64,
        /// How it was noticed.
        what: String,
    },
    /// A segment is missing in the row.
    #[error("journal: positions {from} to {to} are missing before {}; restore the segment that had them", path.display())]
    Missing {
        /// Position that should have come.
        from: u64,
        /// Position that came.
        to: u64,
        /// The segment it came in.
        path: PathBuf,
    },
    /// A shard's thread could not start, or ended.
    #[error("shard {shard}: {reason}")]
    Shard {
        /// Which.
        shard: ShardId,
        /// What happened.
        reason: String,
    },
    /// The stores refused.
    #[error(transparent)]
    Persistence(#[from] moim_persistence::Error),
}
