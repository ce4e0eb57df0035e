//! A shard's thread from its start to its end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use glommio::io::PollableFd;
use moim_persistence::Persistence;
use moim_wire::{Encoder, ErrorCode};
use tokio::sync::watch;

use super::commit::Checkpointer;
use super::{Core, CoreCell, Signals, StopState, commit, peers, sockets, spawn, stop, tick};
use crate::config::Config;
use crate::journal::{Journal, JournalLock};
use crate::mesh::{Mesh, Port};
use crate::router::ShardId;
use crate::shard::{Effects, Shard};
use crate::socket::{Connection, Connections, Ring, accept_all, stop_listening};
use crate::stats::{Shared, add};

/// What a shard's thread is given.
pub(crate) struct Start {
    pub(crate) id: ShardId,
    pub(crate) config: Config,
    pub(crate) persistence: Persistence,
    pub(crate) listener: TcpListener,
    pub(crate) mesh: Arc<Mesh>,
    pub(crate) stats: Arc<Shared>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) stop_state: Arc<StopState>,
    /// Position of the journal, whose records so far the store has, and the number of its next segment.
    pub(crate) position: u64,
    pub(crate) next_segment: u64,
    pub(crate) seed: u64,
    pub(crate) revoked_cursor: u64,
    #[expect(dead_code, reason = "held for as long as the shard runs")]
    pub(crate) lock: Arc<JournalLock>,
}

/// Runs a shard until it is told to stop.
pub(crate) async fn run(start: Start, ring: Ring) {
    let Start { id, ref config, ref persistence, .. } = start;
    let lane = persistence.write_behind(id.0);
    let folder = crate::journal::shard_folder(&config.journal.folder, id.0);
    let journal = Journal::new(folder, config.journal.segment_bytes, config.durability, start.next_segment);
    let journal = Rc::new(RefCell::new(journal));
    let checkpointer = Rc::new(Checkpointer::new(&journal.borrow(), start.position));
    let to_offer = Rc::new(RefCell::new(VecDeque::new()));
    let core = new_core(&start, ring);
    let mut stopped = start.stop.clone();
    core.borrow_mut().look_at_disk();

    let listener = Rc::new(start.listener);
    spawn(accept(Rc::clone(&core), Rc::clone(&listener)));
    spawn(sockets::drive(Rc::clone(&core)));
    spawn(sockets::flush(Rc::clone(&core)));
    spawn(peers::receive(Rc::clone(&core)));
    spawn(peers::unclog(Rc::clone(&core)));
    spawn(tick::tick(Rc::clone(&core)));
    spawn(commit::commit(Rc::clone(&core), Rc::clone(&journal), Rc::clone(&to_offer)));
    spawn(commit::prepare_segments(Rc::clone(&core), Rc::clone(&journal)));
    spawn(commit::offer(Rc::clone(&core), Rc::clone(&to_offer), lane.clone()));
    spawn(commit::confirm(Rc::clone(&core), lane.clone()));
    spawn(commit::keep_checkpoint(Rc::clone(&checkpointer), lane.clone()));

    // The sender lives as long as the engine; its end is an end, too.
    let _ = stopped.wait_for(|&stop| stop).await;
    stop_listening(&listener);
    stop::stop(core, &checkpointer, to_offer, lane, &start.stop_state, &start.mesh).await;
}

fn new_core(start: &Start, ring: Ring) -> CoreCell {
    let (config, seed) = (Rc::new(start.config.clone()), start.seed);
    Rc::new_cyclic(|this| {
        RefCell::new(Core {
            id: start.id,
            shard: Shard::new(start.id, config.shards, config.limits, seed, start.position),
            effects: Effects::default(),
            connections: Connections::new(ring, config.limits),
            port: Port::new(Arc::clone(&start.mesh), start.id),
            persistence: start.persistence.clone(),
            signals: Rc::new(Signals::default()),
            stats: Arc::clone(&start.stats),
            this: this.clone(),
            input: Vec::new(),
            encoder: Encoder::new(),
            inbox: sockets::Inbox::default(),
            started: Instant::now(),
            now_s: 0,
            started_position: start.position,
            now_ms: 0,
            store_requests: 0,
            revoked_cursor: start.revoked_cursor,
            is_stopping: false,
            committed_position: start.position,
            refused: 0,
            answered_busy: 0,
            journal_failed: false,
            disk_is_low: false,
            config,
        })
    })
}

/// Takes connections until the shard stops.
async fn accept(core: CoreCell, listener: Rc<TcpListener>) {
    let Ok(listener) = PollableFd::new(listener) else { return };
    while listener.readable().await.is_ok() {
        if core.borrow().is_stopping {
            return;
        }
        let result = accept_all(listener.get_ref(), |stream, peer| take_in(&core, &stream, peer.ip()));
        if let Err(error) = result {
            // Out of descriptors or memory: those who wait go on waiting.
            tracing::warn!(%error, "cannot accept connections; trying again in a moment");
            glommio::timer::sleep(std::time::Duration::from_millis(100)).await;
        }
        core.borrow_mut().signal_work();
    }
}

fn take_in(core: &CoreCell, stream: &std::net::TcpStream, peer: std::net::IpAddr) {
    let mut core = core.borrow_mut();
    core.look_at_clock();
    let now_s = core.now_s;
    let is_full = core.connections.len() >= core.config.limits.connections_max;
    let key = core.connections.open(stream, |generation| Connection::new(generation, peer, now_s));
    if is_full || key.is_none() {
        add(&core.stats.turned_away, 1);
    }
    if let Some(key) = key
        && is_full
    {
        let message = "the server has as many connections as it takes";
        core.say_goodbye(key, Some(ErrorCode::TooManyConnections), message, 5_000);
    }
}
