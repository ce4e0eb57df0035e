//! Whatever bytes come, in whatever pieces: no panic, no frame that is not there, no body that reads out of bounds.

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{
    Decoder, Encoder, Envelope, ErrorCode, Frame, Header, MessageFields, Opcode, SendFields, body, schema,
};
use proptest::prelude::*;

/// Opcode number, flags, request, session and body of each frame that a decoder finds in `pieces`.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<(Header, Vec<u8>)>, bool) {
    let mut decoder = Decoder::new(FRAME_BYTES_MAX);
    let mut frames = Vec::new();
    for piece in pieces {
        if decoder.feed(piece, |frame| frames.push((frame.header, frame.body().to_vec()))).is_err() {
            return (frames, false);
        }
    }
    (frames, true)
}

/// Cuts `bytes` at the given places.
fn cut<'a>(bytes: &'a [u8], at: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = at.iter().map(|index| index.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Frames as a client and a server write them.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let frame =
        (any::<u32>(), any::<u32>(), ".{0,40}", any::<u64>(), 0..6).prop_map(|(request, session, text, n, kind)| {
            let (mut encoder, mut out) = (Encoder::new(), Vec::new());
            let envelope = Envelope { request, session };
            match kind {
                0 => {
                    let fields =
                        SendFields { room: 7, sequence: request, text: &text, reference: n, ..Default::default() };
                    encoder.send(&mut out, envelope, &fields);
                }
                1 => {
                    let head = schema::MessageHead::new(n, n / 2, 7, session, request, 1);
                    let (kind, role) = (schema::Kind::Reply, schema::Role::Admin);
                    encoder.message(&mut out, envelope, &MessageFields { head, text: &text, reference: n, kind, role });
                }
                2 => encoder.error(&mut out, envelope, ErrorCode::NotAMember, &text, request),
                // A table within a table of a list, which is as deep as bodies go.
                3 => encoder.frame(&mut out, Opcode::DuesList, envelope, |b| {
                    let reason = Some(b.create_string(&text));
                    let own = schema::ChargeArgs { charge: n, paid: n as i64, reason, ..Default::default() };
                    let own = Some(schema::Charge::create(b, &own));
                    let title = Some(b.create_string(&text));
                    let args = schema::DuesRequestArgs { request: n, title, own, ..Default::default() };
                    let request = schema::DuesRequest::create(b, &args);
                    let requests = Some(b.create_vector(&[request]));
                    schema::DuesList::create(b, &schema::DuesListArgs { requests, more: true })
                }),
                4 => encoder.frame(&mut out, Opcode::EntryList, envelope, |b| {
                    let hash = Some(b.create_vector(&[request as u8; 32]));
                    let entry = schema::LedgerEntryArgs { number: n, hash, ..Default::default() };
                    let entry = schema::LedgerEntry::create(b, &entry);
                    let entries = Some(b.create_vector(&[entry]));
                    schema::EntryList::create(b, &schema::EntryListArgs { wallet: n, entries, more: false })
                }),
                _ => encoder.frame(&mut out, Opcode::MemberList, envelope, |b| {
                    let members = [1, 2].map(|user| {
                        let name = Some(b.create_string(&text));
                        schema::Member::create(
                            b,
                            &schema::MemberArgs { user, name, read_mark: n, ..Default::default() },
                        )
                    });
                    let members = b.create_vector(&members);
                    schema::MemberList::create(
                        b,
                        &schema::MemberListArgs { room: 7, members: Some(members), more: true },
                    )
                }),
            }
            out
        });
    prop::collection::vec(frame, 1..8).prop_map(|frames| frames.concat())
}

/// Headers that lie about what follows, among garbage.
fn headers() -> impl Strategy<Value = Vec<u8>> {
    let header = (0u32..40, any::<u8>(), 0u16..4, prop::collection::vec(any::<u8>(), 0..30)).prop_map(
        |(length, opcode, flags, rest)| {
            let mut out = Vec::new();
            Header { length, version: 1, opcode, flags, request: 1, session: 1 }.write(&mut out);
            out.extend_from_slice(&rest);
            out
        },
    );
    prop::collection::vec(header, 1..4).prop_map(|headers| headers.concat())
}

/// Reads every field of the body as every operation would, and the frames within a history page.
fn read_as_everything(bytes: &[u8]) {
    for &opcode in Opcode::ALL {
        if let Ok(body) = body::inspect(opcode, bytes) {
            assert!(!format!("{body:?}").is_empty());
        }
    }
    if let Ok(page) = body::read::<schema::HistoryPage<'_>>(bytes) {
        let mut rest = page.frames().bytes();
        while let Ok(Some(frame)) = Frame::first(rest, FRAME_BYTES_MAX) {
            rest = &rest[frame.bytes.len()..];
        }
    }
}

proptest! {
    #[test]
    fn any_split_gives_the_same_frames(stream in frames(), at in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let whole = decode([&stream[..]]);
        prop_assert!(whole.1);
        prop_assert_eq!(whole, decode(cut(&stream, &at)));
    }

    #[test]
    fn any_garbage_is_decoded_or_refused_alike_in_one_piece_and_in_many(
        garbage in prop_oneof![prop::collection::vec(any::<u8>(), 0..600), headers()],
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        prop_assert_eq!(decode([&garbage[..]]), decode(cut(&garbage, &at)));
    }

    #[test]
    fn garbage_after_good_frames_does_not_take_them_back(
        stream in frames(),
        garbage in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let good = decode([&stream[..]]).0;
        let both = decode([&stream[..], &garbage[..]]).0;
        prop_assert_eq!(&both[..good.len()], &good[..]);
    }

    #[test]
    fn any_garbage_is_read_as_a_body_or_refused(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        read_as_everything(&garbage);
    }

    #[test]
    fn a_body_with_any_bytes_changed_is_read_or_refused(
        stream in frames(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut_at in any::<prop::sample::Index>(),
    ) {
        for (_, mut bytes) in decode([&stream[..]]).0 {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            read_as_everything(&bytes);
            read_as_everything(&bytes[..cut_at.index(bytes.len())]);
        }
    }
}
