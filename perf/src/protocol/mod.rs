//! The protocols that the load is spoken in. No I/O here: bytes in, events and bytes out.

mod centrifuge;
mod flat;
mod floor;
mod moim;
mod moim_shape;
mod moim_template;
mod moim_websocket;
mod mqtt;
mod nats;
mod redis;
mod websocket;

use serde::{Deserialize, Serialize};

pub(crate) use moim::{Moim, PAGES, PageRequest, message_id, message_text};

/// Which protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dialect {
    /// Moim's own frames over TCP.
    Moim,
    /// Moim's own frames in binary WebSocket messages.
    MoimWebSocket,
    /// The toy protocol of the floor.
    Floor,
    /// Redis publish/subscribe, RESP3.
    Redis,
    /// NATS core.
    Nats,
    /// MQTT 3.1.1, quality of service 0.
    Mqtt,
    /// Centrifuge's JSON over WebSocket.
    Centrifuge,
}

impl Dialect {
    /// Whether a publish is answered.
    pub(crate) const fn acknowledges(self) -> bool {
        matches!(self, Self::Moim | Self::MoimWebSocket | Self::Redis | Self::Centrifuge)
    }

    /// Whether a client that was away gets what it missed, and may send again what was not answered.
    pub(crate) const fn resumes(self) -> bool {
        matches!(self, Self::Moim | Self::MoimWebSocket)
    }
}

/// Who sits at the near end of a connection, and in which room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    /// The room's number with the server.
    pub(crate) room: u32,
    /// Number of this connection within the run.
    pub(crate) connection: u32,
    /// What signs the user in, where the peer knows users.
    pub(crate) token: String,
    /// The device that numbers this connection's sends; fresh in each run.
    pub(crate) device: u32,
    /// Length of every text of the run.
    pub(crate) text_bytes: usize,
    /// Newest message that the user has from an earlier session; 0: none.
    pub(crate) last_seen: u64,
    /// Whether the room is followed; otherwise the connection is ready when it is signed in.
    pub(crate) follow: bool,
}

/// What the far end said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// Signed in and following the room: the connection takes part from here on.
    Ready,
    /// A message of the room. `linked` is false where it does not follow on the last one received.
    Delivery {
        /// What was said.
        text: &'a [u8],
        /// Whether its link to the one before holds; true where the protocol has no links.
        linked: bool,
    },
    /// A publish was taken, and stored where the peer stores: which; `None` where answers come in order.
    Accepted(Option<u32>),
    /// A publish was refused and will never be delivered.
    Refused {
        /// Which; `None` where answers come in order.
        number: Option<u32>,
        /// Why.
        why: String,
    },
    /// Messages were left out; they are to be fetched.
    Gap,
    /// A page of a room's past.
    Page(PageOf<'a>),
    /// A page was asked for and refused.
    PageRefused {
        /// Which.
        request: u32,
        /// Why.
        why: String,
    },
}

/// A page of a room's past.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PageOf<'a> {
    /// The request that it answers.
    pub(crate) request: u32,
    /// Whole message frames, oldest first.
    pub(crate) frames: &'a [u8],
    /// How many.
    pub(crate) count: u32,
    /// Whether there are more in the direction asked.
    pub(crate) more: bool,
}

/// The far end cannot be talked to any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Bytes that the protocol does not allow.
    #[error("{protocol}: {what}")]
    Malformed {
        /// Whose rules were broken.
        protocol: &'static str,
        /// How.
        what: String,
    },
    /// The far end refused the sign-in or ended the session.
    #[error("the server ended the session: {0}")]
    Ended(String),
    /// The far end has too much to do and asks to come back later.
    #[error("the server asks to come back after {after_ms} ms: {why}")]
    ComeBack {
        /// What it gave as its reason.
        why: String,
        /// How long it asks to wait; 0: it does not say.
        after_ms: u32,
    },
}

impl ProtocolError {
    pub(crate) fn malformed(protocol: &'static str, what: impl Into<String>) -> Self {
        Self::Malformed { protocol, what: what.into() }
    }
}

/// One connection's end of its protocol.
#[derive(Debug)]
pub(crate) enum Codec {
    Moim(Box<Moim>),
    MoimWebSocket(Box<moim_websocket::MoimWebSocket>),
    Floor(floor::Floor),
    Redis(redis::Redis),
    Nats(nats::Nats),
    Mqtt(mqtt::Mqtt),
    Centrifuge(Box<centrifuge::Centrifuge>),
}

impl Codec {
    /// A connection that has not said anything.
    pub(crate) fn new(dialect: Dialect, seat: &Seat) -> Self {
        match dialect {
            Dialect::Moim => Self::Moim(Box::new(Moim::new(seat))),
            Dialect::MoimWebSocket => Self::MoimWebSocket(Box::new(moim_websocket::MoimWebSocket::new(seat))),
            Dialect::Floor => Self::Floor(floor::Floor::new(seat)),
            Dialect::Redis => Self::Redis(redis::Redis::new(seat)),
            Dialect::Nats => Self::Nats(nats::Nats::new(seat)),
            Dialect::Mqtt => Self::Mqtt(mqtt::Mqtt::new(seat)),
            Dialect::Centrifuge => Self::Centrifuge(Box::new(centrifuge::Centrifuge::new(seat))),
        }
    }

    /// Appends what opens the conversation.
    pub(crate) fn greet(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Moim(codec) => codec.greet(out),
            Self::MoimWebSocket(codec) => codec.greet(out),
            Self::Floor(codec) => codec.greet(out),
            Self::Redis(codec) => codec.greet(out),
            Self::Nats(_) => {}
            Self::Mqtt(codec) => codec.greet(out),
            Self::Centrifuge(codec) => codec.greet(out),
        }
    }

    /// Appends a publish of `text`, which has the length that the seat named. `number` is the sender's for it, rising
    /// from 1; a resend carries the same again.
    pub(crate) fn publish(&mut self, out: &mut Vec<u8>, number: u32, text: &[u8]) {
        match self {
            Self::Moim(codec) => codec.publish(out, number, text),
            Self::MoimWebSocket(codec) => codec.publish(out, number, text),
            Self::Floor(codec) => codec.publish(out, text),
            Self::Redis(codec) => codec.publish(out, text),
            Self::Nats(codec) => codec.publish(out, text),
            Self::Mqtt(codec) => codec.publish(out, text),
            Self::Centrifuge(codec) => codec.publish(out, number, text),
        }
    }

    /// Takes all that is whole at the start of `input`, appends what must be answered to `out`, and gives the number of
    /// bytes taken; the rest is to be handed in again with more behind it.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        match self {
            Self::Moim(codec) => codec.feed(input, out, on_event),
            Self::MoimWebSocket(codec) => codec.feed(input, out, on_event),
            Self::Floor(codec) => codec.feed(input, on_event),
            Self::Redis(codec) => codec.feed(input, on_event),
            Self::Nats(codec) => codec.feed(input, out, on_event),
            Self::Mqtt(codec) => codec.feed(input, out, on_event),
            Self::Centrifuge(codec) => codec.feed(input, out, on_event),
        }
    }

    /// Appends a request for a page of the room's past; false where the protocol knows none.
    pub(crate) fn ask_page(&mut self, out: &mut Vec<u8>, page: &PageRequest) -> bool {
        match self {
            Self::Moim(codec) => codec.ask_page(out, page),
            Self::MoimWebSocket(codec) => codec.ask_page(out, page),
            _ => return false,
        }
        true
    }

    /// Newest message id received; 0 where there is none or the protocol has no ids.
    pub(crate) fn newest_id(&self) -> u64 {
        match self {
            Self::Moim(codec) => codec.newest_id(),
            Self::MoimWebSocket(codec) => codec.newest_id(),
            _ => 0,
        }
    }
}

/// The decimal number that `digits` spells, `None` for anything else.
fn decimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0usize, |n, c| c.is_ascii_digit().then(|| n * 10 + usize::from(c - b'0')))
}

/// The line at the start of `input` without its CR LF, and where the next begins.
fn line(input: &[u8]) -> Option<(&[u8], usize)> {
    let end = input.iter().position(|&c| c == b'\n')?;
    Some((input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]), end + 1))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A seat for byte examples: room 7, connection 3, texts of 5 characters.
    pub(crate) fn seat() -> Seat {
        Seat { room: 7, connection: 3, token: "secret".into(), device: 9, text_bytes: 5, last_seen: 0, follow: true }
    }

    /// What came of `input` in owned form: readable events, answers, and the rest that was not taken.
    pub(crate) fn fed(codec: &mut Codec, input: &[u8]) -> (Vec<String>, Vec<u8>, usize) {
        let (mut events, mut out) = (Vec::new(), Vec::new());
        let taken = codec.feed(input, &mut out, |event| events.push(describe(&event))).expect("well-formed");
        (events, out, input.len() - taken)
    }

    /// The same, with the input cut at every place: no cut may change what comes of it.
    pub(crate) fn fed_in_pieces(new: impl Fn() -> Codec, input: &[u8]) -> Vec<String> {
        let (whole, _, _) = fed(&mut new(), input);
        for cut in 0..input.len() {
            let mut codec = new();
            let (mut events, _, rest) = fed(&mut codec, &input[..cut]);
            events.extend(fed(&mut codec, &input[cut - rest..]).0);
            assert_eq!(events, whole, "cut at {cut}");
        }
        whole
    }

    fn describe(event: &Event<'_>) -> String {
        match event {
            Event::Delivery { text, linked } => {
                format!("delivery {}{}", String::from_utf8_lossy(text), if *linked { "" } else { " (broken link)" })
            }
            Event::Accepted(number) => format!("accepted{}", number.map_or(String::new(), |n| format!(" {n}"))),
            Event::Refused { why, .. } => format!("refused: {why}"),
            Event::Page(page) => format!("page {} of {}", page.request, page.count),
            other => format!("{other:?}"),
        }
    }
}
