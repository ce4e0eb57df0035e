//! What the segment in use has, in memory: batches as they were committed, and a room's messages among them, found when
//! somebody asks.
//!
//! Committing puts a batch on a list and does nothing for its messages; who reads sorts them in, on his own thread. Bounded
//! by the segment's size.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use foldhash::fast::RandomState;
use moim_persistence::PageQuery;
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{MessageId, RoomId, Sequence};

use super::page::Page;
use super::record::{Record, Sender, records};
use crate::shard::SealedBatch;

/// The batches of one segment.
#[derive(Debug, Default)]
pub struct Recent {
    incoming: Mutex<Incoming>,
    sorted: Mutex<Sorted>,
}

#[derive(Debug, Default)]
struct Incoming {
    batches: VecDeque<SealedBatch>,
    /// Some were let go, and so may everything be that was sorted in before: it is older. Otherwise a room would have a
    /// hole.
    has_settled: bool,
}

#[derive(Debug, Default)]
struct Sorted {
    rooms: HashMap<RoomId, Vec<(MessageId, Bytes)>, RandomState>,
    devices: HashMap<Sender, BTreeMap<Sequence, MessageId>, RandomState>,
}

impl Recent {
    /// A batch was committed.
    pub fn push(&self, batch: SealedBatch) {
        locked(&self.incoming).batches.push_back(batch);
    }

    /// The store has everything up to `position` for good: batches that nobody has asked for since are let go.
    pub fn settled(&self, position: u64) {
        let mut incoming = locked(&self.incoming);
        while incoming.batches.front().is_some_and(|batch| batch.last <= position) {
            incoming.batches.pop_front();
            incoming.has_settled = true;
        }
    }

    /// The room's messages nearest in the direction asked.
    pub(super) fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> Page {
        let sorted = self.sorted();
        let Some(frames) = sorted.rooms.get(&room) else { return Page::default() };
        let (range, more) = match query {
            PageQuery::Before(before) => {
                let end = frames.partition_point(|&(id, _)| id < before);
                let start = end.saturating_sub(limit);
                (start..end, start > 0)
            }
            PageQuery::After(after) => {
                let start = frames.partition_point(|&(id, _)| id <= after);
                let end = start.saturating_add(limit).min(frames.len());
                (start..end, end < frames.len())
            }
        };
        Page { frames: frames[range].to_vec(), more }
    }

    /// The newest sends of a device, rising.
    pub(super) fn sends(&self, sender: Sender) -> Vec<(Sequence, MessageId)> {
        let sorted = self.sorted();
        let sends = sorted.devices.get(&sender).into_iter().flatten();
        sends.map(|(&sequence, &id)| (sequence, id)).collect()
    }

    /// Everything so far, sorted in.
    fn sorted(&self) -> MutexGuard<'_, Sorted> {
        let mut sorted = locked(&self.sorted);
        // Whoever commits waits for this lock: it is held for a moment.
        let incoming = std::mem::take(&mut *locked(&self.incoming));
        if incoming.has_settled {
            *sorted = Sorted::default();
        }
        for batch in &incoming.batches {
            sorted.take(&batch.frames);
        }
        sorted
    }
}

impl Sorted {
    fn take(&mut self, frames: &Bytes) {
        for (place, record) in records(frames) {
            let Record { id, sender, sequence } = record;
            self.rooms.entry(record.room()).or_default().push((id, frames.slice(place)));
            let sends = self.devices.entry(sender).or_default();
            sends.insert(sequence, id);
            if sends.len() > SENDS_IN_FLIGHT_MAX {
                sends.pop_first();
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use moim_wire::{DeviceId, UserId};

    use super::*;
    use crate::journal::record::frames;

    fn batch(first: u64, of: &[(u32, u64, u32, u32, u32)]) -> SealedBatch {
        SealedBatch { frames: frames(of), first, last: first + of.len() as u64 }
    }

    fn ids(page: &Page) -> Vec<u64> {
        page.frames.iter().map(|(id, _)| id.0).collect()
    }

    #[test]
    fn what_is_committed_is_found_and_what_comes_later_too() {
        let tail = Recent::default();
        tail.push(batch(0, &[(1, 10, 7, 70, 1), (2, 11, 7, 70, 1)]));
        let newest = PageQuery::Before(MessageId(u64::MAX));
        assert_eq!(ids(&tail.page(RoomId(1), newest, 9)), [10]);
        tail.push(batch(2, &[(1, 12, 7, 70, 2), (1, 13, 7, 70, 3)]));
        let page = tail.page(RoomId(1), newest, 2);
        assert_eq!((ids(&page), page.more), (vec![12, 13], true));
        let page = tail.page(RoomId(1), PageQuery::After(MessageId(10)), 1);
        assert_eq!((ids(&page), page.more), (vec![12], true));
        assert!(tail.page(RoomId(3), newest, 9).frames.is_empty());
        let sends = tail.sends((RoomId(1), UserId(7), DeviceId(70)));
        assert_eq!(sends.iter().map(|send| send.0.0).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn what_is_settled_before_anybody_asked_takes_no_memory() {
        let tail = Recent::default();
        tail.push(batch(0, &[(1, 10, 7, 70, 1)]));
        tail.push(batch(1, &[(1, 11, 7, 70, 2)]));
        tail.settled(1);
        assert_eq!(ids(&tail.page(RoomId(1), PageQuery::After(MessageId(1)), 9)), [11]);
    }
}
