//! Which sends of a device are stored: rows that are only put, read as a window of the newest.
//!
//! A batch puts one row for each device in it, under the first sequence that the row holds, so that writing it again
//! puts the same row again. Rows that overlap after a replay cut otherwise hold the same pairs, and a window takes each
//! pair once.

use std::collections::BTreeMap;

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
    let (first, _) = sent.first()?;
    let key = [&prefix(sender)[..], &first.0.to_be_bytes()].concat();
    let mut value = Vec::with_capacity(sent.len() * PAIR_BYTES);
    for (sequence, id) in sent {
        value.extend_from_slice(&sequence.0.to_be_bytes());
        value.extend_from_slice(&id.0.to_be_bytes());
    }
    Some((key, value))
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
        if self.pairs.len() >= SENDS_IN_FLIGHT_MAX {
            self.old_keys.push(key.to_vec());
            return Ok(self.old_keys.len() < PRUNED_MAX);
        }
        if !value.len().is_multiple_of(PAIR_BYTES) {
            return Err(Error::Internal(format!("a device's row of {} bytes in the message store", value.len())));
        }
        for pair in value.chunks_exact(PAIR_BYTES) {
            let (sequence, id) = pair.split_at(4);
            let sequence = sequence.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            let id = id.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            self.pairs.insert(Sequence(sequence), MessageId(id));
        }
        Ok(true)
    }

    /// The window, rising, and the keys of the rows that are older than it.
    pub(super) fn finish(self) -> (Vec<(Sequence, MessageId)>, Vec<Vec<u8>>) {
        let older = self.pairs.len().saturating_sub(SENDS_IN_FLIGHT_MAX);
        (self.pairs.into_iter().skip(older).collect(), self.old_keys)
    }
}
