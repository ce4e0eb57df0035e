//! A shard's thread from its start to its end.

use std::cell::RefCell;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use glommio::io::PollableFd;
use moim_persistence::Persistence;
use moim_wire::{Encoder, ErrorCode};
use tokio::sync::watch;

use super::feed::Feed;
use super::{Core, CoreCell, Signals, StopState, commit, peers, sockets, spawn, stop, tick, write_behind};
use crate::config::Config;
use crate::journal::{Backlogs, Journal, JournalLock, Recovered};
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
    /// What was found of this shard's journal.
    pub(crate) recovered: Arc<Recovered>,
    /// What was found of journals that it takes over from shards that are no more, by their numbers.
    pub(crate) adopted: Vec<(u16, Arc<Recovered>)>,
    /// What the message store may not have, of all journals.
    pub(crate) backlogs: Arc<Backlogs>,
    pub(crate) seed: u64,
    pub(crate) revoked_cursor: u64,
    #[expect(dead_code, reason = "held for as long as the shard runs")]
    pub(crate) lock: Arc<JournalLock>,
}

/// Runs a shard until it is told to stop.
pub(crate) async fn run(start: Start, ring: Ring) {
    let Start { id, ref config, .. } = start;
    let feeds = feeds(&start);
    let core = new_core(&start, ring, feeds.clone());
    let mut stopped = start.stop.clone();
    core.borrow_mut().look_at_disk();
    core.borrow_mut().look_at_backlog();

    let listener = Rc::new(start.listener);
    spawn(accept(Rc::clone(&core), Rc::clone(&listener)));
    spawn(sockets::drive(Rc::clone(&core)));
    spawn(sockets::flush(Rc::clone(&core)));
    spawn(peers::receive(Rc::clone(&core)));
    spawn(peers::unclog(Rc::clone(&core)));
    spawn(tick::tick(Rc::clone(&core)));
    if let Some(own) = feeds.first() {
        let folder = crate::journal::shard_folder(&config.journal.folder, id.0);
        let (bytes, next) = (config.journal.segment_bytes, start.recovered.next_number);
        let journal = Journal::new(folder, bytes, (config.durability, config.shards), next, Arc::clone(own.backlog()));
        let journal = Rc::new(RefCell::new(journal));
        spawn(commit::commit(Rc::clone(&core), Rc::clone(&journal), Rc::clone(own)));
        spawn(commit::prepare_segments(Rc::clone(&core), journal));
    }
    for feed in feeds {
        spawn(write_behind::feed(Rc::clone(&feed)));
        spawn(write_behind::hear_rewinds(Rc::clone(&feed)));
        spawn(write_behind::confirm(Rc::clone(&feed)));
        spawn(write_behind::keep_checkpoint(Rc::clone(&core), Rc::clone(&feed)));
        spawn(write_behind::write_indexes(Rc::clone(&core), feed));
    }

    // The sender lives as long as the engine; its end is an end, too.
    let _ = stopped.wait_for(|&stop| stop).await;
    stop_listening(&listener);
    stop::stop(core, &start.stop_state, &start.mesh).await;
}

/// The ways into the message store: of the shard's own journal first.
fn feeds(start: &Start) -> Vec<Rc<Feed>> {
    let (config, messages) = (&start.config, start.persistence.messages());
    let keep = if messages.confirms_before_sync() { config.journal.keep_confirmed } else { Duration::ZERO };
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let own = (start.id.0, Arc::clone(&start.recovered));
    let found = std::iter::once(&own).chain(&start.adopted);
    let feed = |(number, recovered): &(u16, Arc<Recovered>)| {
        let backlog = Arc::clone(start.backlogs.of(*number)?);
        Some(Rc::new(Feed::new(backlog, recovered, config.limits.feed_bytes_max, keep, now_ms)))
    };
    found.filter_map(feed).collect()
}

fn new_core(start: &Start, ring: Ring, feeds: Vec<Rc<Feed>>) -> CoreCell {
    let (config, seed) = (Rc::new(start.config.clone()), start.seed);
    Rc::new_cyclic(|this| {
        RefCell::new(Core {
            id: start.id,
            shard: Shard::new(start.id, config.shards, config.limits, seed, start.recovered.position),
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
            now_ms: 0,
            store_requests: 0,
            revoked_cursor: start.revoked_cursor,
            is_stopping: false,
            feeds,
            backlogs: Arc::clone(&start.backlogs),
            backlog_reads: 0,
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
