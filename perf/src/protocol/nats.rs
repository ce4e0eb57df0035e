//! NATS core: lines, and payloads whose length the line names.

use super::{Event, ProtocolError, Seat, decimal, line};

/// One connection to NATS. The server speaks first.
#[derive(Debug)]
pub(crate) struct Nats {
    subject: String,
    /// The PUB line.
    publish: Vec<u8>,
    ready: bool,
}

impl Nats {
    pub(super) fn new(seat: &Seat) -> Self {
        let subject = format!("room.{}", seat.room);
        let publish = format!("PUB {subject} {}\r\n", seat.text_bytes).into_bytes();
        Self { subject, publish, ready: false }
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(&self.publish);
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }

    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        let mut at = 0;
        while let Some((head, next)) = line(&input[at..]) {
            if let Some(rest) = head.strip_prefix(b"MSG ") {
                let length = rest.rsplit(|&c| c == b' ').next().and_then(decimal);
                let length = length.ok_or_else(|| malformed(head))?;
                let start = at + next;
                if input.len() < start + length + 2 {
                    break;
                }
                on_event(Event::Delivery { text: &input[start..start + length], linked: true });
                at = start + length + 2;
            } else {
                self.control(head, out, &mut on_event)?;
                at += next;
            }
        }
        Ok(at)
    }

    fn control(
        &mut self,
        head: &[u8],
        out: &mut Vec<u8>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ProtocolError> {
        match head {
            [b'I', b'N', b'F', b'O', b' ', ..] if !self.ready => {
                out.extend_from_slice(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\n");
                out.extend_from_slice(format!("SUB {} 1\r\nPING\r\n", self.subject).as_bytes());
            }
            [b'I', b'N', b'F', b'O', b' ', ..] | b"+OK" => {}
            b"PONG" if !self.ready => {
                self.ready = true;
                on_event(Event::Ready);
            }
            b"PONG" => {}
            b"PING" => out.extend_from_slice(b"PONG\r\n"),
            [b'-', b'E', b'R', b'R', ..] => {
                return Err(ProtocolError::Ended(String::from_utf8_lossy(head).into_owned()));
            }
            _ => return Err(malformed(head)),
        }
        Ok(())
    }
}

fn malformed(head: &[u8]) -> ProtocolError {
    ProtocolError::malformed("NATS", format!("{:?}", String::from_utf8_lossy(head)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed, fed_in_pieces, seat};
    use super::super::{Codec, Dialect, ProtocolError};

    fn codec() -> Codec {
        Codec::new(Dialect::Nats, &seat())
    }

    #[test]
    fn answers_the_servers_information_with_connect_and_subscribe() {
        let (events, out, _) = fed(&mut codec(), b"INFO {\"server_id\":\"x\"}\r\n");
        assert!(events.is_empty());
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("CONNECT {") && out.ends_with("}\r\nSUB room.7 1\r\nPING\r\n"), "{out}");
    }

    #[test]
    fn publishes_with_the_length() {
        let mut out = Vec::new();
        codec().publish(&mut out, 1, b"hello");
        assert_eq!(out, b"PUB room.7 5\r\nhello\r\n");
    }

    #[test]
    fn reads_messages_cut_anywhere() {
        let input = b"PONG\r\nMSG room.7 1 5\r\nhello\r\nPING\r\nMSG room.7 1 back 5\r\na\r\nb.\r\n";
        let events = fed_in_pieces(codec, input);
        assert_eq!(events, ["Ready", "delivery hello", "delivery a\r\nb."]);
    }

    #[test]
    fn keeps_alive_and_takes_an_error_as_the_end() {
        assert_eq!(fed(&mut codec(), b"PING\r\n").1, b"PONG\r\n");
        let error = codec().feed(b"-ERR 'Slow Consumer'\r\n", &mut Vec::new(), |_| ()).unwrap_err();
        assert_eq!(error, ProtocolError::Ended("-ERR 'Slow Consumer'".into()));
    }
}
