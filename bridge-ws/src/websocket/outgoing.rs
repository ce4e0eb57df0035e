//! Native frames as WebSocket messages for browsers. A server's messages are not masked, so the same bytes serve all.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A ping without payload.
pub(super) const PING: [u8; 2] = [0x89, 0x00];

/// The longest header of a server's.
pub(super) const HEADER_BYTES_MAX: usize = 10;

/// Appends what stands before a binary message of `length` bytes.
pub(crate) fn put_header(out: &mut Vec<u8>, length: usize) {
    let header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
    header.format(length as u64, out).expect("writing to a Vec cannot fail");
}

/// A message among others: where it lies, and the frame in it.
pub(super) struct Placed<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) frame: &'a [u8],
}

/// The messages of bytes that [`put_header`] and frames made.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = Placed<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..)?;
        let mut cursor = Cursor::new(rest);
        let (_, length) = FrameHeader::parse(&mut cursor).ok()??;
        let frame = rest.get(cursor.position() as usize..)?.get(..length as usize)?;
        let end = start + cursor.position() as usize + frame.len();
        Some(Placed { start: std::mem::replace(&mut start, end), end, frame })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_all_lengths_are_found_again() {
        let frames = [vec![1; 5], vec![2; 125], vec![3; 126], vec![4; 70_000], vec![5; 1]];
        let mut bytes = Vec::new();
        for frame in &frames {
            put_header(&mut bytes, frame.len());
            bytes.extend_from_slice(frame);
        }
        assert_eq!(messages(&bytes).map(|placed| placed.frame).collect::<Vec<_>>(), frames);
        let mut end = 0;
        for placed in messages(&bytes) {
            assert_eq!(placed.start, std::mem::replace(&mut end, placed.end));
        }
        assert_eq!(end, bytes.len());
    }
}
