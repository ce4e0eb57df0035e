//! What goes into a shard.

use std::borrow::Cow;

use bytes::Bytes;
use moim_persistence::{MemberEntry, PageQuery, RoomChange, RoomSnapshot};
use moim_wire::schema::Kind;
use moim_wire::{DeviceId, ErrorCode, MessageId, RoomId, Sequence, UserId};

use crate::router::ShardId;

/// A connection of one shard; the generation tells a slot's tenants apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionKey {
    /// Index in the shard's table.
    pub slot: u32,
    /// Rises each time the slot is given away.
    pub generation: u32,
}

/// A session: a native connection's own is number 0, a trunk's are numbered by the bridge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The connection that carries it.
    pub connection: ConnectionKey,
    /// Its number there.
    pub session: u32,
}

/// Where a request came from and its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Shard of the session's connection.
    pub shard: ShardId,
    /// The session.
    pub session: SessionKey,
    /// Request id to answer with.
    pub request: u32,
}

impl Origin {
    /// Whether both are requests of one session.
    pub(super) fn is_of_session(&self, other: &Self) -> bool {
        (self.shard, self.session) == (other.shard, other.session)
    }
}

/// Who asks, as authenticated; never as a body says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The session's user.
    pub user: UserId,
    /// The session's device.
    pub device: DeviceId,
}

/// A SEND, its text validated and normalised.
#[derive(Clone, Debug)]
pub struct SendRequest<'a> {
    /// Where to say it.
    pub room: RoomId,
    /// The device's number for it.
    pub sequence: Sequence,
    /// What it is.
    pub kind: Kind,
    /// Of a reply, the quoted message.
    pub reference: u64,
    /// What is said.
    pub text: Cow<'a, str>,
}

/// An operation on one room, carried out by the room's owner.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the operation of its name in PROTOCOL.md, with its fields")]
pub enum Request<'a> {
    Open { room: RoomId, last_seen: MessageId },
    Close { room: RoomId },
    Send(SendRequest<'a>),
    History { room: RoomId, query: PageQuery, limit: usize },
    Read { room: RoomId, up_to: MessageId },
    Typing { room: RoomId },
    Join { room: RoomId, password: String },
    Leave { room: RoomId },
    Members { room: RoomId, after: UserId, limit: usize },
    Sync { room: RoomId, change: u32 },
}

impl Request<'_> {
    /// The room that it is about.
    pub const fn room(&self) -> RoomId {
        match self {
            Self::Open { room, .. }
            | Self::Close { room }
            | Self::History { room, .. }
            | Self::Read { room, .. }
            | Self::Typing { room }
            | Self::Join { room, .. }
            | Self::Leave { room }
            | Self::Members { room, .. }
            | Self::Sync { room, .. } => *room,
            Self::Send(send) => send.room,
        }
    }

    /// The same request on its own, to wait or to travel.
    pub fn into_owned(self) -> Request<'static> {
        match self {
            Self::Open { room, last_seen } => Request::Open { room, last_seen },
            Self::Close { room } => Request::Close { room },
            Self::Send(send) => Request::Send(SendRequest { text: Cow::Owned(send.text.into_owned()), ..send }),
            Self::History { room, query, limit } => Request::History { room, query, limit },
            Self::Read { room, up_to } => Request::Read { room, up_to },
            Self::Typing { room } => Request::Typing { room },
            Self::Join { room, password } => Request::Join { room, password },
            Self::Leave { room } => Request::Leave { room },
            Self::Members { room, after, limit } => Request::Members { room, after, limit },
            Self::Sync { room, change } => Request::Sync { room, change },
        }
    }
}

/// Between shards. What one shard sends to another arrives in that order, or not at all when the process ends.
#[derive(Clone, Debug)]
pub enum PeerMessage {
    /// Edge to owner: a session's request.
    Request {
        /// Where the answer goes.
        origin: Origin,
        /// Who asks.
        caller: Caller,
        /// What.
        request: Request<'static>,
    },
    /// Edge to owner: the store has changes of the room that a session brought about.
    ChangesWait {
        /// The room.
        room: RoomId,
    },
    /// Owner to edge: frames for one session.
    Reply {
        /// The session.
        to: SessionKey,
        /// Whole frames.
        frames: Vec<u8>,
    },
    /// Owner to edge: the session follows the room from here on; counted by the owner already.
    Follow {
        /// The session, and its OPEN.
        to: Origin,
        /// Its user.
        user: UserId,
        /// The room.
        room: RoomId,
        /// OPENED and what was missed.
        frames: Vec<u8>,
    },
    /// Owner to edge: a CLOSE passed the owner, behind the session's OPENs.
    Close {
        /// The session, and its CLOSE.
        to: Origin,
        /// The room.
        room: RoomId,
    },
    /// Owner to edge: frames for all that follow the room there.
    Deliver {
        /// The room.
        room: RoomId,
        /// The frames.
        frames: RoomFrames,
    },
    /// Edge to owner: one session of that user follows the room no more.
    Unfollow {
        /// The room.
        room: RoomId,
        /// The session's user.
        user: UserId,
    },
    /// Owner to edge: the room's followers, one user's or all, are put out.
    Evict {
        /// The room.
        room: RoomId,
        /// `None`: everybody.
        user: Option<UserId>,
        /// Why.
        code: ErrorCode,
    },
}

/// Frames for a room's followers, back to back in one memory that all of them are sent from.
#[derive(Clone, Debug)]
pub struct RoomFrames {
    /// The frames.
    pub bytes: Bytes,
    /// How many.
    pub count: u32,
    /// What they are.
    pub class: Class,
}

impl RoomFrames {
    /// One frame that may be dropped.
    pub(super) fn sheddable(frame: Vec<u8>) -> Self {
        Self { bytes: frame.into(), count: 1, class: Class::Sheddable }
    }
}

/// How much a frame for a room's followers matters when a queue is nearly full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A message: never dropped without a GAP.
    Sequenced,
    /// Read marks, presence, typing: dropped first.
    Sheddable,
}

/// Why a store did not do what the shard asked.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Code for the caller.
    pub code: ErrorCode,
    /// What was wrong.
    pub message: String,
    /// When to try again, in milliseconds; 0: not said.
    pub retry_after_ms: u32,
}

/// What a room is when it is loaded: from the accounts, with the newest messages from the message store and the journal.
#[derive(Clone, Debug)]
pub struct LoadedRoom {
    /// Members, changes that wait.
    pub snapshot: RoomSnapshot,
    /// Newest messages, MESSAGE frames back to back, ids rising, contiguous up to the newest.
    pub recent: Bytes,
    /// The newest message's id where `recent` is empty, as it is while the store that has it is away; zero: there is none.
    pub newest: MessageId,
    /// Newest change that the message store or the journal has among the messages.
    pub sequenced_change: u32,
}

/// An answer of a store, or another thing that happened to the shard.
#[derive(Debug)]
pub enum StoreAnswer {
    /// To `LoadRoom`.
    Room(RoomId, Result<Box<LoadedRoom>, Refusal>),
    /// To `LoadDevice`.
    Device(RoomId, Caller, Result<Vec<(Sequence, MessageId)>, Refusal>),
    /// To `ReadChanges`.
    Changes(RoomId, Result<Vec<RoomChange>, Refusal>),
    /// To `ReadHistory`: MESSAGE frames back to back, ids rising, and whether there are more in the direction asked.
    History(u64, Result<(Bytes, bool), Refusal>),
    /// To `ReadMembers`, and whether there are more.
    Members(u64, Result<(Vec<MemberEntry>, bool), Refusal>),
    /// To `ChangesSequenced`, done or not.
    ChangesSequenced,
    /// To `Join` and `Leave`: the change's number.
    Changed(u64, Result<u32, Refusal>),
}
