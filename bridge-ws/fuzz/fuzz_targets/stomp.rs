//! The first byte chooses how the rest is cut into pieces; every frame found is written again and must read back the
//! same. The codec's folder is taken as it is: it needs nothing else of the bridge.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, unused_imports, reason = "the target uses the codec's entry points alone")]
#[path = "../../src/stomp/codec/mod.rs"]
mod codec;

use codec::{Decoder, Frame, encode};

const BODY_BYTES_MAX: usize = 4_096;

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = decode(std::iter::once(stream));
    let pieces = decode(stream.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "the split changed what was decoded");
    whole.0.iter().for_each(write_and_read);
});

/// What a decoder finds, and whether the stream could be followed to its end.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let mut decoder = Decoder::new(BODY_BYTES_MAX);
    let mut found = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(_) => return (found, false),
            }
        }
    }
    (found, true)
}

fn write_and_read(frame: &Frame) {
    let is_length = |name: &str| name == "content-length";
    let headers: Vec<_> =
        frame.headers.iter().filter(|(name, _)| !is_length(name)).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    // Bodies of frames that the bridge writes are text.
    let Ok(body) = std::str::from_utf8(&frame.body) else { return };
    let mut written = String::new();
    encode(&mut written, frame.command, &headers, body);
    let (read, followed) = decode(std::iter::once(written.as_bytes()));
    // Escapes make a head longer, perhaps longer than is taken.
    if !followed {
        return;
    }
    let [read] = &read[..] else { panic!("{} frames were read of one", read.len()) };
    let read: Vec<_> =
        read.headers.iter().filter(|(name, _)| !is_length(name)).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(read, headers);
}
