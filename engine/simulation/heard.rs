//! Frames as their readers understand them.

use bytes::Bytes;
use moim_wire::schema::{self, Kind};
use moim_wire::{DeviceId, ErrorCode, Frame, MessageId, Opcode, RoomId, Sequence, UserId, body, limits};

/// A MESSAGE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) room: RoomId,
    pub(crate) id: MessageId,
    pub(crate) prev_id: MessageId,
    pub(crate) sender: UserId,
    pub(crate) device: DeviceId,
    pub(crate) sequence: Sequence,
    pub(crate) kind: Kind,
    pub(crate) reference: u64,
    pub(crate) text: String,
}

/// What a frame says.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Opened {
        room: RoomId,
        newest: MessageId,
        read_mark: MessageId,
        online: Vec<UserId>,
    },
    Message(Told),
    Ack {
        room: RoomId,
        sequence: Sequence,
        id: MessageId,
        prev_id: MessageId,
        duplicate: bool,
    },
    Gap {
        room: RoomId,
        after: MessageId,
        newest: MessageId,
    },
    Page {
        room: RoomId,
        messages: Vec<Told>,
        count: usize,
        more: bool,
    },
    Members {
        room: RoomId,
        read_marks: Vec<MessageId>,
    },
    ReadMark {
        room: RoomId,
        up_to: MessageId,
    },
    /// TYPING or PRESENCE.
    Passing {
        room: RoomId,
    },
    Closed {
        room: RoomId,
        code: Option<ErrorCode>,
    },
    Refused(ErrorCode, String),
    Busy(String),
    Done,
}

impl What {
    /// The room that it tells something of to whoever reads it.
    pub(crate) fn room(&self) -> Option<RoomId> {
        match self {
            Self::Opened { room, .. }
            | Self::Ack { room, .. }
            | Self::Gap { room, .. }
            | Self::Page { room, .. }
            | Self::Members { room, .. }
            | Self::ReadMark { room, .. }
            | Self::Passing { room }
            | Self::Closed { room, .. } => Some(*room),
            Self::Message(told) => Some(told.room),
            Self::Refused(..) | Self::Busy(_) | Self::Done => None,
        }
    }
}

/// A frame, read.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) request: u32,
    pub(crate) session: u32,
    pub(crate) what: What,
    pub(crate) bytes: Bytes,
}

/// Frames back to back.
pub(crate) fn hear(bytes: &Bytes) -> Vec<Heard> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(frame) = Frame::first(&bytes[at..], limits::FRAME_BYTES_MAX).expect("the engine writes frames") {
        let end = at + frame.bytes.len();
        let Frame { header, .. } = frame;
        let what = understand(&frame);
        all.push(Heard { request: header.request, session: header.session, what, bytes: bytes.slice(at..end) });
        at = end;
    }
    assert_eq!(at, bytes.len(), "the engine wrote a piece of a frame");
    all
}

/// MESSAGE frames back to back, each with its bytes.
pub(crate) fn messages(bytes: &Bytes) -> Vec<(Told, Bytes)> {
    let told = |heard: Heard| match heard.what {
        What::Message(told) => (told, heard.bytes),
        other => panic!("{other:?} among messages"),
    };
    hear(bytes).into_iter().map(told).collect()
}

fn verified<'a, T>(bytes: &'a [u8]) -> T::Inner
where
    T: flatbuffers::Follow<'a> + flatbuffers::Verifiable + 'a,
{
    body::read::<T>(bytes).expect("the engine writes bodies that verify")
}

fn understand(frame: &Frame<'_>) -> What {
    let bytes = frame.body();
    match frame.opcode().expect("the engine writes known operations") {
        Opcode::Message => What::Message(told(&verified::<schema::Message<'_>>(bytes))),
        Opcode::Opened => opened(&verified::<schema::Opened<'_>>(bytes)),
        Opcode::Ack => {
            let ack = verified::<schema::Ack<'_>>(bytes);
            let (room, sequence) = (RoomId(ack.room()), Sequence(ack.sequence()));
            let (id, prev_id) = (MessageId(ack.id()), MessageId(ack.prev_id()));
            What::Ack { room, sequence, id, prev_id, duplicate: ack.duplicate() }
        }
        Opcode::Gap => {
            let gap = verified::<schema::Gap<'_>>(bytes);
            What::Gap { room: RoomId(gap.room()), after: MessageId(gap.after()), newest: MessageId(gap.newest_id()) }
        }
        Opcode::HistoryPage => page(&verified::<schema::HistoryPage<'_>>(bytes)),
        Opcode::MemberList => {
            let list = verified::<schema::MemberList<'_>>(bytes);
            let read_marks = list.members().into_iter().flatten().map(|member| MessageId(member.read_mark()));
            What::Members { room: RoomId(list.room()), read_marks: read_marks.collect() }
        }
        Opcode::ReadMark => {
            let mark = verified::<schema::ReadMark<'_>>(bytes);
            What::ReadMark { room: RoomId(mark.room()), up_to: MessageId(mark.up_to()) }
        }
        Opcode::Typing => What::Passing { room: RoomId(verified::<schema::Typing<'_>>(bytes).room()) },
        Opcode::Presence => What::Passing { room: RoomId(verified::<schema::Presence<'_>>(bytes).room()) },
        Opcode::Closed => {
            let closed = verified::<schema::Closed<'_>>(bytes);
            What::Closed { room: RoomId(closed.room()), code: ErrorCode::from_u16(closed.code()) }
        }
        Opcode::Error => {
            let error = verified::<schema::Error<'_>>(bytes);
            let code = ErrorCode::from_u16(error.code()).expect("the engine writes known codes");
            What::Refused(code, error.message().unwrap_or_default().to_owned())
        }
        Opcode::Busy => What::Busy(verified::<schema::Busy<'_>>(bytes).message().unwrap_or_default().to_owned()),
        Opcode::Done => What::Done,
        other => panic!("{} is nothing that a shard writes", other.name()),
    }
}

fn told(message: &schema::Message<'_>) -> Told {
    let head = message.head();
    Told {
        room: RoomId(head.room()),
        id: MessageId(head.id()),
        prev_id: MessageId(head.prev_id()),
        sender: UserId(head.sender()),
        device: DeviceId(head.device()),
        sequence: Sequence(head.sequence()),
        kind: message.kind(),
        reference: message.reference(),
        text: message.text().to_owned(),
    }
}

fn opened(opened: &schema::Opened<'_>) -> What {
    What::Opened {
        room: RoomId(opened.room()),
        newest: MessageId(opened.newest_id()),
        read_mark: MessageId(opened.read_mark()),
        online: opened.online().into_iter().flatten().map(UserId).collect(),
    }
}

fn page(page: &schema::HistoryPage<'_>) -> What {
    let frames = Bytes::copy_from_slice(page.frames().bytes());
    What::Page {
        room: RoomId(page.room()),
        messages: messages(&frames).into_iter().map(|(told, _)| told).collect(),
        count: page.count() as usize,
        more: page.more(),
    }
}
