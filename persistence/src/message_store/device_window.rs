//! Which sends of a device are stored: rows that are only put, read as a window of the newest.
//!
//! A batch puts one row for each device in it, under the highest sequence that the row holds, so that writing it again
//! puts the same row again. A late resend may share its row with much higher sequences: under its highest no row hides
//! behind others. Rows that overlap after a replay cut otherwise hold the same pairs, and a window takes each pair once.

use std::collections::BTreeMap;
use std::ops::Bound;

use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{MessageId, Sequence};

use super::batch::Sender;
use crate::error::Error;

const PAIR_BYTES: usize = 12;
/// Rows that one reading removes at most; what is left is for the next.
const PRUNED_MAX: usize = 1_024;

/// The beginning of the keys of a device's rows.
pub(super) fn prefix((room, user, device): Sender) -> [u8; 12] {
    let mut prefix = [0; 12];
    prefix[..4].copy_from_slice(&room.0.to_be_bytes());
    prefix[4..8].copy_from_slice(&user.0.to_be_bytes());
    prefix[8..].copy_from_slice(&device.0.to_be_bytes());
    prefix
}

/// Key and value of a batch's row; `None` where the device sent nothing.
pub(super) fn row(sender: Sender, sent: &[(Sequence, MessageId)]) -> Option<(Vec<u8>, Vec<u8>)> {
    let highest = sent.iter().map(|(sequence, _)| sequence.0).max()?;
    let key = [&prefix(sender)[..], &highest.to_be_bytes()].concat();
    Some((key, value(sent.iter().copied())))
}

/// Pairs as a row has them.
fn value(sent: impl IntoIterator<Item = (Sequence, MessageId)>) -> Vec<u8> {
    let mut value = Vec::new();
    for (sequence, id) in sent {
        value.extend_from_slice(&sequence.0.to_be_bytes());
        value.extend_from_slice(&id.0.to_be_bytes());
    }
    value
}

/// A row of the newest pairs of what a row has, rising, and what was sent; as many as a window holds.
pub(super) fn joined(row: &[u8], sent: &[(Sequence, MessageId)]) -> Result<Vec<u8>, Error> {
    let last = row.last_chunk::<PAIR_BYTES>().map(|pair| sequence_of(pair));
    let follows_on = sent.first().is_none_or(|&(first, _)| last.is_none_or(|last| first > last));
    let mut newest = if follows_on && sent.is_sorted() && row.len().is_multiple_of(PAIR_BYTES) {
        [row, &value(sent.iter().copied())].concat()
    } else {
        let mut pairs: BTreeMap<Sequence, MessageId> = pairs(row)?.into_iter().collect();
        pairs.extend(sent.iter().copied());
        value(pairs)
    };
    let older = newest.len().saturating_sub(SENDS_IN_FLIGHT_MAX * PAIR_BYTES);
    newest.drain(..older);
    Ok(newest)
}

fn sequence_of(pair: &[u8]) -> Sequence {
    Sequence(pair.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)))
}

/// The pairs of a row, as it has them.
pub(super) fn pairs(value: &[u8]) -> Result<Vec<(Sequence, MessageId)>, Error> {
    if !value.len().is_multiple_of(PAIR_BYTES) {
        return Err(Error::Internal(format!("a device's row of {} bytes in the message store", value.len())));
    }
    let pair = |pair: &[u8]| {
        let id = pair.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        (sequence_of(pair), MessageId(id))
    };
    Ok(value.chunks_exact(PAIR_BYTES).map(pair).collect())
}

/// Gathers a window from a device's rows, newest row first.
#[derive(Debug, Default)]
pub(super) struct Window {
    pairs: BTreeMap<Sequence, MessageId>,
    old_keys: Vec<Vec<u8>>,
}

impl Window {
    /// Takes a row in; false once nothing older needs to be read.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Error> {
        // Rows come by their highest sequence, falling: what is above this one's can only grow by rows already read.
        let highest = Sequence(key.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)));
        if self.pairs.range((Bound::Excluded(highest), Bound::Unbounded)).count() >= SENDS_IN_FLIGHT_MAX {
            self.old_keys.push(key.to_vec());
            return Ok(self.old_keys.len() < PRUNED_MAX);
        }
        self.pairs.extend(pairs(value)?);
        Ok(true)
    }

    /// The window, rising, and the keys of the rows that are older than it.
    pub(super) fn finish(self) -> (Vec<(Sequence, MessageId)>, Vec<Vec<u8>>) {
        let older = self.pairs.len().saturating_sub(SENDS_IN_FLIGHT_MAX);
        (self.pairs.into_iter().skip(older).collect(), self.old_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{DeviceId, RoomId, UserId};

    #[test]
    fn a_row_that_a_late_resend_shares_with_a_higher_sequence_is_in_the_window() {
        let sender = (RoomId(1), UserId(2), DeviceId(3));
        let id = |sequence: u32| (Sequence(sequence), MessageId(u64::from(sequence)));
        let mut rows: Vec<_> = (4..=90).filter(|&n| n != 65).filter_map(|n| row(sender, &[id(n)])).collect();
        rows.extend(row(sender, &[id(3), id(65)]));
        rows.sort_unstable();
        let mut window = Window::default();
        for (key, value) in rows.iter().rev() {
            if !window.take(key, value).unwrap() {
                break;
            }
        }
        let (pairs, old_keys) = window.finish();
        assert_eq!(pairs, (27..=90).map(id).collect::<Vec<_>>());
        assert!(old_keys.iter().all(|key| key.last_chunk() < Some(&27u32.to_be_bytes())));
    }
}
