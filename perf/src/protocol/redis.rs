//! Redis publish/subscribe in RESP3, where one connection both publishes and is pushed to.

use super::{Event, ProtocolError, Seat, decimal, line};

/// One connection to Redis.
#[derive(Debug)]
pub(crate) struct Redis {
    channel: String,
    /// All of a PUBLISH before its text.
    publish: Vec<u8>,
}

impl Redis {
    pub(super) fn new(seat: &Seat) -> Self {
        let channel = format!("room-{}", seat.room);
        let publish = format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${}\r\n", channel.len(), seat.text_bytes);
        Self { channel, publish: publish.into_bytes() }
    }

    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        let channel = &self.channel;
        let greeting =
            format!("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{channel}\r\n", channel.len());
        out.extend_from_slice(greeting.as_bytes());
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(&self.publish);
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }

    pub(super) fn feed(&mut self, input: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<usize, ProtocolError> {
        let mut at = 0;
        while let Some(length) = value_length(&input[at..])? {
            if let Some(event) = event(&input[at..at + length])? {
                on_event(event);
            }
            at += length;
        }
        Ok(at)
    }
}

/// What a whole value at the top level means to the load.
fn event(value: &[u8]) -> Result<Option<Event<'_>>, ProtocolError> {
    match value[0] {
        b'>' => push(value),
        b':' => Ok(Some(Event::Accepted(None))),
        b'-' | b'!' => {
            let why = String::from_utf8_lossy(value).trim().to_owned();
            Ok(Some(Event::Refused { number: None, why }))
        }
        _ => Ok(None),
    }
}

/// A push: `message CHANNEL TEXT` or `subscribe CHANNEL COUNT`.
fn push(value: &[u8]) -> Result<Option<Event<'_>>, ProtocolError> {
    let cut = || ProtocolError::malformed("RESP3", "a push without its parts");
    let (_, mut at) = line(value).ok_or_else(cut)?;
    let kind = bulk(value, &mut at).ok_or_else(cut)?;
    match kind {
        b"message" => {
            bulk(value, &mut at).ok_or_else(cut)?;
            let text = bulk(value, &mut at).ok_or_else(cut)?;
            Ok(Some(Event::Delivery { text, linked: true }))
        }
        b"subscribe" => Ok(Some(Event::Ready)),
        _ => Ok(None),
    }
}

/// The bulk string at `at`, which is moved past it.
fn bulk<'a>(value: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let (head, next) = line(&value[*at..])?;
    let length = decimal(head.strip_prefix(b"$")?)?;
    let start = *at + next;
    *at = start + length + 2;
    value.get(start..start + length)
}

/// Bytes that the value at the start of `input` takes, `None` until it is there whole.
fn value_length(input: &[u8]) -> Result<Option<usize>, ProtocolError> {
    let (mut at, mut wanted) = (0, 1usize);
    while wanted > 0 {
        let Some((head, next)) = line(&input[at..]) else { return Ok(None) };
        let malformed = || ProtocolError::malformed("RESP3", format!("{:?}", String::from_utf8_lossy(head)));
        let (kind, rest) = head.split_first().ok_or_else(malformed)?;
        wanted -= 1;
        at += next;
        match kind {
            b'$' | b'=' | b'!' => match rest {
                b"-1" => {}
                _ => at += decimal(rest).ok_or_else(malformed)? + 2,
            },
            b'*' | b'>' | b'~' => wanted += decimal(rest).ok_or_else(malformed)?,
            b'%' => wanted += 2 * decimal(rest).ok_or_else(malformed)?,
            b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => {}
            _ => return Err(malformed()),
        }
        if at > input.len() {
            return Ok(None);
        }
    }
    Ok(Some(at))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed_in_pieces, seat};
    use super::super::{Codec, Dialect};

    fn codec() -> Codec {
        Codec::new(Dialect::Redis, &seat())
    }

    #[test]
    fn speaks_resp3() {
        let mut out = Vec::new();
        codec().greet(&mut out);
        let greeting = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$6\r\nroom-7\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), greeting);
        let mut out = Vec::new();
        codec().publish(&mut out, 1, b"hello");
        assert_eq!(String::from_utf8(out).unwrap(), "*3\r\n$7\r\nPUBLISH\r\n$6\r\nroom-7\r\n$5\r\nhello\r\n");
    }

    #[test]
    fn reads_replies_and_pushes_cut_anywhere() {
        let input = b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nmodules\r\n*0\r\n\
            >3\r\n$9\r\nsubscribe\r\n$6\r\nroom-7\r\n:1\r\n:1\r\n\
            >3\r\n$7\r\nmessage\r\n$6\r\nroom-7\r\n$5\r\nhello\r\n-ERR too much\r\n";
        let events = fed_in_pieces(codec, input);
        assert_eq!(events, ["Ready", "accepted", "delivery hello", "refused: -ERR too much"]);
    }

    #[test]
    fn a_value_of_no_known_type_is_an_error() {
        assert!(codec().feed(b"?what\r\n", &mut Vec::new(), |_| ()).is_err());
        assert!(codec().feed(b"$x\r\n", &mut Vec::new(), |_| ()).is_err());
    }
}
