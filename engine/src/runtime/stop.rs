//! Stopping without losing or refusing what was accepted: no more input, everything under way to its end, then the
//! stores, then GOODBYE.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use glommio::timer::sleep;
use moim_wire::ErrorCode;

use super::feed::Feed;
use super::{Core, CoreCell, RESTART_HINT_MS};
use crate::mesh::Mesh;
use crate::router::ShardId;

/// How long what is under way may take to come to rest.
const REST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the store may take for what is committed, and how long it may confirm nothing of it; the journal keeps the rest.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);
const STORE_SILENCE: Duration = Duration::from_secs(5);
/// How long peers may take to read their GOODBYE.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How far the shards have come with stopping.
#[derive(Debug, Default)]
pub(crate) struct StopState {
    silent: AtomicUsize,
    /// By shard: it rests, and so many items were carried out when it saw that.
    resting: Mutex<HashMap<ShardId, u64>>,
    /// One shard has seen that all rest: what the first to go on causes must not keep the others.
    all_rested: AtomicBool,
}

impl StopState {
    /// Notes whether a shard rests; whether all do. One that was sent something after it had noted that it rests may not: all
    /// must have looked since the last item was carried out, with none under way.
    fn all_rest(&self, id: ShardId, rests: bool, shards: usize, mesh: &Mesh) -> bool {
        let (done, under_way) = (mesh.done(), mesh.under_way());
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if !rests {
            resting.remove(&id);
            return false;
        }
        resting.insert(id, done);
        under_way == 0 && resting.len() == shards && resting.values().all(|&seen| seen == done)
    }
}

/// Brings this shard to its end.
pub(super) async fn stop(core: CoreCell, state: &StopState, mesh: &Mesh) {
    let (id, shards) = (core.borrow().id, usize::from(core.borrow().config.shards));
    core.borrow_mut().is_stopping = true;
    state.silent.fetch_add(1, Ordering::AcqRel);
    // A shard at rest may be sent something by one that is not: all rest at once, or none does.
    // What the disk does not take was not acknowledged: it is not waited for.
    let is_written = |core: &Core| core.journal_failed || !core.shard.has_batch() && !core.shard.is_committing();
    let rests = |core: &Core| core.store_requests == 0 && is_written(core);
    let deadline = Instant::now() + REST_TIMEOUT;
    while Instant::now() < deadline {
        // The marks of the last second, which no tick will come for.
        core.borrow_mut().happen(|shard, _, effects| shard.tick(effects));
        let all_silent = state.silent.load(Ordering::Acquire) >= shards;
        if all_silent && state.all_rest(id, rests(&core.borrow()), shards, mesh) {
            state.all_rested.store(true, Ordering::Release);
        }
        if state.all_rested.load(Ordering::Acquire) {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
    say_goodbye_to_all(&core).await;
    let feeds = core.borrow().feeds.clone();
    wait_for_store(&core, &feeds).await;
    for feed in &feeds {
        feed.take_confirmation();
        while !feed.write_checkpoint().await {
            sleep(LOOK_AGAIN).await;
        }
    }
    core.borrow_mut().publish();
}

async fn say_goodbye_to_all(core: &CoreCell) {
    let keys = core.borrow_mut().connections.keys();
    for key in keys {
        let message = "the server stops; come back in a moment";
        core.borrow_mut().say_goodbye(key, Some(ErrorCode::ShuttingDown), message, RESTART_HINT_MS);
    }
    wait_until(|| core.borrow().connections.len() == 0).await;
    let keys = core.borrow().connections.keys();
    for key in keys {
        core.borrow_mut().disconnect(key);
    }
    core.borrow_mut().flush_dirty();
    // The kernel lets go of their memory when what was under way has ended.
    wait_until(|| core.borrow().connections.ring.in_use() == 0).await;
}

async fn wait_until(is_over: impl Fn() -> bool) {
    let deadline = Instant::now() + FAREWELL_TIMEOUT;
    while !is_over() && Instant::now() < deadline {
        sleep(LOOK_AGAIN).await;
    }
}

async fn wait_for_store(core: &CoreCell, feeds: &[Rc<Feed>]) {
    let confirmed = || feeds.iter().map(|feed| feed.confirmed()).sum::<u64>();
    let (start, mut heard, mut newest) = (Instant::now(), Instant::now(), confirmed());
    // What the journal could not take was not acknowledged, and the store is not offered it.
    while !feeds.iter().all(|feed| feed.is_confirmed()) {
        if confirmed() != newest {
            (heard, newest) = (Instant::now(), confirmed());
        }
        if start.elapsed() > STORE_TIMEOUT || heard.elapsed() > STORE_SILENCE {
            let id = core.borrow().id;
            return tracing::warn!(shard = %id, "the store did not take everything; the journal keeps it for the next start");
        }
        sleep(LOOK_AGAIN).await;
    }
}
