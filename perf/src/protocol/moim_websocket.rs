//! Moim as a browser speaks it: the native frames in binary WebSocket messages.

use super::websocket::{Arrival, Payload, WebSocket};
use super::{Event, Moim, PageRequest, ProtocolError, Seat};

/// One browser's connection.
#[derive(Debug)]
pub(crate) struct MoimWebSocket {
    socket: WebSocket,
    moim: Moim,
}

impl MoimWebSocket {
    pub(super) fn new(seat: &Seat) -> Self {
        Self { socket: WebSocket::new(), moim: Moim::new(seat) }
    }

    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        self.socket.greet(out, "/ws", Some("moim.v1"));
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, number: u32, text: &[u8]) {
        WebSocket::message(out, Payload::Binary, |out| self.moim.publish(out, number, text));
    }

    pub(super) fn ask_page(&mut self, out: &mut Vec<u8>, page: &PageRequest) {
        WebSocket::message(out, Payload::Binary, |out| self.moim.ask_page(out, page));
    }

    pub(super) const fn newest_id(&self) -> u64 {
        self.moim.newest_id()
    }

    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        let Self { socket, moim } = self;
        let mut answer = Vec::new();
        socket.feed(input, out, |arrival, out| {
            match arrival {
                Arrival::Upgraded => moim.greet(&mut answer),
                // A message holds whole frames.
                Arrival::Message(message) => {
                    let taken = moim.feed(message, &mut answer, &mut on_event)?;
                    if taken != message.len() {
                        return Err(ProtocolError::malformed("WebSocket", "a message that ends within a frame"));
                    }
                }
            }
            if !answer.is_empty() {
                WebSocket::message(out, Payload::Binary, |out| out.append(&mut answer));
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed, seat};
    use super::super::{Codec, Dialect};

    #[test]
    fn says_hello_once_upgraded() {
        let mut codec = Codec::new(Dialect::MoimWebSocket, &seat());
        let mut out = Vec::new();
        codec.greet(&mut out);
        let request = String::from_utf8(out).unwrap();
        assert!(request.starts_with("GET /ws HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Sec-WebSocket-Protocol: moim.v1\r\n"), "{request}");
        let (_, out, rest) = fed(&mut codec, b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
        assert_eq!((out[0], rest), (0x82, 0), "a final binary message");
    }
}
