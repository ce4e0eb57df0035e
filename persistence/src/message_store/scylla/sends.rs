//! Which sends of a device are stored: a ring of rows for each device in a room.
//!
//! A write puts one row for each device in it, into the slot that its highest sequence falls on, with what the device
//! sent in that write. No row is ever deleted: a later round of the ring replaces it, so that a device costs at most
//! [`SLOTS`] rows for ever. A row that is replaced is a whole round behind, and a device has at most half a round
//! unacknowledged: no resend can rightly ask for it.
//!
//! The ring of all devices of a room is one partition, so that a write's rows go there together.

use std::collections::BTreeMap;

use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{MessageId, Sequence};

use super::failure::Failure;

/// Rows of a device in a room.
const SLOTS: u32 = 128;
const _: () = assert!(SLOTS as usize >= 2 * SENDS_IN_FLIGHT_MAX, "what is replaced is past any resend");
const PAIR_BYTES: usize = 12;

/// A device's row of one write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) slot: i32,
    pub(super) sent: Vec<u8>,
    /// The newest id itself, a number that rises within the room: the row of a replay that was cut elsewhere, but ends
    /// with the same message, has the same.
    pub(super) timestamp: i64,
}

/// The row of what a device sent in one write; `None` where it sent nothing. It begins with the number of pairs: of two
/// with the same timestamp the server keeps the greater, which so is the one that has the other's pairs, too.
pub(super) fn row(sent: &[(Sequence, MessageId)]) -> Option<Row> {
    let highest = sent.iter().map(|(sequence, _)| sequence.0).max()?;
    let newest = sent.iter().map(|(_, id)| id.0).max()?;
    let mut bytes = Vec::with_capacity(1 + sent.len() * PAIR_BYTES);
    bytes.push(u8::try_from(sent.len()).unwrap_or(u8::MAX));
    for (sequence, id) in sent {
        bytes.extend_from_slice(&sequence.0.to_be_bytes());
        bytes.extend_from_slice(&id.0.to_be_bytes());
    }
    let timestamp = i64::try_from(newest).unwrap_or(i64::MAX);
    Some(Row { slot: (highest % SLOTS) as i32, sent: bytes, timestamp })
}

/// The newest sends of a device, rising, from its rows.
pub(super) fn window<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Result<Vec<(Sequence, MessageId)>, Failure> {
    let mut pairs = BTreeMap::new();
    for row in rows {
        let sent = row.get(1..).unwrap_or_default();
        if !sent.len().is_multiple_of(PAIR_BYTES) {
            return Err(Failure::Fault(format!("a device's row of {} bytes in the message store", row.len())));
        }
        for pair in sent.chunks_exact(PAIR_BYTES) {
            let (sequence, id) = pair.split_at(4);
            let sequence = sequence.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            let id = id.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            pairs.insert(Sequence(sequence), MessageId(id));
        }
    }
    let older = pairs.len().saturating_sub(SENDS_IN_FLIGHT_MAX);
    Ok(pairs.into_iter().skip(older).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(number: u32) -> (Sequence, MessageId) {
        (Sequence(number), MessageId(u64::from(number)))
    }

    /// Puts rows as the server does: by slot, the later timestamp, then the greater value.
    fn kept(rows: impl IntoIterator<Item = Row>) -> Vec<Vec<u8>> {
        let mut slots: BTreeMap<i32, Row> = BTreeMap::new();
        for row in rows {
            let old = slots.get(&row.slot);
            if old.is_none_or(|old| (old.timestamp, &old.sent) < (row.timestamp, &row.sent)) {
                slots.insert(row.slot, row);
            }
        }
        slots.into_values().map(|row| row.sent).collect()
    }

    #[test]
    fn a_ring_holds_the_newest_sends_however_many_there_were() {
        let rows = kept((1..=1_000).filter_map(|number| row(&[pair(number)])));
        assert_eq!(rows.len(), SLOTS as usize);
        let window = window(rows.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(window, (937..=1_000).map(pair).collect::<Vec<_>>());
    }

    #[test]
    fn a_replay_cut_elsewhere_takes_nothing_away_in_either_order() {
        let whole = || row(&(1..=4).map(pair).collect::<Vec<_>>()).unwrap();
        let end = || row(&[pair(3), pair(4)]).unwrap();
        for rows in [[whole(), end()], [end(), whole()]] {
            let rows = kept(rows);
            let window = window(rows.iter().map(Vec::as_slice)).unwrap();
            assert_eq!(window, (1..=4).map(pair).collect::<Vec<_>>());
        }
    }
}
