//! The journal: what a shard has accepted, in order, on disk before anybody is told; and the queue to the message store.
//!
//! Each shard has a folder of segments of equal size, written beforehand so that a sync has no metadata to write. A
//! batch begins on a block of its own and covers everything that one group commit took; its checksum is salted by its
//! segment, so that neither an earlier tenant of the file nor a text that looks like a batch can be taken for one.
//!
//! A store that is away for an hour costs disk, not memory: batches that do not fit the feeder's memory are read back from
//! their segments, and rooms are answered for from the segments' indexes.
//!
//! Invariants:
//! - one batch is written at a time, so only the newest can be torn: what does not read at the end of the newest
//!   segment was never acknowledged, what does not read anywhere else is damage;
//! - a segment is given up only when the checkpoint on disk lies behind its last record, and its file is used again only
//!   when nobody reads it;
//! - the checkpoint moves only over what the store has for good: where it confirms before it syncs, a window later;
//! - the store and a [`View`] taken before it was asked have, together, everything committed.

mod backlog;
mod checkpoint;
mod folder;
mod format;
mod index;
mod inspect;
mod lag;
mod lock;
mod page;
mod recent;
mod record;
mod recover;
mod segment;
mod source;
mod view;
mod window;
mod withdrawn;
mod writer;

pub(crate) use backlog::{Backlog, Backlogs};
pub use checkpoint::{read as read_checkpoint, write as write_checkpoint};
pub(crate) use folder::{remove_stray_indexes, shard_folder, shard_folders};
pub use format::{BLOCK_BYTES, Batch, Scan, SegmentHeader, Tail, batch_bytes, encode_batch, scan};
pub use inspect::{SegmentReport, inspect, verify};
pub use lag::Behind;
pub(crate) use lag::Lag;
pub(crate) use lock::JournalLock;
pub use page::{Page, join_sends};
pub use recent::Recent;
pub use record::Sender;
pub(crate) use record::prev_id;
pub(crate) use recover::sync_segments;
pub use recover::{Recovered, recover};
pub use segment::{ReadBack, Segment};
pub use view::{Part, View};
pub use window::KeptWindow;
pub use withdrawn::Withdrawn;
pub(crate) use writer::{Journal, prepare_spare};
