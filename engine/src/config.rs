//! What an operator sets. `LIMITS.md` has every bound with its policy and counter in one table.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// When a message may be acknowledged and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// After the journal's sync: nobody is shown, or promised, what a crash can take back.
    #[default]
    Durable,
    /// After the journal's write, before its sync: a power cut can take back the last moments.
    Relaxed,
}

/// Bounds of one engine. Sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of a shard.
    pub connections_max: usize,
    /// Sessions on one trunk.
    pub sessions_per_trunk_max: usize,
    /// Rooms that one session follows.
    pub rooms_per_session_max: usize,
    /// Sends a second that one session sustains; 0: no limit.
    pub sends_per_second: u32,
    /// Sends that one session may make at once before `sends_per_second` holds.
    pub sends_burst: u32,
    /// Other requests a second that one session sustains, unless `sends_per_second` is 0; a page of history counts as
    /// eight.
    pub requests_per_second: u32,
    /// Requests that one session may make at once before `requests_per_second` holds: it may open all its rooms.
    pub requests_burst: u32,
    /// Output that waits for one native connection before its reader counts as slow.
    pub session_queue_bytes_max: usize,
    /// Output that waits for one trunk.
    pub trunk_queue_bytes_max: usize,
    /// Time until a connection must have said HELLO.
    pub hello_timeout: Duration,
    /// Silence after which a peer must PING; after twice as much it is gone.
    pub heartbeat: Duration,
    /// Committed batches in memory on their way to the message store, a shard; older ones are read back from the journal.
    pub feed_bytes_max: usize,
    /// Messages of one group commit; then sends are answered BUSY until it is through.
    pub batch_bytes_max: usize,
    /// Recent messages kept in memory for resuming clients and for history, a shard.
    pub recent_bytes_max: usize,
    /// Rooms held in memory, a shard; idle ones make room.
    pub rooms_max: usize,
    /// Requests that wait for one room's, or one device's, state to load.
    pub parked_max: usize,
    /// Requests that wait for a store, a shard.
    pub store_requests_max: usize,
    /// Devices remembered in one room before those at rest are left to the store.
    pub devices_per_room_max: usize,
    /// Items in the queue from one shard to another.
    pub mesh_items_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            connections_max: 20_000,
            sessions_per_trunk_max: 100_000,
            rooms_per_session_max: 500,
            sends_per_second: 100,
            sends_burst: 200,
            requests_per_second: 200,
            requests_burst: 800,
            session_queue_bytes_max: 4 * MIB,
            trunk_queue_bytes_max: 64 * MIB,
            hello_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(30),
            feed_bytes_max: 64 * MIB,
            batch_bytes_max: 16 * MIB,
            recent_bytes_max: 64 * MIB,
            rooms_max: 100_000,
            parked_max: 1_024,
            store_requests_max: 4_096,
            devices_per_room_max: 4_096,
            mesh_items_max: 16_384,
        }
    }
}

/// How the journal lies on disk.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// Folder; each shard has a folder below it.
    pub folder: PathBuf,
    /// Bytes of a segment, written beforehand. A multiple of 4096, at least four times the largest batch.
    pub segment_bytes: u64,
    /// How long a busy shard gathers messages for one sync, at most; one with time to spare syncs at once.
    pub commit_interval: Duration,
    /// Space that must stay free on the journal's disk; below it sends are refused before the disk is full.
    pub disk_reserve_bytes: u64,
    /// Bytes that all shards together, each an even share, may hold for a message store that is behind; past it sends are
    /// refused. At least two segments a shard.
    pub disk_bytes_max: u64,
    /// How long past its confirmation a message is kept where the message store confirms before it syncs. Must exceed the
    /// store's sync period.
    pub keep_confirmed: Duration,
}

/// An engine's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where native clients and trunks connect.
    pub listen: SocketAddr,
    /// Number of shards, at least 1; each has a thread of its own.
    pub shards: u16,
    /// Processor of each shard; empty: shard n on processor n.
    pub processors: Vec<usize>,
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// What a trunk must say in HELLO.
    pub trunk_secret: String,
    /// The journal.
    pub journal: JournalConfig,
    /// Bounds.
    pub limits: Limits,
}
