//! From values to frames.

use flatbuffers::{FlatBufferBuilder, WIPOffset};

use crate::error_code::ErrorCode;
use crate::generated::moim;
use crate::header::{FLAG_SESSION, HEADER_BYTES, Header, SESSION_HEADER_BYTES, VERSION};
use crate::opcode::Opcode;
use crate::template;

/// Whom a frame answers and, on a trunk, whose it is. The default is unasked and of no session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Request id, 0 for unasked.
    pub request: u32,
    /// Session id, 0 for the connection itself.
    pub session: u32,
}

/// Everything that a MESSAGE frame carries.
#[derive(Clone, Copy, Debug)]
pub struct MessageFields<'a> {
    /// Ids and origin.
    pub head: moim::MessageHead,
    /// What was said.
    pub text: &'a str,
    /// Meaning by kind.
    pub reference: u64,
    /// What it is.
    pub kind: moim::Kind,
    /// Of `RoleChanged` and `OfficeChanged`.
    pub role: moim::Role,
}

/// Everything that a SEND frame carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendFields<'a> {
    /// Room to say it in.
    pub room: u32,
    /// The device's number for it.
    pub sequence: u32,
    /// What to say; empty for Enter and Delete.
    pub text: &'a str,
    /// Talk, Reply, Notice, Enter or Delete; File in a session that may.
    pub kind: moim::Kind,
    /// Of a reply the quoted message, of a Delete the withdrawn one.
    pub reference: u64,
}

/// Builds frames, reusing one scratch buffer.
#[derive(Default)]
pub struct Encoder {
    builder: FlatBufferBuilder<'static>,
}

impl Encoder {
    /// An encoder with an empty scratch buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a frame to `out`; `build` creates its body. The common way for bodies of numbers:
    /// `encoder.frame(&mut out, Opcode::Close, envelope, |b| moim::Close::create(b, &moim::CloseArgs { room: 1 }))`.
    pub fn frame<T>(
        &mut self,
        out: &mut Vec<u8>,
        opcode: Opcode,
        envelope: Envelope,
        build: impl FnOnce(&mut FlatBufferBuilder<'static>) -> WIPOffset<T>,
    ) {
        self.builder.reset();
        let root = build(&mut self.builder);
        self.builder.finish_minimal(root);
        let body = self.builder.finished_data();
        put_header(out, opcode, envelope, body.len());
        out.extend_from_slice(body);
    }

    /// Appends a MESSAGE.
    pub fn message(&mut self, out: &mut Vec<u8>, envelope: Envelope, fields: &MessageFields<'_>) {
        if fields.reference != 0 || fields.kind != moim::Kind::Talk || fields.role != moim::Role::Member {
            return self.built_message(out, envelope, fields);
        }
        put_header(out, Opcode::Message, envelope, template::talk_bytes(fields.text));
        template::put_talk(out, &fields.head, fields.text);
    }

    /// Appends an ACK.
    pub fn ack(&mut self, out: &mut Vec<u8>, envelope: Envelope, fields: &moim::AckArgs) {
        let Some(bytes) = template::ack_bytes(fields) else {
            return self.frame(out, Opcode::Ack, envelope, |b| moim::Ack::create(b, fields));
        };
        put_header(out, Opcode::Ack, envelope, bytes);
        template::put_ack(out, fields);
    }

    /// [`Self::message`] of any kind.
    pub(crate) fn built_message(&mut self, out: &mut Vec<u8>, envelope: Envelope, fields: &MessageFields<'_>) {
        self.frame(out, Opcode::Message, envelope, |b| {
            let text = b.create_string(fields.text);
            moim::Message::create(
                b,
                &moim::MessageArgs {
                    head: Some(&fields.head),
                    text: Some(text),
                    reference: fields.reference,
                    kind: fields.kind,
                    role: fields.role,
                },
            )
        });
    }

    /// Appends a SEND.
    pub fn send(&mut self, out: &mut Vec<u8>, envelope: Envelope, fields: &SendFields<'_>) {
        let SendFields { room, sequence, text, kind, reference } = *fields;
        self.frame(out, Opcode::Send, envelope, |b| {
            let text = b.create_string(text);
            moim::Send::create(b, &moim::SendArgs { room, sequence, text: Some(text), kind, reference })
        });
    }

    /// Appends an ERROR.
    pub fn error(
        &mut self,
        out: &mut Vec<u8>,
        envelope: Envelope,
        code: ErrorCode,
        message: &str,
        retry_after_ms: u32,
    ) {
        self.frame(out, Opcode::Error, envelope, |b| {
            let message = b.create_string(message);
            moim::Error::create(b, &moim::ErrorArgs { code: code as u16, message: Some(message), retry_after_ms })
        });
    }

    /// Appends a GOODBYE; `code` `None` is a parting in peace.
    pub fn goodbye(
        &mut self,
        out: &mut Vec<u8>,
        envelope: Envelope,
        code: Option<ErrorCode>,
        message: &str,
        retry_after_ms: u32,
    ) {
        self.frame(out, Opcode::Goodbye, envelope, |b| {
            let message = b.create_string(message);
            let code = code.map_or(0, |code| code as u16);
            moim::Goodbye::create(b, &moim::GoodbyeArgs { code, message: Some(message), retry_after_ms })
        });
    }

    /// Appends a CLOSED; `code` `None` answers a CLOSE.
    pub fn closed(&mut self, out: &mut Vec<u8>, envelope: Envelope, room: u32, code: Option<ErrorCode>, message: &str) {
        self.frame(out, Opcode::Closed, envelope, |b| {
            let message = b.create_string(message);
            let code = code.map_or(0, |code| code as u16);
            moim::Closed::create(b, &moim::ClosedArgs { room, code, message: Some(message) })
        });
    }

    /// Appends a BUSY.
    pub fn busy(&mut self, out: &mut Vec<u8>, envelope: Envelope, message: &str, retry_after_ms: u32) {
        self.frame(out, Opcode::Busy, envelope, |b| {
            let message = b.create_string(message);
            moim::Busy::create(b, &moim::BusyArgs { retry_after_ms, message: Some(message) })
        });
    }

    /// Appends a DONE.
    pub fn done(&mut self, out: &mut Vec<u8>, envelope: Envelope, id: u64) {
        self.frame(out, Opcode::Done, envelope, |b| moim::Done::create(b, &moim::DoneArgs { id }));
    }
}

/// Appends the header of a frame whose body has so many bytes, and makes space for the body.
fn put_header(out: &mut Vec<u8>, opcode: Opcode, envelope: Envelope, body_bytes: usize) {
    let (flags, header_bytes) =
        if envelope.session == 0 { (0, HEADER_BYTES) } else { (FLAG_SESSION, SESSION_HEADER_BYTES) };
    let header = Header {
        // Bodies are bounded by FRAME_BYTES_MAX, far below 2^32.
        length: (header_bytes + body_bytes) as u32,
        version: VERSION,
        opcode: opcode as u8,
        flags,
        request: envelope.request,
        session: envelope.session,
    };
    out.reserve(header_bytes + body_bytes);
    header.write(out);
}
