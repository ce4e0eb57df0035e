//! What the journal's format costs, without the disk: a batch checksummed into its blocks, and a segment read at start.
//! Run with `cargo bench -p moim-engine --bench journal`.

use divan::Bencher;
use divan::counter::BytesCount;
use moim_engine::journal::{BLOCK_BYTES, SegmentHeader, batch_bytes, encode_batch, scan};

/// One short message, what gathers in a millisecond of a busy evening, and what gathers in ten.
const PAYLOAD_BYTES: [usize; 3] = [200, 200_000, 2_000_000];
/// Of the segment that is read.
const BATCHES: u64 = 16;
const HEADER: SegmentHeader =
    SegmentHeader { number: 1, first_position: 0, salt: 0x5eed, is_relaxed: false, shards: 2 };

fn main() {
    divan::main();
}

fn payload(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 31) as u8).collect()
}

#[divan::bench(args = PAYLOAD_BYTES)]
fn encode(bencher: Bencher<'_, '_>, payload_bytes: usize) {
    let payload = payload(payload_bytes);
    let mut out = vec![0; batch_bytes(payload_bytes)];
    bencher.counter(BytesCount::new(payload_bytes)).bench_local(|| {
        encode_batch(&mut out, &HEADER, 0, 1, &payload);
        divan::black_box(out.len())
    });
}

#[divan::bench(args = PAYLOAD_BYTES)]
fn read_a_segment(bencher: Bencher<'_, '_>, payload_bytes: usize) {
    let payload = payload(payload_bytes);
    let mut segment = vec![0; BLOCK_BYTES];
    for first in 0..BATCHES {
        let start = segment.len();
        segment.resize(start + batch_bytes(payload_bytes), 0);
        encode_batch(&mut segment[start..], &HEADER, first, 1, &payload);
    }
    bencher.counter(BytesCount::new(segment.len())).bench(|| {
        let found = scan(&segment, &HEADER);
        assert_eq!(found.batches.len() as u64, BATCHES);
        found.end
    });
}
