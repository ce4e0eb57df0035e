//! The two frames that most traffic is made of, MESSAGE and ACK, written from a copy of their bytes with the values put
//! in place: byte for byte what the builder makes, for a tenth of its time.
//!
//! FlatBuffers leaves out fields at their default, so a template stands for one set of fields that are there; whatever
//! has another set goes to the builder.

use std::sync::LazyLock;

use flatbuffers::FlatBufferBuilder;

use crate::generated::moim;
use crate::header::HEADER_BYTES;

/// What is looked for in a template: bytes that nothing else in it has.
const MARK: [u8; 8] = [0xA5; 8];

/// A MESSAGE of talk, without reference: everything before its text's length. By whether the padded text ends on a
/// multiple of eight bytes, since the head before it must begin on one.
struct Talk {
    before_text: Vec<u8>,
    head_at: usize,
}

/// An ACK of a message that has one before it and that was not acknowledged before.
struct FreshAck {
    body: Vec<u8>,
    room_at: usize,
    sequence_at: usize,
    id_at: usize,
    prev_id_at: usize,
}

static TALK: LazyLock<[Talk; 2]> = LazyLock::new(|| [Talk::of("abc"), Talk::of("abcdefg")]);
static FRESH_ACK: LazyLock<FreshAck> = LazyLock::new(FreshAck::build);

/// Bytes of a string with its length, its closing zero and the padding behind it.
const fn string_bytes(text_bytes: usize) -> usize {
    (4 + text_bytes + 1).next_multiple_of(4)
}

/// Bytes of the body of a MESSAGE of talk.
pub(crate) fn talk_bytes(text: &str) -> usize {
    let talk = &TALK[string_bytes(text.len()) / 4 % 2];
    talk.before_text.len() + string_bytes(text.len())
}

/// Appends the body of a MESSAGE of talk.
pub(crate) fn put_talk(out: &mut Vec<u8>, head: &moim::MessageHead, text: &str) {
    let talk = &TALK[string_bytes(text.len()) / 4 % 2];
    let start = out.len();
    out.extend_from_slice(&talk.before_text);
    out[start + talk.head_at..][..size_of::<moim::MessageHead>()].copy_from_slice(&head.0);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out.resize(out.len() + string_bytes(text.len()) - 4 - text.len(), 0);
}

/// Bytes of the body of an ACK, `None` where it is no matter of a template.
pub(crate) fn ack_bytes(ack: &moim::AckArgs) -> Option<usize> {
    let is_fresh = !ack.duplicate && ack.room != 0 && ack.sequence != 0 && ack.id != 0 && ack.prev_id != 0;
    is_fresh.then(|| FRESH_ACK.body.len())
}

/// Appends the body of an ACK that [`ack_bytes`] has given a size.
pub(crate) fn put_ack(out: &mut Vec<u8>, ack: &moim::AckArgs) {
    let template = &*FRESH_ACK;
    let start = out.len();
    out.extend_from_slice(&template.body);
    let body = &mut out[start..];
    body[template.room_at..][..4].copy_from_slice(&ack.room.to_le_bytes());
    body[template.sequence_at..][..4].copy_from_slice(&ack.sequence.to_le_bytes());
    body[template.id_at..][..8].copy_from_slice(&ack.id.to_le_bytes());
    body[template.prev_id_at..][..8].copy_from_slice(&ack.prev_id.to_le_bytes());
}

impl Talk {
    /// From what the builder makes of a text of that length.
    fn of(text: &str) -> Self {
        let mut builder = FlatBufferBuilder::new();
        let mark = u64::from_le_bytes(MARK);
        let head = moim::MessageHead::new(mark, mark, 0, 0, 0, 0);
        let string = builder.create_string(text);
        let args = moim::MessageArgs { head: Some(&head), text: Some(string), ..Default::default() };
        let root = moim::Message::create(&mut builder, &args);
        builder.finish_minimal(root);
        let body = builder.finished_data();
        let before_text = body[..body.len() - string_bytes(text.len())].to_vec();
        let head_at = find(&before_text, &MARK);
        Self { before_text, head_at }
    }
}

impl FreshAck {
    fn build() -> Self {
        const ROOM: u32 = 0xB1B2_B3B4;
        const SEQUENCE: u32 = 0xC1C2_C3C4;
        const ID: u64 = 0xD1D2_D3D4_D5D6_D7D8;
        const PREV_ID: u64 = 0xE1E2_E3E4_E5E6_E7E8;
        let mut builder = FlatBufferBuilder::new();
        let args = moim::AckArgs { room: ROOM, sequence: SEQUENCE, id: ID, prev_id: PREV_ID, duplicate: false };
        let root = moim::Ack::create(&mut builder, &args);
        builder.finish_minimal(root);
        let body = builder.finished_data().to_vec();
        Self {
            room_at: find(&body, &ROOM.to_le_bytes()),
            sequence_at: find(&body, &SEQUENCE.to_le_bytes()),
            id_at: find(&body, &ID.to_le_bytes()),
            prev_id_at: find(&body, &PREV_ID.to_le_bytes()),
            body,
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).position(|window| window == mark).expect("the builder keeps values as they are")
}

const _: () = assert!(HEADER_BYTES.is_multiple_of(4), "bodies lie as aligned as the builder made them");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, Envelope, MessageFields, Opcode};

    #[test]
    fn a_message_from_the_template_is_what_the_builder_makes() {
        let mut encoder = Encoder::new();
        for length in 0..70 {
            let text = "가".repeat(length / 3) + &"x".repeat(length % 3);
            let head = moim::MessageHead::new(1 << 52 | length as u64, 77, 5, 6, 7, 8);
            let fields =
                MessageFields { head, text: &text, reference: 0, kind: moim::Kind::Talk, role: moim::Role::Member };
            for envelope in [Envelope::default(), Envelope { request: 3, session: 4 }] {
                let (mut templated, mut built) = (Vec::new(), Vec::new());
                encoder.message(&mut templated, envelope, &fields);
                encoder.built_message(&mut built, envelope, &fields);
                assert_eq!(templated, built, "a text of {length} bytes");
            }
        }
    }

    #[test]
    fn an_ack_from_the_template_is_what_the_builder_makes() {
        let mut encoder = Encoder::new();
        for (room, sequence, id, prev_id, duplicate) in [
            (1, 2, 3, 4, false),
            (u32::MAX, u32::MAX, u64::MAX, u64::MAX, false),
            (1, 2, 3, 0, false),
            (1, 2, 3, 4, true),
        ] {
            let args = moim::AckArgs { room, sequence, id, prev_id, duplicate };
            let envelope = Envelope { request: 9, session: 0 };
            let (mut templated, mut built) = (Vec::new(), Vec::new());
            encoder.ack(&mut templated, envelope, &args);
            encoder.frame(&mut built, Opcode::Ack, envelope, |b| moim::Ack::create(b, &args));
            assert_eq!(templated, built);
        }
    }
}
