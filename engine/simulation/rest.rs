//! The end of a run: faults are over, nothing new is said, and everything must come to rest, room by room, for the
//! limits may not hold all rooms at once.

use moim_wire::{MessageId, RoomId};

use crate::invariants::{Broken, COMES_TO_REST, Kept, PRESENT_FOLLOW, WITHIN_CAPACITY, hold};
use crate::server::Seat;
use crate::view::Standing;
use crate::world::{Weather, World};

/// Rounds that a room may take; each lets everything under way arrive.
const ROUNDS_MAX: usize = 400;

impl World {
    pub(crate) fn come_to_rest(&mut self) {
        self.trace.note(|| "REST".to_owned());
        self.weather = Weather { is_calm: true, ..Weather::default() };
        for node in &mut self.server.nodes {
            node.shard.set_storage_full(false);
            node.connections().for_each(|connection| connection.stalled = false);
        }
        for client in 0..self.clients.len() {
            if self.clients[client].link.is_none() {
                self.connect(client);
            }
        }
        self.drain();
        for room in self.accounts.rooms() {
            self.close_everywhere(room);
        }
        for room in self.accounts.rooms() {
            self.settle(room);
            if self.broken.is_some() {
                return;
            }
        }
        let kept = self.is_at_rest();
        self.keep(kept);
    }

    fn settle(&mut self, room: RoomId) {
        let mut unsettled = Ok(());
        for _ in 0..ROUNDS_MAX {
            (0..self.clients.len()).for_each(|client| self.act_at_rest(client, room));
            (0..self.plan.shards).for_each(|at| self.tick(at));
            self.drain();
            self.look_at_queues();
            unsettled = self.is_settled(room);
            if unsettled.is_ok() || self.broken.is_some() {
                break;
            }
        }
        self.keep(unsettled);
        if self.broken.is_some() {
            return;
        }
        self.look_who_is_present(room);
        self.close_everywhere(room);
    }

    fn act_at_rest(&mut self, client: usize, room: RoomId) {
        self.flush(client, room);
        let user = self.clients[client].caller.user;
        match self.clients[client].view(room).standing {
            Standing::Away if self.accounts.is_member(room, user) => self.open(client, room),
            Standing::Following => self.fill_gaps(client),
            Standing::Away | Standing::Opening(_) => {}
        }
    }

    fn is_settled(&mut self, room: RoomId) -> Kept {
        let rest = |holds, what: &dyn Fn() -> String| hold(holds, COMES_TO_REST, || format!("room {room}: {}", what()));
        let (change, last_change) = (self.truth.change_visible(room), self.accounts.last_change(room));
        rest(change == last_change, &|| format!("change {change} of {last_change} is sequenced"))?;
        let waiting = self.accounts.waiting(room);
        rest(waiting == 0, &|| format!("{waiting} rows of changes are left"))?;
        let newest = self.truth.newest_visible(room);
        let ids: Vec<MessageId> = self.truth.visible(room).iter().map(|message| message.told.id).collect();
        for (nth, client) in self.clients.iter_mut().enumerate() {
            let user = client.caller.user;
            let view = client.views.entry(room).or_default();
            rest(view.outbox.is_empty(), &|| format!("client {nth} is not answered: {:?}", view.outbox))?;
            if !self.accounts.is_member(room, user) {
                rest(view.standing != Standing::Following, &|| format!("client {nth} follows, and is no member"))?;
                continue;
            }
            let sees_all = view.standing == Standing::Following && view.last_seen == newest;
            rest(sees_all, &|| format!("client {nth} sees {} of {newest}: {view:?}", view.last_seen))?;
            let since = ids.partition_point(|&id| id <= view.from);
            rest(view.seen == ids[since..], &|| format!("client {nth} saw {:?} of {ids:?}", view.seen))?;
        }
        Ok(())
    }

    fn look_who_is_present(&mut self, room: RoomId) {
        let follows = |client: &crate::client::Client| {
            client.views.get(&room).is_some_and(|view| view.standing == Standing::Following)
        };
        let Some(client) = self.clients.iter().position(follows) else { return };
        let mut present: Vec<_> = self.clients.iter().filter(|c| follows(c)).map(|c| c.caller.user).collect();
        present.sort_unstable();
        present.dedup();
        self.open(client, room);
        self.drain();
        let online = self.clients[client].view(room).online.clone();
        let kept = hold(online == present, PRESENT_FOLLOW, || format!("room {room}: {online:?}, not {present:?}"));
        self.keep(kept);
    }

    fn close_everywhere(&mut self, room: RoomId) {
        (0..self.clients.len()).for_each(|client| self.close(client, room));
        self.drain();
    }

    /// Lets everything that is under way arrive.
    fn drain(&mut self) {
        for _ in 0..10_000 {
            let shards = 0..self.plan.shards;
            let moved = shards.fold(self.drain_mesh(), |moved, at| self.drain_shard(at) || moved);
            let lanes = 0..self.server.lanes.len();
            let moved = lanes.fold(moved, |moved, lane| self.drain_lane(lane) || moved);
            if !moved || self.broken.is_some() {
                return;
            }
        }
        let what = "things go round and round".to_owned();
        self.keep(Err(Broken { invariant: COMES_TO_REST, what }));
    }

    fn drain_mesh(&mut self) -> bool {
        let pairs = self.server.busy_pairs();
        pairs.iter().for_each(|&(from, to)| self.deliver(from, to));
        !pairs.is_empty()
    }

    fn drain_shard(&mut self, at: usize) -> bool {
        let mut moved = false;
        for key in self.server.nodes[at].keys() {
            if let Some(connection) = self.server.nodes[at].connection(key) {
                connection.stalled = false;
                moved |= connection.flush(usize::MAX) || connection.ended || !connection.input.is_empty();
            }
            self.read(at, key);
            while self.hear(at, key) {
                moved = true;
            }
        }
        while !self.server.nodes[at].questions.is_empty() {
            self.question_goes_on(at, 0);
            moved = true;
        }
        moved | self.journal_goes_on(at)
    }

    fn drain_lane(&mut self, lane: usize) -> bool {
        self.ticks += self.plan.keep_confirmed;
        let mut moved = self.offer(lane);
        moved |= self.store_writes(lane);
        moved |= self.server.lanes[lane].hear(self.ticks);
        moved |= self.server.lanes[lane].knock(self.ticks);
        moved | self.checkpoint(lane)
    }

    /// Nothing is left anywhere.
    fn is_at_rest(&self) -> Kept {
        for (at, node) in self.server.nodes.iter().enumerate() {
            let (gauges, fullest) = (node.shard.gauges(), node.shard.fullest());
            let left = gauges.tickets + gauges.batch_bytes + fullest.parked + fullest.syncs;
            hold(left == 0, COMES_TO_REST, || format!("shard {at}: {gauges:?} {fullest:?}"))?;
            let sessions: usize = node.slots.iter().flatten().map(|connection| connection.attached.len()).sum();
            hold(gauges.sessions == sessions, WITHIN_CAPACITY, || format!("{sessions} sessions stand: {gauges:?}"))?;
        }
        for (at, lane) in self.server.lanes.iter().enumerate() {
            let is_settled = lane.window.settled() == lane.committed && lane.closed.is_empty();
            hold(is_settled, COMES_TO_REST, || format!("journal {at}: {lane:?}"))?;
        }
        let links = self.clients.iter().filter_map(|client| client.link);
        let seats: Vec<Seat> = links.map(|link| link.seat()).collect();
        let mut asked = self.memory.asked.iter().filter(|((seat, _), _)| seats.contains(seat));
        let unanswered = asked.next();
        hold(unanswered.is_none(), COMES_TO_REST, || format!("not answered: {unanswered:?}"))?;
        let texts = self.clients.iter().flat_map(|client| &client.acknowledged);
        let mut lost = texts.filter(|text| !self.truth.has_text(text));
        hold(lost.next().is_none(), COMES_TO_REST, || "an acknowledged text is not stored".to_owned())?;
        self.truth.is_in(&self.messages)
    }
}
