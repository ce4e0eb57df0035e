//! Group commit and write-behind: one batch after the other into the journal, then to the message store, then the
//! checkpoint that lets the journal forget.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use glommio::timer::sleep;
use moim_persistence::{Batch, Lane};

use super::CoreCell;
use super::pace::{Pace, processor_time};
use crate::journal::{Closed, Journal, give_up, prepare_spare, retire};
use crate::shard::SealedBatch;
use crate::stats::{add, set};

/// Waits between tries to write a batch: at first, and at most.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);
/// Shortest time between two checkpoints.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);

/// Committed batches that the store was not offered yet. Bounded by `unconfirmed_bytes_max`, past which sends are
/// refused.
pub(super) type ToOffer = Rc<RefCell<VecDeque<SealedBatch>>>;

/// Commits batches for ever.
pub(super) async fn commit(core: CoreCell, journal: Rc<RefCell<Journal>>, to_offer: ToOffer) {
    let signals = Rc::clone(&core.borrow().signals);
    let mut pace = Pace::new(core.borrow().config.journal.commit_interval);
    loop {
        signals.batch.wait().await;
        match pace.rest(Instant::now()) {
            // Whatever else is ready goes into the same batch.
            Duration::ZERO => glommio::executor().yield_now().await,
            rest => sleep(rest).await,
        }
        let Some(batch) = core.borrow_mut().shard.seal() else { continue };
        let start = Instant::now();
        pace.begin(start, processor_time());
        append(&core, &journal, &batch).await;
        let position = batch.last;
        to_offer.borrow_mut().push_back(batch);
        signals.offer.raise();
        let mut core = core.borrow_mut();
        add(&core.stats.commits, 1);
        add(&core.stats.commit_us, start.elapsed().as_micros() as u64);
        core.look_at_clock();
        core.committed_position = position;
        core.happen(|shard, now_ms, effects| shard.committed(now_ms, position, effects));
    }
}

/// Writes the batch, however often it takes. Until then nothing of it is acknowledged and new sends are refused.
// The journal has no other writer, and its other readers do not wait while they hold it.
#[expect(clippy::await_holding_refcell_ref, reason = "one task appends; others borrow between waits, by try_borrow")]
async fn append(core: &CoreCell, journal: &Rc<RefCell<Journal>>, batch: &SealedBatch) {
    let mut retry = RETRY_MIN;
    loop {
        let result = journal.borrow_mut().append(batch).await;
        let mut core_now = core.borrow_mut();
        match result {
            Ok(()) => {
                if core_now.journal_failed {
                    tracing::info!(shard = %core_now.id, "the journal can be written again");
                }
                core_now.set_journal_failed(false);
                set(&core_now.stats.segments, journal.borrow().segment_count() as u64);
                if journal.borrow().wants_spare() {
                    core_now.signals.spare.raise();
                }
                return;
            }
            Err(error) => {
                add(&core_now.stats.journal_faults, 1);
                tracing::error!(shard = %core_now.id, %error, "the journal cannot be written; sends are refused");
                core_now.set_journal_failed(true);
            }
        }
        drop(core_now);
        sleep(retry).await;
        retry = (retry * 2).min(RETRY_MAX);
    }
}

/// Has the next segment's file written beforehand, off this thread.
pub(super) async fn prepare_segments(core: CoreCell, journal: Rc<RefCell<Journal>>) {
    let signals = Rc::clone(&core.borrow().signals);
    loop {
        signals.spare.wait().await;
        let (folder, bytes) = match journal.try_borrow() {
            Ok(journal) if journal.wants_spare() => (journal.folder(), journal.segment_bytes()),
            Ok(_) => continue,
            Err(_) => {
                // A batch is being written; its end raises the signal again.
                continue;
            }
        };
        let prepared = glommio::executor().spawn_blocking(move || prepare_spare(&folder, bytes)).await;
        match prepared {
            Ok(()) => {
                if let Ok(mut journal) = journal.try_borrow_mut() {
                    journal.spare_is_ready();
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the journal's next segment cannot be prepared; it is tried again when needed");
                sleep(RETRY_MAX).await;
            }
        }
    }
}

/// Offers committed batches to the store in order; waits where its queue is full.
pub(super) async fn offer(core: CoreCell, to_offer: ToOffer, lane: Lane) {
    let signals = Rc::clone(&core.borrow().signals);
    loop {
        signals.offer.wait().await;
        loop {
            let Some(batch) = to_offer.borrow_mut().pop_front() else { break };
            if lane.offer.send(Batch { frames: batch.frames, position: batch.last, generation: 0 }).await.is_err() {
                // The stores are closed: the journal keeps what they did not take.
                return;
            }
        }
    }
}

/// Follows the store's confirmations.
pub(super) async fn confirm(core: CoreCell, mut lane: Lane) {
    while lane.confirmed.changed().await.is_ok() {
        let position = *lane.confirmed.borrow_and_update();
        let mut core = core.borrow_mut();
        core.shard.confirmed(position);
        set(&core.stats.unconfirmed_records, core.shard.position() - position);
    }
}

/// Moves the checkpoint, and gives up the segments that it leaves behind.
pub(super) struct Checkpointer {
    folder: PathBuf,
    closed: Closed,
    /// Position of the checkpoint on disk.
    written: Cell<u64>,
    is_writing: Cell<bool>,
}

impl Checkpointer {
    pub(super) fn new(journal: &Journal, position: u64) -> Self {
        let (folder, closed) = (journal.folder(), journal.closed());
        Self { folder, closed, written: Cell::new(position), is_writing: Cell::new(false) }
    }

    /// Moves the checkpoint to `position`; false while another call is about it. What fails is done again by the next.
    pub(super) async fn advance(&self, position: u64) -> bool {
        if self.is_writing.get() {
            return false;
        }
        let retired: Vec<u64> = {
            let closed = self.closed.borrow();
            closed.iter().take_while(|&&(_, last)| last <= position).map(|&(number, _)| number).collect()
        };
        if position <= self.written.get() && retired.is_empty() {
            return true;
        }
        self.is_writing.set(true);
        let (folder, count) = (self.folder.clone(), retired.len());
        let moves = position > self.written.get();
        let done = glommio::executor().spawn_blocking(move || {
            if moves { retire(&folder, position, &retired) } else { give_up(&folder, &retired) }
        });
        let done = done.await;
        self.is_writing.set(false);
        match done {
            Ok(()) => {
                self.written.set(position);
                self.closed.borrow_mut().drain(..count);
            }
            Err(error) => tracing::warn!(%error, "the checkpoint cannot be moved; it is tried again"),
        }
        true
    }
}

/// Lets the checkpoint follow the store's confirmations. By the clock, not by the next confirmation: on a full disk none
/// may come before segments are given up.
pub(super) async fn keep_checkpoint(checkpointer: Rc<Checkpointer>, lane: Lane) {
    loop {
        sleep(CHECKPOINT_INTERVAL).await;
        let position = (*lane.confirmed.borrow()).max(checkpointer.written.get());
        checkpointer.advance(position).await;
    }
}
