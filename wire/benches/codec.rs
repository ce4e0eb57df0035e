//! What the codec costs: a frame built, found in a buffer, verified and read. Run with
//! `cargo bench -p moim-wire --bench codec`.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use moim_wire::{Decoder, Encoder, Envelope, Frame, MessageFields, SendFields, body, limits, schema};

/// Texts as people write them, and the longest.
const TEXT_BYTES: [usize; 3] = [20, 100, 4_000];
/// Frames of a buffer: what gathers for a busy connection.
const FRAMES: usize = 64;

fn main() {
    divan::main();
}

fn put_message(encoder: &mut Encoder, out: &mut Vec<u8>, text: &str) {
    let head = schema::MessageHead::new(9_007_199_254, 9_007_199_253, 7, 8, 9, 10);
    let fields = MessageFields { head, text, reference: 0, kind: schema::Kind::Talk, role: schema::Role::Member };
    encoder.message(out, Envelope::default(), &fields);
}

fn messages(text_bytes: usize) -> Vec<u8> {
    let (mut encoder, mut out, text) = (Encoder::new(), Vec::new(), "x".repeat(text_bytes));
    (0..FRAMES).for_each(|_| put_message(&mut encoder, &mut out, &text));
    out
}

#[divan::bench(args = TEXT_BYTES)]
fn build_a_send(bencher: Bencher<'_, '_>, text_bytes: usize) {
    let (mut encoder, mut out, text) = (Encoder::new(), Vec::new(), "x".repeat(text_bytes));
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        out.clear();
        let fields = SendFields { room: 7, sequence: 70_000, text: &text, ..SendFields::default() };
        encoder.send(&mut out, Envelope { request: 5, session: 0 }, &fields);
        divan::black_box(out.len())
    });
}

#[divan::bench(args = TEXT_BYTES)]
fn build_a_message(bencher: Bencher<'_, '_>, text_bytes: usize) {
    let (mut encoder, mut out, text) = (Encoder::new(), Vec::new(), "x".repeat(text_bytes));
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        out.clear();
        put_message(&mut encoder, &mut out, &text);
        divan::black_box(out.len())
    });
}

#[divan::bench(args = TEXT_BYTES)]
fn find_frames(bencher: Bencher<'_, '_>, text_bytes: usize) {
    let bytes = messages(text_bytes);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench(|| {
        let (mut rest, mut found) = (&bytes[..], 0);
        while let Ok(Some(frame)) = Frame::first(rest, limits::FRAME_BYTES_MAX) {
            rest = &rest[frame.bytes.len()..];
            found += frame.body().len();
        }
        found
    });
}

#[divan::bench(args = TEXT_BYTES)]
fn verify_and_read(bencher: Bencher<'_, '_>, text_bytes: usize) {
    let bytes = messages(text_bytes);
    bencher.counter(ItemsCount::new(1usize)).bench(|| {
        let frame = Frame::first(divan::black_box(&bytes), limits::FRAME_BYTES_MAX);
        let frame = frame.expect("the encoder's frames are well-formed").expect("a whole frame is there");
        let message = body::read::<schema::Message<'_>>(frame.body()).expect("the encoder's bodies verify");
        (message.head().id(), message.text().len())
    });
}

/// As they come from a socket: in pieces that end anywhere.
#[divan::bench(args = [100, 1_460, 16_384])]
fn decode_pieces(bencher: Bencher<'_, '_>, piece_bytes: usize) {
    let bytes = messages(100);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench(|| {
        let (mut decoder, mut found) = (Decoder::new(limits::FRAME_BYTES_MAX), 0);
        for piece in bytes.chunks(piece_bytes) {
            decoder.feed(piece, |frame| found += frame.bytes.len()).expect("the encoder's frames are well-formed");
        }
        found
    });
}
