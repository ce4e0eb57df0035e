//! The engine as others see it: started, asked, stopped.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;

use glommio::{LocalExecutorBuilder, Placement};
use moim_persistence::Persistence;
use tokio::sync::{oneshot, watch};

use crate::config::Config;
use crate::error::Error;
use crate::journal::{self, Backlog, Backlogs, JournalLock, Recovered};
use crate::mesh::Mesh;
use crate::router::ShardId;
use crate::runtime::{self, Start, StopState};
use crate::socket;
use crate::stats::{ShardStats, Shared};

/// Memory that a shard registers with the kernel; more would not fit a usual 8 MiB limit on locked memory.
const REGISTERED_BYTES: usize = 512 * 1024;
/// Entries of a shard's ring.
const RING_ENTRIES: usize = 1024;

/// What a start found in one shard's journal.
#[derive(Clone, Debug)]
pub struct RecoveryReport {
    /// The shard whose folder it is; perhaps one that is no more.
    pub shard: u16,
    /// Records that the message store is given again, now that the engine runs.
    pub records: u64,
    /// Byte at which a torn last batch was cut off.
    pub torn_at: Option<u64>,
}

/// A running engine. Dropped without [`Engine::stop`] it goes on until the process ends.
pub struct Engine {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    threads: Vec<(ShardId, JoinHandle<()>)>,
    stats: Vec<Arc<Shared>>,
    recovery: Vec<RecoveryReport>,
}

impl Engine {
    /// Checks the journal, then starts the shards; what the message store does not have yet they give it while they run.
    /// Blocks until they listen.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Listen`], [`Error::Locked`]; [`Error::Damaged`] or [`Error::Missing`] where acknowledged messages may
    /// be lost, with nothing changed on disk.
    pub fn start(config: &Config, persistence: &Persistence) -> Result<Self, Error> {
        check(config)?;
        let lock = Arc::new(lock(&config.journal.folder)?);
        let found = recover(config)?;
        let backlogs = Arc::new(backlogs(config, persistence, &found)?);
        let recovery = found.iter().map(report).collect();
        let listeners = listen(config)?;
        let address = listeners[0].local_addr().map_err(|source| Error::Listen { address: config.listen, source })?;
        let (stop, stopped) = watch::channel(false);
        let mesh = Mesh::new(config.shards, config.limits.mesh_items_max);
        let stop_state = Arc::new(StopState::default());
        let seed = random()?;
        let revoked_cursor = block_on(persistence.accounts().logins().newest_revocation())?;
        let mut engine = Self { address, stop, threads: Vec::new(), stats: Vec::new(), recovery };
        for (id, listener) in (0..).map(ShardId).zip(listeners) {
            let stats = Arc::new(Shared::default());
            engine.stats.push(Arc::clone(&stats));
            let start = Start {
                id,
                config: config.clone(),
                persistence: persistence.clone(),
                listener,
                mesh: Arc::clone(&mesh),
                stats,
                stop: stopped.clone(),
                stop_state: Arc::clone(&stop_state),
                recovered: found
                    .iter()
                    .find(|(shard, _)| *shard == id.0)
                    .map(|(_, own)| Arc::clone(own))
                    .unwrap_or_default(),
                adopted: adopted(&found, id.0, config.shards),
                backlogs: Arc::clone(&backlogs),
                seed,
                revoked_cursor,
                lock: Arc::clone(&lock),
            };
            engine.threads.push((id, spawn(start)?));
        }
        Ok(engine)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its start found in the journal.
    pub fn recovery(&self) -> &[RecoveryReport] {
        &self.recovery
    }

    /// Each shard's numbers, at most a second old.
    pub fn stats(&self) -> Vec<ShardStats> {
        self.stats.iter().map(|stats| stats.read()).collect()
    }

    /// Stops: takes no more input, finishes what is under way, waits for the message store, says GOODBYE. Blocks.
    ///
    /// # Errors
    /// [`Error::Shard`] when a shard's thread ended before it was told to.
    pub fn stop(self) -> Result<(), Error> {
        // Shards that are gone do not listen any more.
        let _ = self.stop.send(true);
        for (shard, thread) in self.threads {
            thread
                .join()
                .map_err(|_| Error::Shard { shard, reason: "its thread panicked; the log says where".into() })?;
        }
        Ok(())
    }
}

fn check(config: &Config) -> Result<(), Error> {
    let refuse = |setting, reason: &str| Err(Error::Setting { setting, reason: reason.to_owned() });
    let segment_bytes = config.journal.segment_bytes;
    if config.shards == 0 {
        return refuse("shards", "at least 1");
    }
    if !segment_bytes.is_multiple_of(journal::BLOCK_BYTES as u64) {
        return refuse("journal.segment_bytes", "must be a multiple of 4096");
    }
    if segment_bytes / 4 < config.limits.batch_bytes_max as u64 {
        return refuse("journal.segment_bytes", "must be at least four times limits.batch_bytes_max");
    }
    if config.journal.disk_bytes_max / u64::from(config.shards) < 2 * segment_bytes {
        return refuse("journal.disk_bytes_max", "must be at least two segments for each shard");
    }
    if config.trunk_secret.is_empty() {
        return refuse("trunk_secret", "must not be empty; without one nobody could tell a bridge from an impostor");
    }
    Ok(())
}

fn lock(journal: &Path) -> Result<JournalLock, Error> {
    fs::create_dir_all(journal).map_err(|source| Error::File { path: journal.to_owned(), source })?;
    JournalLock::take(journal)
}

/// What was found in a shard's folder.
type Found = (u16, Arc<Recovered>);

/// Reads the journal of every shard that ever was. All is looked at before anything is changed.
fn recover(config: &Config) -> Result<Vec<Found>, Error> {
    let root = &config.journal.folder;
    for shard in 0..config.shards {
        let folder = journal::shard_folder(root, shard);
        fs::create_dir_all(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
    }
    let folders = journal::shard_folders(root)?;
    let found = folders.iter().map(|(shard, folder)| Ok((*shard, Arc::new(journal::recover(folder)?))));
    found.collect()
}

/// Gives up what the message store has, and opens lanes for the rest.
fn backlogs(config: &Config, persistence: &Persistence, found: &[Found]) -> Result<Backlogs, Error> {
    let mut backlogs = Vec::new();
    for (shard, recovered) in found {
        let folder = journal::shard_folder(&config.journal.folder, *shard);
        journal::sync_segments(&folder, recovered)?;
        journal::remove_stray_indexes(&folder)?;
        let backlog = Backlog::new(&folder, persistence.write_behind(*shard), recovered, config.shards);
        // Also where it has not moved: its two files lie there before the disk may be full.
        journal::write_checkpoint(&folder, recovered.checkpoint)?;
        backlog.write_checkpoint(&AtomicU64::new(recovered.checkpoint))?;
        backlogs.push((*shard, Arc::new(backlog)));
    }
    Ok(Backlogs::new(backlogs))
}

fn report((shard, recovered): &Found) -> RecoveryReport {
    RecoveryReport { shard: *shard, records: recovered.records, torn_at: recovered.torn_at }
}

/// What shard `id` takes over from shards that are no more.
fn adopted(found: &[Found], id: u16, shards: u16) -> Vec<Found> {
    found.iter().filter(|(shard, _)| *shard >= shards && shard % shards == id).cloned().collect()
}

fn listen(config: &Config) -> Result<Vec<std::net::TcpListener>, Error> {
    let fault = |source| Error::Listen { address: config.listen, source };
    socket::check_free(config.listen).map_err(fault)?;
    let first = socket::bind(config.listen).map_err(fault)?;
    // Port 0 was given a number by the system; the other shards share it.
    let address = first.local_addr().map_err(fault)?;
    let mut listeners = vec![first];
    for _ in 1..config.shards {
        listeners.push(socket::bind(address).map_err(fault)?);
    }
    Ok(listeners)
}

/// Starts a shard's thread and waits until its runtime stands.
fn spawn(start: Start) -> Result<JoinHandle<()>, Error> {
    let id = start.id;
    let fault = |reason: String| Error::Shard { shard: id, reason };
    let processor = start.config.processors.get(usize::from(id.0)).copied().or_else(|| allowed_processor(id));
    let placement = processor.map_or(Placement::Unbound, Placement::Fixed);
    let (stands, is_up) = oneshot::channel();
    let thread = std::thread::Builder::new().name(format!("moim-shard-{id}"));
    let thread = thread.spawn(move || {
        let executor = LocalExecutorBuilder::new(placement).io_memory(REGISTERED_BYTES).ring_depth(RING_ENTRIES).make();
        let executor = executor.map_err(|error| error.to_string());
        // The ring belongs to the thread that made it.
        let ring = socket::ring_for(start.config.limits.connections_max);
        match executor.and_then(|executor| Ok((executor, ring.map_err(|error| error.to_string())?))) {
            Ok((executor, ring)) => {
                // The starter waits for exactly this; it is there.
                let _ = stands.send(Ok(()));
                executor.run(runtime::run(start, ring));
            }
            Err(reason) => drop(stands.send(Err(reason))),
        }
    });
    let thread = thread.map_err(|error| fault(format!("its thread cannot start: {error}")))?;
    match is_up.blocking_recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(reason)) => {
            Err(fault(format!("its runtime cannot start: {reason}; it needs Linux 6.1 or newer with io_uring allowed")))
        }
        Err(_) => Err(fault("its thread ended at once".into())),
    }
}

/// The processor of shard n: the nth of those that this process may use; shards beyond them are not pinned.
fn allowed_processor(id: ShardId) -> Option<usize> {
    let allowed = rustix::thread::sched_getaffinity(None).ok()?;
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor)).nth(id.0.into())
}

fn random() -> Result<u64, Error> {
    getrandom::u64().map_err(|error| Error::Setting { setting: "seed", reason: format!("no randomness: {error}") })
}

/// Waits on this thread for a store.
fn block_on<T>(future: impl Future<Output = Result<T, moim_persistence::Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| Error::Setting { setting: "runtime", reason: error.to_string() })?;
    Ok(runtime.block_on(future)?)
}
