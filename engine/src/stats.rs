//! What a shard tells the outside, as numbers. Written by the shard's thread alone, read by anyone.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! stats {
    ($($(#[doc = $doc:literal])* $name:ident: $kind:ident,)*) => {
        /// One shard's numbers, shared.
        #[derive(Debug, Default)]
        pub(crate) struct Shared {
            $(pub(crate) $name: AtomicU64,)*
        }

        /// One shard's numbers at a moment.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct ShardStats {
            $($(#[doc = $doc])* pub $name: u64,)*
        }

        impl Shared {
            pub(crate) fn read(&self) -> ShardStats {
                ShardStats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl ShardStats {
            /// Name, whether it only rises, what it says, and the value of each.
            pub fn describe(&self) -> Vec<(&'static str, bool, &'static str, u64)> {
                vec![$((stringify!($name), stringify!($kind) == "counter", concat!($($doc),*), self.$name),)*]
            }
        }
    };
}

stats! {
    /// Messages accepted into a batch.
    accepted: counter,
    /// Sends acknowledged.
    acknowledged: counter,
    /// Sends recognised as resends.
    resent: counter,
    /// Requests refused with ERROR.
    refused: counter,
    /// Requests answered BUSY.
    busy: counter,
    /// Frames of rooms handed to connections.
    delivered: counter,
    /// Frames left out for slow connections or full queues.
    shed: counter,
    /// GAPs sent to slow connections.
    gaps: counter,
    /// Sends to the kernel.
    flushes: counter,
    /// Bytes sent.
    sent_bytes: counter,
    /// Bytes received.
    received_bytes: counter,
    /// Connections ended for what they sent, or for silence.
    disconnected: counter,
    /// Connections ended because they did not read their answers.
    slow_readers: counter,
    /// Connections refused because the shard had as many as it takes.
    turned_away: counter,
    /// Group commits.
    commits: counter,
    /// Microseconds spent waiting for group commits.
    commit_us: counter,
    /// Writes or syncs of the journal that failed.
    journal_faults: counter,
    /// Rooms loaded from the stores.
    rooms_loaded: counter,
    /// Rooms let go from memory.
    rooms_forgotten: counter,
    /// Connections now.
    connections: gauge,
    /// Sessions now.
    sessions: gauge,
    /// Bytes that wait to be sent to connections.
    queued_bytes: gauge,
    /// Items that found the queue to another shard full.
    mesh_waiting: gauge,
    /// Bytes of messages in the batch under construction.
    batch_bytes: gauge,
    /// Rooms in memory.
    rooms: gauge,
    /// Requests that wait for a store.
    waiting_for_store: gauge,
    /// Messages committed and not confirmed by the message store.
    unconfirmed_records: gauge,
    /// Bytes of them, about.
    unconfirmed_bytes: gauge,
    /// Age of the oldest of them in seconds, about.
    unconfirmed_s: gauge,
    /// Bytes of them in memory, on their way to the message store.
    feed_bytes: gauge,
    /// Bytes read back from the journal for the message store.
    read_back_bytes: counter,
    /// Questions about rooms that the journal answered for a message store that is behind.
    backlog_reads: counter,
    /// Indexes written beside segments.
    indexes: counter,
    /// Times that the message store was back from an absence and was given everything again that it may have lost.
    rewinds: counter,
    /// Bytes of recent messages kept in memory.
    recent_bytes: gauge,
    /// Segments of the journal.
    segments: gauge,
    /// Bytes that the journal holds for the message store.
    journal_bytes: gauge,
    /// 1 while sends are refused because the journal holds as much for the message store as it may.
    store_behind: gauge,
    /// 1 while sends are refused because the journal's disk is full.
    storage_full: gauge,
}

/// Sets a number; the shard's thread is its only writer.
pub(crate) fn set(number: &AtomicU64, value: u64) {
    number.store(value, Ordering::Relaxed);
}

/// Raises a number; the shard's thread is its only writer.
pub(crate) fn add(number: &AtomicU64, more: u64) {
    number.store(number.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}
