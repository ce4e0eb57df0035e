//! What goes wrong: peers that vanish or stop reading, stores and disks that fail, a process that dies at any step.

use moim_engine::journal::Recovered;
use moim_engine::shard::StoreRequest;

use crate::disk::Disk;
use crate::invariants::{Broken, Memory, STORED_STAYS, hold};
use crate::server::{Question, Server};
use crate::world::World;

impl World {
    pub(crate) fn fault(&mut self) {
        match self.random.below(11) {
            0..=2 => {
                let client = self.random.below(self.clients.len());
                self.disconnect(client);
            }
            3 if !self.trunks.is_empty() => {
                let nth = self.random.below(self.trunks.len());
                self.break_trunk(nth);
            }
            4..=6 => self.stall_or_go_on(),
            7 => self.weather.stores_down = !self.weather.stores_down,
            8 => self.weather.lane_down = !self.weather.lane_down,
            9 if self.plan.keep_confirmed > 0 => self.store_dies(),
            _ => self.disk_fails_or_recovers(),
        }
    }

    fn stall_or_go_on(&mut self) {
        let at = self.some_shard();
        let stalls = self.random.one_in(2);
        let keys = self.server.nodes[at].keys();
        let Some(key) = self.random.pick(&keys) else { return };
        self.trace.note(|| format!("{key:?} of shard {at} stalls: {stalls}"));
        if let Some(connection) = self.server.nodes[at].connection(key) {
            connection.stalled = stalls;
        }
    }

    /// A write or sync fails, or the disk fills up, or has space again.
    fn disk_fails_or_recovers(&mut self) {
        let at = self.some_shard();
        let full = self.random.one_in(2);
        let node = &mut self.server.nodes[at];
        let failed = full && node.writer.fail(&mut self.server.lanes[at]);
        node.shard.set_storage_full(full);
        if failed {
            self.coverage.saw("write failed");
        }
        self.trace.note(|| format!("disk of shard {at} is full: {full}; a write failed: {failed}"));
    }

    /// The process dies. What comes up again knows only what was on disk and in the stores.
    pub(crate) fn crash(&mut self) {
        let is_busy = self.server.nodes.iter().any(|node| !node.writer.is_idle());
        if !is_busy && !self.random.one_in(8) {
            // A crash at rest is the dullest of all.
            return;
        }
        self.trace.note(|| "CRASH".to_owned());
        for node in &self.server.nodes {
            self.coverage.saw(node.writer.stage.name());
        }
        self.last_words();
        self.orders_under_way();
        self.writes_under_way();
        let in_doubt: Vec<_> = self.server.nodes.iter().filter_map(|node| node.writer.in_doubt().cloned()).collect();
        let in_doubt: Vec<_> = in_doubt.into_iter().map(|batch| batch.frames).collect();
        for disk in &mut self.disks {
            disk.crash(&mut self.random);
        }
        while !self.recover(&in_doubt) {
            self.coverage.saw("crash while recovering");
            self.trace.note(|| "CRASH while recovering".to_owned());
        }
        self.start();
    }

    /// Some of what was sent is still heard; then all connections are gone.
    fn last_words(&mut self) {
        for at in 0..self.server.nodes.len() {
            for key in self.server.nodes[at].keys() {
                let heard = self.random.below(6);
                self.hear_some(at, key, heard);
            }
        }
        self.clients.iter_mut().for_each(crate::client::Client::broken);
        self.trunks.clear();
        self.memory = Memory::default();
    }

    /// What the stores were asked to do may be done, whether or not anybody is left to know.
    fn orders_under_way(&mut self) {
        for at in 0..self.server.nodes.len() {
            for question in std::mem::take(&mut self.server.nodes[at].questions) {
                if let Question::Asked(request, snapshot) = question
                    && self.random.one_in(2)
                    && !matches!(request, StoreRequest::LoadRoom(_))
                {
                    self.look_at(request, &snapshot);
                }
            }
        }
    }

    fn writes_under_way(&mut self) {
        for lane in 0..self.server.lanes.len() {
            if self.random.one_in(2) {
                self.offer(lane);
                self.store_writes(lane);
            }
        }
    }

    /// Looks at the journals and gives up what is settled; false when the process died again on the way.
    fn recover(&mut self, in_doubt: &[bytes::Bytes]) -> bool {
        let mut found = self.messages.clone();
        for at in 0..self.disks.len() {
            let (recovered, batches) = match self.disks[at].recover() {
                Ok(recovered) => recovered,
                Err(error) => {
                    self.keep(Err(Broken { invariant: STORED_STAYS, what: error.to_string() }));
                    return true;
                }
            };
            if recovered.torn_at.is_some() {
                self.coverage.saw("recovery: torn tail");
            }
            for frames in &batches {
                self.coverage.saw("recovery: records that the store may not have");
                self.survived(frames, in_doubt);
                found.write(frames, 0);
            }
            if self.random.one_in(8) {
                return false;
            }
            let Recovered { position, records, .. } = recovered;
            self.trace.note(|| format!("shard {at} recovers {records} records up to {position}"));
            for (header, _, last) in recovered.segments {
                if last <= self.disks[at].checkpoint {
                    self.disks[at].retire(header.number);
                    if self.random.one_in(16) {
                        return false;
                    }
                }
            }
        }
        let kept = self.truth.is_in(&found);
        self.keep(kept);
        true
    }

    /// A batch that was read after a crash: one that was synced, or all of one that was being written.
    fn survived(&mut self, frames: &bytes::Bytes, in_doubt: &[bytes::Bytes]) {
        let messages = crate::heard::messages(frames);
        let known = messages.iter().filter(|(told, _)| self.truth.is_stored(told)).count();
        let kept = if known == 0 {
            self.coverage.saw("recovery: unsynced batch kept");
            let is_one = in_doubt.contains(frames);
            let kept = hold(is_one, STORED_STAYS, || format!("found, but never written: {messages:?}"));
            kept.and_then(|()| self.truth.store(frames, &self.accounts))
        } else {
            hold(known == messages.len(), STORED_STAYS, || format!("{known} are known of {messages:?}"))
        };
        self.keep(kept);
    }

    /// A new life of the server, perhaps with another number of shards.
    fn start(&mut self) {
        if self.random.one_in(3) {
            self.plan.shards = self.random.between(1, 4);
            self.coverage.saw("another number of shards");
        }
        while self.disks.len() < self.plan.shards {
            self.disks.push(Disk::default());
        }
        self.truth.show_all();
        let seed = self.random.number();
        self.server = Server::start(&self.plan, &self.disks, seed);
    }
}
