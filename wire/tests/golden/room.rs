//! Frames of a room's stream: 0x10 to 0x1d.

use flatbuffers::FlatBufferBuilder;
use moim_wire::{Encoder, Envelope, ErrorCode, MessageFields, Opcode, SendFields, schema};

use crate::{ANN, DEVICE, Golden, MINJI, ROOM, answer, id};

pub(crate) fn goldens() -> Vec<Golden> {
    [following(), talking(), taken(), files(), taken_back(), past(), marks()].into_iter().flatten().collect()
}

/// Minji's third send, as the room shows it.
pub(crate) fn message(e: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope) {
    let head = schema::MessageHead::new(id(2), id(1), ROOM, MINJI, DEVICE, 3);
    let fields =
        MessageFields {
            head, text: "안녕하세요", reference: 0, kind: schema::Kind::Talk, role: schema::Role::Member
        };
    e.message(out, envelope, &fields);
}

pub(crate) fn opened<'a>(b: &mut FlatBufferBuilder<'a>) -> flatbuffers::WIPOffset<schema::Opened<'a>> {
    let (online, name) = (b.create_vector(&[MINJI, ANN]), b.create_string("저녁 모임"));
    let args = schema::OpenedArgs {
        room: ROOM,
        newest_id: id(1),
        read_mark: id(0),
        role: schema::Role::Admin,
        members: 2,
        online: Some(online),
        name: Some(name),
    };
    schema::Opened::create(b, &args)
}

fn following() -> Vec<Golden> {
    vec![
        Golden {
            file: "10-open",
            opcode: Opcode::Open,
            envelope: answer(4),
            about: "Client to server: follow a room from a last seen id on.",
            notes: &[("last_seen", "the newest id that the client holds")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Open, envelope, |b| {
                    schema::Open::create(b, &schema::OpenArgs { room: ROOM, last_seen: id(0) })
                });
            },
        },
        Golden {
            file: "11-opened",
            opcode: Opcode::Opened,
            envelope: answer(4),
            about: "Server to client: the room is followed; what was missed comes next.",
            notes: &[("newest_id", "one message was missed"), ("members", "how many"), ("online", "user ids")],
            build: |e, out, envelope| e.frame(out, Opcode::Opened, envelope, opened),
        },
        Golden {
            file: "12-close",
            opcode: Opcode::Close,
            envelope: answer(9),
            about: "Client to server: follow the room no more.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Close, envelope, |b| schema::Close::create(b, &schema::CloseArgs { room: ROOM }));
            },
        },
        Golden {
            file: "13-closed",
            opcode: Opcode::Closed,
            envelope: answer(0),
            about: "Server to client, here unasked: the member was removed.",
            notes: &[("code", "NotAMember; 0 where it answers CLOSE")],
            build: |e, out, envelope| {
                e.closed(out, envelope, ROOM, Some(ErrorCode::NotAMember), "you were removed from the room");
            },
        },
    ]
}

/// What a client says.
fn talking() -> Vec<Golden> {
    vec![
        Golden {
            file: "14-send",
            opcode: Opcode::Send,
            envelope: answer(5),
            about: "Client to server: say something in a room.",
            notes: &[("sequence", "the device's third send in this room")],
            build: |e, out, envelope| {
                let fields = SendFields { room: ROOM, sequence: 3, text: "안녕하세요", ..SendFields::default() };
                e.send(out, envelope, &fields);
            },
        },
        Golden {
            file: "14-send-reply",
            opcode: Opcode::Send,
            envelope: answer(6),
            about: "Client to server: an answer to a message, with fields that differ from their defaults.",
            notes: &[("reference", "the quoted message")],
            build: |e, out, envelope| {
                let kind = schema::Kind::Reply;
                e.send(out, envelope, &SendFields { room: ROOM, sequence: 4, text: "네!", kind, reference: id(2) });
            },
        },
        Golden {
            file: "14-send-delete",
            opcode: Opcode::Send,
            envelope: answer(8),
            about: "Client to server: take a message back.",
            notes: &[("reference", "the message to be withdrawn")],
            build: |e, out, envelope| {
                let kind = schema::Kind::Delete;
                e.send(out, envelope, &SendFields { room: ROOM, sequence: 5, text: "", kind, reference: id(2) });
            },
        },
    ]
}

/// What comes of it: the promise to the sender, and what everyone sees.
fn taken() -> Vec<Golden> {
    vec![
        Golden {
            file: "15-ack",
            opcode: Opcode::Ack,
            envelope: answer(5),
            about: "Server to client: the send with sequence 3 is stored for good.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Ack, envelope, |b| {
                    let (id, prev_id) = (id(2), id(1));
                    let args = schema::AckArgs { room: ROOM, sequence: 3, id, prev_id, duplicate: false };
                    schema::Ack::create(b, &args)
                });
            },
        },
        Golden {
            file: "16-message",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: a message of a room that is followed.",
            notes: &[("head", "the struct, 32 bytes in place"), ("prev_id", "the room's message before this one")],
            build: message,
        },
        Golden {
            file: "16-message-event",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: an event of the room, sequenced among the talk.",
            notes: &[
                ("device", "0: the room's own event"),
                ("sequence", "the number of the room's change"),
                ("reference", "the user who is meant"),
            ],
            build: |e, out, envelope| {
                let head = schema::MessageHead::new(id(3), id(2), ROOM, MINJI, 0, 21);
                let kind = schema::Kind::RoleChanged;
                let role = schema::Role::Admin;
                e.message(out, envelope, &MessageFields { head, text: "Ann", reference: u64::from(ANN), kind, role });
            },
        },
        Golden {
            file: "16-message-office",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: an event of the room; a member has another office.",
            notes: &[("role", "the office; Member: none any more")],
            build: |e, out, envelope| {
                let head = schema::MessageHead::new(id(4), id(3), ROOM, MINJI, 0, 22);
                let kind = schema::Kind::OfficeChanged;
                let role = schema::Role::Auditor;
                e.message(out, envelope, &MessageFields { head, text: "Ann", reference: u64::from(ANN), kind, role });
            },
        },
    ]
}

/// A file that somebody uploaded.
fn files() -> Vec<Golden> {
    const TEXT: &str = r#"{"fileId":"12","fileName":"영수증.png","size":2048,"contentType":"image/png"}"#;
    vec![
        Golden {
            file: "14-send-file",
            opcode: Opcode::Send,
            envelope: Envelope { request: 7, session: 9 },
            about: "Bridge to engine, in a session that may say files: a file was uploaded and is kept.",
            notes: &[("text", "JSON")],
            build: |e, out, envelope| {
                let kind = schema::Kind::File;
                e.send(out, envelope, &SendFields { room: ROOM, sequence: 6, text: TEXT, kind, reference: 0 });
            },
        },
        Golden {
            file: "16-message-file",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: somebody uploaded a file; fetch it over HTTP.",
            notes: &[("text", "JSON; more fields may come")],
            build: |e, out, envelope| {
                let head = schema::MessageHead::new(id(5), id(4), ROOM, MINJI, DEVICE, 6);
                let (kind, role) = (schema::Kind::File, schema::Role::Member);
                e.message(out, envelope, &MessageFields { head, text: TEXT, reference: 0, kind, role });
            },
        },
    ]
}

/// A message that is taken back, and what is left of it.
fn taken_back() -> Vec<Golden> {
    vec![
        Golden {
            file: "16-message-delete",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: a message is withdrawn.",
            notes: &[("reference", "the withdrawn message, the one of 16-message.hex")],
            build: |e, out, envelope| {
                let head = schema::MessageHead::new(id(4), id(3), ROOM, MINJI, DEVICE, 5);
                let (kind, role) = (schema::Kind::Delete, schema::Role::Member);
                e.message(out, envelope, &MessageFields { head, text: "", reference: id(2), kind, role });
            },
        },
        Golden {
            file: "16-message-withdrawn",
            opcode: Opcode::Message,
            envelope: answer(0),
            about: "Server to client: what is left of the message of 16-message.hex on every page from then on.",
            notes: &[("head", "as it was"), ("reference", "its own id")],
            build: |e, out, envelope| {
                let mut said = Vec::new();
                message(e, &mut said, envelope);
                out.extend(moim_wire::withdrawal::left_of(&said).expect("it is a MESSAGE frame"));
            },
        },
    ]
}

fn past() -> Vec<Golden> {
    vec![
        Golden {
            file: "17-gap",
            opcode: Opcode::Gap,
            envelope: answer(0),
            about: "Server to client: messages with after < id <= newest_id were left out; ask HISTORY for them.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Gap, envelope, |b| {
                    schema::Gap::create(b, &schema::GapArgs { room: ROOM, after: id(0), newest_id: id(900) })
                });
            },
        },
        Golden {
            file: "18-history",
            opcode: Opcode::History,
            envelope: answer(7),
            about: "Client to server: a page of the past, here oldest first above an id.",
            notes: &[("before", "ignored where `after` is not 0")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::History, envelope, |b| {
                    let args = schema::HistoryArgs { room: ROOM, before: 0, after: id(1), limit: 200 };
                    schema::History::create(b, &args)
                });
            },
        },
        Golden {
            file: "19-history-page",
            opcode: Opcode::HistoryPage,
            envelope: answer(7),
            about: "Server to client: the page, whole MESSAGE frames with their headers.",
            notes: &[("frames", "the frame of 16-message.hex"), ("more", "the newest message is on this page")],
            build: |e, out, envelope| {
                let mut frames = Vec::new();
                message(&mut Encoder::new(), &mut frames, Envelope::default());
                e.frame(out, Opcode::HistoryPage, envelope, |b| {
                    let frames = b.create_vector(&frames);
                    let args = schema::HistoryPageArgs { room: ROOM, frames: Some(frames), count: 1, more: false };
                    schema::HistoryPage::create(b, &args)
                });
            },
        },
    ]
}

fn marks() -> Vec<Golden> {
    vec![
        Golden {
            file: "1a-read",
            opcode: Opcode::Read,
            envelope: answer(0),
            about: "Client to server: the caller has read the room up to an id.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Read, envelope, |b| {
                    schema::Read::create(b, &schema::ReadArgs { room: ROOM, up_to: id(2) })
                });
            },
        },
        Golden {
            file: "1b-read-mark",
            opcode: Opcode::ReadMark,
            envelope: answer(0),
            about: "Server to client: a member has read the room up to an id.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::ReadMark, envelope, |b| {
                    schema::ReadMark::create(b, &schema::ReadMarkArgs { room: ROOM, user: ANN, up_to: id(2) })
                });
            },
        },
        Golden {
            file: "1c-typing",
            opcode: Opcode::Typing,
            envelope: answer(0),
            about: "Either direction: a member is typing.",
            notes: &[("user", "set by the server; a client leaves it 0")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Typing, envelope, |b| {
                    schema::Typing::create(b, &schema::TypingArgs { room: ROOM, user: ANN })
                });
            },
        },
        Golden {
            file: "1d-presence",
            opcode: Opcode::Presence,
            envelope: answer(0),
            about: "Server to client: a member came or went.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Presence, envelope, |b| {
                    schema::Presence::create(b, &schema::PresenceArgs { room: ROOM, user: ANN, online: true })
                });
            },
        },
    ]
}
