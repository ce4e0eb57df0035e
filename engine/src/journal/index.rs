//! Where a closed segment has whose messages, so that one room's can be read without all the others'.
//!
//! Little-endian: a head of 64 bytes: magic `MOIMIDX1` (8), segment's number (8) and salt (8), rows of the four tables
//! (4 each), lowest and highest id (8 each), CRC-32C of the tables (4) and of what is before it (4). Then the tables:
//! - rooms, rising: room (4), its first message's row (4), how many it has (4);
//! - messages, by room and id: id (8), place in the segment (4), bytes (4);
//! - devices, rising: room, user, device (4 each), its first send's row (4), how many it has (4);
//! - sends, by device and sequence: sequence (4), id (8): a device's newest, as many as a window holds.
//!
//! An index can be made anew from its segment at any time; it is written without a sync, and one that does not check
//! is made anew.

use std::cmp::Ordering;
use std::io;

use moim_persistence::PageQuery;
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use super::format::SegmentHeader;
use super::record::{Record, Sender, records};
use super::source::Source;

const MAGIC: &[u8; 8] = b"MOIMIDX1";
const HEAD_BYTES: usize = 64;
const ROOM_BYTES: usize = 12;
const MESSAGE_BYTES: usize = 16;
const DEVICE_BYTES: usize = 20;
const SEND_BYTES: usize = 12;

/// Where a message lies in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: MessageId,
    pub(super) at: u32,
    pub(super) bytes: u32,
}

/// Gathers a segment's records.
#[derive(Debug, Default)]
pub(super) struct IndexBuilder {
    messages: Vec<(RoomId, Place)>,
    sends: Vec<(Sender, Sequence, MessageId)>,
}

impl IndexBuilder {
    /// Takes in the records of a batch whose payload lies at `at`.
    pub(super) fn add(&mut self, at: u64, frames: &[u8]) {
        for (place, record) in records(frames) {
            let Record { id, sender, sequence } = record;
            // A segment is far smaller than 4 GiB.
            let (at, bytes) = ((at as usize + place.start) as u32, place.len() as u32);
            self.messages.push((record.room(), Place { id, at, bytes }));
            self.sends.push((sender, sequence, id));
        }
    }

    /// The bytes of the index of that segment.
    pub(super) fn finish(mut self, segment: &SegmentHeader) -> Vec<u8> {
        self.messages.sort_unstable_by_key(|&(room, place)| (room, place.id));
        self.sends.sort_unstable();
        let (mut rooms, mut messages) = (Table::default(), Table::default());
        for of_room in self.messages.chunk_by(|a, b| a.0 == b.0) {
            rooms.row(&[of_room[0].0.0, messages.rows, of_room.len() as u32]);
            for (_, place) in of_room {
                messages.row_of(place.id, &[place.at, place.bytes]);
            }
        }
        let (mut devices, mut sends) = (Table::default(), Table::default());
        for of_device in self.sends.chunk_by(|a, b| a.0 == b.0) {
            let newest = &of_device[of_device.len().saturating_sub(SENDS_IN_FLIGHT_MAX)..];
            let (room, user, device) = of_device[0].0;
            devices.row(&[room.0, user.0, device.0, sends.rows, newest.len() as u32]);
            for &(_, sequence, id) in newest {
                sends.bytes.extend_from_slice(&sequence.0.to_le_bytes());
                sends.row_of(id, &[]);
            }
        }
        let ids = self.messages.iter().map(|(_, place)| place.id);
        let range = (ids.clone().min().unwrap_or_default(), ids.max().unwrap_or_default());
        assemble(segment, &[rooms, messages, devices, sends], range)
    }
}

/// A table under construction.
#[derive(Default)]
struct Table {
    bytes: Vec<u8>,
    rows: u32,
}

impl Table {
    fn row(&mut self, fields: &[u32]) {
        fields.iter().for_each(|field| self.bytes.extend_from_slice(&field.to_le_bytes()));
        self.rows += 1;
    }

    fn row_of(&mut self, id: MessageId, fields: &[u32]) {
        self.bytes.extend_from_slice(&id.0.to_le_bytes());
        self.row(fields);
    }
}

fn assemble(segment: &SegmentHeader, tables: &[Table; 4], (lowest, highest): (MessageId, MessageId)) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + tables.iter().map(|table| table.bytes.len()).sum::<usize>());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&segment.number.to_le_bytes());
    out.extend_from_slice(&segment.salt.to_le_bytes());
    tables.iter().for_each(|table| out.extend_from_slice(&table.rows.to_le_bytes()));
    out.extend_from_slice(&lowest.0.to_le_bytes());
    out.extend_from_slice(&highest.0.to_le_bytes());
    let checksum = tables.iter().fold(0, |checksum, table| crc32c::crc32c_append(checksum, &table.bytes));
    out.extend_from_slice(&checksum.to_le_bytes());
    let checksum = crc32c::crc32c(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    tables.iter().for_each(|table| out.extend_from_slice(&table.bytes));
    out
}

/// An index that checks.
#[derive(Debug)]
pub(super) struct Index {
    source: Source,
    rooms: u32,
    messages: u32,
    devices: u32,
    sends: u32,
    lowest: MessageId,
    highest: MessageId,
    checksum: u32,
}

impl Index {
    /// The index in `source`, where it is that segment's; its tables are not looked at.
    pub(super) fn open(source: Source, segment: &SegmentHeader) -> io::Result<Option<Self>> {
        let head = match source.read(0, HEAD_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            head => head?,
        };
        let is_segments =
            head[..8] == MAGIC[..] && (u64_at(&head, 8), u64_at(&head, 16)) == (segment.number, segment.salt);
        if !is_segments || u32_at(&head, 60) != crc32c::crc32c(&head[..60]) {
            return Ok(None);
        }
        Ok(Some(Self {
            source,
            rooms: u32_at(&head, 24),
            messages: u32_at(&head, 28),
            devices: u32_at(&head, 32),
            sends: u32_at(&head, 36),
            lowest: MessageId(u64_at(&head, 40)),
            highest: MessageId(u64_at(&head, 48)),
            checksum: u32_at(&head, 56),
        }))
    }

    /// Bytes of all of it.
    pub(super) fn bytes(&self) -> u64 {
        self.sends_at() + u64::from(self.sends) * SEND_BYTES as u64
    }

    /// Whether the tables are as they were written. Reads all of them.
    pub(super) fn is_intact(&self) -> io::Result<bool> {
        match self.source.read(HEAD_BYTES as u64, self.bytes() as usize - HEAD_BYTES) {
            Ok(tables) => Ok(crc32c::crc32c(&tables) == self.checksum),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Places of the room's messages nearest in the direction asked, ids rising, at most `limit`.
    pub(super) fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> io::Result<Vec<Place>> {
        let is_out_of_range = match query {
            PageQuery::Before(before) => self.lowest >= before,
            PageQuery::After(after) => self.highest <= after,
        };
        if is_out_of_range {
            return Ok(Vec::new());
        }
        let by_room = |row: &[u8]| u32_at(row, 0).cmp(&room.0);
        let Some(row) = self.find(HEAD_BYTES as u64, ROOM_BYTES, self.rooms, by_room)? else { return Ok(Vec::new()) };
        let (first, count) = (u64::from(u32_at(&row, 4)), u32_at(&row, 8));
        let table = self.messages_at() + first * MESSAGE_BYTES as u64;
        let bound = match query {
            PageQuery::Before(before) => self.count_less(table, count, |id| id < before)?,
            PageQuery::After(after) => self.count_less(table, count, |id| id <= after)?,
        };
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let (from, to) = match query {
            PageQuery::Before(_) => (bound.saturating_sub(limit), bound),
            PageQuery::After(_) => (bound, bound.saturating_add(limit).min(count)),
        };
        let rows =
            self.source.read(table + u64::from(from) * MESSAGE_BYTES as u64, (to - from) as usize * MESSAGE_BYTES)?;
        let place = |row: &[u8]| Place { id: MessageId(u64_at(row, 0)), at: u32_at(row, 8), bytes: u32_at(row, 12) };
        Ok(rows.chunks_exact(MESSAGE_BYTES).map(place).collect())
    }

    /// The newest sends of a device, rising.
    pub(super) fn sends(&self, (room, user, device): Sender) -> io::Result<Vec<(Sequence, MessageId)>> {
        let key = |row: &[u8]| (RoomId(u32_at(row, 0)), UserId(u32_at(row, 4)), DeviceId(u32_at(row, 8)));
        let by_device = |row: &[u8]| key(row).cmp(&(room, user, device));
        let Some(row) = self.find(self.devices_at(), DEVICE_BYTES, self.devices, by_device)? else {
            return Ok(Vec::new());
        };
        let (first, count) = (u64::from(u32_at(&row, 12)), u32_at(&row, 16) as usize);
        let rows = self.source.read(self.sends_at() + first * SEND_BYTES as u64, count * SEND_BYTES)?;
        let send = |row: &[u8]| (Sequence(u32_at(row, 0)), MessageId(u64_at(row, 4)));
        Ok(rows.chunks_exact(SEND_BYTES).map(send).collect())
    }

    fn messages_at(&self) -> u64 {
        HEAD_BYTES as u64 + u64::from(self.rooms) * ROOM_BYTES as u64
    }

    fn devices_at(&self) -> u64 {
        self.messages_at() + u64::from(self.messages) * MESSAGE_BYTES as u64
    }

    fn sends_at(&self) -> u64 {
        self.devices_at() + u64::from(self.devices) * DEVICE_BYTES as u64
    }

    /// The row that `order` calls equal, in a table that begins at `table`.
    fn find(
        &self,
        table: u64,
        row_bytes: usize,
        rows: u32,
        order: impl Fn(&[u8]) -> Ordering,
    ) -> io::Result<Option<bytes::Bytes>> {
        let (mut low, mut high) = (0, rows);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.source.read(table + u64::from(middle) * row_bytes as u64, row_bytes)?;
            match order(&row) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(Some(row)),
            }
        }
        Ok(None)
    }

    /// How many of a room's messages, which begin at `table`, are so; those come first.
    fn count_less(&self, table: u64, count: u32, is_less: impl Fn(MessageId) -> bool) -> io::Result<u32> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.source.read(table + u64::from(middle) * MESSAGE_BYTES as u64, 8)?;
            if is_less(MessageId(u64_at(&row, 0))) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::journal::record::frames;

    const SEGMENT: SegmentHeader =
        SegmentHeader { number: 3, first_position: 0, salt: 7, is_relaxed: false, shards: 1 };

    fn index(of: &[(u32, u64, u32, u32, u32)]) -> Bytes {
        let mut builder = IndexBuilder::default();
        builder.add(4096, &frames(of));
        builder.finish(&SEGMENT).into()
    }

    fn open(bytes: &Bytes) -> Option<Index> {
        Index::open(Source::Image(bytes.clone()), &SEGMENT).unwrap()
    }

    fn ids(places: &[Place]) -> Vec<u64> {
        places.iter().map(|place| place.id.0).collect()
    }

    #[test]
    fn a_rooms_messages_are_found_in_both_directions() {
        let of: Vec<_> = (1..=90).map(|n| (n % 3, u64::from(n), 1, 1, n)).collect();
        let index = open(&index(&of)).unwrap();
        let page = |query, limit| ids(&index.page(RoomId(2), query, limit).unwrap());
        assert_eq!(page(PageQuery::Before(MessageId(89)), 3), [80, 83, 86]);
        assert_eq!(page(PageQuery::After(MessageId(80)), 2), [83, 86]);
        assert_eq!(page(PageQuery::After(MessageId(83)), 200), [86, 89]);
        assert_eq!(page(PageQuery::Before(MessageId(6)), 200), [2, 5]);
        assert!(page(PageQuery::After(MessageId(90)), 9).is_empty());
        assert!(index.page(RoomId(3), PageQuery::After(MessageId(0)), 9).unwrap().is_empty());
    }

    #[test]
    fn a_device_is_known_by_its_newest_sends() {
        let of: Vec<_> = (1..=100).map(|n| (1, u64::from(n), 7, 70 + n % 2, n)).collect();
        let index = open(&index(&of)).unwrap();
        let sends = |device| index.sends((RoomId(1), UserId(7), DeviceId(device))).unwrap();
        assert_eq!(sends(70).len(), 50);
        assert_eq!(sends(71).last(), Some(&(Sequence(99), MessageId(99))));
        assert!(sends(72).is_empty());
        let of: Vec<_> = (1..=100).map(|n| (1, u64::from(n), 7, 70, n)).collect();
        let sends = open(&self::index(&of)).unwrap().sends((RoomId(1), UserId(7), DeviceId(70))).unwrap();
        assert_eq!((sends.len(), sends[0].0), (SENDS_IN_FLIGHT_MAX, Sequence(37)));
    }

    #[test]
    fn an_index_of_another_segment_or_a_damaged_one_is_not_taken() {
        let bytes = index(&[(1, 10, 7, 70, 1), (1, 11, 7, 70, 2)]);
        assert!(open(&bytes).unwrap().is_intact().unwrap());
        assert!(Index::open(Source::Image(bytes.clone()), &SegmentHeader { salt: 8, ..SEGMENT }).unwrap().is_none());
        for at in [0, 9, 30, 62] {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1;
            assert!(open(&damaged.into()).is_none(), "byte {at}");
        }
        let mut damaged = bytes.to_vec();
        damaged[HEAD_BYTES + 3] ^= 1;
        assert!(!open(&damaged.into()).unwrap().is_intact().unwrap());
        assert!(!open(&bytes.slice(..bytes.len() - 1)).unwrap().is_intact().unwrap());
        assert!(open(&bytes.slice(..HEAD_BYTES - 1)).is_none());
    }
}
