//! The client's half of RFC 6455: the upgrade, masked frames out, plain frames in.

use super::ProtocolError;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// Any key serves: masking guards proxies against crafted bytes, and there is none on the way.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Payload {
    Text = TEXT,
    Binary = BINARY,
}

/// One connection, before and after the upgrade.
#[derive(Debug)]
pub(super) struct WebSocket {
    upgraded: bool,
    /// Of a message that comes in fragments, those that came.
    fragments: Vec<u8>,
}

/// What arrived.
pub(super) enum Arrival<'a> {
    /// The server agreed; messages may go out.
    Upgraded,
    /// A whole message.
    Message(&'a [u8]),
}

impl WebSocket {
    pub(super) const fn new() -> Self {
        Self { upgraded: false, fragments: Vec::new() }
    }

    /// Appends the request to upgrade.
    pub(super) fn greet(&self, out: &mut Vec<u8>, path: &str, subprotocol: Option<&str>) {
        let subprotocol = subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: bW9pbS1wZXJmIG1vaW0tcA==\r\nSec-WebSocket-Version: 13\r\n{subprotocol}\r\n"
        );
        out.extend_from_slice(request.as_bytes());
    }

    /// Takes what is whole at the start of `input` and gives the number of bytes taken.
    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_arrival: impl FnMut(Arrival<'_>, &mut Vec<u8>) -> Result<(), ProtocolError>,
    ) -> Result<usize, ProtocolError> {
        let mut at = 0;
        if !self.upgraded {
            let Some(end) = input.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(0) };
            check_upgrade(&input[..end])?;
            self.upgraded = true;
            at = end + 4;
            on_arrival(Arrival::Upgraded, out)?;
        }
        while let Some((start, length)) = frame(&input[at..])? {
            let payload = &input[at + start..at + start + length];
            match input[at] & 0x0f {
                PING => masked(out, PONG, payload),
                PONG => {}
                CLOSE => {
                    let why = String::from_utf8_lossy(payload.get(2..).unwrap_or(&[])).into_owned();
                    return Err(ProtocolError::Ended(format!("WebSocket close: {why}")));
                }
                CONTINUATION | TEXT | BINARY if input[at] & FINAL == 0 => self.fragments.extend_from_slice(payload),
                CONTINUATION => {
                    self.fragments.extend_from_slice(payload);
                    on_arrival(Arrival::Message(&self.fragments), out)?;
                    self.fragments.clear();
                }
                TEXT | BINARY => on_arrival(Arrival::Message(payload), out)?,
                other => return Err(malformed(&format!("operation {other}"))),
            }
            at += start + length;
        }
        Ok(at)
    }

    /// Appends a message of the bytes that `write` appends, masked in place.
    pub(super) fn message(out: &mut Vec<u8>, payload: Payload, write: impl FnOnce(&mut Vec<u8>)) {
        // Room for the longest header that a request needs; moved up when the length turns out to be short.
        let start = out.len();
        out.extend_from_slice(&[0; 8]);
        write(out);
        let length = out.len() - start - 8;
        let head = FINAL | payload as u8;
        if length < 126 {
            out.copy_within(start + 8.., start + 6);
            out.truncate(out.len() - 2);
            out[start..start + 2].copy_from_slice(&[head, MASKED | length as u8]);
            finish(&mut out[start + 2..]);
        } else {
            // Requests are bounded to 32 KiB, so two bytes of length serve.
            let [high, low] = (length as u16).to_be_bytes();
            out[start..start + 4].copy_from_slice(&[head, MASKED | 126, high, low]);
            finish(&mut out[start + 4..]);
        }
    }
}

/// Puts the key at the start of `bytes` and masks what follows.
fn finish(bytes: &mut [u8]) {
    let (key, payload) = bytes.split_at_mut(4);
    key.copy_from_slice(&MASK);
    let (blocks, rest) = payload.as_chunks_mut::<4>();
    for block in blocks {
        *block = (u32::from_ne_bytes(*block) ^ u32::from_ne_bytes(MASK)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(MASK) {
        *byte ^= mask;
    }
}

/// Appends a control frame; its payload is at most 125 bytes.
fn masked(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.extend_from_slice(&[FINAL | opcode, MASKED | payload.len() as u8]);
    let start = out.len();
    out.extend_from_slice(&MASK);
    out.extend_from_slice(payload);
    finish(&mut out[start..]);
}

fn check_upgrade(head: &[u8]) -> Result<(), ProtocolError> {
    if head.starts_with(b"HTTP/1.1 101") {
        return Ok(());
    }
    let status = head.split(|&c| c == b'\r').next().unwrap_or(head);
    Err(ProtocolError::Ended(format!("no upgrade: {}", String::from_utf8_lossy(status))))
}

/// Where the first frame's payload starts and how long it is, `None` until it is there whole.
#[inline]
fn frame(input: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let Some(&[_, second]) = input.first_chunk::<2>() else { return Ok(None) };
    if second & MASKED != 0 {
        return Err(malformed("a masked frame from the server"));
    }
    let (start, length) = match second {
        126 => match input[2..].first_chunk::<2>() {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match input[2..].first_chunk::<8>() {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Ok(None),
        },
        length => (2, u64::from(length)),
    };
    if length > 1 << 26 {
        return Err(malformed("a frame above 64 MiB"));
    }
    let length = length as usize;
    Ok((input.len() >= start + length).then_some((start, length)))
}

fn malformed(what: &str) -> ProtocolError {
    ProtocolError::malformed("WebSocket", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(socket: &mut WebSocket, input: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>, usize) {
        let (mut messages, mut out) = (Vec::new(), Vec::new());
        let taken = socket.feed(input, &mut out, |arrival, _| {
            messages.push(match arrival {
                Arrival::Upgraded => b"upgraded".to_vec(),
                Arrival::Message(message) => message.to_vec(),
            });
            Ok(())
        });
        (messages, out, taken.unwrap())
    }

    #[test]
    fn upgrades_and_reads_frames_of_all_lengths_cut_anywhere() {
        let mut input = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x05hello".to_vec();
        input.extend_from_slice(&[0x82, 126, 1, 44]);
        input.extend_from_slice(&[7; 300]);
        let wanted = vec![b"upgraded".to_vec(), b"hello".to_vec(), vec![7; 300]];
        for cut in 0..=input.len() {
            let mut socket = WebSocket::new();
            let (mut seen, _, taken) = fed(&mut socket, &input[..cut]);
            seen.extend(fed(&mut socket, &input[taken..]).0);
            assert_eq!(seen, wanted, "cut at {cut}");
        }
    }

    #[test]
    fn a_message_in_fragments_is_put_together_and_a_ping_between_them_answered() {
        let mut socket = WebSocket { upgraded: true, ..WebSocket::new() };
        let (seen, out, _) = fed(&mut socket, b"\x02\x02he\x00\x02ll\x89\x00\x80\x01o\x82\x02ok");
        assert_eq!(seen, [b"hello".to_vec(), b"ok".to_vec()]);
        assert_eq!(out[0], 0x8a);
    }

    #[test]
    fn messages_go_out_masked() {
        let mut out = Vec::new();
        WebSocket::message(&mut out, Payload::Binary, |out| out.extend_from_slice(b"hello"));
        let masked: Vec<u8> = b"hello".iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(out, [&[0x82, 0x85], &MASK[..], &masked].concat());
        out.clear();
        WebSocket::message(&mut out, Payload::Text, |out| out.resize(out.len() + 200, 0));
        assert_eq!(out[..8], [0x81, 0xfe, 0, 200, MASK[0], MASK[1], MASK[2], MASK[3]]);
        assert_eq!(out.len(), 208);
    }

    #[test]
    fn a_ping_is_answered_and_a_refused_upgrade_an_error() {
        let mut socket = WebSocket { upgraded: true, ..WebSocket::new() };
        let (_, out, _) = fed(&mut socket, b"\x89\x02hi");
        assert_eq!(out[..2], [0x8a, 0x82]);
        let refused = b"HTTP/1.1 403 Forbidden\r\n\r\n";
        let error = WebSocket::new().feed(refused, &mut Vec::new(), |_, _| Ok(())).unwrap_err();
        assert_eq!(error, ProtocolError::Ended("no upgrade: HTTP/1.1 403 Forbidden".into()));
    }
}
