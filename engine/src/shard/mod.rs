//! The shard: a synchronous, deterministic state machine. Events go in, effects come out; it waits for nothing, reads
//! no clock and draws no random number.
//!
//! It has two halves. The *edge* knows the sessions of the shard's connections and which rooms they follow. The
//! *owner* holds the rooms that [`router::owner`](crate::router::owner) gives to this shard, and is the only one to
//! change them. The halves of all shards talk through [`PeerMessage`]s, also within one shard.
//!
//! Invariants, checked by the simulation after each step:
//! - what was acknowledged or shown is in the journal;
//! - ids rise within a room and each message names the one before it;
//! - no send is stored twice;
//! - nobody who is not a member is shown anything;
//! - queues stay within [`Limits`].

mod change;
mod commit;
mod context;
mod dedup;
mod edge;
mod effect;
mod event;
mod follow;
mod history;
mod load;
mod outbox;
mod owner;
mod presence;
mod read_mark;
mod room;
mod send;
mod tickets;
mod withdraw;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use moim_wire::{Encoder, Envelope, ErrorCode, RoomId};

pub use commit::SealedBatch;
pub use context::Gate;
pub use effect::{Effect, Effects, StoreRequest};
pub use event::{
    Caller, Class, ConnectionKey, LoadedRoom, Origin, PeerMessage, Refusal, Request, RoomFrames, SendRequest,
    SessionKey, StoreAnswer,
};
pub(crate) use follow::put_gap;
pub(crate) use history::split_frames;
pub(crate) use owner::CHANGES;

pub use crate::config::Limits;
use crate::journal::Behind;
use crate::router::{self, ShardId};
use commit::{Batch, Retention};
use edge::{Edge, Following};
use outbox::Outbox;
use room::{Parked, Room};
use tickets::Tickets;

/// A map whose order depends on the seed alone.
type Map<K, V> = HashMap<K, V, FixedState>;

fn map<K, V>(seed: u64) -> Map<K, V> {
    HashMap::with_hasher(FixedState::with_seed(seed))
}

/// A room in memory or on its way there.
#[derive(Debug)]
enum Slot {
    Loading(Vec<Parked>),
    Ready(Box<Room>),
}

/// Counts of what happened, rising.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each is described where it is shown, in stats.rs")]
pub struct Counters {
    pub accepted: u64,
    pub acknowledged: u64,
    pub resent: u64,
    pub refused: u64,
    pub busy: u64,
    pub rooms_loaded: u64,
    pub rooms_forgotten: u64,
}

/// Sizes at this moment.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each is described where it is shown, in stats.rs")]
pub struct Gauges {
    pub sessions: usize,
    pub rooms: usize,
    pub tickets: usize,
    pub batch_bytes: usize,
    pub recent_bytes: usize,
}

/// The fullest of what there is many of, each with a bound of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fullest {
    /// Requests that wait for one room or device to load.
    pub parked: usize,
    /// Who waits for changes of one room.
    pub syncs: usize,
    /// Devices known in one room.
    pub devices: usize,
    /// Rooms followed by one session.
    pub rooms: usize,
}

/// One shard. See the module's documentation.
pub struct Shard {
    id: ShardId,
    shards: u16,
    limits: Limits,
    seed: u64,
    edge: Edge,
    rooms: Map<RoomId, Slot>,
    batch: Batch,
    retention: Retention,
    tickets: Tickets,
    marks: Vec<(RoomId, moim_wire::UserId)>,
    outbox: Outbox,
    storage_full: bool,
    store_behind: Option<Behind>,
    peer_behind: bool,
    encoder: Encoder,
    counters: Counters,
}

impl Shard {
    /// An empty shard, number `id` of `shards`, whose journal stands at `position`. `seed` keys its hash maps.
    pub fn new(id: ShardId, shards: u16, limits: Limits, seed: u64, position: u64) -> Self {
        Self {
            id,
            shards,
            limits,
            seed,
            edge: Edge::new(seed),
            rooms: map(seed),
            batch: Batch::starting_at(position),
            retention: Retention::default(),
            tickets: Tickets::new(map(seed), limits.store_requests_max),
            marks: Vec::new(),
            outbox: Outbox::default(),
            storage_full: false,
            store_behind: None,
            peer_behind: false,
            encoder: Encoder::new(),
            counters: Counters::default(),
        }
    }

    /// A session stands: its user is authenticated.
    pub fn attach(&mut self, session: SessionKey, caller: Caller) {
        self.edge.attach(session, caller);
    }

    /// A session is gone.
    pub fn detach(&mut self, session: SessionKey, effects: &mut Effects) {
        if let Some(gone) = self.edge.detach(session) {
            for room in gone.rooms {
                let message = PeerMessage::Unfollow { room, user: gone.caller.user };
                effects.push(Effect::Peer(router::owner(room, self.shards), message));
            }
        }
    }

    /// Whether the session stands.
    pub fn has_session(&self, session: SessionKey) -> bool {
        self.edge.session(session).is_some()
    }

    /// A request of one of this shard's sessions; one that does not stand is passed over.
    pub fn request(
        &mut self,
        now_ms: u64,
        session: SessionKey,
        request_id: u32,
        request: Request<'_>,
        effects: &mut Effects,
    ) {
        let Some(edge_session) = self.edge.session(session) else { return };
        let caller = edge_session.caller;
        let origin = Origin { shard: self.id, session, request: request_id };
        let owner = router::owner(request.room(), self.shards);
        if owner == self.id {
            self.own(now_ms, origin, caller, request, effects);
        } else {
            let message = PeerMessage::Request { origin, caller, request: request.into_owned() };
            effects.push(Effect::Peer(owner, message));
        }
    }

    /// CLOSE: the session follows the room no more. It takes the way of OPEN, so that it does not overtake one.
    pub fn close(&mut self, session: SessionKey, request_id: u32, room: RoomId, effects: &mut Effects) {
        let Some(edge_session) = self.edge.session(session) else {
            return self.put_closed(session, request_id, room, None, effects);
        };
        let origin = Origin { shard: self.id, session, request: request_id };
        let (caller, request) = (edge_session.caller, Request::Close { room });
        let message = PeerMessage::Request { origin, caller, request };
        effects.push(Effect::Peer(router::owner(room, self.shards), message));
    }

    /// Changes of a room are committed in the store: its owner is to sequence them now, and need not be asked for them.
    pub fn announce_changes(&self, room: RoomId, effects: &mut Effects) {
        effects.push(Effect::Peer(router::owner(room, self.shards), PeerMessage::ChangesWait { room }));
    }

    /// After CLOSED: what comes of it, that the user is gone, is for those who stay.
    fn stop_following(&mut self, session: SessionKey, room: RoomId, effects: &mut Effects) {
        if let Some(user) = self.edge.unfollow(session, room) {
            effects.push(Effect::Peer(router::owner(room, self.shards), PeerMessage::Unfollow { room, user }));
        }
    }

    fn put_closed(
        &mut self,
        session: SessionKey,
        request: u32,
        room: RoomId,
        code: Option<ErrorCode>,
        effects: &mut Effects,
    ) {
        let envelope = Envelope { request, session: session.session };
        let message = code.map_or("", ErrorCode::name);
        effects.reply(session, |out| self.encoder.closed(out, envelope, room.0, code, message));
    }

    /// A message of a shard, perhaps this one.
    pub fn peer(&mut self, now_ms: u64, from: ShardId, message: PeerMessage, effects: &mut Effects) {
        let waiting = effects.list.len();
        self.carry_out_peer(now_ms, from, message, effects);
        // What the message gives rise to comes before what was to come after the message.
        effects.list.rotate_left(waiting);
    }

    fn carry_out_peer(&mut self, now_ms: u64, from: ShardId, message: PeerMessage, effects: &mut Effects) {
        match message {
            PeerMessage::Request { origin, caller, request } => self.own(now_ms, origin, caller, request, effects),
            PeerMessage::ChangesWait { room } => self.changes_wait(now_ms, &[room], effects),
            PeerMessage::Reply { to, frames } => effects.reply(to, |out| out.extend_from_slice(&frames)),
            PeerMessage::Follow { to, user, room, frames } => {
                let session = to.session;
                let following = self.edge.follow(session, room, self.limits.rooms_per_session_max);
                if following != Following::Begun {
                    // The owner has counted the session in already.
                    effects.push(Effect::Peer(from, PeerMessage::Unfollow { room, user }));
                }
                match following {
                    Following::Begun | Following::Already => {
                        effects.reply(session, |out| out.extend_from_slice(&frames));
                    }
                    Following::TooMany => {
                        const WHY: &str = "too many rooms are open in this session; close one first";
                        self.context(now_ms, effects).refuse(&to, ErrorCode::TooManyRooms, WHY);
                    }
                    Following::Gone => {}
                }
            }
            PeerMessage::Close { to, room } => {
                self.put_closed(to.session, to.request, room, None, effects);
                self.stop_following(to.session, room, effects);
            }
            PeerMessage::Deliver { room, frames } => effects.push(Effect::Fanout(room, frames)),
            PeerMessage::Unfollow { room, user } => {
                let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
                if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                    room.unfollow(from, user, &mut context);
                }
            }
            PeerMessage::Evict { room, user, code } => {
                for (session, _) in self.edge.followers(room, user) {
                    self.put_closed(session, 0, room, Some(code), effects);
                    self.stop_following(session, room, effects);
                }
            }
        }
    }
}
