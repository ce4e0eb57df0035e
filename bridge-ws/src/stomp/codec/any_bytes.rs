//! Whatever bytes come, in whatever pieces: no panic, and the same frames.

use proptest::prelude::*;

use super::{Command, Decoder, Frame, encode};

const BODY_BYTES_MAX: usize = 1_000;

/// The frames in `pieces`, and whether the stream could be followed to its end.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let mut decoder = Decoder::new(BODY_BYTES_MAX);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, false),
            }
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

/// Frames whose headers and bodies hold anything that a frame can carry.
fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let command = prop_oneof![Just(Command::Send), Just(Command::Message), Just(Command::Error)];
    let header = ("[a-z\\\\:\r\n한]{1,8}", any::<String>());
    let frame = (command, prop::collection::vec(header, 0..6), any::<String>());
    let frame = frame.prop_filter_map("a header line ends at a NUL", |(command, headers, body)| {
        let plain = headers.iter().all(|(_, value)| !value.contains('\0'));
        let body = body.into_bytes();
        plain.then_some(Frame { command, headers, body })
    });
    prop::collection::vec(frame, 1..5)
}

fn encoded(frames: &[Frame]) -> Vec<u8> {
    let mut out = String::new();
    for frame in frames {
        let headers: Vec<_> = frame.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        encode(&mut out, frame.command, &headers, std::str::from_utf8(&frame.body).unwrap());
        out.push('\n');
    }
    out.into_bytes()
}

/// Pieces of frames, so that garbage gets past the first line.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        Just(b"SEND\n".to_vec()),
        Just(b"CONNECT\r\n".to_vec()),
        Just(b"content-length:4\n".to_vec()),
        Just(b"a\\c:b\\n\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\0".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(scrap, 0..20).prop_map(|scraps| scraps.concat())
}

proptest! {
    #[test]
    fn any_frame_reads_back_as_written_however_it_is_cut(
        frames in frames(),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let stream = encoded(&frames);
        let (mut read, whole) = decode(cut(&stream, &at));
        prop_assert!(whole);
        for frame in &mut read {
            // What the writer adds.
            frame.headers.retain(|(name, _)| name != "content-length");
        }
        prop_assert_eq!(read, frames);
    }

    #[test]
    fn any_garbage_is_read_or_refused_alike_in_one_piece_and_in_many(
        garbage in garbage(),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        prop_assert_eq!(decode([&garbage[..]]), decode(cut(&garbage, &at)));
    }

    #[test]
    fn garbage_after_good_frames_does_not_take_them_back(frames in frames(), garbage in garbage()) {
        let stream = encoded(&frames);
        let good = decode([&stream[..]]).0;
        let both = decode([&stream[..], &garbage[..]]).0;
        prop_assert_eq!(&both[..good.len()], &good[..]);
    }
}
