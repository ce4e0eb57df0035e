//! Write-behind: what a journal has for the message store, on its way there, and the confirmations on their way back.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use moim_engine::journal::{KeptWindow, Part, Recent, Recovered, Segment, SegmentHeader};
use moim_engine::shard::SealedBatch;

use crate::disk::Disk;

/// A segment as its bytes lie on the disk: header, where its last batch ends, position after that.
pub(crate) type Extent = (SegmentHeader, u64, u64);

#[derive(Debug)]
pub(crate) struct Lane {
    /// Segments that are not settled and not written any more, oldest first.
    pub(crate) closed: VecDeque<Extent>,
    /// The segment in use, with its messages in memory.
    pub(crate) open: Option<(Extent, Arc<Recent>)>,
    shards: u16,
    /// Position after the last batch committed.
    pub(crate) committed: u64,
    /// Batches in memory: the newest.
    recent: VecDeque<SealedBatch>,
    /// How far the feeder has come, and the generation that it obeys.
    cursor: (u64, u64),
    /// Offered, not written, each with its generation.
    pub(crate) queue: VecDeque<(SealedBatch, u64)>,
    /// Position up to which the store has confirmed everything, and how often it has taken that back.
    pub(crate) stored: u64,
    pub(crate) generation: u64,
    /// The same, as far as the engine has heard.
    heard: (u64, u64),
    pub(crate) window: KeptWindow,
    /// Segments that the newest checkpoint makes superfluous.
    pub(crate) to_retire: Vec<u64>,
}

impl Lane {
    pub(crate) fn new(recovered: &Recovered, keep: u64, shards: u16) -> Self {
        let settled = recovered.checkpoint;
        let closed = recovered.segments.iter().copied().filter(|&(.., last)| last > settled).collect();
        Self {
            closed,
            open: None,
            shards,
            committed: recovered.position,
            recent: VecDeque::new(),
            cursor: (settled, 0),
            queue: VecDeque::new(),
            stored: 0,
            generation: 0,
            heard: (0, 0),
            window: KeptWindow::new(keep, settled),
            to_retire: Vec::new(),
        }
    }

    pub(crate) fn begin_segment(&mut self, header: SegmentHeader, offset: u64) {
        self.open = Some(((header, offset, header.first_position), Arc::default()));
    }

    pub(crate) fn close_segment(&mut self) {
        self.closed.extend(self.open.take().map(|(extent, _)| extent));
    }

    /// A batch is committed; it ends at that offset of the segment in use.
    pub(crate) fn committed(&mut self, batch: SealedBatch, end: u64) {
        self.committed = batch.last;
        if let Some(((_, offset, last), recent)) = &mut self.open {
            (*offset, *last) = (end, batch.last);
            recent.push(batch.clone());
        }
        self.recent.push_back(batch);
    }

    /// Memory is short: the oldest batch is left to its segment.
    pub(crate) fn forget_recent(&mut self) {
        self.recent.pop_front();
    }

    pub(crate) fn confirmed(&self) -> u64 {
        self.stored.max(self.window.settled())
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed() >= self.committed
    }

    /// Moves batches into the queue; the places they were read back from. `None` when there is nothing to move, or no
    /// space.
    pub(crate) fn offer(&mut self, batches_max: usize, disk: &Disk) -> Option<Vec<u64>> {
        if self.queue.len() >= batches_max {
            return None;
        }
        if self.cursor.1 != self.generation {
            self.cursor = (0, self.generation);
        }
        let position = self.cursor.0.max(self.window.settled());
        while self.recent.front().is_some_and(|batch| batch.last <= position) {
            self.recent.pop_front();
        }
        if let Some(batch) = self.recent.front().filter(|batch| batch.first <= position).cloned() {
            self.push(batch);
            return Some(Vec::new());
        }
        let open = self.open.iter().map(|(extent, _)| extent);
        let extent = self.closed.iter().chain(open).find(|(.., last)| *last > position).copied()?;
        let segment = segment(disk, extent).expect("what is not settled is on the disk");
        let mut at = 0;
        loop {
            let read = segment.read_back(at, 1).expect("what was committed reads");
            if let Some(batch) = read.batches.into_iter().find(|batch| batch.last > position) {
                self.push(batch);
                return Some(vec![segment.number()]);
            }
            assert!(at < read.next, "a segment ends before its last position");
            at = read.next;
        }
    }

    fn push(&mut self, batch: SealedBatch) {
        self.cursor.0 = batch.last;
        self.queue.push_back((batch, self.generation));
    }

    /// Takes up to `count` batches to be written together, with the position after them; those of an older generation are
    /// passed over.
    pub(crate) fn gather(&mut self, count: usize) -> Option<(Vec<Bytes>, u64)> {
        self.queue.retain(|&(_, generation)| generation == self.generation);
        let count = count.min(self.queue.len());
        let position = self.queue.get(count.checked_sub(1)?)?.0.last;
        Some((self.queue.drain(..count).map(|(batch, _)| batch.frames).collect(), position))
    }

    /// The store may have lost what it confirmed, and says so.
    pub(crate) fn rewind(&mut self) {
        self.stored = 0;
        self.generation += 1;
    }

    /// The engine hears how far the store is. False when it knew.
    pub(crate) fn hear(&mut self, now: u64) -> bool {
        let (stored, generation) = (self.stored, self.generation);
        if self.heard == (stored, generation) {
            return false;
        }
        if stored < self.heard.0 || generation != self.heard.1 {
            self.window.rewound();
        }
        self.heard = (stored, generation);
        if stored > 0 {
            self.window.confirmed(now, stored);
        }
        if let Some((_, recent)) = &self.open {
            recent.settled(self.window.settled());
        }
        true
    }

    /// All is confirmed and some is not settled: the store's answer to anything more lets it grow old.
    pub(crate) fn knock(&mut self, now: u64) -> bool {
        let is_open = self.is_confirmed() && self.window.settled() < self.stored;
        if is_open {
            self.window.confirmed(now, self.stored);
        }
        is_open
    }

    /// Takes the segments that are settled off the list.
    pub(crate) fn take_settled(&mut self) -> Vec<u64> {
        let settled = self.window.settled();
        let count = self.closed.iter().take_while(|(.., last)| *last <= settled).count();
        self.closed.drain(..count).map(|(header, ..)| header.number).collect()
    }

    /// Whether some segments are of a life with another number of shards.
    pub(crate) fn has_others(&self) -> bool {
        self.closed.iter().any(|(header, ..)| header.shards != self.shards)
    }

    /// What the store has not confirmed, oldest first; for who does not own the journal what may be of his rooms.
    pub(crate) fn parts(&self, is_owner: bool) -> Vec<Place> {
        let confirmed = self.confirmed();
        let waits = |(header, _, last): &&Extent| *last > confirmed && (is_owner || header.shards != self.shards);
        let mut parts: Vec<_> = self.closed.iter().filter(waits).map(|&extent| Place::Disk(extent)).collect();
        if let Some(((.., last), recent)) = &self.open
            && is_owner
            && *last > confirmed
        {
            parts.push(Place::Memory(recent.clone()));
        }
        parts
    }
}

/// Where a part of a view is read, when it is read.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Disk(Extent),
    Memory(Arc<Recent>),
}

impl Place {
    /// Nothing of a segment that was given up meanwhile.
    pub(crate) fn part(&self, disk: &Disk) -> Option<Part> {
        match self {
            Self::Disk(extent) => segment(disk, *extent).map(|segment| Part::Closed(Arc::new(segment))),
            Self::Memory(recent) => Some(Part::Open(recent.clone())),
        }
    }
}

fn segment(disk: &Disk, (header, end, last): Extent) -> Option<Segment> {
    let image = disk.image(header.number)?;
    Some(Segment::in_memory(Bytes::copy_from_slice(&image[..end as usize]), header, last))
}
