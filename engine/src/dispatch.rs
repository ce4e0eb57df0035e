//! From a frame to an operation: every body is verified here, once, and every field bounded.

use std::borrow::Cow;

use moim_persistence::PageQuery;
use moim_wire::limits::TEXT_CHARS_MAX;
use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, Frame, MessageId, Opcode, RoomId, Sequence, UserId, body};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::money::{self, MoneyRequest};
use crate::shard::{Request, SendRequest};

/// What a peer asks of the server.
pub(crate) enum Operation<'a> {
    Hello(schema::Hello<'a>),
    Login(schema::Login<'a>),
    Ping(u64),
    Pong,
    Goodbye,
    Room(Request<'a>),
    Close(RoomId),
    Rooms { after: RoomId, limit: usize },
    Money(MoneyRequest),
    Attach(schema::Attach<'a>),
    Detach,
    Revoke { user: UserId, login: u64 },
}

/// Why a frame is no operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    pub(crate) message: Cow<'static, str>,
}

pub(crate) fn refused(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Refused {
    Refused { code, message: message.into() }
}

/// Reads a frame that a client or bridge sent.
pub(crate) fn parse<'a>(frame: &Frame<'a>) -> Result<Operation<'a>, Refused> {
    let Some(opcode) = frame.opcode() else {
        let number = frame.header.opcode;
        return Err(refused(ErrorCode::UnknownOperation, format!("operation {number:#04x} is not known here")));
    };
    let bytes = frame.body();
    Ok(match opcode {
        Opcode::Send => Operation::Room(Request::Send(send(&verified::<schema::Send<'_>>(bytes)?)?)),
        Opcode::Hello => Operation::Hello(verified::<schema::Hello<'_>>(bytes)?),
        Opcode::Login => Operation::Login(verified::<schema::Login<'_>>(bytes)?),
        Opcode::Ping => Operation::Ping(verified::<schema::Ping<'_>>(bytes)?.stamp()),
        Opcode::Pong => Operation::Pong,
        Opcode::Goodbye => Operation::Goodbye,
        Opcode::Close => Operation::Close(RoomId(verified::<schema::Close<'_>>(bytes)?.room())),
        Opcode::Rooms => {
            let rooms = verified::<schema::Rooms<'_>>(bytes)?;
            Operation::Rooms { after: RoomId(rooms.after()), limit: rooms.limit().into() }
        }
        Opcode::Attach => Operation::Attach(verified::<schema::Attach<'_>>(bytes)?),
        Opcode::Detach => Operation::Detach,
        Opcode::Revoke => {
            let revoke = verified::<schema::Revoke<'_>>(bytes)?;
            Operation::Revoke { user: UserId(revoke.user()), login: revoke.login() }
        }
        _ => match money::parse(opcode, bytes)? {
            Some(request) => Operation::Money(request),
            None => Operation::Room(room_request(opcode, bytes)?),
        },
    })
}

fn room_request(opcode: Opcode, bytes: &[u8]) -> Result<Request<'static>, Refused> {
    Ok(match opcode {
        Opcode::Open => {
            let open = verified::<schema::Open<'_>>(bytes)?;
            Request::Open { room: RoomId(open.room()), last_seen: MessageId(open.last_seen()) }
        }
        Opcode::History => {
            let history = verified::<schema::History<'_>>(bytes)?;
            let query = match (history.after(), history.before()) {
                (0, 0) => PageQuery::Before(MessageId(u64::MAX)),
                (0, before) => PageQuery::Before(MessageId(before)),
                (after, _) => PageQuery::After(MessageId(after)),
            };
            Request::History { room: RoomId(history.room()), query, limit: history.limit().into() }
        }
        Opcode::Read => {
            let read = verified::<schema::Read<'_>>(bytes)?;
            Request::Read { room: RoomId(read.room()), up_to: MessageId(read.up_to()) }
        }
        Opcode::Typing => Request::Typing { room: RoomId(verified::<schema::Typing<'_>>(bytes)?.room()) },
        Opcode::Join => {
            let join = verified::<schema::Join<'_>>(bytes)?;
            Request::Join { room: RoomId(join.room()), password: join.password().unwrap_or_default().to_owned() }
        }
        Opcode::Leave => Request::Leave { room: RoomId(verified::<schema::Leave<'_>>(bytes)?.room()) },
        Opcode::Members => {
            let members = verified::<schema::Members<'_>>(bytes)?;
            let (room, after) = (RoomId(members.room()), UserId(members.after()));
            Request::Members { room, after, limit: members.limit().into() }
        }
        Opcode::Sync => {
            let sync = verified::<schema::Sync<'_>>(bytes)?;
            let change = u32::try_from(sync.change());
            let change = change.map_err(|_| refused(ErrorCode::InvalidField, "change: above 2^32"))?;
            Request::Sync { room: RoomId(sync.room()), change }
        }
        answer => {
            let message = format!("{} is an answer, not a request", answer.name());
            return Err(refused(ErrorCode::NotAllowedHere, message));
        }
    })
}

pub(crate) fn verified<'a, T>(bytes: &'a [u8]) -> Result<T::Inner, Refused>
where
    T: flatbuffers::Follow<'a> + flatbuffers::Verifiable + 'a,
{
    body::read::<T>(bytes).map_err(|error| refused(ErrorCode::Malformed, error.to_string()))
}

fn send<'a>(send: &schema::Send<'a>) -> Result<SendRequest<'a>, Refused> {
    let kind = send.kind();
    let text = match kind {
        Kind::Talk | Kind::Reply | Kind::Notice | Kind::File => text(send.text())?,
        Kind::Enter | Kind::Delete => no_text(send.text())?,
        _ => return Err(refused(ErrorCode::InvalidField, format!("kind: {} cannot be sent", kind.0))),
    };
    Ok(SendRequest {
        room: RoomId(send.room()),
        sequence: Sequence(send.sequence()),
        kind,
        reference: send.reference(),
        text,
    })
}

/// Of a greeting readers write the words, so that nobody greets in another's name; a withdrawal has none.
fn no_text(raw: &str) -> Result<Cow<'_, str>, Refused> {
    if raw.is_empty() { Ok(Cow::Borrowed(raw)) } else { Err(refused(ErrorCode::InvalidField, "text: must be empty")) }
}

/// A message's text as it is stored: NFC, trimmed, bounded, without control characters but line breaks and tabs.
fn text(raw: &str) -> Result<Cow<'_, str>, Refused> {
    let is_ascii = raw.is_ascii();
    let text = if is_ascii || is_nfc(raw) {
        Cow::Borrowed(raw.trim())
    } else {
        Cow::Owned(raw.trim().nfc().collect::<String>())
    };
    if text.is_empty() {
        return Err(refused(ErrorCode::InvalidField, "text: empty"));
    }
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        return Err(refused(ErrorCode::InvalidField, format!("text: above {TEXT_CHARS_MAX} characters")));
    }
    // Plain text is looked at as bytes: this is the dearest part of taking a short message.
    if is_ascii && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(text);
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(control) => {
            let message = format!("text: control character U+{:04X}", u32::from(control));
            Err(refused(ErrorCode::InvalidField, message))
        }
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_normalised_trimmed_and_bounded() {
        assert_eq!(text("  안녕\n").unwrap(), "안녕");
        assert_eq!(text("\u{1112}\u{1161}\u{11ab}").unwrap(), "한", "three letters become one syllable");
        assert_eq!(text(" \n").unwrap_err().code, ErrorCode::InvalidField);
        assert!(text("a\u{7}b").is_err());
        assert!(text(&"가".repeat(TEXT_CHARS_MAX)).is_ok());
        assert!(text(&"가".repeat(TEXT_CHARS_MAX + 1)).is_err());
    }
}
