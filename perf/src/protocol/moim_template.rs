//! A SEND frame built once, of which each send changes sequence and text only.

use moim_wire::{Encoder, Envelope, HEADER_BYTES, SendFields};

/// A marker that occurs nowhere else in the frame.
const SEQUENCE_MARK: u32 = 0xa5c3_965a;
/// Where the header keeps the request id.
const REQUEST_AT: usize = 8;

/// A SEND for one room with texts of one length.
#[derive(Debug)]
pub(super) struct SendTemplate {
    frame: Vec<u8>,
    sequence_at: usize,
    text_at: usize,
}

impl SendTemplate {
    /// Builds the frame with the codec proper and finds the two fields in it.
    pub(super) fn new(room: u32, text_bytes: usize) -> Self {
        let text = "~".repeat(text_bytes);
        let mut frame = Vec::new();
        let fields = SendFields { room, sequence: SEQUENCE_MARK, text: &text, ..SendFields::default() };
        Encoder::new().send(&mut frame, Envelope::default(), &fields);
        let body = &frame[HEADER_BYTES..];
        let find = |needle: &[u8]| body.windows(needle.len()).position(|w| w == needle).map(|at| HEADER_BYTES + at);
        let sequence_at = find(&SEQUENCE_MARK.to_le_bytes()).expect("a sequence other than 0 is written out");
        let text_at = find(text.as_bytes()).expect("a text is written out");
        Self { frame, sequence_at, text_at }
    }

    /// Appends a SEND. Its request id is its sequence, so that a refusal tells which it was.
    pub(super) fn write(&self, out: &mut Vec<u8>, sequence: u32, text: &[u8]) {
        let start = out.len();
        out.extend_from_slice(&self.frame);
        let frame = &mut out[start..];
        frame[REQUEST_AT..REQUEST_AT + 4].copy_from_slice(&sequence.to_le_bytes());
        frame[self.sequence_at..self.sequence_at + 4].copy_from_slice(&sequence.to_le_bytes());
        frame[self.text_at..self.text_at + text.len()].copy_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{Frame, Opcode, body, limits, schema};

    #[test]
    fn what_the_template_writes_is_what_the_encoder_would() {
        let template = SendTemplate::new(7, 5);
        let mut out = Vec::new();
        for (sequence, text) in [(1, "hello"), (70_000, "again")] {
            out.clear();
            template.write(&mut out, sequence, text.as_bytes());
            let frame = Frame::first(&out, limits::REQUEST_BYTES_MAX).unwrap().unwrap();
            assert_eq!((frame.opcode(), frame.header.request), (Some(Opcode::Send), sequence));
            let send = body::read::<schema::Send<'_>>(frame.body()).unwrap();
            assert_eq!((send.room(), send.sequence(), send.text()), (7, sequence, text));
        }
    }
}
