//! What a browser writes: from WebSocket frames to messages.
//!
//! Nearly all of them are whole binary messages in one frame: those are unmasked and read where they were received.
//! Whatever else there is (fragments, pings, the close, errors) goes to tungstenite, frame by frame, which answers by
//! itself. So an idle browser holds no buffer, neither here nor there.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::farewell::Farewell;

/// Nothing gathers in tungstenite: what it reads is there, what it writes is taken.
const CONTEXT_BUFFER_BYTES: usize = 128;

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival<'a> {
    /// A binary message.
    Message(&'a [u8]),
    /// A ping or a pong.
    Control,
}

/// One browser's stream, between two reads.
pub(super) struct Decoder {
    /// The start of a frame that the last read cut; never more than one frame.
    cut: Vec<u8>,
    /// There while a message in fragments is under way.
    context: Option<Box<WebSocketContext>>,
    message_bytes_max: usize,
}

/// Where a frame's payload lies.
struct Extent {
    header: FrameHeader,
    start: usize,
    end: usize,
}

impl Decoder {
    /// A decoder that takes messages of up to `message_bytes_max` bytes. It holds nothing until a frame is cut.
    pub(super) const fn new(message_bytes_max: usize) -> Self {
        Self { cut: Vec::new(), context: None, message_bytes_max }
    }

    /// Takes the next piece of the stream. Answers to pings and to the close are appended to `replies`.
    pub(super) fn feed(
        &mut self,
        input: &mut [u8],
        replies: &mut Vec<u8>,
        mut take: impl FnMut(Arrival<'_>) -> Result<(), Farewell>,
    ) -> Result<(), Farewell> {
        let mut at = self.complete(input, replies, &mut take)?;
        while at < input.len() {
            let rest = &mut input[at..];
            match self.extent(rest)? {
                Some(extent) if extent.end <= rest.len() => {
                    at += extent.end;
                    self.frame(&mut rest[..extent.end], &extent, replies, &mut take)?;
                }
                _ => {
                    self.cut.extend_from_slice(rest);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Adds to the frame that was cut what is missing, and gives the number of bytes used.
    fn complete(
        &mut self,
        input: &[u8],
        replies: &mut Vec<u8>,
        take: &mut impl FnMut(Arrival<'_>) -> Result<(), Farewell>,
    ) -> Result<usize, Farewell> {
        let mut at = 0;
        while !self.cut.is_empty() {
            let extent = self.extent(&self.cut)?;
            if let Some(extent) = &extent
                && extent.end == self.cut.len()
            {
                let mut frame = std::mem::take(&mut self.cut);
                self.frame(&mut frame, extent, replies, take)?;
                break;
            }
            if at == input.len() {
                break;
            }
            // A header is at most 14 bytes, so byte by byte is fast enough for it.
            let missing = extent.map_or(1, |extent| extent.end - self.cut.len()).min(input.len() - at);
            self.cut.extend_from_slice(&input[at..at + missing]);
            at += missing;
        }
        Ok(at)
    }

    /// The extent of the frame at the start of `bytes`, once its header is there.
    fn extent(&self, bytes: &[u8]) -> Result<Option<Extent>, Farewell> {
        let mut cursor = Cursor::new(bytes);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|error| Farewell::of_error(&error))?
        else {
            return Ok(None);
        };
        if length > self.message_bytes_max as u64 {
            return Err(Farewell::TooLarge);
        }
        let start = cursor.position() as usize;
        Ok(Some(Extent { header, start, end: start + length as usize }))
    }

    fn frame(
        &mut self,
        frame: &mut [u8],
        extent: &Extent,
        replies: &mut Vec<u8>,
        take: &mut impl FnMut(Arrival<'_>) -> Result<(), Farewell>,
    ) -> Result<(), Farewell> {
        let header = &extent.header;
        let is_plain = header.is_final && !(header.rsv1 || header.rsv2 || header.rsv3);
        match header.mask {
            Some(mask) if is_plain && header.opcode == OpCode::Data(Data::Binary) && self.context.is_none() => {
                let payload = &mut frame[extent.start..extent.end];
                unmask(payload, mask);
                take(Arrival::Message(payload))
            }
            _ => self.anything_else(frame, header, replies, take),
        }
    }

    fn anything_else(
        &mut self,
        frame: &[u8],
        header: &FrameHeader,
        replies: &mut Vec<u8>,
        take: &mut impl FnMut(Arrival<'_>) -> Result<(), Farewell>,
    ) -> Result<(), Farewell> {
        let had_begun = self.context.is_some();
        let max = self.message_bytes_max;
        let context = self.context.get_or_insert_with(|| context(max));
        let mut pipe = Pipe { input: frame, output: replies };
        loop {
            match context.read(&mut pipe) {
                Ok(Message::Binary(bytes)) => take(Arrival::Message(&bytes))?,
                Ok(Message::Text(_)) => return Err(Farewell::Text),
                Ok(Message::Close(_)) => {
                    // It says that the connection is closed once the answer to the close is written.
                    let _ = context.flush(&mut pipe);
                    return Err(Farewell::Left);
                }
                Ok(_) => take(Arrival::Control)?,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(Farewell::of_error(&error)),
            }
        }
        let is_under_way = match header.opcode {
            OpCode::Control(_) => had_begun,
            OpCode::Data(_) => !header.is_final,
        };
        if !is_under_way {
            self.context = None;
        }
        Ok(())
    }
}

fn context(message_bytes_max: usize) -> Box<WebSocketContext> {
    let config = WebSocketConfig::default()
        .read_buffer_size(CONTEXT_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max));
    Box::new(WebSocketContext::new(Role::Server, Some(config)))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, rest) = payload.as_chunks_mut::<8>();
    for block in blocks {
        *block = (u64::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
    }
}

/// One frame in, replies out.
struct Pipe<'a> {
    input: &'a [u8],
    output: &'a mut Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len();
        let mut out = match length {
            0..126 => vec![head, 0x80 | length as u8],
            _ => [&[head, 0x80 | 126][..], &(length as u16).to_be_bytes()].concat(),
        };
        out.extend_from_slice(&MASK);
        out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        out
    }

    /// Messages, replies and how it ended.
    type Fed = (Vec<Vec<u8>>, Vec<u8>, Result<(), Farewell>);

    fn fed(pieces: &[&[u8]]) -> Fed {
        let mut decoder = Decoder::new(1_000);
        let (mut messages, mut replies) = (Vec::new(), Vec::new());
        for piece in pieces {
            let fed = decoder.feed(&mut piece.to_vec(), &mut replies, |arrival| {
                messages.push(match arrival {
                    Arrival::Message(bytes) => bytes.to_vec(),
                    Arrival::Control => b"control".to_vec(),
                });
                Ok(())
            });
            if fed.is_err() {
                return (messages, replies, fed);
            }
        }
        assert!(decoder.context.is_none() && decoder.cut.capacity() == 0, "something is held");
        (messages, replies, Ok(()))
    }

    #[test]
    fn whatever_a_browser_writes_arrives_the_same_however_it_is_cut() {
        let stream = [
            frame(0x82, b"whole"),
            frame(0x82, &[9; 300]),
            frame(0x02, b"in "),
            frame(0x89, b"hi"),
            frame(0x00, b"three "),
            frame(0x80, b"parts"),
            frame(0x82, b""),
            frame(0x8a, b""),
        ]
        .concat();
        let control = || b"control".to_vec();
        let wanted =
            vec![b"whole".to_vec(), vec![9; 300], control(), b"in three parts".to_vec(), Vec::new(), control()];
        for cut in 0..=stream.len() {
            let (messages, replies, ended) = fed(&[&stream[..cut], &stream[cut..]]);
            assert_eq!((messages, ended), (wanted.clone(), Ok(())), "cut at {cut}");
            assert_eq!(replies, [0x8a, 2, b'h', b'i'], "the ping is answered");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(fed(&bytes).0, wanted);
    }

    #[test]
    fn the_close_is_answered_in_kind() {
        let (_, replies, ended) = fed(&[&frame(0x88, &[3, 232])]);
        assert_eq!(ended, Err(Farewell::Left));
        assert_eq!(replies, [0x88, 2, 3, 232]);
    }

    #[test]
    fn what_the_protocol_forbids_ends_the_socket() {
        let malformed = Err(Farewell::Garbage(moim_wire::ErrorCode::Malformed));
        let unmasked = [0x82, 2, b'h', b'i'];
        assert_eq!(fed(&[&unmasked]).2, malformed);
        assert_eq!(fed(&[&frame(0x83, b"reserved")]).2, malformed);
        assert_eq!(fed(&[&frame(0xc2, b"compressed")]).2, malformed);
        assert_eq!(fed(&[&frame(0x80, b"no start")]).2, malformed);
        assert_eq!(fed(&[&frame(0x02, b"a"), &frame(0x82, b"another")]).2, malformed);
        assert_eq!(fed(&[&frame(0x09, b"a ping in fragments")]).2, malformed);
        assert_eq!(fed(&[&frame(0x81, b"text")]).2, Err(Farewell::Text));
    }

    #[test]
    fn a_message_above_the_limit_is_refused_by_its_header_also_in_fragments() {
        assert_eq!(fed(&[&frame(0x82, &[0; 1_001])[..8]]).2, Err(Farewell::TooLarge));
        assert_eq!(fed(&[&frame(0x02, &[0; 600]), &frame(0x80, &[0; 401])]).2, Err(Farewell::TooLarge));
    }
}
