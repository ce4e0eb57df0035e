//! MQTT 3.1.1 at quality of service 0: nothing is stored, nothing acknowledged.

use super::{Event, ProtocolError, Seat};

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;
const PINGRESP: u8 = 0xd0;

/// One connection to a broker.
#[derive(Debug)]
pub(crate) struct Mqtt {
    connection: u32,
    topic: String,
    /// All of a PUBLISH before its text.
    publish: Vec<u8>,
}

impl Mqtt {
    pub(super) fn new(seat: &Seat) -> Self {
        let topic = format!("room/{}", seat.room);
        let mut publish = vec![PUBLISH];
        put_length(&mut publish, 2 + topic.len() + seat.text_bytes);
        put_text(&mut publish, &topic);
        Self { connection: seat.connection, topic, publish }
    }

    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        let client = format!("perf-{}", self.connection);
        out.push(CONNECT);
        put_length(out, 10 + 2 + client.len());
        put_text(out, "MQTT");
        // Level 4 is 3.1.1; a clean session; no keep-alive.
        out.extend_from_slice(&[4, 0b10, 0, 0]);
        put_text(out, &client);
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(&self.publish);
        out.extend_from_slice(text);
    }

    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        let mut at = 0;
        while let Some((start, length)) = packet(&input[at..])? {
            let (head, body) = (input[at], &input[at + start..at + start + length]);
            match head & 0xf0 {
                PUBLISH => on_event(Event::Delivery { text: text_of(head, body)?, linked: true }),
                CONNACK if body.get(1) == Some(&0) => self.subscribe(out),
                CONNACK => return Err(ProtocolError::Ended(format!("CONNACK {body:?}"))),
                SUBACK if body.get(2) == Some(&0) => on_event(Event::Ready),
                SUBACK => return Err(ProtocolError::Ended(format!("SUBACK {body:?}"))),
                PINGRESP => {}
                other => return Err(ProtocolError::malformed("MQTT", format!("packet type {other:#04x}"))),
            }
            at += start + length;
        }
        Ok(at)
    }

    fn subscribe(&self, out: &mut Vec<u8>) {
        out.push(SUBSCRIBE);
        put_length(out, 2 + 2 + self.topic.len() + 1);
        out.extend_from_slice(&[0, 1]);
        put_text(out, &self.topic);
        out.push(0);
    }
}

/// The text of a PUBLISH, behind its topic.
fn text_of(head: u8, body: &[u8]) -> Result<&[u8], ProtocolError> {
    if head & 0b0110 != 0 {
        return Err(ProtocolError::malformed("MQTT", "a PUBLISH of quality 1 or 2, which nobody asked for"));
    }
    let topic = body.first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length)));
    topic
        .and_then(|topic| body.get(2 + topic..))
        .ok_or_else(|| ProtocolError::malformed("MQTT", "a PUBLISH without its topic"))
}

/// Where the first packet's body starts and how long it is, `None` until it is there whole.
fn packet(input: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let mut length = 0usize;
    for (i, &byte) in input.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            let start = 2 + i;
            return Ok((input.len() >= start + length).then_some((start, length)));
        }
    }
    if input.len() >= 5 {
        return Err(ProtocolError::malformed("MQTT", "a length of more than four bytes"));
    }
    Ok(None)
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Topics and client names are a few characters.
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed, fed_in_pieces, seat};
    use super::super::{Codec, Dialect};
    use super::*;

    fn codec() -> Codec {
        Codec::new(Dialect::Mqtt, &seat())
    }

    #[test]
    fn connects_subscribes_and_publishes() {
        let mut out = Vec::new();
        codec().greet(&mut out);
        assert_eq!(out, b"\x10\x12\0\x04MQTT\x04\x02\0\0\0\x06perf-3");
        let (events, out, _) = fed(&mut codec(), b"\x20\x02\0\0");
        assert!(events.is_empty());
        assert_eq!(out, b"\x82\x0b\0\x01\0\x06room/7\0");
        let mut out = Vec::new();
        codec().publish(&mut out, 1, b"hello");
        assert_eq!(out, b"\x30\x0d\0\x06room/7hello");
    }

    #[test]
    fn reads_packets_cut_anywhere() {
        let mut input = b"\x90\x03\0\x01\0\x30\x0d\0\x06room/7hello\xd0\0".to_vec();
        let long = "x".repeat(300);
        input.push(PUBLISH);
        put_length(&mut input, 8 + long.len());
        input.extend_from_slice(b"\0\x06room/7");
        input.extend_from_slice(long.as_bytes());
        let events = fed_in_pieces(codec, &input);
        assert_eq!(events, ["Ready", "delivery hello", &format!("delivery {long}")]);
    }

    #[test]
    fn a_refused_connection_is_an_error() {
        assert!(codec().feed(b"\x20\x02\0\x05", &mut Vec::new(), |_| ()).is_err());
        assert!(codec().feed(b"\x30\xff\xff\xff\xff\x01", &mut Vec::new(), |_| ()).is_err());
    }
}
