//! Pages: a room's past, its members, the caller's rooms.

use moim_wire::body;
use moim_wire::limits::{FRAME_BYTES_MAX, HISTORY_LIMIT_MAX, LIST_LIMIT_MAX};
use moim_wire::schema::{self, Role};
use moim_wire::{Frame, MessageId, Opcode, RoomId, UserId};

use crate::client::Client;
use crate::error::Error;
use crate::message::Message;
use crate::request::{Answer, Request};

/// Which part of a room's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// The newest messages.
    Newest,
    /// The newest of those below an id.
    Before(MessageId),
    /// The oldest of those above an id; above zero: from the room's first message.
    After(MessageId),
}

/// Messages of a room, oldest first whichever way was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Ids rise.
    pub messages: Vec<Message>,
    /// There are more in the direction asked.
    pub more: bool,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// His name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// Up to where he has read.
    pub read_mark: MessageId,
    /// He is a member no more; named because his messages remain.
    pub left: bool,
    /// His office: `Treasurer`, `Auditor`, or `Member` for none.
    pub office: Role,
}

/// A page of members, by user id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberPage {
    /// User ids rise.
    pub members: Vec<Member>,
    /// There are members after these.
    pub more: bool,
}

/// One of the caller's rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEntry {
    /// Which.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// The caller's role.
    pub role: Role,
    /// Joining asks for a password.
    pub private: bool,
    /// Number of members.
    pub members: u32,
    /// Up to where the caller has read.
    pub read_mark: MessageId,
    /// Messages above it, counted up to 100.
    pub unread: u32,
}

/// A page of the caller's rooms, by room id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomPage {
    /// Room ids rise.
    pub rooms: Vec<RoomEntry>,
    /// There are rooms after these.
    pub more: bool,
}

impl Client {
    /// At most `limit` messages of a room's past; the server gives at most 200 and fewer when they are long.
    ///
    /// # Errors
    /// [`Error::Refused`] for rooms that the caller is no member of; [`Error::NotConnected`], [`Error::Disconnected`].
    pub async fn history(&self, room: RoomId, past: Past, limit: usize) -> Result<HistoryPage, Error> {
        let limit = limit.clamp(1, HISTORY_LIMIT_MAX) as u16;
        let (before, after) = match past {
            Past::Newest => (MessageId::ZERO, MessageId::ZERO),
            Past::Before(id) => (id, MessageId::ZERO),
            // 0 means "not asked" on the wire, and no message has the id 1.
            Past::After(id) => (MessageId::ZERO, id.max(MessageId(1))),
        };
        history_page(&self.request(Request::History { room, before, after, limit }).await?)
    }

    /// Members of a room with user ids above `after`, at most `limit` and at most 500.
    ///
    /// # Errors
    /// As [`Client::history`].
    pub async fn members(&self, room: RoomId, after: UserId, limit: usize) -> Result<MemberPage, Error> {
        let limit = limit.clamp(1, LIST_LIMIT_MAX) as u16;
        member_page(&self.request(Request::Members { room, after, limit }).await?)
    }

    /// The caller's rooms with ids above `after`, at most `limit` and at most 500.
    ///
    /// # Errors
    /// As [`Client::history`].
    pub async fn rooms(&self, after: RoomId, limit: usize) -> Result<RoomPage, Error> {
        let limit = limit.clamp(1, LIST_LIMIT_MAX) as u16;
        room_page(&self.request(Request::Rooms { after, limit }).await?)
    }
}

fn history_page(answer: &Answer) -> Result<HistoryPage, Error> {
    let page = body::read::<schema::HistoryPage<'_>>(answer.expect(Opcode::HistoryPage)?)?;
    let mut messages = Vec::with_capacity((page.count() as usize).min(HISTORY_LIMIT_MAX));
    let mut rest = page.frames().bytes();
    while !rest.is_empty() {
        let frame = match Frame::first(rest, FRAME_BYTES_MAX) {
            Ok(Some(frame)) if frame.opcode() == Some(Opcode::Message) => frame,
            Ok(_) => return Err(Error::Protocol("a history page that is not whole MESSAGE frames".to_owned())),
            Err(error) => return Err(Error::Protocol(format!("within a history page: {error}"))),
        };
        messages.push(Message::read(frame.body())?);
        rest = &rest[frame.bytes.len()..];
    }
    Ok(HistoryPage { messages, more: page.more() })
}

fn member_page(answer: &Answer) -> Result<MemberPage, Error> {
    let page = body::read::<schema::MemberList<'_>>(answer.expect(Opcode::MemberList)?)?;
    let members = page.members().into_iter().flatten().map(|member| Member {
        user: UserId(member.user()),
        name: member.name().unwrap_or_default().to_owned(),
        role: member.role(),
        read_mark: MessageId(member.read_mark()),
        left: member.left(),
        office: member.office(),
    });
    Ok(MemberPage { members: members.collect(), more: page.more() })
}

fn room_page(answer: &Answer) -> Result<RoomPage, Error> {
    let page = body::read::<schema::RoomList<'_>>(answer.expect(Opcode::RoomList)?)?;
    let rooms = page.rooms().into_iter().flatten().map(|entry| RoomEntry {
        room: RoomId(entry.room()),
        name: entry.name().unwrap_or_default().to_owned(),
        role: entry.role(),
        private: entry.private(),
        members: entry.members(),
        read_mark: MessageId(entry.read_mark()),
        unread: entry.unread(),
    });
    Ok(RoomPage { rooms: rooms.collect(), more: page.more() })
}
