//! The first byte chooses how the rest is cut into pieces; every frame found has its body verified as what its
//! operation carries, and every field of it read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Decoder, Frame, Opcode, body, schema};

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = decode(std::iter::once(stream));
    let pieces = decode(stream.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "the split changed what was decoded");
});

/// What a decoder finds: bodies as text, and whether the stream could be followed to its end.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, bool) {
    let mut decoder = Decoder::new(FRAME_BYTES_MAX);
    let mut found = Vec::new();
    for piece in pieces {
        if decoder.feed(piece, |frame| found.push(read(&frame))).is_err() {
            return (found, false);
        }
    }
    (found, true)
}

fn read(frame: &Frame<'_>) -> String {
    let Some(opcode) = frame.opcode() else { return String::new() };
    if opcode == Opcode::HistoryPage {
        read_page(frame.body());
    }
    body::inspect(opcode, frame.body()).map_or_else(|error| error.to_string(), |body| format!("{body:?}"))
}

fn read_page(bytes: &[u8]) {
    let Ok(page) = body::read::<schema::HistoryPage<'_>>(bytes) else { return };
    let mut rest = page.frames().bytes();
    while let Ok(Some(frame)) = Frame::first(rest, FRAME_BYTES_MAX) {
        if let Ok(message) = body::read::<schema::Message<'_>>(frame.body()) {
            std::hint::black_box(format!("{message:?}"));
        }
        rest = &rest[frame.bytes.len()..];
    }
}
