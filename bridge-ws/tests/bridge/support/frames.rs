//! Frames that the tests send, each whole.

use moim_wire::schema::{self, Kind, Role};
use moim_wire::{Encoder, Envelope, FLAG_SESSION, Header, MessageFields, Opcode, SendFields};

fn frame(encode: impl FnOnce(&mut Encoder, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut Encoder::new(), &mut out);
    out
}

fn of(request: u32, session: u32) -> Envelope {
    Envelope { request, session }
}

pub(crate) fn hello(token: &str) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Hello, of(1, 0), |b| {
            let token = b.create_string(token);
            schema::Hello::create(b, &schema::HelloArgs { device: 77, token: Some(token), ..Default::default() })
        });
    })
}

pub(crate) fn hello_without_token() -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Hello, of(1, 0), |b| {
            schema::Hello::create(b, &schema::HelloArgs { device: 77, ..Default::default() })
        });
    })
}

pub(crate) fn welcome(request: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Welcome, of(request, session), |b| {
            schema::Welcome::create(b, &schema::WelcomeArgs { heartbeat_ms: 30_000, ..Default::default() })
        });
    })
}

pub(crate) fn welcome_user(request: u32, session: u32, user: u32) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Welcome, of(request, session), |b| {
            schema::Welcome::create(b, &schema::WelcomeArgs { user, ..Default::default() })
        });
    })
}

/// What OPENED says of a room.
pub(crate) struct Opened {
    pub(crate) request: u32,
    pub(crate) session: u32,
    pub(crate) room: u32,
    pub(crate) newest_id: u64,
}

pub(crate) fn opened_from(&Opened { request, session, room, newest_id }: &Opened) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Opened, of(request, session), |b| {
            schema::Opened::create(b, &schema::OpenedArgs { room, newest_id, ..Default::default() })
        });
    })
}

pub(crate) fn ack(request: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Ack, of(request, session), |b| schema::Ack::create(b, &schema::AckArgs::default()));
    })
}

pub(crate) fn busy(request: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| encoder.busy(out, of(request, session), "", 1))
}

pub(crate) fn error(request: u32, session: u32, code: moim_wire::ErrorCode, message: &str) -> Vec<u8> {
    frame(|encoder, out| encoder.error(out, of(request, session), code, message, 1))
}

/// The answer to a HISTORY: MESSAGE frames back to back.
pub(crate) fn history_page(request: u32, session: u32, room: u32, messages: &[u8], more: bool) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::HistoryPage, of(request, session), |b| {
            let frames = Some(b.create_vector(messages));
            schema::HistoryPage::create(b, &schema::HistoryPageArgs { room, frames, more, ..Default::default() })
        });
    })
}

pub(crate) fn open(room: u32) -> Vec<u8> {
    frame(|encoder, out| {
        encoder
            .frame(out, Opcode::Open, of(2, 0), |b| schema::Open::create(b, &schema::OpenArgs { room, last_seen: 0 }));
    })
}

pub(crate) fn read(room: u32, up_to: u64) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Read, of(3, 0), |b| schema::Read::create(b, &schema::ReadArgs { room, up_to }));
    })
}

pub(crate) fn opened(room: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.frame(out, Opcode::Opened, of(2, session), |b| {
            schema::Opened::create(b, &schema::OpenedArgs { room, ..Default::default() })
        });
    })
}

pub(crate) fn closed(room: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| encoder.closed(out, of(0, session), room, None, ""))
}

pub(crate) fn closed_as_asked(request: u32, room: u32, session: u32) -> Vec<u8> {
    frame(|encoder, out| encoder.closed(out, of(request, session), room, None, ""))
}

pub(crate) fn goodbye(session: u32, code: moim_wire::ErrorCode) -> Vec<u8> {
    frame(|encoder, out| encoder.goodbye(out, of(0, session), Some(code), "", 0))
}

pub(crate) fn done(request: u32) -> Vec<u8> {
    frame(|encoder, out| encoder.done(out, of(request, 0), 0))
}

/// A browser's SEND.
pub(crate) fn send(request: u32, text: &str) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.send(out, of(request, 0), &SendFields { room: 1, sequence: 1, text, ..Default::default() });
    })
}

/// A live MESSAGE of a room, as it crosses a trunk: of no session.
pub(crate) fn message(room: u32, prev_id: u64, id: u64, text: &str) -> Vec<u8> {
    frame(|encoder, out| {
        let head = schema::MessageHead::new(id, prev_id, room, 5, 1, 1);
        let fields = MessageFields { head, text, reference: 0, kind: Kind::Talk, role: Role::Member };
        encoder.message(out, of(0, 0), &fields);
    })
}

/// A MESSAGE of any sender and kind.
pub(crate) fn message_of(head: schema::MessageHead, kind: Kind, reference: u64, text: &str) -> Vec<u8> {
    frame(|encoder, out| {
        encoder.message(out, of(0, 0), &MessageFields { head, text, reference, kind, role: Role::Member });
    })
}

/// A MESSAGE too small to be dropped for its size alone, of about `bytes` bytes.
pub(crate) fn large_message(room: u32, prev_id: u64, id: u64, bytes: usize) -> Vec<u8> {
    message(room, prev_id, id, &"x".repeat(bytes))
}

/// A frame with any operation and body.
pub(crate) fn raw(opcode: u8, request: u32, body: &[u8]) -> Vec<u8> {
    let length = (moim_wire::HEADER_BYTES + body.len()) as u32;
    let header = Header { length, version: moim_wire::VERSION, opcode, request, ..Default::default() };
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend_from_slice(body);
    out
}

/// The same frame as a trunk carries it for a session.
pub(crate) fn stamped(frame: &[u8], session: u32) -> Vec<u8> {
    let mut header = Header::read(frame).unwrap();
    let body = &frame[header.size()..];
    header.flags |= FLAG_SESSION;
    header.session = session;
    header.length = (header.size() + body.len()) as u32;
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend_from_slice(body);
    out
}
