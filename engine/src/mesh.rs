//! Bounded queues between shards, one for each ordered pair. What one shard sends to another arrives in order.
//!
//! Items travel in batches: what a shard sends until it next wakes the receiver is handed over in one piece, so that the two
//! cores exchange a few cache lines a batch and none an item.
//!
//! When a queue is full, frames that may be shed are dropped and counted; everything else waits on the sender's side,
//! and the sender reads no more input until it is through: back-pressure reaches the sockets. What other shards ask of the
//! sender meanwhile adds to it: from a number of it on new messages are answered BUSY. So memory stays bounded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec;

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use futures_util::task::AtomicWaker;
use moim_wire::UserId;

use crate::router::ShardId;
use crate::shard::{Class, PeerMessage};

/// Items of a batch at most.
const BATCH_ITEMS_MAX: u64 = 64;

/// What travels between shards.
#[derive(Debug)]
pub enum Item {
    /// For the shard's state machine.
    Peer(PeerMessage),
    /// Sessions of this login end, of all the user's logins where it is 0.
    Revoke {
        /// Whose.
        user: UserId,
        /// Which.
        login: u64,
    },
}

/// What one shard sends to another.
#[derive(Debug)]
struct Lane {
    batches: ArrayQueue<Vec<Item>>,
    /// Items sent, those included that still wait at the sender. The sender alone writes it.
    sent: CachePadded<AtomicU64>,
    /// Items carried out. The receiver alone writes it.
    done: CachePadded<AtomicU64>,
}

/// Where a shard's items arrive: a lane from each shard, and its waker.
#[derive(Debug)]
struct Inbox {
    from: Vec<Lane>,
    waker: AtomicWaker,
}

/// All queues of an engine.
#[derive(Debug)]
pub struct Mesh {
    inboxes: Vec<Inbox>,
    items_max: u64,
}

impl Mesh {
    /// Queues for so many shards, each with room for so many items.
    pub fn new(shards: u16, items_max: usize) -> Arc<Self> {
        let lane = |_| Lane {
            // A batch has one item at least.
            batches: ArrayQueue::new(items_max),
            sent: CachePadded::default(),
            done: CachePadded::default(),
        };
        let inbox = |_| Inbox { from: (0..shards).map(lane).collect(), waker: AtomicWaker::new() };
        Arc::new(Self { inboxes: (0..shards).map(inbox).collect(), items_max: items_max as u64 })
    }

    /// Items carried out so far, of all shards.
    pub fn done(&self) -> u64 {
        self.lanes().map(|lane| lane.done.load(Ordering::Acquire)).sum()
    }

    /// Items sent and not yet carried out, of all shards; 0 only if there was a moment with none.
    pub fn under_way(&self) -> u64 {
        // In this order: what is sent meanwhile makes it more, never less.
        let done = self.done();
        let sent: u64 = self.lanes().map(|lane| lane.sent.load(Ordering::Acquire)).sum();
        sent - done
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.inboxes.iter().flat_map(|inbox| &inbox.from)
    }
}

/// A counter that the calling thread alone writes.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
}

/// What a shard sends to another, on the sender's side.
#[derive(Debug, Default)]
struct Outgoing {
    /// Sent since the receiver was last woken.
    batch: Vec<Item>,
    /// What found the queue full, in batches.
    waiting: VecDeque<Vec<Item>>,
    /// Items put into the queue so far.
    handed_over: u64,
    /// Something was put into the queue since the receiver was last woken.
    is_touched: bool,
}

impl Outgoing {
    /// Puts into the queue what there is room for.
    fn hand_over(&mut self, lane: &Lane, items_max: u64) {
        match self.waiting.back_mut() {
            _ if self.batch.is_empty() => {}
            Some(last) if (last.len() + self.batch.len()) as u64 <= BATCH_ITEMS_MAX.min(items_max) => {
                last.append(&mut self.batch);
            }
            _ => self.waiting.push_back(std::mem::take(&mut self.batch)),
        }
        while let Some(batch) = self.waiting.pop_front() {
            let items = batch.len() as u64;
            let queued = self.handed_over - lane.done.load(Ordering::Acquire);
            let refused = if queued + items > items_max { Some(batch) } else { lane.batches.push(batch).err() };
            if let Some(batch) = refused {
                return self.waiting.push_front(batch);
            }
            self.handed_over += items;
            self.is_touched = true;
        }
    }
}

/// One shard's end of the mesh.
#[derive(Debug)]
pub struct Port {
    mesh: Arc<Mesh>,
    shard: ShardId,
    /// By receiver.
    outgoing: Vec<Outgoing>,
    /// What is left of the batch that is being received, and whom it is from.
    incoming: (usize, vec::IntoIter<Item>),
    shed: u64,
}

impl Port {
    /// The end of one of the mesh's shards.
    pub fn new(mesh: Arc<Mesh>, shard: ShardId) -> Self {
        let outgoing = mesh.inboxes.iter().map(|_| Outgoing::default()).collect();
        Self { mesh, shard, outgoing, incoming: (0, Vec::new().into_iter()), shed: 0 }
    }

    /// Sends, without waking the receiver yet.
    pub fn send(&mut self, to: ShardId, item: Item) {
        let outgoing = &mut self.outgoing[usize::from(to.0)];
        let may_be_shed =
            matches!(&item, Item::Peer(PeerMessage::Deliver { frames, .. }) if frames.class == Class::Sheddable);
        if may_be_shed && !outgoing.waiting.is_empty() {
            self.shed += 1;
            return;
        }
        let lane = &self.mesh.inboxes[usize::from(to.0)].from[usize::from(self.shard.0)];
        count(&lane.sent);
        outgoing.batch.push(item);
        if outgoing.batch.len() as u64 >= BATCH_ITEMS_MAX.min(self.mesh.items_max) {
            outgoing.hand_over(lane, self.mesh.items_max);
        }
    }

    /// Sends to every other shard.
    pub fn broadcast(&mut self, item: impl Fn() -> Item) {
        for shard in 0..self.mesh.inboxes.len() as u16 {
            if shard != self.shard.0 {
                self.send(ShardId(shard), item());
            }
        }
    }

    /// Hands over what was sent and what waits, and wakes each whom it is for once.
    pub fn wake(&mut self) {
        for (outgoing, inbox) in self.outgoing.iter_mut().zip(&self.mesh.inboxes) {
            outgoing.hand_over(&inbox.from[usize::from(self.shard.0)], self.mesh.items_max);
            if std::mem::take(&mut outgoing.is_touched) {
                inbox.waker.wake();
            }
        }
    }

    /// Whether items wait for room: then no more input should be read.
    pub fn is_clogged(&self) -> bool {
        self.outgoing.iter().any(|outgoing| !outgoing.waiting.is_empty())
    }

    /// Items that wait for room.
    pub fn waiting(&self) -> usize {
        self.outgoing.iter().flat_map(|outgoing| &outgoing.waiting).map(Vec::len).sum()
    }

    /// Frames dropped because a queue was full.
    pub fn shed(&self) -> u64 {
        self.shed
    }

    /// The next item for this shard and whom it is from; call [`Self::carried_out`] when it is.
    pub fn receive(&mut self) -> Option<(ShardId, Item)> {
        let lanes = &self.mesh.inboxes[usize::from(self.shard.0)].from;
        if self.incoming.1.len() == 0 {
            // Each in its turn, so that none waits for another.
            let first = self.incoming.0 + 1;
            let mut turns = (first..lanes.len()).chain(0..first.min(lanes.len()));
            let (from, batch) = turns.find_map(|from| lanes[from].batches.pop().map(|batch| (from, batch)))?;
            self.incoming = (from, batch.into_iter());
        }
        let (from, items) = &mut self.incoming;
        items.next().map(|item| (ShardId(*from as u16), item))
    }

    /// The item that was received last has been carried out.
    pub fn carried_out(&self) {
        count(&self.mesh.inboxes[usize::from(self.shard.0)].from[self.incoming.0].done);
    }

    /// Has `waker` woken when something arrives; look once more afterwards.
    pub fn register(&self, waker: &std::task::Waker) {
        self.mesh.inboxes[usize::from(self.shard.0)].waker.register(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::RoomFrames;
    use bytes::Bytes;
    use moim_wire::RoomId;

    fn deliver(room: u32, class: Class) -> Item {
        let frames = RoomFrames { bytes: Bytes::new(), count: 1, class };
        Item::Peer(PeerMessage::Deliver { room: RoomId(room), frames })
    }

    #[test]
    fn a_full_queue_sheds_what_may_be_shed_and_keeps_the_rest_in_order() {
        let mesh = Mesh::new(2, 2);
        let (mut a, mut b) = (Port::new(mesh.clone(), ShardId(0)), Port::new(mesh.clone(), ShardId(1)));
        for room in 0..5 {
            a.send(ShardId(1), deliver(room, Class::Sequenced));
            a.wake();
        }
        a.send(ShardId(1), deliver(99, Class::Sheddable));
        assert!(a.is_clogged());
        assert_eq!((a.shed(), mesh.under_way()), (1, 5));
        let mut rooms = Vec::new();
        while let Some((from, Item::Peer(PeerMessage::Deliver { room, .. }))) = b.receive() {
            assert_eq!(from, ShardId(0));
            rooms.push(room.0);
            b.carried_out();
            a.wake();
        }
        assert_eq!(rooms, [0, 1, 2, 3, 4]);
        assert!(!a.is_clogged() && mesh.under_way() == 0);
    }
    #[test]
    fn batches_keep_the_order_of_a_sender_and_take_turns_among_senders() {
        let mesh = Mesh::new(3, 1024);
        let port = |shard| Port::new(mesh.clone(), ShardId(shard));
        let (mut a, mut b, mut c) = (port(0), port(1), port(2));
        for room in 0..150 {
            a.send(ShardId(2), deliver(room, Class::Sequenced));
            b.send(ShardId(2), deliver(1_000 + room, Class::Sequenced));
        }
        a.wake();
        b.wake();
        assert_eq!(mesh.under_way(), 300);
        let mut heard = [Vec::new(), Vec::new()];
        let mut turns = Vec::new();
        while let Some((from, Item::Peer(PeerMessage::Deliver { room, .. }))) = c.receive() {
            heard[usize::from(from.0)].push(room.0);
            turns.push(from.0);
            c.carried_out();
        }
        turns.dedup();
        assert_eq!(turns, [1, 0, 1, 0, 1, 0], "a batch of each in its turn");
        assert!(heard[0].iter().copied().eq(0..150) && heard[1].iter().copied().eq(1_000..1_150));
        assert_eq!(mesh.under_way(), 0);
    }
}
