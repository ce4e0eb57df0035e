//! Everything there is, and the one way in which anything happens to a shard.

use bytes::Bytes;
use moim_engine::router::{self, ShardId};
use moim_engine::shard::{Caller, Effect, Effects, PeerMessage, SessionKey, Shard, StoreRequest};
use moim_persistence::PageQuery;
use moim_wire::limits::CATCH_UP_MAX;
use moim_wire::{DeviceId, EPOCH_UNIX_MS, RoomId, UserId};

use crate::accounts::Accounts;
use crate::client::Client;
use crate::coverage::Coverage;
use crate::disk::Disk;
use crate::heard::{self, Heard, What};
use crate::invariants::{Asked, Broken, Kept, MARKS_ARE_STORED, Memory, Truth, Witness, hold, within_capacities};
use crate::messages::Messages;
use crate::plan::{Act, Plan};
use crate::random::Random;
use crate::server::{Question, Seat, Server, seat};
use crate::trace::Trace;

/// A bridge's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trunk {
    pub(crate) shard: usize,
    pub(crate) key: moim_engine::shard::ConnectionKey,
    pub(crate) sessions: u32,
}

/// What is broken for the time being.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    pub(crate) stores_down: bool,
    pub(crate) lane_down: bool,
    /// Nothing fails any more.
    pub(crate) is_calm: bool,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) random: Random,
    pub(crate) trace: Trace,
    pub(crate) now_ms: u64,
    /// A clock that only rises.
    pub(crate) ticks: u64,
    pub(crate) accounts: Accounts,
    pub(crate) messages: Messages,
    /// Of every shard that ever was.
    pub(crate) disks: Vec<Disk>,
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    pub(crate) trunks: Vec<Trunk>,
    pub(crate) weather: Weather,
    pub(crate) truth: Truth,
    pub(crate) memory: Memory,
    pub(crate) broken: Option<Broken>,
    pub(crate) coverage: Coverage,
    effects: Effects,
}

impl World {
    pub(crate) fn new(seed: u64, trace: Trace) -> Self {
        let mut random = Random::new(seed);
        let plan = Plan::of(&mut random);
        let disks: Vec<_> = (0..plan.shards).map(|_| Disk::default()).collect();
        let mut accounts = Accounts::default();
        for room in 1..=plan.rooms as u32 {
            let members = (1..=plan.users as u32).map(UserId).filter(|_| !random.one_in(3)).collect();
            accounts.create(RoomId(room), members, random.one_in(4));
        }
        let clients = (0..plan.clients).map(|nth| {
            let user = UserId(1 + (nth % plan.users) as u32);
            Client::new(Caller { user, device: DeviceId(100 + nth as u32) })
        });
        let clients = clients.collect();
        let server = Server::start(&plan, &disks, seed);
        Self {
            random,
            trace,
            now_ms: EPOCH_UNIX_MS + 1_000_000,
            ticks: 0,
            accounts,
            messages: Messages::default(),
            disks,
            server,
            clients,
            trunks: Vec::new(),
            weather: Weather::default(),
            truth: Truth::default(),
            memory: Memory::default(),
            broken: None,
            coverage: Coverage::default(),
            effects: Effects::default(),
            plan,
        }
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        self.ticks += 1;
        match self.plan.choose(&mut self.random) {
            Act::Client => self.client_acts(),
            Act::Input => self.input_arrives(),
            Act::Mesh => self.mesh_delivers(),
            Act::Journal => {
                let at = self.some_shard();
                self.journal_goes_on(at);
            }
            Act::Store => self.store_acts(),
            Act::WriteBehind => {
                let lane = self.random.below(self.server.lanes.len());
                self.write_behind_goes_on(lane);
            }
            Act::Output => self.output_leaves(),
            Act::Clock => self.clock_moves(),
            Act::Change => self.room_changes(),
            Act::Tick => {
                let at = self.some_shard();
                self.tick(at);
            }
            Act::Fault => self.fault(),
            Act::Crash => self.crash(),
        }
        self.look_at_queues();
    }

    pub(crate) fn look_at_queues(&mut self) {
        let limits = &self.plan.limits;
        let kept = self.server.nodes.iter().try_for_each(|node| within_capacities(&node.shard, limits));
        self.keep(kept);
    }

    /// Writes down the first invariant that does not hold.
    pub(crate) fn keep(&mut self, kept: Kept) {
        if let Err(broken) = kept
            && self.broken.is_none()
        {
            self.trace.end();
            self.broken = Some(broken);
        }
    }

    pub(crate) fn some_shard(&mut self) -> usize {
        self.random.below(self.plan.shards)
    }

    pub(crate) fn some_room(&mut self) -> RoomId {
        RoomId(1 + self.random.below(self.plan.rooms) as u32)
    }

    fn clock_moves(&mut self) {
        self.now_ms = match self.random.below(12) {
            0 => self.now_ms.saturating_sub(self.random.number() % 5_000),
            1 => self.now_ms + self.random.number() % 100_000,
            // A battery that was empty: years back, before the epoch even.
            2 if self.random.one_in(4) => self.random.number() % EPOCH_UNIX_MS,
            3 => EPOCH_UNIX_MS + 1_000_000,
            _ => self.now_ms + self.random.number() % 20,
        };
    }

    pub(crate) fn tick(&mut self, at: usize) {
        self.happen(at, |shard, _, effects| shard.tick(effects));
        if !self.weather.stores_down {
            let waiting = self.accounts.rooms_with_changes();
            self.happen(at, |shard, now_ms, effects| shard.changes_wait(now_ms, &waiting, effects));
        }
    }

    pub(crate) fn owner(&self, room: RoomId) -> usize {
        usize::from(router::owner(room, self.plan.shards as u16).0)
    }

    /// Lets `event` happen to a shard and carries out what comes of it, in order and to the end.
    pub(crate) fn happen(&mut self, at: usize, event: impl FnOnce(&mut Shard, u64, &mut Effects)) {
        let mut effects = std::mem::take(&mut self.effects);
        event(&mut self.server.nodes[at].shard, self.now_ms, &mut effects);
        while let Some(effect) = effects.list.pop_front() {
            self.apply(at, effect, &mut effects);
        }
        effects.clear();
        self.effects = effects;
    }

    fn apply(&mut self, at: usize, effect: Effect, effects: &mut Effects) {
        match effect {
            Effect::Reply(session, range) => {
                let frames = heard::hear(&Bytes::copy_from_slice(&effects.frames[range]));
                self.written(at, seat(at, session), &frames);
                self.put(at, session, frames);
            }
            Effect::Fanout(room, frames) => self.fan_out(at, room, &frames),
            Effect::Peer(to, message) => {
                self.sent_to_peer(at, to, &message);
                if usize::from(to.0) == at {
                    self.carried_out_by_peer(at, &message);
                    self.server.nodes[at].shard.peer(self.now_ms, to, message, effects);
                } else {
                    self.server.mesh[at][usize::from(to.0)].push_back(message);
                }
            }
            Effect::Store(request) => {
                self.trace.note(|| format!("shard {at} asks {request:?}"));
                if let StoreRequest::ReadMarks(marks) = &request {
                    let truth = &self.truth;
                    let above = marks.iter().find(|&&(room, _, mark)| mark > truth.newest_visible(room));
                    self.keep(hold(above.is_none(), MARKS_ARE_STORED, || format!("to the store: {above:?}")));
                }
                let snapshot = self.snapshot(at);
                self.server.nodes[at].questions.push(Question::Asked(request, snapshot));
            }
        }
    }

    /// Frames that a room's owner writes for a session are looked at when they leave it.
    fn sent_to_peer(&mut self, at: usize, to: ShardId, message: &PeerMessage) {
        let session_and_frames = match message {
            PeerMessage::Reply { to: session, frames } => Some((*session, frames)),
            PeerMessage::Follow { to, frames, .. } => Some((to.session, frames)),
            _ => None,
        };
        if let Some((session, frames)) = session_and_frames {
            let frames = heard::hear(&Bytes::copy_from_slice(frames));
            self.written(at, seat(usize::from(to.0), session), &frames);
        }
        self.trace.note(|| format!("shard {at} to {to}: {}", brief(message)));
    }

    fn written(&mut self, at: usize, seat: Seat, frames: &[Heard]) {
        if let [Heard { what: What::Opened { room, .. }, request, .. }, second, ..] = frames {
            let is_gap = matches!(second.what, What::Gap { .. });
            self.coverage.saw(if is_gap { "OPEN: gap" } else { "OPEN: missed messages" });
            if let Some((_, Asked::Open { last_seen })) = self.memory.asked.get(&(seat, *request))
                && self.truth.asked_for(*room, PageQuery::After(*last_seen)).len() > CATCH_UP_MAX
            {
                self.coverage.saw("OPEN: more missed than OPEN hands over");
            }
        }
        let is_owners = |heard: &Heard| heard.what.room().is_none_or(|room| self.owner(room) == at);
        let Some(&caller) = self.server.callers.get(&seat) else { return };
        if frames.iter().all(is_owners) {
            let kept = self.witness().written(seat, caller, frames);
            self.keep(kept);
        }
    }

    /// An eviction is carried out: what its shard shows them from here on they must not see.
    pub(crate) fn carried_out_by_peer(&mut self, at: usize, message: &PeerMessage) {
        if let PeerMessage::Evict { room, user, .. } = message {
            let callers = self.server.callers.iter();
            let put_out =
                callers.filter(|((shard, ..), caller)| *shard == at && user.is_none_or(|user| user == caller.user));
            self.memory.barred.extend(put_out.map(|(&seat, _)| (seat, *room)));
        }
    }

    pub(crate) fn witness(&mut self) -> Witness<'_> {
        Witness { truth: &self.truth, accounts: &self.accounts, memory: &mut self.memory }
    }

    fn put(&mut self, at: usize, session: SessionKey, frames: Vec<Heard>) {
        for heard in frames {
            self.coverage.saw_frame(&heard.what);
            self.trace.note(|| format!("shard {at} to session {session:?}: {:?}", heard.what));
            let Some(connection) = self.server.nodes[at].connection(session.connection) else { continue };
            let is_trunks = session.session == 0 && self.trunks.iter().any(|trunk| trunk.key == session.connection);
            let is_there = is_trunks || connection.sessions.contains_key(&session.session);
            connection.put(heard.clone());
            let kept = self.witness().answered(seat(at, session), &heard, is_there);
            self.keep(kept);
        }
    }
}

/// A message between shards in few words.
fn brief(message: &PeerMessage) -> String {
    match message {
        PeerMessage::Reply { to, .. } => format!("reply to {to:?}"),
        PeerMessage::Follow { to, room, .. } => format!("{:?} follows {room}", to.session),
        PeerMessage::Deliver { room, frames } => format!("{} frames of {room}, {:?}", frames.count, frames.class),
        other => format!("{other:?}"),
    }
}
