//! Bounded queues between shards, one for each ordered pair. What one shard sends to another arrives in order.
//!
//! When a queue is full, frames that may be shed are dropped and counted; everything else waits on the sender's side,
//! and the sender reads no more input until it is through: back-pressure reaches the sockets, memory stays bounded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crossbeam::queue::ArrayQueue;
use futures_util::task::AtomicWaker;
use moim_wire::UserId;

use crate::router::ShardId;
use crate::shard::{Class, PeerMessage};

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

/// Where a shard's items arrive: a queue from each shard, and its waker.
#[derive(Debug)]
struct Inbox {
    from: Vec<ArrayQueue<Item>>,
    waker: AtomicWaker,
}

/// All queues of an engine.
#[derive(Debug)]
pub struct Mesh {
    inboxes: Vec<Inbox>,
    /// Items sent and not yet carried out.
    under_way: AtomicI64,
}

impl Mesh {
    /// Queues for so many shards, each with room for so many items.
    pub fn new(shards: u16, items_max: usize) -> Arc<Self> {
        let inbox =
            |_| Inbox { from: (0..shards).map(|_| ArrayQueue::new(items_max)).collect(), waker: AtomicWaker::new() };
        Arc::new(Self { inboxes: (0..shards).map(inbox).collect(), under_way: AtomicI64::new(0) })
    }

    /// Items sent and not yet carried out, of all shards.
    pub fn under_way(&self) -> i64 {
        self.under_way.load(Ordering::Acquire)
    }
}

/// One shard's end of the mesh.
#[derive(Debug)]
pub struct Port {
    mesh: Arc<Mesh>,
    shard: ShardId,
    /// What found its queue full, by shard.
    waiting: Vec<VecDeque<Item>>,
    /// Shards that were sent to since they were last woken.
    touched: Vec<bool>,
    /// The queue that is looked at first next time, so that none waits for another.
    turn: usize,
    shed: u64,
}

impl Port {
    /// The end of one of the mesh's shards.
    pub fn new(mesh: Arc<Mesh>, shard: ShardId) -> Self {
        let shards = mesh.inboxes.len();
        let waiting = (0..shards).map(|_| VecDeque::new()).collect();
        Self { mesh, shard, waiting, touched: vec![false; shards], turn: 0, shed: 0 }
    }

    /// Sends, without waking the receiver yet.
    pub fn send(&mut self, to: ShardId, item: Item) {
        let to = usize::from(to.0);
        self.touched[to] = true;
        self.mesh.under_way.fetch_add(1, Ordering::AcqRel);
        let item = if self.waiting[to].is_empty() {
            match self.mesh.inboxes[to].from[usize::from(self.shard.0)].push(item) {
                Ok(()) => return,
                Err(item) => item,
            }
        } else {
            item
        };
        if matches!(&item, Item::Peer(PeerMessage::Deliver { frames, .. }) if frames.class == Class::Sheddable) {
            self.shed += 1;
            self.mesh.under_way.fetch_sub(1, Ordering::AcqRel);
        } else {
            self.waiting[to].push_back(item);
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

    /// Wakes whom something was sent to, once for all of it, and moves on what waits.
    pub fn wake(&mut self) {
        for to in 0..self.touched.len() {
            while let Some(item) = self.waiting[to].pop_front() {
                if let Err(item) = self.mesh.inboxes[to].from[usize::from(self.shard.0)].push(item) {
                    self.waiting[to].push_front(item);
                    break;
                }
                self.touched[to] = true;
            }
            if std::mem::take(&mut self.touched[to]) {
                self.mesh.inboxes[to].waker.wake();
            }
        }
    }

    /// Whether items wait for room: then no more input should be read.
    pub fn is_clogged(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_empty())
    }

    /// Items that wait for room.
    pub fn waiting(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// Frames dropped because a queue was full.
    pub fn shed(&self) -> u64 {
        self.shed
    }

    /// The next item for this shard and whom it is from; call [`Self::carried_out`] when it is.
    pub fn receive(&mut self) -> Option<(ShardId, Item)> {
        let queues = &self.mesh.inboxes[usize::from(self.shard.0)].from;
        let mut turns = (self.turn..queues.len()).chain(0..self.turn);
        let (from, item) = turns.find_map(|from| queues[from].pop().map(|item| (from, item)))?;
        self.turn = (from + 1) % queues.len();
        Some((ShardId(from as u16), item))
    }

    /// An item that was received has been carried out.
    pub fn carried_out(&self) {
        self.mesh.under_way.fetch_sub(1, Ordering::AcqRel);
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
}
