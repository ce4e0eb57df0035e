//! What comes out of a shard. Effects are applied in order and to the end before the next event goes in; those that a
//! message to the shard itself gives rise to take the message's place in the list.

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, UserId};
use std::ops::Range;

use super::event::{Caller, PeerMessage, RoomFrames, SessionKey};
use crate::router::ShardId;

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Frames, a range of [`Effects::frames`], for one local session.
    Reply(SessionKey, Range<usize>),
    /// Frames for all local connections that follow the room.
    Fanout(RoomId, RoomFrames),
    /// A message to a shard, perhaps this one.
    Peer(ShardId, PeerMessage),
    /// A question or order to a store.
    Store(StoreRequest),
}

/// For a store; each is answered by the [`StoreAnswer`](super::StoreAnswer) of its kind unless said otherwise. What is
/// asked of the message store is answered with what the journal has for it: with everything committed when it was asked.
#[derive(Debug)]
#[expect(missing_docs, reason = "fields are named after what they are")]
pub enum StoreRequest {
    /// Members, waiting changes and newest messages of a room.
    LoadRoom(RoomId),
    /// What the message store knows of a device's sends in a room.
    LoadDevice(RoomId, Caller),
    /// Changes of a room after the given one.
    ReadChanges(RoomId, u32),
    /// A page of what the message store has.
    ReadHistory { ticket: u64, room: RoomId, query: PageQuery, limit: usize },
    /// A page of a room's members.
    ReadMembers { ticket: u64, room: RoomId, after: UserId, limit: usize },
    /// Make the user a member.
    Join { ticket: u64, room: RoomId, user: UserId, password: String },
    /// End the user's membership.
    Leave { ticket: u64, room: RoomId, user: UserId },
    /// Changes of these rooms, each up to the given one, are in the journal and need not wait any more.
    ChangesSequenced(Vec<(RoomId, u32)>),
    /// Read marks to keep; best effort. Not answered.
    ReadMarks(Vec<(RoomId, UserId, MessageId)>),
}

/// The list of effects and the bytes of replies. Reused from event to event.
#[derive(Debug, Default)]
pub struct Effects {
    /// In the order to apply them.
    pub list: std::collections::VecDeque<Effect>,
    /// Bytes that [`Effect::Reply`] refers to.
    pub frames: Vec<u8>,
}

impl Effects {
    /// Appends a reply built by `build` into the common buffer.
    pub(super) fn reply(&mut self, to: SessionKey, build: impl FnOnce(&mut Vec<u8>)) {
        let start = self.frames.len();
        build(&mut self.frames);
        self.list.push_back(Effect::Reply(to, start..self.frames.len()));
    }

    /// Appends any other effect.
    pub(super) fn push(&mut self, effect: Effect) {
        self.list.push_back(effect);
    }

    /// Forgets applied effects' bytes; call when the list is empty.
    pub fn clear(&mut self) {
        debug_assert!(self.list.is_empty(), "effects must be applied to the end");
        self.frames.clear();
    }
}
