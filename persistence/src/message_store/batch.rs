//! From the frames of a batch to rows.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use moim_wire::limits::{FRAME_BYTES_MAX, SENDS_IN_FLIGHT_MAX};
use moim_wire::schema::Message;
use moim_wire::{DeviceId, FLAG_SESSION, Frame, MessageId, Opcode, RoomId, Sequence, UserId, body, withdrawal};

use crate::error::Error;

/// A device in a room, as its row's key begins.
pub(super) type Sender = (RoomId, UserId, DeviceId);

/// The rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    /// Each message as it stands in the batch.
    pub(super) messages: Vec<(RoomId, MessageId, &'a [u8])>,
    /// What each device sent, in the batch's order: the newest, as many as a window holds.
    pub(super) devices: HashMap<Sender, Vec<(Sequence, MessageId)>>,
    /// Messages of these batches or earlier ones that lose their text.
    pub(super) withdrawn: HashSet<(RoomId, MessageId)>,
    /// Rooms whose very first message is among them.
    pub(super) begun: HashSet<RoomId>,
}

impl<'a> Rows<'a> {
    /// Reads every frame of a batch.
    pub(super) fn of(frames: &'a [Bytes]) -> Result<Self, Error> {
        let mut rows = Self::default();
        for mut bytes in frames.iter().map(|frames| &frames[..]) {
            while !bytes.is_empty() {
                let frame = Frame::first(bytes, FRAME_BYTES_MAX).map_err(|error| not_messages(&error))?;
                let frame = frame.ok_or_else(|| not_messages(&"the last frame is cut"))?;
                rows.add(&frame)?;
                bytes = &bytes[frame.bytes.len()..];
            }
        }
        Ok(rows)
    }

    fn add(&mut self, frame: &Frame<'a>) -> Result<(), Error> {
        if frame.opcode() != Some(Opcode::Message) || frame.header.flags & FLAG_SESSION != 0 {
            return Err(not_messages(&format!("operation {} or a session's", frame.header.opcode)));
        }
        let message = body::read::<Message<'_>>(frame.body()).map_err(|error| not_messages(&error))?;
        let head = message.head();
        let (room, id, device) = (RoomId(head.room()), MessageId(head.id()), DeviceId(head.device()));
        self.messages.push((room, id, frame.bytes));
        if head.prev_id() == 0 {
            self.begun.insert(room);
        }
        if let Some(withdrawn) = withdrawal::withdraws(&message) {
            self.withdrawn.insert((room, withdrawn));
        }
        let user = if device.0 == 0 { UserId(0) } else { UserId(head.sender()) };
        let sent = self.devices.entry((room, user, device)).or_default();
        if sent.len() == SENDS_IN_FLIGHT_MAX {
            sent.remove(0);
        }
        sent.push((Sequence(head.sequence()), id));
        Ok(())
    }
}

fn not_messages(reason: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("a batch for the message store holds what is no MESSAGE frame: {reason}"))
}
