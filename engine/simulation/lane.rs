//! Write-behind: committed batches on their way to the message store, and its confirmations on their way back.

use std::collections::VecDeque;

use bytes::Bytes;
use moim_engine::shard::SealedBatch;

#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Committed, not offered.
    pub(crate) to_offer: VecDeque<SealedBatch>,
    /// Offered, not written.
    pub(crate) queue: VecDeque<SealedBatch>,
    /// Position up to which the store has everything.
    pub(crate) stored: u64,
    /// Position up to which the shard knows that.
    pub(crate) confirmed: u64,
    /// Position of the newest checkpoint, and the segments that it makes superfluous.
    pub(crate) to_retire: Vec<u64>,
}

impl Lane {
    pub(crate) fn at(position: u64) -> Self {
        Self { stored: position, confirmed: position, ..Self::default() }
    }

    /// Moves a batch into the queue; false when there is none or no space.
    pub(crate) fn offer(&mut self, batches_max: usize) -> bool {
        if self.queue.len() >= batches_max {
            return false;
        }
        match self.to_offer.pop_front() {
            Some(batch) => {
                self.queue.push_back(batch);
                true
            }
            None => false,
        }
    }

    /// Takes up to `count` batches to be written together, with the position after them.
    pub(crate) fn gather(&mut self, count: usize) -> Option<(Vec<Bytes>, u64)> {
        let count = count.min(self.queue.len());
        let position = self.queue.get(count.checked_sub(1)?)?.last;
        Some((self.queue.drain(..count).map(|batch| batch.frames).collect(), position))
    }
}
