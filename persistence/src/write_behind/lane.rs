//! One lane's worker: gather, write, sync, confirm; when the store fails, the same again later. Nothing is dropped: while
//! the worker tries, its queue fills, the journal waits to offer more, and the disk is where messages pile up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::Batch;
use crate::error::Error;
use crate::message_store::MessageStore;
use crate::stats::LaneStats;

/// How long a write waits for company.
const GATHER: Duration = Duration::from_millis(20);
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) lane: u16,
    pub(super) store: MessageStore,
    pub(super) queue: mpsc::Receiver<Batch>,
    pub(super) confirm: watch::Sender<u64>,
    pub(super) closing: watch::Receiver<bool>,
    pub(super) write_bytes_max: usize,
    pub(super) counters: Arc<Counters>,
}

#[derive(Default)]
pub(super) struct Counters {
    queued: AtomicU64,
    batches: AtomicU64,
    bytes: AtomicU64,
    writes: AtomicU64,
    retries: AtomicU64,
    taken: AtomicU64,
    confirmed: AtomicU64,
}

/// Batches that are written together.
struct Gathered {
    frames: Vec<Bytes>,
    bytes: usize,
    position: u64,
}

impl Worker {
    /// Works until the queue has ended.
    ///
    /// # Errors
    /// The store's, when it fails while the lane is closed: what is left stays with the journal.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        while let Some(first) = self.next().await {
            let gathered = self.gather(first).await;
            self.store_for_good(&gathered).await?;
            self.counters.writes.fetch_add(1, Ordering::Relaxed);
            self.counters.confirmed.store(gathered.position, Ordering::Relaxed);
            self.confirm.send_replace(gathered.position);
        }
        Ok(())
    }

    /// The next batch, `None` at the end of the queue. Closing ends the queue behind what is in it.
    async fn next(&mut self) -> Option<Batch> {
        if !*self.closing.borrow() {
            tokio::select! {
                biased;
                batch = self.queue.recv() => return batch,
                _ = self.closing.wait_for(|closing| *closing) => {}
            }
        }
        self.queue.close();
        self.queue.recv().await
    }

    /// Takes what else arrives within a moment, up to the bound: nobody waits for the store, and a sync costs the same
    /// whatever it covers.
    async fn gather(&mut self, first: Batch) -> Gathered {
        let mut gathered = Gathered { frames: Vec::new(), bytes: 0, position: 0 };
        let until = Instant::now() + GATHER;
        let mut next = Some(first);
        while let Some(batch) = next {
            gathered.bytes += batch.frames.len();
            gathered.position = batch.position;
            gathered.frames.push(batch.frames);
            next = if gathered.bytes < self.write_bytes_max { self.arrives(until).await } else { None };
        }
        self.counters.batches.fetch_add(gathered.frames.len() as u64, Ordering::Relaxed);
        self.counters.bytes.fetch_add(gathered.bytes as u64, Ordering::Relaxed);
        self.counters.taken.store(gathered.position, Ordering::Relaxed);
        self.counters.queued.store(self.queue.len() as u64, Ordering::Relaxed);
        gathered
    }

    /// The next batch, if one is there or comes in time; closing cuts the wait short.
    async fn arrives(&mut self, until: Instant) -> Option<Batch> {
        if let Ok(batch) = self.queue.try_recv() {
            return Some(batch);
        }
        tokio::select! {
            batch = self.queue.recv() => batch,
            _ = self.closing.wait_for(|closing| *closing) => None,
            () = tokio::time::sleep_until(until) => None,
        }
    }

    /// Writes and syncs, both again after either failed, until it is done or the lane closes.
    async fn store_for_good(&mut self, gathered: &Gathered) -> Result<(), Error> {
        let mut pause = RETRY_FIRST;
        loop {
            let Err(error) = self.store.write_durably(&gathered.frames).await else { return Ok(()) };
            if *self.closing.borrow() {
                tracing::error!(lane = self.lane, position = gathered.position, %error, "closing with messages not stored; the journal keeps them");
                return Err(error);
            }
            self.counters.queued.store(self.queue.len() as u64, Ordering::Relaxed);
            // Released, so that who sees the retry sees the queue as it was then.
            self.counters.retries.fetch_add(1, Ordering::Release);
            tracing::warn!(lane = self.lane, position = gathered.position, pause_ms = pause.as_millis() as u64, %error, "the message store failed; trying again");
            // Closing cuts the pause short for one more try.
            let _ = tokio::time::timeout(pause, self.closing.wait_for(|closing| *closing)).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
    }
}

impl Counters {
    pub(super) fn stats(&self, lane: u16, queued_max: u64) -> LaneStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LaneStats {
            lane,
            queued: count(&self.queued),
            queued_max,
            batches_total: count(&self.batches),
            bytes_total: count(&self.bytes),
            writes_total: count(&self.writes),
            retries_total: self.retries.load(Ordering::Acquire),
            taken: count(&self.taken),
            confirmed: count(&self.confirmed),
        }
    }
}
