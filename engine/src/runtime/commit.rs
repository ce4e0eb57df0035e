//! Group commit: one batch after the other into the journal, and from there on to whoever waits for it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use glommio::timer::sleep;

use super::CoreCell;
use super::feed::Feed;
use super::pace::{Pace, processor_time};
use crate::journal::{Journal, prepare_spare};
use crate::shard::SealedBatch;
use crate::stats::add;

/// Waits between tries to write a batch: at first, and at most.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Commits batches for ever.
pub(super) async fn commit(core: CoreCell, journal: Rc<RefCell<Journal>>, feed: Rc<Feed>) {
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
        let withdrawn = core.borrow_mut().shard.take_withdrawn();
        let start = Instant::now();
        pace.begin(start, processor_time());
        append(&core, &journal, &batch).await;
        let position = batch.last;
        let mut core = core.borrow_mut();
        add(&core.stats.commits, 1);
        add(&core.stats.commit_us, start.elapsed().as_micros() as u64);
        core.look_at_clock();
        feed.withdrawn(position, &withdrawn);
        feed.committed(batch, core.now_ms);
        core.look_at_backlog();
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
