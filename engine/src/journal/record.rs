//! What a record of the journal says of itself: records are MESSAGE frames, back to back.

use std::ops::Range;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{DeviceId, Frame, MessageId, RoomId, Sequence, UserId, body, schema};

/// A device in a room; a room's own events, device 0, are of user 0, whoever caused them.
pub type Sender = (RoomId, UserId, DeviceId);

/// The head of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: MessageId,
    pub(crate) sender: Sender,
    pub(crate) sequence: Sequence,
}

impl Record {
    pub(crate) const fn room(&self) -> RoomId {
        self.sender.0
    }
}

/// Each record of `bytes` with its place there. What does not read as one ends the list.
pub(crate) fn records(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, Record)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let frame = Frame::first(&bytes[at..], FRAME_BYTES_MAX).ok().flatten()?;
        let head = *body::read::<schema::Message<'_>>(frame.body()).ok()?.head();
        let place = at..at + frame.bytes.len();
        at = place.end;
        let device = DeviceId(head.device());
        let user = if device.0 == 0 { UserId(0) } else { UserId(head.sender()) };
        let sender = (RoomId(head.room()), user, device);
        Some((place, Record { id: MessageId(head.id()), sender, sequence: Sequence(head.sequence()) }))
    })
}

/// The id of the message before the one in `frame`, in its room; zero where it does not read as one.
pub(crate) fn prev_id(frame: &[u8]) -> MessageId {
    let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten();
    let message = frame.and_then(|frame| body::read::<schema::Message<'_>>(frame.body()).ok());
    message.map_or(MessageId::ZERO, |message| MessageId(message.head().prev_id()))
}

/// Frames for tests: (room, id, sender, device, sequence), back to back.
#[cfg(test)]
pub(crate) fn frames(of: &[(u32, u64, u32, u32, u32)]) -> bytes::Bytes {
    encode(of.iter().map(|&(room, id, sender, device, sequence)| (0, (room, id, sender, device, sequence))))
}

/// Messages of one room for tests, each after the id before it; the first id is no message here.
#[cfg(test)]
pub(crate) fn chain(room: u32, ids: &[u64]) -> bytes::Bytes {
    encode(ids.windows(2).map(|pair| (pair[0], (room, pair[1], 1, 1, pair[1] as u32))))
}

#[cfg(test)]
fn encode(of: impl Iterator<Item = (u64, (u32, u64, u32, u32, u32))>) -> bytes::Bytes {
    use moim_wire::schema::{Kind, MessageHead, Role};
    let mut encoder = moim_wire::Encoder::new();
    let mut out = Vec::new();
    for (prev_id, (room, id, sender, device, sequence)) in of {
        let head = MessageHead::new(id, prev_id, room, sender, device, sequence);
        let text = format!("message {id}");
        let fields = moim_wire::MessageFields { head, text: &text, reference: 0, kind: Kind::Talk, role: Role::Member };
        encoder.message(&mut out, moim_wire::Envelope::default(), &fields);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_with_their_places_and_events_are_nobodys() {
        let bytes = frames(&[(1, 10, 7, 70, 3), (2, 11, 8, 0, 4)]);
        let told: Vec<_> = records(&bytes).collect();
        assert_eq!(told[0].0.end, told[1].0.start);
        assert_eq!(told[1].0.end, bytes.len());
        assert_eq!(told[0].1.sender, (RoomId(1), UserId(7), DeviceId(70)));
        assert_eq!(told[1].1.sender, (RoomId(2), UserId(0), DeviceId(0)));
        assert_eq!((told[1].1.id, told[1].1.sequence), (MessageId(11), Sequence(4)));
    }
}
