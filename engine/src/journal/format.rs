//! Bytes of a segment. Little-endian. Everything here is a function of bytes, so that the simulation runs it too.
//!
//! Block 0 is the header: magic `MOIMJRN1` (8), segment number (8), first position (8), salt (8), flags (4; bit 0: relaxed;
//! bits 16-31: shards), CRC-32C of these (4).
//!
//! Batches follow, each from a block's start: magic (4), CRC-32C (4) of salt, the rest of this header and the payload;
//! payload length (4), records (4), first position (8), segment number (8); then the payload: MESSAGE frames back to
//! back. What is left of a batch's last block is zero.

use std::ops::Range;

/// Unit of writing: what a disk writes whole and direct I/O is aligned to.
pub const BLOCK_BYTES: usize = 4096;
const SEGMENT_MAGIC: &[u8; 8] = b"MOIMJRN1";
const BATCH_MAGIC: [u8; 4] = *b"MoBa";
const BATCH_HEADER_BYTES: usize = 32;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Rises from segment to segment.
    pub number: u64,
    /// Position before its first record.
    pub first_position: u64,
    /// Random; makes checksums of this segment's batches its own.
    pub salt: u64,
    /// Its batches are not synced one by one: a power cut may take any of them back, not only the newest.
    pub is_relaxed: bool,
    /// How many shards there were, which decides whose rooms it holds; 0 where it does not say.
    pub shards: u16,
}

impl SegmentHeader {
    /// The header's block.
    pub fn encode(&self) -> Vec<u8> {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        block.extend_from_slice(SEGMENT_MAGIC);
        for field in [self.number, self.first_position, self.salt] {
            block.extend_from_slice(&field.to_le_bytes());
        }
        let flags = u32::from(self.is_relaxed) | u32::from(self.shards) << 16;
        block.extend_from_slice(&flags.to_le_bytes());
        let checksum = crc32c::crc32c(&block);
        block.extend_from_slice(&checksum.to_le_bytes());
        block.resize(BLOCK_BYTES, 0);
        block
    }

    /// Reads a segment's header; `None` when the bytes are none.
    pub fn decode(segment: &[u8]) -> Option<Self> {
        let fields = segment.get(..36)?;
        if fields.get(..8)? != SEGMENT_MAGIC || u32_at(segment, 36)? != crc32c::crc32c(fields) {
            return None;
        }
        Some(Self {
            number: u64_at(segment, 8)?,
            first_position: u64_at(segment, 16)?,
            salt: u64_at(segment, 24)?,
            is_relaxed: u32_at(segment, 32)? & 1 != 0,
            shards: (u32_at(segment, 32)? >> 16) as u16,
        })
    }
}

/// Bytes that a batch of `payload_bytes` takes in a segment.
pub const fn batch_bytes(payload_bytes: usize) -> usize {
    (BATCH_HEADER_BYTES + payload_bytes).next_multiple_of(BLOCK_BYTES)
}

/// Writes a batch into `out`, whose length must be [`batch_bytes`] of the payload.
pub fn encode_batch(out: &mut [u8], segment: &SegmentHeader, first_position: u64, records: u32, payload: &[u8]) {
    debug_assert_eq!(out.len(), batch_bytes(payload.len()));
    let (header, rest) = out.split_at_mut(BATCH_HEADER_BYTES);
    header[0..4].copy_from_slice(&BATCH_MAGIC);
    header[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    header[12..16].copy_from_slice(&records.to_le_bytes());
    header[16..24].copy_from_slice(&first_position.to_le_bytes());
    header[24..32].copy_from_slice(&segment.number.to_le_bytes());
    let checksum = batch_checksum(segment.salt, &header[8..], payload);
    header[4..8].copy_from_slice(&checksum.to_le_bytes());
    rest[..payload.len()].copy_from_slice(payload);
    rest[payload.len()..].fill(0);
}

/// A batch found in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where in the segment its payload lies.
    pub payload: Range<usize>,
    /// Position before its first record.
    pub first_position: u64,
    /// How many records it has.
    pub records: u32,
}

impl Batch {
    /// Position after its last record.
    pub fn last_position(&self) -> u64 {
        self.first_position + u64::from(self.records)
    }
}

/// What comes after the last readable batch of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing that was meant for this segment, as far as can be told.
    Clean,
    /// The beginning of a batch that does not check; no batch of this segment comes after it.
    Torn,
    /// The same, but at `intact_at` there is a batch that reads: this is damage.
    Damaged {
        /// Where the intact batch begins.
        intact_at: usize,
    },
}

/// A segment read from its first batch on.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Batches in order, positions contiguous.
    pub batches: Vec<Batch>,
    /// Where reading ended.
    pub end: usize,
    /// What is there.
    pub tail: Tail,
}

/// Reads the batches of a segment.
pub fn scan(segment: &[u8], header: &SegmentHeader) -> Scan {
    let mut batches = Vec::new();
    let mut at = BLOCK_BYTES;
    let mut position = header.first_position;
    while let Some(batch) = batch_at(segment, at, header)
        && batch.first_position == position
    {
        position = batch.last_position();
        at += batch_bytes(batch.payload.len());
        batches.push(batch);
    }
    let rest = (at..segment.len()).step_by(BLOCK_BYTES);
    let tail = match rest.skip(1).find(|&later| batch_at(segment, later, header).is_some()) {
        // Without a sync between them a later batch may have reached the disk and an earlier one not.
        Some(_) if header.is_relaxed => Tail::Torn,
        Some(intact_at) => Tail::Damaged { intact_at },
        None if begins_batch(segment, at, header) => Tail::Torn,
        None => Tail::Clean,
    };
    Scan { batches, end: at, tail }
}

/// The whole batches that `piece`, cut from that segment, begins with, and where they end.
pub(super) fn batches_of(piece: &[u8], segment: &SegmentHeader) -> (Vec<Batch>, usize) {
    let mut batches = Vec::new();
    let mut at = 0;
    while let Some(batch) = batch_at(piece, at, segment) {
        at += batch_bytes(batch.payload.len());
        batches.push(batch);
    }
    (batches, at)
}

/// Bytes of the batch that `piece` begins with, as it says itself, however many of them are there.
pub(super) fn claimed_bytes(piece: &[u8], segment: &SegmentHeader) -> Option<usize> {
    let payload_bytes = u32_at(piece, 8)? as usize;
    begins_batch(piece, 0, segment).then(|| batch_bytes(payload_bytes))
}

/// The batch that begins at `at`, where there is one and its checksum holds.
fn batch_at(segment: &[u8], at: usize, header: &SegmentHeader) -> Option<Batch> {
    if !begins_batch(segment, at, header) {
        return None;
    }
    let start = at + BATCH_HEADER_BYTES;
    let length = u32_at(segment, at + 8)? as usize;
    let payload = segment.get(start..start.checked_add(length)?)?;
    let checksum = batch_checksum(header.salt, &segment[at + 8..start], payload);
    let batch = Batch {
        payload: start..start + length,
        first_position: u64_at(segment, at + 16)?,
        records: u32_at(segment, at + 12)?,
    };
    (u32_at(segment, at + 4)? == checksum).then_some(batch)
}

fn begins_batch(segment: &[u8], at: usize, header: &SegmentHeader) -> bool {
    segment.get(at..at + 4) == Some(&BATCH_MAGIC[..]) && u64_at(segment, at + 24) == Some(header.number)
}

fn batch_checksum(salt: u64, header: &[u8], payload: &[u8]) -> u32 {
    let seed = crc32c::crc32c(&salt.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, header), payload)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader =
        SegmentHeader { number: 3, first_position: 100, salt: 0x5eed, is_relaxed: false, shards: 2 };

    fn segment(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = HEADER.encode();
        let mut position = HEADER.first_position;
        for payload in payloads {
            let start = bytes.len();
            bytes.resize(start + batch_bytes(payload.len()), 0);
            encode_batch(&mut bytes[start..], &HEADER, position, 2, payload);
            position += 2;
        }
        bytes.resize(64 * BLOCK_BYTES, 0);
        bytes
    }

    #[test]
    fn batches_read_back_in_order() {
        let bytes = segment(&[b"one", &[7; 9000], b"three"]);
        assert_eq!(SegmentHeader::decode(&bytes), Some(HEADER));
        let scan = scan(&bytes, &HEADER);
        let payloads: Vec<_> = scan.batches.iter().map(|b| bytes[b.payload.clone()].to_vec()).collect();
        assert_eq!(payloads, [b"one".to_vec(), vec![7; 9000], b"three".to_vec()]);
        assert_eq!((scan.tail, scan.batches[2].last_position()), (Tail::Clean, 106));
    }

    #[test]
    fn a_torn_last_batch_is_cut_wherever_it_tore() {
        let whole = segment(&[b"one", &[7; 9000]]);
        for blocks in 0..3 {
            let mut torn = whole.clone();
            let start = (2 + blocks) * BLOCK_BYTES;
            torn[start..5 * BLOCK_BYTES].fill(0);
            let scan = scan(&torn, &HEADER);
            assert_eq!(scan.batches.len(), 1, "{blocks} blocks were written");
            assert_eq!(scan.tail, if blocks == 0 { Tail::Clean } else { Tail::Torn });
        }
    }

    #[test]
    fn damage_before_an_intact_batch_is_not_taken_for_a_torn_end() {
        let mut bytes = segment(&[b"one", b"two", b"three"]);
        bytes[2 * BLOCK_BYTES + BATCH_HEADER_BYTES] ^= 1;
        let scan = scan(&bytes, &HEADER);
        assert_eq!(scan.batches.len(), 1);
        assert_eq!(scan.tail, Tail::Damaged { intact_at: 3 * BLOCK_BYTES });
    }

    #[test]
    fn a_payload_that_imitates_a_batch_and_a_former_tenant_are_not_read() {
        let stale = SegmentHeader { number: 3, first_position: 100, salt: 1, is_relaxed: false, shards: 2 };
        let mut forged = vec![0; 2 * BLOCK_BYTES - BATCH_HEADER_BYTES];
        let mut batch = vec![0; BLOCK_BYTES];
        encode_batch(&mut batch, &stale, 104, 2, b"forged");
        forged[BLOCK_BYTES - BATCH_HEADER_BYTES..].copy_from_slice(&batch);
        let mut bytes = segment(&[b"one", &forged]);
        bytes[2 * BLOCK_BYTES] = 0; // the batch that carries the forgery is lost
        let scan = scan(&bytes, &HEADER);
        assert_eq!((scan.batches.len(), scan.tail), (1, Tail::Clean));
    }

    #[test]
    fn what_a_relaxed_segment_lost_in_the_middle_is_cut_there() {
        let relaxed = SegmentHeader { is_relaxed: true, ..HEADER };
        let mut bytes = relaxed.encode();
        for nth in 0..3 {
            let start = bytes.len();
            bytes.resize(start + BLOCK_BYTES, 0);
            encode_batch(&mut bytes[start..], &relaxed, 100 + nth, 1, b"text");
        }
        bytes[2 * BLOCK_BYTES..3 * BLOCK_BYTES].fill(0);
        assert_eq!(SegmentHeader::decode(&bytes), Some(relaxed));
        let scan = scan(&bytes, &relaxed);
        assert_eq!((scan.batches.len(), scan.tail), (1, Tail::Torn));
    }
}
