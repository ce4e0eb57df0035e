//! One lane's worker: gather, write, sync, confirm; when the store fails, the same again later. Nothing is dropped: while
//! the worker tries, its queue fills, the journal waits to offer more, and the disk is where messages pile up.
//!
//! A store that was away may have lost what it confirmed. It says so by [`MessageStore::returns`]; the worker then confirms
//! nothing more of what it was offered so far, takes its confirmations back and asks for everything again: a [`Rewind`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::{Batch, Rewind};
use crate::error::Error;
use crate::message_store::MessageStore;
use crate::search::Search;
use crate::stats::LaneStats;

/// How long a write waits for company: nobody waits for it, and its sync takes a core and the disk from those who talk.
const GATHER: Duration = Duration::from_millis(100);
/// How often a waiting write looks for it: to be woken for every batch would cost more than the batch.
const LOOK: Duration = Duration::from_millis(10);
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) lane: u16,
    pub(super) store: MessageStore,
    pub(super) search: Option<Search>,
    pub(super) queue: mpsc::Receiver<Batch>,
    pub(super) confirm: watch::Sender<u64>,
    pub(super) rewind: watch::Sender<Rewind>,
    pub(super) returns: watch::Receiver<u64>,
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
    rewinds: AtomicU64,
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
            if self.has_returned() {
                self.ask_again();
                continue;
            }
            if let Some(search) = &self.search {
                search.offer(&gathered.frames).await;
            }
            self.counters.confirmed.store(gathered.position, Ordering::Relaxed);
            self.confirm.send_replace(gathered.position);
        }
        Ok(())
    }

    /// The next batch, `None` at the end of the queue. Closing ends the queue behind what is in it.
    async fn next(&mut self) -> Option<Batch> {
        loop {
            let batch = self.receive().await?;
            if self.has_returned() {
                self.ask_again();
            }
            if batch.generation == self.rewind.borrow().generation {
                return Some(batch);
            }
        }
    }

    async fn receive(&mut self) -> Option<Batch> {
        while !*self.closing.borrow() {
            let has_returned = tokio::select! {
                biased;
                batch = self.queue.recv() => return batch,
                closing = self.closing.wait_for(|closing| *closing) => { drop(closing); false }
                // The store, and with it the sender, lives as long as this worker.
                Ok(()) = self.returns.changed() => true,
            };
            if has_returned {
                self.ask_again();
            }
        }
        self.queue.close();
        self.queue.recv().await
    }

    /// Whether the store came back since the last time that this was asked.
    fn has_returned(&mut self) -> bool {
        let has = self.returns.has_changed().unwrap_or(false);
        if has {
            self.returns.mark_unchanged();
        }
        has
    }

    /// Takes all confirmations back and asks for whatever the journal still holds: its window is what the store may have
    /// lost, and no more is known of when.
    fn ask_again(&self) {
        self.counters.rewinds.fetch_add(1, Ordering::Relaxed);
        self.counters.taken.store(0, Ordering::Relaxed);
        self.counters.confirmed.store(0, Ordering::Relaxed);
        self.confirm.send_replace(0);
        self.rewind.send_modify(|rewind| *rewind = Rewind { generation: rewind.generation + 1, position: 0 });
        tracing::warn!(lane = self.lane, "the message store was away; what it confirmed last is written again");
    }

    /// Takes what else arrives within a moment, up to the bound: nobody waits for the store, and a sync costs the same
    /// whatever it covers.
    async fn gather(&mut self, first: Batch) -> Gathered {
        let mut gathered = Gathered { frames: Vec::new(), bytes: 0, position: 0 };
        let until = Instant::now() + GATHER;
        let generation = first.generation;
        let mut next = Some(first);
        while let Some(batch) = next {
            gathered.bytes += batch.frames.len();
            gathered.position = batch.position;
            gathered.frames.push(batch.frames);
            next = if gathered.bytes < self.write_bytes_max { self.arrives(until).await } else { None };
            // Of an older generation nothing is left once a batch of the newest was taken.
            debug_assert!(next.as_ref().is_none_or(|next| next.generation == generation), "generations do not fall");
        }
        self.counters.batches.fetch_add(gathered.frames.len() as u64, Ordering::Relaxed);
        self.counters.bytes.fetch_add(gathered.bytes as u64, Ordering::Relaxed);
        self.counters.taken.store(gathered.position, Ordering::Relaxed);
        self.counters.queued.store(self.queue.len() as u64, Ordering::Relaxed);
        gathered
    }

    /// The next batch, if one is there or comes in time; closing cuts the wait short.
    async fn arrives(&mut self, until: Instant) -> Option<Batch> {
        loop {
            if let Ok(batch) = self.queue.try_recv() {
                return Some(batch);
            }
            let now = Instant::now();
            if now >= until || *self.closing.borrow() {
                return None;
            }
            let look_again = tokio::time::sleep_until(until.min(now + LOOK));
            tokio::select! {
                _ = self.closing.wait_for(|closing| *closing) => {}
                () = look_again => {}
            }
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
            rewinds_total: count(&self.rewinds),
            taken: count(&self.taken),
            confirmed: count(&self.confirmed),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use moim_wire::schema::{Kind, MessageHead, Role};
    use moim_wire::{Encoder, Envelope, MessageFields, MessageId, RoomId};

    use super::*;
    use crate::config::Config;
    use crate::folder_lock::FolderLock;
    use crate::members::Accounts;
    use crate::runtime::Runtime;

    /// A batch of the one message whose id is the position.
    fn batch(position: u64, generation: u64) -> Batch {
        let head = MessageHead::new(position, 0, 1, 1, 1, position as u32);
        let fields = MessageFields { head, text: "text", reference: 0, kind: Kind::Talk, role: Role::Member };
        let mut frames = Vec::new();
        Encoder::new().message(&mut frames, Envelope::default(), &fields);
        Batch { frames: Bytes::from(frames), position, generation }
    }

    #[tokio::test]
    async fn a_store_that_was_away_is_given_everything_again_and_what_was_offered_before_is_not_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path());
        let runtime = Runtime::start(&config).unwrap();
        let accounts = Accounts::open(&config, &runtime).unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let store = MessageStore::open(&config, &runtime, &accounts, lock).unwrap();
        let (offer, queue) = mpsc::channel(8);
        let (confirm, mut confirmed) = watch::channel(0);
        let (rewind, mut rewound) = watch::channel(Rewind::default());
        let (returned, returns) = watch::channel(0);
        let (close, closing) = watch::channel(false);
        let (counters, write_bytes_max) = (Arc::default(), 1);
        let store_of_worker = store.clone();
        let worker = Worker {
            lane: 0,
            store: store_of_worker,
            search: None,
            queue,
            confirm,
            rewind,
            returns,
            closing,
            write_bytes_max,
            counters,
        };
        let worker = tokio::spawn(worker.run());

        offer.send(batch(1, 0)).await.unwrap();
        confirmed.wait_for(|&position| position == 1).await.unwrap();
        returned.send_replace(1);
        rewound.wait_for(|rewind| *rewind == Rewind { generation: 1, position: 0 }).await.unwrap();
        assert_eq!(*confirmed.borrow_and_update(), 0, "taken back before it is asked for again");
        offer.send(batch(2, 0)).await.unwrap();
        offer.send(batch(1, 1)).await.unwrap();
        confirmed.wait_for(|&position| position > 0).await.unwrap();
        assert_eq!(*confirmed.borrow(), 1, "the one of the older generation was passed over");
        assert_eq!(store.newest(RoomId(1)).await.unwrap(), Some(MessageId(1)));
        offer.send(batch(2, 1)).await.unwrap();
        confirmed.wait_for(|&position| position == 2).await.unwrap();
        assert_eq!(store.newest(RoomId(1)).await.unwrap(), Some(MessageId(2)));
        close.send_replace(true);
        worker.await.unwrap().unwrap();
    }
}
