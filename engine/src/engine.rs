//! The engine as others see it: started, asked, stopped.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use glommio::{LocalExecutorBuilder, Placement};
use moim_persistence::Persistence;
use tokio::sync::{oneshot, watch};

use crate::config::Config;
use crate::error::Error;
use crate::journal::{self, JournalLock, Recovered};
use crate::mesh::Mesh;
use crate::router::ShardId;
use crate::runtime::{self, Start, StopState};
use crate::socket;
use crate::stats::{ShardStats, Shared};

/// Memory that a shard registers with the kernel; more would not fit a usual 8 MiB limit on locked memory.
const REGISTERED_BYTES: usize = 512 * 1024;
/// Bytes of messages that a recovery gives the store at once, about.
const REPLAY_BYTES: usize = 4 * 1024 * 1024;
/// Entries of a shard's ring.
const RING_ENTRIES: usize = 1024;

/// What a start found in one shard's journal.
#[derive(Clone, Debug)]
pub struct RecoveryReport {
    /// The shard whose folder it is; perhaps one that is no more.
    pub shard: u16,
    /// Records that the message store was given again.
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
    /// Recovers the journal into the message store, then starts the shards. Blocks until they listen.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Listen`], [`Error::Locked`]; [`Error::Damaged`] or [`Error::Missing`] where acknowledged messages may
    /// be lost, with nothing changed on disk.
    pub fn start(config: &Config, persistence: &Persistence) -> Result<Self, Error> {
        check(config)?;
        let lock = Arc::new(lock(&config.journal.folder)?);
        let (recovery, starts) = recover(config, persistence)?;
        let listeners = listen(config)?;
        let address = listeners[0].local_addr().map_err(|source| Error::Listen { address: config.listen, source })?;
        let (stop, stopped) = watch::channel(false);
        let mesh = Mesh::new(config.shards, config.limits.mesh_items_max);
        let stop_state = Arc::new(StopState::default());
        let seed = random()?;
        let revoked_cursor = block_on(persistence.accounts().logins().newest_revocation())?;
        let mut engine = Self { address, stop, threads: Vec::new(), stats: Vec::new(), recovery };
        for ((id, listener), (position, next_segment)) in (0..).map(ShardId).zip(listeners).zip(starts) {
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
                position,
                next_segment,
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
    if config.trunk_secret.is_empty() {
        return refuse("trunk_secret", "must not be empty; without one nobody could tell a bridge from an impostor");
    }
    Ok(())
}

fn lock(journal: &Path) -> Result<JournalLock, Error> {
    fs::create_dir_all(journal).map_err(|source| Error::File { path: journal.to_owned(), source })?;
    JournalLock::take(journal)
}

/// Where a shard's journal goes on: its position, and the number of its next segment.
type GoesOn = (u64, u64);

/// Gives the message store what the journal has and it may not have, of every shard that ever was; then nothing in
/// the old segments is needed any more. Returns where each shard's journal goes on.
fn recover(config: &Config, persistence: &Persistence) -> Result<(Vec<RecoveryReport>, Vec<GoesOn>), Error> {
    let root = &config.journal.folder;
    for shard in 0..config.shards {
        let folder = journal::shard_folder(root, shard);
        fs::create_dir_all(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
    }
    let mut reports = Vec::new();
    let mut starts = vec![(0, 1); usize::from(config.shards)];
    let folders = journal::shard_folders(root)?;
    // All is looked at before anything is changed.
    folders.iter().try_for_each(|(_, folder)| journal::recover(folder, |_| Ok(())).map(drop))?;
    for (shard, folder) in folders {
        let recovered = journal::recover(&folder, |batches| replay(persistence, batches))?;
        journal::retire(&folder, recovered.position, &recovered.segments)?;
        let Recovered { records, position, next_number, torn_at, .. } = recovered;
        if let Some(start) = starts.get_mut(usize::from(shard)) {
            *start = (position, next_number);
        }
        reports.push(RecoveryReport { shard, records, torn_at });
    }
    Ok((reports, starts))
}

/// Writes the batches in pieces that the store takes well, and syncs them.
fn replay(persistence: &Persistence, batches: &[Bytes]) -> Result<(), Error> {
    let messages = persistence.messages();
    let mut rest = batches;
    block_on(async {
        while !rest.is_empty() {
            let mut before = 0;
            let fits = rest.iter().take_while(|batch| {
                let has_space = before < REPLAY_BYTES;
                before += batch.len();
                has_space
            });
            let (piece, later) = rest.split_at(fits.count());
            messages.write(piece).await?;
            rest = later;
        }
        if batches.is_empty() { Ok(()) } else { messages.sync().await }
    })
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
