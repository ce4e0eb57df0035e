//! What a stored message means to the index.

use bytes::Bytes;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{Kind, Message};
use moim_wire::{Frame, MessageId, RoomId, body, withdrawal};

/// A message of the write-behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) room: RoomId,
    pub(super) id: MessageId,
    pub(super) effect: Effect<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    /// It can be found from now on.
    Said(&'a str),
    /// Another message cannot be found any more.
    Withdrawn(MessageId),
    /// Nothing of the room can be found any more.
    RoomDeleted,
    Nothing,
}

impl<'a> Entry<'a> {
    fn of(message: &Message<'a>) -> Self {
        let effect = match message.kind() {
            // A greeting's text is written by its readers, and events are not talk.
            Kind::Talk | Kind::Reply | Kind::Notice => Effect::Said(message.text()),
            Kind::RoomDeleted => Effect::RoomDeleted,
            _ => withdrawal::withdraws(message).map_or(Effect::Nothing, Effect::Withdrawn),
        };
        Self { room: RoomId(message.head().room()), id: MessageId(message.head().id()), effect }
    }
}

/// Hands each message of frames that the store has taken to `take`. The store has read them all; what it could not read
/// is not there.
pub(super) fn for_each(frames: &Bytes, mut take: impl FnMut(Entry<'_>)) {
    let mut rest = &frames[..];
    while let Ok(Some(frame)) = Frame::first(rest, FRAME_BYTES_MAX) {
        if let Ok(message) = body::read::<Message<'_>>(frame.body()) {
            take(Entry::of(&message));
        }
        rest = &rest[frame.bytes.len()..];
    }
}

/// The text of a single message that can be found.
pub(super) fn text(frame: &[u8]) -> Option<&str> {
    let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten()?;
    let message = body::read::<Message<'_>>(frame.body()).ok()?;
    match Entry::of(&message).effect {
        Effect::Said(text) => Some(text),
        _ => None,
    }
}
