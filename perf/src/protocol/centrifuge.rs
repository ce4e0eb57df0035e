//! Centrifuge's client protocol, JSON over WebSocket: one object a line, several lines a message.

use super::websocket::{Arrival, Payload, WebSocket};
use super::{Event, ProtocolError, Seat};

/// One connection to a Centrifuge node.
#[derive(Debug)]
pub(crate) struct Centrifuge {
    socket: WebSocket,
    channel: String,
}

impl Centrifuge {
    pub(super) fn new(seat: &Seat) -> Self {
        Self { socket: WebSocket::new(), channel: format!("room-{}", seat.room) }
    }

    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        self.socket.greet(out, "/connection/websocket", None);
    }

    pub(super) fn publish(&mut self, out: &mut Vec<u8>, number: u32, text: &[u8]) {
        let (command, channel) = (SUBSCRIBE + number, &self.channel);
        WebSocket::message(out, Payload::Text, |out| {
            let head = format!(r#"{{"id":{command},"publish":{{"channel":"{channel}","data":""#);
            out.extend_from_slice(head.as_bytes());
            // Stamps and filler are letters and blanks, which JSON carries as they are.
            out.extend_from_slice(text);
            out.extend_from_slice(b"\"}}");
        });
    }

    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        let Self { socket, channel, .. } = self;
        socket.feed(input, out, |arrival, out| {
            let Arrival::Message(message) = arrival else {
                command(out, &format!(r#"{{"id":{CONNECT},"connect":{{}}}}"#));
                return Ok(());
            };
            for line in message.split(|&c| c == b'\n').filter(|line| !line.is_empty()) {
                if let Some(text) = pushed(line) {
                    on_event(Event::Delivery { text, linked: true });
                } else {
                    reply(line, channel, out, &mut on_event)?;
                }
            }
            Ok(())
        })
    }
}

const CONNECT: u32 = 1;
const SUBSCRIBE: u32 = 2;

/// What a reply needs to tell; everything else in it is of no interest to the load.
#[derive(serde::Deserialize)]
struct Reply {
    #[serde(default)]
    id: u32,
    error: Option<serde_json::Value>,
    push: Option<serde_json::Value>,
}

fn reply(
    line: &[u8],
    channel: &str,
    out: &mut Vec<u8>,
    on_event: &mut impl FnMut(Event<'_>),
) -> Result<(), ProtocolError> {
    if line == b"{}" {
        command(out, "{}");
        return Ok(());
    }
    let reply: Reply =
        serde_json::from_slice(line).map_err(|error| ProtocolError::malformed("Centrifuge", error.to_string()))?;
    match reply {
        Reply { error: Some(error), id: CONNECT | SUBSCRIBE, .. } => {
            return Err(ProtocolError::Ended(error.to_string()));
        }
        Reply { error: Some(error), id, .. } => {
            on_event(Event::Refused { number: id.checked_sub(SUBSCRIBE), why: error.to_string() });
        }
        Reply { id: CONNECT, .. } => {
            command(out, &format!(r#"{{"id":{SUBSCRIBE},"subscribe":{{"channel":"{channel}"}}}}"#));
        }
        Reply { id: SUBSCRIBE, .. } => on_event(Event::Ready),
        Reply { push: Some(_), .. } => {}
        Reply { id, .. } => on_event(Event::Accepted(id.checked_sub(SUBSCRIBE))),
    }
    Ok(())
}

/// The text of a publication, found without parsing the object: the server writes `data` as a string of ours, which
/// holds no quote.
#[inline]
fn pushed(line: &[u8]) -> Option<&[u8]> {
    const DATA: &[u8] = br#""data":""#;
    let push = line.strip_prefix(br#"{"push":"#)?;
    let start = push.windows(DATA.len()).position(|w| w == DATA)? + DATA.len();
    let length = push[start..].iter().position(|&c| c == b'"')?;
    Some(&push[start..start + length])
}

fn command(out: &mut Vec<u8>, text: &str) {
    WebSocket::message(out, Payload::Text, |out| out.extend_from_slice(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed, fed_in_pieces, seat};
    use super::super::{Codec, Dialect};

    fn codec() -> Codec {
        Codec::new(Dialect::Centrifuge, &seat())
    }

    fn upgraded(lines: &str) -> Vec<u8> {
        let mut input = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x7e".to_vec();
        input.extend_from_slice(&(lines.len() as u16).to_be_bytes());
        input.extend_from_slice(lines.as_bytes());
        input
    }

    #[test]
    fn reads_replies_and_pushes_cut_anywhere() {
        let lines = r#"{"id":1,"connect":{"client":"c","version":"0.0.0"}}
{"id":2,"subscribe":{}}
{"push":{"channel":"room-7","pub":{"data":"hello"}}}
{}
{"push":{"channel":"room-7","join":{"info":{}}}}
{"id":3,"publish":{}}
{"id":4,"error":{"code":111,"message":"limit exceeded"}}
"#;
        let events = fed_in_pieces(codec, &upgraded(lines));
        let refused = r#"refused: {"code":111,"message":"limit exceeded"}"#;
        assert_eq!(events, ["Ready", "delivery hello", "accepted 1", refused]);
    }

    #[test]
    fn a_refused_subscription_ends_the_connection() {
        let input = upgraded(
            r#"{"id":2,"error":{"code":103,"message":"permission denied, and some filler to be long enough for a header of four bytes, really"}}"#,
        );
        assert!(codec().feed(&input, &mut Vec::new(), |_| ()).is_err());
    }

    #[test]
    fn connects_once_upgraded() {
        let (_, out, _) = fed(&mut codec(), b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
        let text: Vec<u8> = out[6..].iter().zip(out[2..6].iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(String::from_utf8(text).unwrap(), r#"{"id":1,"connect":{}}"#);
    }
}
