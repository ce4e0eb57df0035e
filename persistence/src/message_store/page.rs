//! What a page of history is asked by and answered with.

use bytes::{Bytes, BytesMut};
use moim_wire::MessageId;

/// Which messages of a room to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageQuery {
    /// The newest below this id; [`MessageId::ZERO`] starts at the room's newest.
    Before(MessageId),
    /// The oldest above this id.
    After(MessageId),
}

/// A page of a room's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// MESSAGE frames back to back, ids rising, whichever way was asked.
    pub frames: Bytes,
    /// How many.
    pub count: u32,
    /// More messages exist in the direction asked.
    pub more: bool,
    /// The first one's id.
    pub oldest: Option<MessageId>,
    /// The last one's id.
    pub newest: Option<MessageId>,
}

/// Gathers a page until one of its bounds is reached.
pub(super) struct Pager {
    limit: usize,
    bytes_max: usize,
    bytes: usize,
    taken: Vec<(MessageId, Bytes)>,
    more: bool,
}

impl Pager {
    pub(super) fn new(limit: usize, bytes_max: usize) -> Self {
        Self { limit: limit.max(1), bytes_max, bytes: 0, taken: Vec::new(), more: false }
    }

    /// Takes a message in; false when the page ended before it.
    pub(super) fn take(&mut self, message: (MessageId, Bytes)) -> bool {
        let bytes = self.bytes + message.1.len();
        if self.taken.len() == self.limit || (bytes > self.bytes_max && !self.taken.is_empty()) {
            self.more = true;
            return false;
        }
        self.bytes = bytes;
        self.taken.push(message);
        true
    }

    pub(super) fn finish_newest_first(mut self) -> Page {
        self.taken.reverse();
        self.finish_oldest_first()
    }

    pub(super) fn finish_oldest_first(self) -> Page {
        let mut frames = BytesMut::with_capacity(self.bytes);
        for (_, frame) in &self.taken {
            frames.extend_from_slice(frame);
        }
        Page {
            frames: frames.freeze(),
            // Bounded by the page's bytes, far below 2^32.
            count: self.taken.len() as u32,
            more: self.more,
            oldest: self.taken.first().map(|(id, _)| *id),
            newest: self.taken.last().map(|(id, _)| *id),
        }
    }
}
