//! The tasks of a way into the message store: one offers, one hears what is confirmed, two tidy up behind it.

use std::rc::Rc;
use std::time::Duration;

use glommio::timer::sleep;
use moim_persistence::{Batch, Lane, Rewind};

use super::CoreCell;
use super::feed::{Cursor, Feed};
use super::joined::journal_error;
use crate::shard::SealedBatch;
use crate::stats::add;

/// When to try again to read a segment that could not be read.
const RETRY: Duration = Duration::from_secs(2);
/// How often the checkpoint follows, and indexes are thought of.
const INTERVAL: Duration = Duration::from_secs(1);
/// A store that is less behind has a closed segment before its index is ready.
const INDEX_BEHIND_S: u64 = 2;

/// Offers what is committed in order, for ever; waits where the lane's queue is full.
pub(super) async fn feed(feed: Rc<Feed>) {
    let Lane { offer, rewind, .. } = feed.backlog().lane().clone();
    let mut cursor = Cursor::at(feed.backlog().settled());
    let mut generation = 0;
    loop {
        let asked: Rewind = *rewind.borrow();
        if asked.generation != generation {
            feed.count_rewind();
            generation = asked.generation;
            cursor = Cursor::at(asked.position);
        }
        let batches = match feed.next(&mut cursor).await {
            Ok(batches) => batches,
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read back for the message store; trying again");
                sleep(RETRY).await;
                continue;
            }
        };
        if batches.is_empty() {
            feed.wait().await;
        }
        for SealedBatch { frames, last, .. } in batches {
            if rewind.borrow().generation != generation {
                break;
            }
            let batch = Batch { frames, position: last, generation };
            feed.offered(&batch);
            if offer.send(batch).await.is_err() {
                // The stores are closed: the journal keeps what they did not take.
                return;
            }
            cursor.position = last;
        }
    }
}

/// Wakes the feeder when it is asked to go back.
pub(super) async fn hear_rewinds(feed: Rc<Feed>) {
    let mut rewind = feed.backlog().lane().rewind.clone();
    while rewind.changed().await.is_ok() {
        feed.wake();
    }
}

/// Follows the store's confirmations.
pub(super) async fn confirm(feed: Rc<Feed>) {
    let mut confirmed = feed.backlog().lane().confirmed.clone();
    while confirmed.changed().await.is_ok() {
        feed.take_confirmation();
    }
}

/// Lets the checkpoint follow. By the clock, not by the next confirmation: on a full disk none may come before segments are
/// given up.
pub(super) async fn keep_checkpoint(core: CoreCell, feed: Rc<Feed>) {
    loop {
        sleep(INTERVAL).await;
        feed.write_checkpoint().await;
        core.borrow_mut().look_at_backlog();
        if let Some(batch) = feed.knock() {
            // A lane whose queue is full is alive without it.
            let _ = feed.backlog().lane().offer.try_send(batch);
        }
    }
}

/// Writes indexes beside segments that the store is not about to have, so that their messages need not stay in memory.
pub(super) async fn write_indexes(core: CoreCell, feed: Rc<Feed>) {
    loop {
        sleep(INTERVAL).await;
        let (persistence, now_ms) = (core.borrow().persistence.clone(), core.borrow().now_ms);
        while feed.behind(now_ms).seconds >= INDEX_BEHIND_S
            && let Some(segment) = feed.backlog().without_index()
        {
            let number = segment.number();
            let work = move || segment.leave_to_index().map_err(|error| journal_error(&error));
            match persistence.work_behind(work).await {
                Ok(true) => add(&core.borrow().stats.indexes, 1),
                // It is gone, or its disk is full.
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, segment = number, "a segment's index cannot be written; it is tried again");
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use glommio::LocalExecutorBuilder;
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::config::Durability;
    use crate::journal::{Backlog, Journal, Recovered};

    /// The other end of a lane: what a message store's worker holds.
    struct Worker {
        queue: mpsc::Receiver<Batch>,
        confirm: watch::Sender<u64>,
        rewind: watch::Sender<Rewind>,
    }

    impl Worker {
        async fn takes(&mut self, count: usize) -> Vec<(u64, u64)> {
            let mut taken = Vec::new();
            for _ in 0..count {
                let batch = self.queue.recv().await.unwrap();
                taken.push((batch.position, batch.generation));
            }
            taken
        }
    }

    /// A feed over a journal in `folder`, with nothing in memory and a window that no test outlives.
    fn feed_in(folder: &Path) -> (Rc<Feed>, Journal, Worker) {
        let (offer, queue) = mpsc::channel(64);
        let (confirm, confirmed) = watch::channel(0);
        let (rewind, rewound) = watch::channel(Rewind::default());
        let mut recovered = Recovered::after(0);
        recovered.next_number = 1;
        let backlog = Arc::new(Backlog::new(folder, Lane { offer, confirmed, rewind: rewound }, &recovered, 1));
        let journal = Journal::new(folder.to_owned(), 256 * 1024, (Durability::Relaxed, 1), 1, Arc::clone(&backlog));
        let feed = Feed::new(backlog, &recovered, 0, Duration::from_secs(3_600), 0);
        (Rc::new(feed), journal, Worker { queue, confirm, rewind })
    }

    async fn commit(feed: &Feed, journal: &mut Journal, positions: std::ops::RangeInclusive<u64>) {
        for last in positions {
            let batch = SealedBatch { frames: vec![7; 60_000].into(), first: last - 1, last };
            journal.append(&batch).await.unwrap();
            feed.committed(batch, 0);
        }
    }

    #[test]
    fn a_store_that_was_away_is_offered_everything_again_that_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let executor = LocalExecutorBuilder::default().make().unwrap();
        executor.run(async move {
            let (feed, mut journal, mut worker) = feed_in(&path);
            glommio::spawn_local(super::feed(Rc::clone(&feed))).detach();
            glommio::spawn_local(hear_rewinds(Rc::clone(&feed))).detach();
            // Several segments, the last of them in use.
            commit(&feed, &mut journal, 1..=9).await;
            let offered: Vec<_> = (1..=9).map(|position| (position, 0)).collect();
            assert_eq!(worker.takes(9).await, offered);
            worker.confirm.send_replace(9);
            feed.take_confirmation();
            assert!(feed.is_confirmed());
            assert_eq!(feed.backlog().settled(), 0, "it may be lost yet");
            worker.confirm.send_replace(0);
            worker.rewind.send_replace(Rewind { generation: 1, position: 0 });
            assert!(!feed.is_confirmed());
            let again: Vec<_> = (1..=9).map(|position| (position, 1)).collect();
            assert_eq!(worker.takes(9).await, again);
            commit(&feed, &mut journal, 10..=10).await;
            assert_eq!(worker.takes(1).await, [(10, 1)]);
            assert_eq!(feed.rewinds(), 1);
            assert!(feed.read_back_bytes() >= 19 * 60_000, "nothing is kept in memory");
        });
    }
}
