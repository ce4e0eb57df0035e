//! Messages of a run look alike: the same length, the same FlatBuffers offsets, other ids and another text. Where those
//! lie is learnt from one message that was read in full; one that equals it everywhere around them is read right there.
//! The generator takes millions of messages a second on one core, and would be the limit sooner with Moim's frames than
//! with its peers', which have nothing to follow.

use moim_wire::{Frame, HEADER_BYTES};

use super::flat::Table;

const HEAD_BYTES: usize = 32;

/// The places of one kind of message frame.
#[derive(Debug)]
pub(super) struct Shape {
    /// A whole frame of the shape.
    frame: Vec<u8>,
    head_at: usize,
    text_at: usize,
    text_bytes: usize,
}

/// What a message says, found by its shape.
pub(super) struct Shaped<'a> {
    pub(super) id: u64,
    pub(super) prev_id: u64,
    pub(super) text: &'a [u8],
    pub(super) frame_bytes: usize,
}

impl Shape {
    /// The shape of a frame, where its head comes before its text and both are there.
    pub(super) fn of(frame: Frame<'_>, head_slot: usize, text_slot: usize) -> Option<Self> {
        let table = Table::root(frame.body())?;
        let (head, text) = (table.bytes::<HEAD_BYTES>(head_slot)?, table.vector(text_slot)?);
        let place = |part: &[u8]| part.as_ptr().addr() - frame.bytes.as_ptr().addr();
        let (head_at, text_at) = (place(head), place(text));
        let is_in_order = HEADER_BYTES <= head_at && head_at + HEAD_BYTES <= text_at;
        is_in_order.then(|| Self { frame: frame.bytes.to_vec(), head_at, text_at, text_bytes: text.len() })
    }

    /// Reads the frame at the start of `input`, if it is there whole and of this shape.
    #[inline]
    pub(super) fn read<'a>(&self, input: &'a [u8]) -> Option<Shaped<'a>> {
        let frame = input.get(..self.frame.len())?;
        let between = self.head_at + HEAD_BYTES..self.text_at;
        if frame[..self.head_at] != self.frame[..self.head_at] || frame[between.clone()] != self.frame[between] {
            return None;
        }
        let (words, _) = frame[self.head_at..].first_chunk::<HEAD_BYTES>()?.as_chunks::<8>();
        Some(Shaped {
            id: u64::from_le_bytes(words[0]),
            prev_id: u64::from_le_bytes(words[1]),
            text: &frame[self.text_at..self.text_at + self.text_bytes],
            frame_bytes: frame.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{Encoder, Envelope, MessageFields, limits, schema};

    fn message(id: u64, text: &str, kind: schema::Kind) -> Vec<u8> {
        let mut out = Vec::new();
        let head = schema::MessageHead::new(id, id - 1, 7, 8, 9, 10);
        let fields = MessageFields { head, text, reference: 0, kind, role: schema::Role::Member };
        Encoder::new().message(&mut out, Envelope::default(), &fields);
        out
    }

    fn shape(of: &[u8]) -> Shape {
        Shape::of(Frame::first(of, limits::FRAME_BYTES_MAX).unwrap().unwrap(), 0, 1).unwrap()
    }

    #[test]
    fn a_message_of_the_shape_is_read_as_the_verified_reader_would() {
        let shape = shape(&message(5, "hello", schema::Kind::Talk));
        let bytes = message(1 << 40, "again", schema::Kind::Talk);
        let read = shape.read(&bytes).unwrap();
        assert_eq!((read.id, read.prev_id, read.text), (1 << 40, (1 << 40) - 1, &b"again"[..]));
        assert_eq!(read.frame_bytes, bytes.len());
    }

    #[test]
    fn anything_else_is_left_to_the_whole_reader() {
        let known = message(5, "hello", schema::Kind::Talk);
        let shape = shape(&known);
        for other in [message(6, "longer", schema::Kind::Talk), message(6, "event", schema::Kind::MemberJoined)] {
            assert!(shape.read(&other).is_none());
        }
        assert!(shape.read(&known[..known.len() - 1]).is_none(), "a frame that is not there whole");
        let mut acknowledgement = known;
        acknowledgement[5] ^= 1;
        assert!(shape.read(&acknowledgement).is_none(), "another operation");
    }
}
