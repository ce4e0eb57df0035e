//! Messages of a run look alike: the same length, the same FlatBuffers offsets, other ids and another text. Where those
//! lie is learnt from one message that was read in full; one that equals it everywhere around them is read right there.
//! The generator takes millions of messages a second on one core, and would be the limit sooner with Moim's frames than
//! with its peers', which have nothing to follow.

use moim_wire::Frame;

use super::flat::Table;

const HEAD_BYTES: usize = 32;
/// What comes before the head: the frame's header, the body's root, the table's offsets.
const BEFORE_BYTES: usize = 28;
/// What lies between head and text: where the text is, and how long. With another layout there is no shape, and every
/// message is read in full.
const BETWEEN_BYTES: usize = 8;

/// The places of one kind of message frame.
#[derive(Debug)]
pub(super) struct Shape {
    before: [u8; BEFORE_BYTES],
    between: [u8; BETWEEN_BYTES],
    frame_bytes: usize,
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
    /// The shape of a frame, where head and text lie as they do when there is nothing else.
    pub(super) fn of(frame: Frame<'_>, head_slot: usize, text_slot: usize) -> Option<Self> {
        let table = Table::root(frame.body())?;
        let (head, text) = (table.bytes::<HEAD_BYTES>(head_slot)?, table.vector(text_slot)?);
        let place = |part: &[u8]| part.as_ptr().addr() - frame.bytes.as_ptr().addr();
        let is_usual = place(head) == BEFORE_BYTES && place(text) == BEFORE_BYTES + HEAD_BYTES + BETWEEN_BYTES;
        let (before, rest) = frame.bytes.split_first_chunk()?;
        let (_, rest) = rest.split_first_chunk::<HEAD_BYTES>()?;
        let (frame_bytes, text_bytes) = (frame.bytes.len(), text.len());
        is_usual.then_some(Self { before: *before, between: *rest.first_chunk()?, frame_bytes, text_bytes })
    }

    /// Reads the frame at the start of `input`, if it is there whole and of this shape.
    #[inline]
    pub(super) fn read<'a>(&self, input: &'a [u8]) -> Option<Shaped<'a>> {
        let (before, rest) = input.get(..self.frame_bytes)?.split_first_chunk::<BEFORE_BYTES>()?;
        let (head, rest) = rest.split_first_chunk::<HEAD_BYTES>()?;
        let (between, rest) = rest.split_first_chunk::<BETWEEN_BYTES>()?;
        if *before != self.before || *between != self.between {
            return None;
        }
        let (words, _) = head.as_chunks::<8>();
        Some(Shaped {
            id: u64::from_le_bytes(words[0]),
            prev_id: u64::from_le_bytes(words[1]),
            text: rest.get(..self.text_bytes)?,
            frame_bytes: self.frame_bytes,
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
