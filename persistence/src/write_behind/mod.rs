//! Write-behind: from a shard's journal to the message store, in batches, for as long as it takes.

mod lane;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::error::Error;
use crate::message_store::MessageStore;
use crate::runtime::not_finished;
use crate::search::Search;
use crate::stats::LaneStats;

use lane::{Counters, Worker};

/// What a journal offers at once.
#[derive(Clone, Debug)]
pub struct Batch {
    /// MESSAGE frames without session id, back to back.
    pub frames: Bytes,
    /// The journal's position after them, rising from batch to batch.
    pub position: u64,
    /// Generation of the newest [`Rewind`] that the offerer had obeyed; 0 before the first.
    pub generation: u64,
}

/// "Offer again": what the store confirmed after `position` it may have lost. Whoever offers obeys the newest generation
/// that it sees, from the oldest batch that the journal still holds where `position` lies before it. Batches of an older
/// generation are passed over: they come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewind {
    /// Rises by one each time; 0 before the first.
    pub generation: u64,
    /// Offer what comes after it.
    pub position: u64,
}

/// A journal's way into the message store. The queue is bounded: `offer.send` waits when it is full, `offer.try_send`
/// says so. Both ends may be awaited on any executor.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Takes batches in the journal's order. When all its clones are dropped the lane ends with its last batch.
    pub offer: mpsc::Sender<Batch>,
    /// The position up to which the store has confirmed everything; 0 until the first confirmation. It falls with a
    /// rewind, to the rewind's position.
    pub confirmed: watch::Receiver<u64>,
    /// Asks the offerer to go back. Changes only where the store confirms before it syncs.
    pub rewind: watch::Receiver<Rewind>,
}

/// All lanes.
pub(crate) struct WriteBehind {
    store: MessageStore,
    search: Option<Search>,
    handle: Handle,
    batches_max: usize,
    write_bytes_max: usize,
    closing: watch::Sender<bool>,
    lanes: Mutex<Lanes>,
}

#[derive(Default)]
struct Lanes {
    counters: BTreeMap<u16, Arc<Counters>>,
    workers: Vec<JoinHandle<Result<(), Error>>>,
}

impl WriteBehind {
    pub(crate) fn new(config: &Config, handle: Handle, store: MessageStore, search: Option<Search>) -> Self {
        Self {
            store,
            search,
            handle,
            batches_max: config.lane_batches_max,
            write_bytes_max: config.lane_write_bytes_max,
            closing: watch::Sender::new(false),
            lanes: Mutex::default(),
        }
    }

    /// Starts a worker for that lane.
    pub(crate) fn lane(&self, number: u16) -> Lane {
        let (offer, queue) = mpsc::channel(self.batches_max);
        let (confirm, confirmed) = watch::channel(0);
        let (rewind, rewound) = watch::channel(Rewind::default());
        let mut lanes = self.lanes();
        let counters = lanes.counters.entry(number).or_default().clone();
        let worker = Worker {
            lane: number,
            store: self.store.clone(),
            search: self.search.clone(),
            queue,
            confirm,
            rewind,
            returns: self.store.returns(),
            closing: self.closing.subscribe(),
            write_bytes_max: self.write_bytes_max,
            counters,
        };
        lanes.workers.retain(|worker| !worker.is_finished());
        lanes.workers.push(self.handle.spawn(worker.run()));
        Lane { offer, confirmed, rewind: rewound }
    }

    /// Lets every lane store what it was offered, then ends them. A lane whose store fails tries once and gives up.
    pub(crate) fn drain(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        self.closing.send_replace(true);
        let workers = std::mem::take(&mut self.lanes().workers);
        async move {
            let mut outcome = Ok(());
            for worker in workers {
                let ended = worker.await.map_err(not_finished).and_then(|ended| ended);
                outcome = outcome.and(ended);
            }
            outcome
        }
    }

    pub(crate) fn stats(&self) -> Vec<LaneStats> {
        let queued_max = self.batches_max as u64;
        self.lanes().counters.iter().map(|(&lane, counters)| counters.stats(lane, queued_max)).collect()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
