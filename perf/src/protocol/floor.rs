//! The toy protocol of the floor, little-endian: `u32 length` of what follows, `u8 operation`, `u32 room`, text.

use super::{Event, ProtocolError, Seat};

const JOIN: u8 = 1;
const PUBLISH: u8 = 2;
const ECHO: u8 = 3;
const HEADER_BYTES: usize = 9;

/// One connection to the floor.
#[derive(Debug)]
pub(crate) struct Floor {
    room: u32,
}

impl Floor {
    pub(super) fn new(seat: &Seat) -> Self {
        Self { room: seat.room }
    }

    /// A join has no answer; the echo behind it proves that it was taken.
    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        self.frame(out, JOIN, &[]);
        self.frame(out, ECHO, &[]);
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, text: &[u8]) {
        self.frame(out, PUBLISH, text);
    }

    #[inline]
    pub(super) fn feed(&mut self, input: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<usize, ProtocolError> {
        let mut at = 0;
        while let Some(header) = input[at..].first_chunk::<HEADER_BYTES>() {
            let [l0, l1, l2, l3, operation, ..] = *header;
            let length = 4 + u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            if length < HEADER_BYTES {
                return Err(ProtocolError::malformed("floor", format!("a frame of {length} bytes")));
            }
            let Some(frame) = input[at..].get(..length) else { break };
            match operation {
                PUBLISH => on_event(Event::Delivery { text: &frame[HEADER_BYTES..], linked: true }),
                ECHO => on_event(Event::Ready),
                other => return Err(ProtocolError::malformed("floor", format!("operation {other}"))),
            }
            at += length;
        }
        Ok(at)
    }

    fn frame(&self, out: &mut Vec<u8>, operation: u8, text: &[u8]) {
        // Texts are a few hundred bytes.
        out.extend_from_slice(&((HEADER_BYTES - 4 + text.len()) as u32).to_le_bytes());
        out.push(operation);
        out.extend_from_slice(&self.room.to_le_bytes());
        out.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed_in_pieces, seat};
    use super::super::{Codec, Dialect};

    #[test]
    fn joins_and_publishes_as_the_floor_reads_it() {
        let mut codec = Codec::new(Dialect::Floor, &seat());
        let mut out = Vec::new();
        codec.greet(&mut out);
        assert_eq!(out, [5, 0, 0, 0, 1, 7, 0, 0, 0, 5, 0, 0, 0, 3, 7, 0, 0, 0]);
        out.clear();
        codec.publish(&mut out, 1, b"hello");
        assert_eq!(out, b"\x0a\0\0\0\x02\x07\0\0\0hello");
    }

    #[test]
    fn reads_echo_and_deliveries_cut_anywhere() {
        let input = b"\x05\0\0\0\x03\x07\0\0\0\x0a\0\0\0\x02\x07\0\0\0hello\x0a\0\0\0\x02\x07\0\0\0again";
        let events = fed_in_pieces(|| Codec::new(Dialect::Floor, &seat()), input);
        assert_eq!(events, ["Ready", "delivery hello", "delivery again"]);
    }

    #[test]
    fn a_length_below_the_header_is_an_error() {
        let mut codec = Codec::new(Dialect::Floor, &seat());
        assert!(codec.feed(&[1, 0, 0, 0, 2, 0, 0, 0, 0], &mut Vec::new(), |_| ()).is_err());
    }
}
