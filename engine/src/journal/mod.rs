//! The journal: what a shard has accepted, in order, on disk before anybody is told.
//!
//! Each shard has a folder of segments of equal size, written beforehand so that a sync has no metadata to write. A
//! batch begins on a block of its own and covers everything that one group commit took; its checksum is salted by its
//! segment, so that neither an earlier tenant of the file nor a text that looks like a batch can be taken for one.
//!
//! Invariants:
//! - one batch is written at a time, so only the newest can be torn: what does not read at the end of the newest
//!   segment was never acknowledged, what does not read anywhere else is damage;
//! - a segment is given up only when the checkpoint on disk lies behind its last record.

mod checkpoint;
mod folder;
mod format;
mod inspect;
mod lock;
mod recover;
mod writer;

pub use checkpoint::{read as read_checkpoint, write as write_checkpoint};
pub(crate) use folder::{shard_folder, shard_folders};
pub use format::{BLOCK_BYTES, Batch, Scan, SegmentHeader, Tail, batch_bytes, encode_batch, scan};
pub use inspect::{SegmentReport, inspect, verify};
pub(crate) use lock::JournalLock;
pub use recover::{Recovered, recover};
pub(crate) use writer::{Closed, Journal, give_up, prepare_spare, retire};
