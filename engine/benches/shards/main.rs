//! The same work on one shard and on more: each on a thread and core of its own, with its journal and the mesh between
//! them. Sessions live in the shards' own threads, so that neither sockets nor a load generator take a part of the
//! machine. Members of a room sit on different shards: every second message crosses the mesh, every second copy too.
//!
//! The last line says in JSON how many messages were acknowledged in which time. The load harness runs it:
//! `moim-perf run shards`.

mod journal;
#[path = "../node/mod.rs"]
mod node;
mod options;
mod shard_thread;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use moim_engine::mesh::Mesh;
use moim_engine::router::ShardId;
use options::Options;

const WARM_UP: Duration = Duration::from_millis(500);
/// Items between two shards, as the engine has it.
const MESH_ITEMS_MAX: usize = 16_384;

/// What the shards' threads share.
pub(crate) struct Shared {
    mesh: Arc<Mesh>,
    /// Sessions that follow their room.
    opened: AtomicU32,
    /// Sends acknowledged within the measured time.
    acknowledged: AtomicU64,
    /// Everybody is in: the load begins.
    ready: Barrier,
}

#[expect(clippy::print_stdout, reason = "what a program measured is what it is run for")]
fn main() {
    let options = Options::of_command_line();
    if options.is_version_wanted {
        return println!("moim-engine {}, sessions in process", env!("CARGO_PKG_VERSION"));
    }
    let shared = Arc::new(Shared {
        mesh: Mesh::new(options.shards, MESH_ITEMS_MAX),
        opened: AtomicU32::new(0),
        acknowledged: AtomicU64::new(0),
        ready: Barrier::new(usize::from(options.shards)),
    });
    let threads: Vec<_> = (0..options.shards)
        .map(|number| {
            let (options, shared) = (options.clone(), shared.clone());
            thread::spawn(move || shard_thread::run(ShardId(number), &options, &shared))
        })
        .collect();
    for thread in threads {
        thread.join().expect("a shard's thread says itself what went wrong");
    }
    let messages = shared.acknowledged.load(Ordering::Acquire);
    println!("{{\"messages\": {messages}, \"seconds\": {}}}", options.seconds);
}

/// When the measured time begins and ends, for a thread that begins its load now.
pub(crate) fn window(seconds: f64) -> (Instant, Instant) {
    let begin = Instant::now() + WARM_UP;
    (begin, begin + Duration::from_secs_f64(seconds))
}
