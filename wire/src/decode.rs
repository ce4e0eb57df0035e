//! From a byte stream to frames, whatever pieces it arrives in.

use crate::error_code::ErrorCode;
use crate::header::{FLAG_SESSION, HEADER_BYTES, Header, SESSION_HEADER_BYTES, VERSION};
use crate::opcode::Opcode;

/// A whole frame, in place.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its header.
    pub header: Header,
    /// The whole frame, header included.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes`. `Ok(None)` until it is there whole.
    ///
    /// # Errors
    /// [`DecodeError`] when the header names another version or a length outside `HEADER_BYTES..=frame_bytes_max`.
    pub fn first(bytes: &'a [u8], frame_bytes_max: usize) -> Result<Option<Self>, DecodeError> {
        let Some(length) = bytes.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if !(HEADER_BYTES..=frame_bytes_max).contains(&length) {
            return Err(DecodeError::FrameSize { length, frame_bytes_max });
        }
        match bytes.get(4) {
            Some(&version) if version != VERSION => return Err(DecodeError::Version { version }),
            _ => {}
        }
        // Judged by the flags alone: a frame that ends before its session id would never become whole.
        let is_session = bytes.get(6).is_some_and(|flags| u16::from(*flags) & FLAG_SESSION != 0);
        if is_session && length < SESSION_HEADER_BYTES {
            return Err(DecodeError::FrameSize { length, frame_bytes_max });
        }
        let Some(header) = Header::read(bytes) else { return Ok(None) };
        Ok(bytes.get(..length).map(|bytes| Self { header, bytes }))
    }

    /// The frame's operation, `None` where this version does not know it.
    pub fn opcode(&self) -> Option<Opcode> {
        Opcode::from_u8(self.header.opcode)
    }

    /// What follows the header: a FlatBuffers body, not verified yet.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.header.size()..]
    }
}

/// The stream cannot be followed any further; the connection must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The length field is out of bounds.
    #[error("a frame of {length} bytes; allowed are {HEADER_BYTES} to {frame_bytes_max}")]
    FrameSize {
        /// What the frame claimed.
        length: usize,
        /// What this side takes.
        frame_bytes_max: usize,
    },
    /// The header's version is not this one.
    #[error("protocol version {version}; spoken here is {VERSION}")]
    Version {
        /// What the frame claimed.
        version: u8,
    },
}

impl DecodeError {
    /// The code to say goodbye with.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::FrameSize { .. } => ErrorCode::FrameSize,
            Self::Version { .. } => ErrorCode::Version,
        }
    }
}

/// Incremental decoder of one direction of a connection. Whole frames are handed over in place; only a frame cut by
/// the end of the input is copied, and never more than that one frame is held.
#[derive(Debug)]
pub struct Decoder {
    partial: Vec<u8>,
    frame_bytes_max: usize,
}

impl Decoder {
    /// A decoder that refuses frames above `frame_bytes_max` bytes. Allocates nothing until a frame is cut.
    pub const fn new(frame_bytes_max: usize) -> Self {
        Self { partial: Vec::new(), frame_bytes_max }
    }

    /// Takes the next piece of the stream and calls `on_frame` for each frame that it completes.
    ///
    /// # Errors
    /// [`DecodeError`] when the stream cannot be followed any further. Frames before the fault were handed over.
    pub fn feed(&mut self, mut input: &[u8], mut on_frame: impl FnMut(Frame<'_>)) -> Result<(), DecodeError> {
        while !self.partial.is_empty() {
            let take = self.missing()?.min(input.len());
            if take == 0 && input.is_empty() {
                return Ok(());
            }
            let (head, rest) = input.split_at(take);
            self.partial.extend_from_slice(head);
            input = rest;
            if let Some(frame) = Frame::first(&self.partial, self.frame_bytes_max)? {
                on_frame(frame);
                self.forget_partial();
            }
        }
        while let Some(frame) = Frame::first(input, self.frame_bytes_max)? {
            on_frame(frame);
            input = &input[frame.bytes.len()..];
        }
        self.partial.extend_from_slice(input);
        Ok(())
    }

    /// Whether the stream stands within a frame, as it does when a peer went away mid-frame or drips.
    pub fn is_mid_frame(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Bytes still missing of the frame begun: of its header first, then of the whole.
    fn missing(&self) -> Result<usize, DecodeError> {
        let have = self.partial.len();
        if have < HEADER_BYTES {
            return Ok(HEADER_BYTES - have);
        }
        Frame::first(&self.partial, self.frame_bytes_max)?;
        let length = self.partial.first_chunk::<4>().map_or(0, |l| u32::from_le_bytes(*l) as usize);
        Ok(length - have)
    }

    /// Clears the buffer; one that a large frame grew is given back.
    fn forget_partial(&mut self) {
        if self.partial.capacity() > 4096 {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, body: &[u8]) -> Vec<u8> {
        let header =
            Header { length: (HEADER_BYTES + body.len()) as u32, version: VERSION, opcode, ..Header::default() };
        let mut out = Vec::new();
        header.write(&mut out);
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn any_split_of_the_stream_gives_the_same_frames() {
        let stream: Vec<u8> = [frame(5, b""), frame(6, b"four"), frame(0x14, &[9; 300])].concat();
        for cut_a in 0..=stream.len() {
            for cut_b in (cut_a..=stream.len()).step_by(7) {
                let mut decoder = Decoder::new(1024);
                let mut seen = Vec::new();
                for piece in [&stream[..cut_a], &stream[cut_a..cut_b], &stream[cut_b..]] {
                    decoder.feed(piece, |f| seen.push((f.header.opcode, f.body().to_vec()))).unwrap();
                }
                assert_eq!(seen, [(5, vec![]), (6, b"four".to_vec()), (0x14, vec![9; 300])], "{cut_a} {cut_b}");
                assert!(!decoder.is_mid_frame());
            }
        }
    }

    #[test]
    fn a_length_out_of_bounds_ends_the_stream_before_its_body_arrives() {
        let mut decoder = Decoder::new(1024);
        let error = decoder.feed(&2048u32.to_le_bytes(), |_| panic!("no frame")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::FrameSize);
        let mut decoder = Decoder::new(1024);
        assert!(decoder.feed(&3u32.to_le_bytes(), |_| panic!("no frame")).is_err());
    }

    #[test]
    fn another_version_ends_the_stream() {
        let mut bytes = frame(5, b"");
        bytes[4] = 2;
        assert_eq!(Decoder::new(1024).feed(&bytes, |_| panic!()), Err(DecodeError::Version { version: 2 }));
    }

    #[test]
    fn a_session_flag_without_room_for_the_session_is_refused_however_it_is_cut() {
        for body in [&b""[..], b"abc"] {
            let mut bytes = frame(5, body);
            bytes[6] = 1;
            bytes.extend_from_slice(&[0; 4]);
            for cut in 0..bytes.len() {
                let mut decoder = Decoder::new(1024);
                let first = decoder.feed(&bytes[..cut], |_| panic!());
                assert!(first.and_then(|()| decoder.feed(&bytes[cut..], |_| panic!())).is_err(), "cut at {cut}");
            }
        }
    }
}
