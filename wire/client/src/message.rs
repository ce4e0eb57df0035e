//! What a room says, in values of its own.

use moim_wire::body::{self, BodyError};
use moim_wire::schema::{self, Kind, Role};
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use crate::error::Error;

/// A message of a room, or an event sequenced among the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Rises within the room; also says when ([`MessageId::unix_ms`]).
    pub id: MessageId,
    /// The room's message before this one; zero for the first.
    pub prev_id: MessageId,
    /// Where.
    pub room: RoomId,
    /// Who; 0 is the system.
    pub sender: UserId,
    /// From which of his devices; 0 for the room's own events.
    pub device: DeviceId,
    /// The device's number for it.
    pub sequence: Sequence,
    /// What it is; a newer server may send kinds without a name here.
    pub kind: Kind,
    /// The new role of [`Kind::RoleChanged`], the new office of [`Kind::OfficeChanged`].
    pub role: Role,
    /// The quoted or withdrawn message, or the user an event speaks of.
    pub reference: u64,
    /// What was said.
    pub text: String,
}

impl Message {
    /// The message that this one takes back: it is to be shown without its text from here on.
    pub fn withdraws(&self) -> Option<MessageId> {
        (self.kind == Kind::Delete && self.reference != self.id.0).then_some(MessageId(self.reference))
    }

    /// Whether this is what is left of a message that was taken back.
    pub fn is_withdrawn(&self) -> bool {
        self.kind == Kind::Delete && self.reference == self.id.0
    }

    /// Reads the body of a MESSAGE frame.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BodyError> {
        let message = body::read::<schema::Message<'_>>(bytes)?;
        let head = message.head();
        Ok(Self {
            id: MessageId(head.id()),
            prev_id: MessageId(head.prev_id()),
            room: RoomId(head.room()),
            sender: UserId(head.sender()),
            device: DeviceId(head.device()),
            sequence: Sequence(head.sequence()),
            kind: message.kind(),
            role: message.role(),
            reference: message.reference(),
            text: message.text().to_owned(),
        })
    }
}

/// What a room was like when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// Which.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// Its newest message then; zero: it was empty.
    pub newest_id: MessageId,
    /// Up to where the caller had read.
    pub read_mark: MessageId,
    /// The caller's role.
    pub role: Role,
    /// Number of members.
    pub members: u32,
    /// Members present; empty in rooms too large for presence.
    pub online: Vec<UserId>,
}

impl RoomInfo {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BodyError> {
        let opened = body::read::<schema::Opened<'_>>(bytes)?;
        Ok(Self {
            room: RoomId(opened.room()),
            name: opened.name().unwrap_or_default().to_owned(),
            newest_id: MessageId(opened.newest_id()),
            read_mark: MessageId(opened.read_mark()),
            role: opened.role(),
            members: opened.members(),
            online: opened.online().map(|users| users.iter().map(UserId).collect()).unwrap_or_default(),
        })
    }
}

/// What a [`RoomStream`](crate::RoomStream) yields.
#[derive(Clone, Debug)]
pub enum RoomEvent {
    /// The room's next message. Ids rise, none is missing, none comes twice.
    Message(Message),
    /// A member has read the room up to an id. Best effort.
    ReadMark {
        /// Who.
        user: UserId,
        /// The newest message that he has read.
        up_to: MessageId,
    },
    /// A member is typing. Best effort.
    Typing {
        /// Who.
        user: UserId,
    },
    /// A member came or went. Best effort.
    Presence {
        /// Who.
        user: UserId,
        /// Whether he is there now.
        online: bool,
    },
    /// The connection broke and the stream stands again; what was missed follows.
    Resumed(RoomInfo),
    /// The server does not know the last seen id: what the caller holds of this room is not this server's. Discard it;
    /// the stream goes on with what comes from now on.
    Reset,
    /// The stream ends: the caller is no member any more, the room was deleted, or the session ended.
    Closed(Error),
}
