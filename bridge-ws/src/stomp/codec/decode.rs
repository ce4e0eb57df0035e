//! From a byte stream to frames, whatever pieces it arrives in.

use super::escape::unescape;
use super::frame::{Command, Frame};

/// Bytes of a frame's command and headers, line ends included.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of a frame.
const HEADERS_MAX: usize = 64;
/// Of what the peer wrote, characters that an error repeats.
const QUOTED_CHARS_MAX: usize = 40;
/// A buffer that a large frame grew beyond this is given back.
const BUFFER_BYTES_KEPT_MAX: usize = 4 * 1024;

/// The stream cannot be followed any further; the connection must end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("\"{0}\" is no command of STOMP 1.2")]
    UnknownCommand(String),
    #[error("a NUL among the headers of {0}: an empty line must come before the body")]
    NulInHead(String),
    #[error("a carriage return within a line: lines end with LF or CR LF")]
    StrayReturn,
    #[error("the command or a header is not UTF-8")]
    NotUtf8,
    #[error("the header \"{0}\" has no colon")]
    NoColon(String),
    #[error("a header without a name before its colon")]
    NoName,
    #[error("the header \"{0}\" has an escape that is not \\r, \\n, \\c or \\\\")]
    UndefinedEscape(String),
    #[error("more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    #[error("command and headers above {HEAD_BYTES_MAX} bytes")]
    HeadTooLarge,
    #[error("content-length \"{0}\" is no number of bytes")]
    Length(String),
    #[error("a body above {0} bytes")]
    BodyTooLarge(usize),
    #[error("the body does not end with a NUL after the {0} bytes of its content-length")]
    NotEnded(usize),
    #[error("{0} has no body")]
    UnexpectedBody(Command),
}

/// Incremental decoder of one connection. It holds at most what was pushed last beside one frame begun.
#[derive(Debug)]
pub(crate) struct Decoder {
    input: Vec<u8>,
    /// Where in `input` that begins which is not decoded.
    at: usize,
    /// Bytes from there on that were searched for a line's or body's end in vain.
    searched: usize,
    begun: Option<Begun>,
    body_bytes_max: usize,
}

/// A frame of which a part is read.
#[derive(Debug)]
struct Begun {
    frame: Frame,
    head_bytes: usize,
    /// What is known of the body once the headers have ended.
    body: Option<BodyEnd>,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug)]
enum BodyEnd {
    After(usize),
    AtNul,
}

impl Decoder {
    /// A decoder that refuses bodies above `body_bytes_max`. Allocates nothing until it is pushed something.
    pub(crate) const fn new(body_bytes_max: usize) -> Self {
        Self { input: Vec::new(), at: 0, searched: 0, begun: None, body_bytes_max }
    }

    /// Takes the next piece of the stream. [`next`](Self::next) until it gives nothing more.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.forget_decoded();
        self.input.extend_from_slice(piece);
    }

    /// The next frame that is there whole. Line ends between frames, which are heart-beats, are passed over.
    ///
    /// # Errors
    /// [`DecodeError`] when the stream cannot be followed; nothing may be asked after it.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, DecodeError> {
        loop {
            if let Some(end) = self.begun.as_ref().and_then(|begun| begun.body) {
                return self.take_body(end);
            }
            let Some(line) = self.take_line()? else { return Ok(None) };
            match &mut self.begun {
                None if line.is_empty() => {}
                None => self.begun = Some(Begun::with_command(&line)?),
                Some(begun) if line.is_empty() => begun.body = Some(begun.body_end(self.body_bytes_max)?),
                Some(begun) => begun.take_header(&line)?,
            }
        }
    }

    /// The next line of a head without its end.
    fn take_line(&mut self) -> Result<Option<String>, DecodeError> {
        let rest = &self.input[self.at..];
        let head_bytes = self.begun.as_ref().map_or(0, |begun| begun.head_bytes);
        let found =
            rest[self.searched..].iter().position(|byte| matches!(byte, b'\n' | 0)).map(|at| self.searched + at);
        let line_bytes = found.unwrap_or(rest.len()) + 1;
        if head_bytes + line_bytes > HEAD_BYTES_MAX {
            return Err(DecodeError::HeadTooLarge);
        }
        let Some(end) = found else {
            self.searched = rest.len();
            return Ok(None);
        };
        if rest[end] == 0 {
            return Err(DecodeError::NulInHead(self.frame_name(&rest[..end])));
        }
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        if line.contains(&b'\r') {
            return Err(DecodeError::StrayReturn);
        }
        let line = String::from_utf8(line.to_vec()).map_err(|_| DecodeError::NotUtf8)?;
        if let Some(begun) = &mut self.begun {
            begun.head_bytes += line_bytes;
        }
        self.advance(line_bytes);
        Ok(Some(line))
    }

    fn take_body(&mut self, end: BodyEnd) -> Result<Option<Frame>, DecodeError> {
        let rest = &self.input[self.at..];
        let length = match end {
            BodyEnd::After(length) if rest.len() <= length => return Ok(None),
            BodyEnd::After(length) if rest[length] != 0 => return Err(DecodeError::NotEnded(length)),
            BodyEnd::After(length) => length,
            BodyEnd::AtNul => {
                let found = rest[self.searched..].iter().position(|&byte| byte == 0).map(|at| self.searched + at);
                if found.unwrap_or(rest.len()) > self.body_bytes_max {
                    return Err(DecodeError::BodyTooLarge(self.body_bytes_max));
                }
                let Some(length) = found else {
                    self.searched = rest.len();
                    return Ok(None);
                };
                length
            }
        };
        let body = rest[..length].to_vec();
        let Some(Begun { mut frame, .. }) = self.begun.take() else { return Ok(None) };
        if !body.is_empty() && !frame.command.may_have_body() {
            return Err(DecodeError::UnexpectedBody(frame.command));
        }
        frame.body = body;
        self.advance(length + 1);
        Ok(Some(frame))
    }

    /// What an error calls the frame that is being read.
    fn frame_name(&self, line: &[u8]) -> String {
        self.begun
            .as_ref()
            .map_or_else(|| quoted(&String::from_utf8_lossy(line)), |begun| begun.frame.command.to_string())
    }

    fn advance(&mut self, bytes: usize) {
        self.at += bytes;
        self.searched = 0;
    }

    fn forget_decoded(&mut self) {
        if self.at == self.input.len() && self.input.capacity() > BUFFER_BYTES_KEPT_MAX {
            self.input = Vec::new();
        } else {
            self.input.drain(..self.at);
        }
        self.at = 0;
    }
}

impl Begun {
    fn with_command(line: &str) -> Result<Self, DecodeError> {
        let command = Command::of_name(line).ok_or_else(|| DecodeError::UnknownCommand(quoted(line)))?;
        let frame = Frame { command, headers: Vec::new(), body: Vec::new() };
        Ok(Self { frame, head_bytes: line.len() + 1, body: None })
    }

    /// A colon in a value need not be escaped: clients of STOMP 1.0 did not.
    fn take_header(&mut self, line: &str) -> Result<(), DecodeError> {
        if self.frame.headers.len() >= HEADERS_MAX {
            return Err(DecodeError::TooManyHeaders);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| DecodeError::NoColon(quoted(line)))?;
        if name.is_empty() {
            return Err(DecodeError::NoName);
        }
        let plain = |text: &str| {
            if !self.frame.command.escapes() {
                return Ok(text.to_owned());
            }
            unescape(text).ok_or_else(|| DecodeError::UndefinedEscape(quoted(name)))
        };
        let header = (plain(name)?, plain(value)?);
        self.frame.headers.push(header);
        Ok(())
    }

    fn body_end(&self, body_bytes_max: usize) -> Result<BodyEnd, DecodeError> {
        let Some(length) = self.frame.header("content-length") else { return Ok(BodyEnd::AtNul) };
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DecodeError::Length(quoted(length)));
        }
        match length.parse() {
            Ok(length) if length <= body_bytes_max => Ok(BodyEnd::After(length)),
            // Digits that are no usize are more bytes than anybody takes.
            _ => Err(DecodeError::BodyTooLarge(body_bytes_max)),
        }
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(stream: &[u8]) -> Result<Vec<Frame>, DecodeError> {
        let mut decoder = Decoder::new(100);
        decoder.push(stream);
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    fn one(stream: &[u8]) -> Frame {
        let mut frames = decode(stream).unwrap();
        assert_eq!(frames.len(), 1, "{frames:?}");
        frames.remove(0)
    }

    #[test]
    fn a_frame_as_stompjs_writes_it_is_read() {
        let frame = one(b"SEND\ndestination:/pub/chat/message\ncontent-length:5\n\n{\"a\":\0");
        assert_eq!((frame.command, &frame.body[..]), (Command::Send, &b"{\"a\":"[..]));
        assert_eq!(frame.header("destination"), Some("/pub/chat/message"));
    }

    #[test]
    fn lines_may_end_with_cr_lf_and_heart_beats_lie_between_frames() {
        let frames = decode(b"\n\r\nSUBSCRIBE\r\nid:0\r\n\r\n\0\n\n\r\nDISCONNECT\n\n\0\n").unwrap();
        let commands: Vec<_> = frames.iter().map(|frame| frame.command).collect();
        assert_eq!(commands, [Command::Subscribe, Command::Disconnect]);
        assert_eq!(frames[0].header("id"), Some("0"));
    }

    #[test]
    fn a_body_of_known_length_may_hold_nuls_and_one_of_unknown_ends_at_the_first() {
        assert_eq!(one(b"SEND\ncontent-length:3\n\na\0b\0").body, b"a\0b");
        assert_eq!(decode(b"SEND\n\na\0b\0"), Err(DecodeError::NulInHead("b".into())));
    }

    #[test]
    fn of_a_repeated_header_the_first_counts() {
        assert_eq!(one(b"SEND\nfoo:World\nfoo:Hello\n\n\0").header("foo"), Some("World"));
    }

    #[test]
    fn escapes_are_undone_except_in_connect() {
        let escaped = one(b"SEND\na\\cb:c\\nd\\\\\n\n\0");
        assert_eq!(escaped.headers, [("a:b".to_owned(), "c\nd\\".to_owned())]);
        assert_eq!(one(b"CONNECT\nlogin:a\\tb:c\n\n\0").header("login"), Some("a\\tb:c"));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_the_reason() {
        let refused: [(&[u8], DecodeError); 11] = [
            (b"GET / HTTP/1.1\n", DecodeError::UnknownCommand("GET / HTTP/1.1".into())),
            (b"send\n", DecodeError::UnknownCommand("send".into())),
            (b"SEND\ndestination:/a\0", DecodeError::NulInHead("SEND".into())),
            (b"SEND\nno colon here\n", DecodeError::NoColon("no colon here".into())),
            (b"SEND\n:value\n", DecodeError::NoName),
            (b"SEND\na:b\\t\n", DecodeError::UndefinedEscape("a".into())),
            (b"SEND\na:b\rc\n", DecodeError::StrayReturn),
            (b"SEND\na:\xff\n", DecodeError::NotUtf8),
            (b"SEND\ncontent-length:-1\n\n", DecodeError::Length("-1".into())),
            (b"SEND\ncontent-length:2\n\nabc\0", DecodeError::NotEnded(2)),
            (b"SUBSCRIBE\nid:1\n\nbody\0", DecodeError::UnexpectedBody(Command::Subscribe)),
        ];
        for (stream, error) in refused {
            assert_eq!(decode(stream), Err(error), "{}", String::from_utf8_lossy(stream));
        }
    }

    #[test]
    fn sizes_are_refused_before_what_they_announce_arrives() {
        let too_large = Err(DecodeError::BodyTooLarge(100));
        assert_eq!(decode(b"SEND\ncontent-length:101\n\n"), too_large);
        assert_eq!(decode(b"SEND\ncontent-length:99999999999999999999999999\n\n"), too_large);
        assert_eq!(decode(&[b"SEND\n\n", &[b'x'; 101][..]].concat()), too_large);
        assert_eq!(one(&[b"SEND\n\n", &[b'x'; 100][..], b"\0"].concat()).body.len(), 100);
        assert_eq!(decode(&[b'A'; HEAD_BYTES_MAX]), Err(DecodeError::HeadTooLarge));
        assert_eq!(
            decode(&[b"SEND\n", &b"a:b\n".repeat(HEADERS_MAX + 1)[..]].concat()),
            Err(DecodeError::TooManyHeaders)
        );
    }

    #[test]
    fn a_large_frame_leaves_no_large_buffer_behind() {
        let mut decoder = Decoder::new(1 << 20);
        decoder.push(&[b"SEND\n\n", &[b'x'; 1 << 19][..], b"\0"].concat());
        assert!(decoder.next().unwrap().is_some());
        decoder.push(b"\n");
        assert!(decoder.input.capacity() <= BUFFER_BYTES_KEPT_MAX);
    }
}
