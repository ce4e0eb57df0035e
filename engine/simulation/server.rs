//! One life of the server process: shards, what travels between them, and what surrounds each.

use std::collections::{BTreeMap, VecDeque};

use moim_engine::router::ShardId;
use moim_engine::shard::{Caller, ConnectionKey, PeerMessage, SessionKey, Shard, StoreAnswer, StoreRequest};

use crate::backlog::Snapshot;
use crate::connection::Connection;
use crate::disk::Disk;
use crate::lane::Lane;
use crate::plan::Plan;
use crate::writer::Writer;

/// A session of one life of the server, in an order.
pub(crate) type Seat = (usize, u32, u32, u32);

pub(crate) fn seat(shard: usize, session: SessionKey) -> Seat {
    (shard, session.connection.slot, session.connection.generation, session.session)
}

/// A question or order on its way to a store and back.
#[derive(Debug)]
pub(crate) enum Question {
    Asked(StoreRequest, Snapshot),
    Answered(StoreAnswer),
}

/// A shard and what its thread would have.
pub(crate) struct Node {
    pub(crate) shard: Shard,
    pub(crate) slots: Vec<Option<Connection>>,
    generation: u32,
    pub(crate) questions: Vec<Question>,
    pub(crate) writer: Writer,
}

impl Node {
    /// A place for a new connection; slots are given away again, generations never.
    pub(crate) fn connect(&mut self, out_bytes_max: usize) -> ConnectionKey {
        self.generation += 1;
        let slot = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        let key = ConnectionKey { slot: slot as u32, generation: self.generation };
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(Connection::new(key, out_bytes_max));
        key
    }

    pub(crate) fn connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.slots.get_mut(key.slot as usize)?.as_mut().filter(|connection| connection.key == key)
    }

    pub(crate) fn connections(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.slots.iter_mut().flatten()
    }

    pub(crate) fn keys(&self) -> Vec<ConnectionKey> {
        self.slots.iter().flatten().map(|connection| connection.key).collect()
    }
}

pub(crate) struct Server {
    pub(crate) nodes: Vec<Node>,
    /// Of every disk: also of shards that are no more.
    pub(crate) lanes: Vec<Lane>,
    /// `mesh[from][to]`: in order.
    pub(crate) mesh: Vec<Vec<VecDeque<PeerMessage>>>,
    /// Who sat where, in this life.
    pub(crate) callers: BTreeMap<Seat, Caller>,
}

impl Server {
    /// Shards whose journals go on where their disks end.
    pub(crate) fn start(plan: &Plan, disks: &[Disk], seed: u64) -> Self {
        let found = disks.iter().map(|disk| disk.recover().expect("it was looked at").0);
        let lanes: Vec<_> =
            found.map(|recovered| Lane::new(&recovered, plan.keep_confirmed, plan.shards as u16)).collect();
        let node = |(id, disk): (usize, &Disk)| Node {
            shard: Shard::new(ShardId(id as u16), plan.shards as u16, plan.limits, seed, lanes[id].committed),
            slots: Vec::new(),
            generation: 0,
            questions: Vec::new(),
            writer: Writer::new(disk, plan.segment_blocks, plan.shards as u16),
        };
        let queues = || (0..plan.shards).map(|_| VecDeque::new()).collect();
        Self {
            nodes: disks.iter().take(plan.shards).enumerate().map(node).collect(),
            lanes,
            mesh: (0..plan.shards).map(|_| queues()).collect(),
            callers: BTreeMap::new(),
        }
    }

    /// Pairs of shards between which something travels.
    pub(crate) fn busy_pairs(&self) -> Vec<(usize, usize)> {
        let pairs = (0..self.mesh.len()).flat_map(|from| (0..self.mesh.len()).map(move |to| (from, to)));
        pairs.filter(|&(from, to)| !self.mesh[from][to].is_empty()).collect()
    }
}
