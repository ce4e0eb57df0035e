//! What becomes of a withdrawn message's row: its text is written over when the Delete that names it is written, in the
//! same batch. The row without text is the mark itself; pages need no second look-up, and writing a batch again, or the
//! Delete alone, comes to the same rows.

use std::borrow::Cow;
use std::collections::HashSet;

use moim_wire::{MessageId, RoomId, withdrawal};

use super::batch::Rows;
use crate::error::Error;

impl<'a> Rows<'a> {
    /// The messages of the batch as they are to be stored: those that it withdraws itself without their text.
    pub(super) fn stored(&self) -> impl Iterator<Item = (RoomId, MessageId, Cow<'a, [u8]>)> + '_ {
        self.messages.iter().map(|&(room, id, frame)| {
            let is_withdrawn = !self.withdrawn.is_empty() && self.withdrawn.contains(&(room, id));
            let left = if is_withdrawn { withdrawal::left_of(frame) } else { None };
            (room, id, left.map_or(Cow::Borrowed(frame), Cow::Owned))
        })
    }

    /// Messages that the batch withdraws and does not have itself.
    pub(super) fn withdrawn_earlier(&self) -> HashSet<(RoomId, MessageId)> {
        if self.withdrawn.is_empty() {
            return HashSet::new();
        }
        let mut earlier = self.withdrawn.clone();
        for &(room, id, _) in &self.messages {
            earlier.remove(&(room, id));
        }
        earlier
    }

    /// What is left of the messages that the batch withdraws and the store has already; `read` reads a row.
    pub(super) fn left_of_stored(
        &self,
        read: impl Fn(RoomId, MessageId) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Vec<(RoomId, MessageId, Vec<u8>)>, Error> {
        let earlier = self.withdrawn_earlier();
        let mut left = Vec::with_capacity(earlier.len());
        for (room, id) in earlier {
            // A message that is not there has no text to lose.
            let stored = read(room, id)?;
            if let Some(frame) = stored.and_then(|frame| withdrawal::left_of(&frame)) {
                left.push((room, id, frame));
            }
        }
        Ok(left)
    }
}
