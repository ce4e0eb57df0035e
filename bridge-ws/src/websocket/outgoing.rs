//! A batch of frames on its way into a socket, in pieces that keep the socket's write buffer small: the WebSocket layer
//! never gives back what one large message made it grow.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Bytes of one WebSocket frame; a larger message goes as several.
pub(super) const FRAGMENT_BYTES_MAX: usize = 16 * 1024;

/// One binary message, as far as it is not written.
#[derive(Default)]
pub(super) struct Fragments {
    rest: Bytes,
    begun: bool,
}

impl Fragments {
    pub(super) fn new(message: Bytes) -> Self {
        Self { rest: message, begun: false }
    }

    /// The next piece, `None` after the last.
    pub(super) fn next(&mut self) -> Option<Message> {
        if self.rest.is_empty() {
            return None;
        }
        let piece = self.rest.split_to(self.rest.len().min(FRAGMENT_BYTES_MAX));
        let is_final = self.rest.is_empty();
        if is_final && !self.begun {
            return Some(Message::Binary(piece));
        }
        let data = if self.begun { Data::Continue } else { Data::Binary };
        self.begun = true;
        Some(Message::Frame(Frame::message(piece, OpCode::Data(data), is_final)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_goes_in_pieces_and_a_small_one_whole() {
        let mut small = Fragments::new(Bytes::from_static(b"frame"));
        assert_eq!(small.next(), Some(Message::Binary(Bytes::from_static(b"frame"))));
        assert_eq!(small.next(), None);

        let mut large = Fragments::new(Bytes::from(vec![1; 2 * FRAGMENT_BYTES_MAX + 5]));
        let mut pieces = Vec::new();
        while let Some(Message::Frame(frame)) = large.next() {
            pieces.push((frame.header().opcode, frame.header().is_final, frame.payload().len()));
        }
        let [binary, more] = [OpCode::Data(Data::Binary), OpCode::Data(Data::Continue)];
        assert_eq!(pieces, [(binary, false, FRAGMENT_BYTES_MAX), (more, false, FRAGMENT_BYTES_MAX), (more, true, 5)]);
    }
}
