//! Which messages were withdrawn by records that the store may not have: it has their text until it is given those, and so
//! has the journal. Whoever reads a page of both empties them.

use std::sync::Arc;

use bytes::Bytes;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Frame, MessageId, RoomId, body, schema, withdrawal};

/// A withdrawal is a short frame: longer ones need not be looked into.
const FRAME_BYTES_LARGEST: usize = 128;

/// Withdrawn messages, each with the position after the batch that withdraws it, rising. Copied when it changes while
/// somebody reads it, which is seldom.
#[derive(Clone, Debug, Default)]
pub struct Withdrawn(Arc<Vec<(u64, RoomId, MessageId)>>);

impl Withdrawn {
    /// Those of a batch's frames, whose last record ends at `position`.
    pub(super) fn of_frames(position: u64, mut frames: &[u8]) -> Vec<(u64, RoomId, MessageId)> {
        let mut found = Vec::new();
        while let Ok(Some(frame)) = Frame::first(frames, FRAME_BYTES_MAX) {
            frames = &frames[frame.bytes.len()..];
            if frame.bytes.len() <= FRAME_BYTES_LARGEST
                && let Ok(message) = body::read::<schema::Message<'_>>(frame.body())
                && let Some(withdrawn) = withdrawal::withdraws(&message)
            {
                found.push((position, RoomId(message.head().room()), withdrawn));
            }
        }
        found
    }

    /// What was found in the segments of an earlier life.
    pub(super) fn recovered(found: &[(u64, RoomId, MessageId)]) -> Self {
        Self(Arc::new(found.to_vec()))
    }

    /// A batch that ends at `position` withdraws these.
    pub(super) fn push(&mut self, position: u64, withdrawn: &[(RoomId, MessageId)]) {
        if !withdrawn.is_empty() {
            Arc::make_mut(&mut self.0).extend(withdrawn.iter().map(|&(room, id)| (position, room, id)));
        }
    }

    /// The store has everything up to `position` for good.
    pub(super) fn settled(&mut self, position: u64) {
        let settled = self.0.partition_point(|&(at, ..)| at <= position);
        if settled > 0 {
            Arc::make_mut(&mut self.0).drain(..settled);
        }
    }

    /// Those of a room.
    fn of(&self, room: RoomId) -> impl Iterator<Item = MessageId> + '_ {
        self.0.iter().filter(move |&&(_, of, _)| of == room).map(|&(.., id)| id)
    }

    /// Whether a room has any.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.of(room).next().is_some()
    }

    /// Takes their text from the messages of a page of that room.
    pub(super) fn empty(&self, room: RoomId, frames: &mut [(MessageId, Bytes)]) {
        for withdrawn in self.of(room) {
            if let Ok(at) = frames.binary_search_by_key(&withdrawn, |&(id, _)| id)
                && let Some(left) = withdrawal::left_of(&frames[at].1)
            {
                frames[at].1 = left.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use moim_wire::schema::{Kind, MessageHead, Role};
    use moim_wire::{Encoder, Envelope, MessageFields};

    use super::*;

    fn frame(id: u64, kind: Kind, reference: u64, text: &str) -> Bytes {
        let head = MessageHead::new(id, id - 1, 1, 7, 70, 1);
        let mut out = Vec::new();
        let fields = MessageFields { head, text, reference, kind, role: Role::Member };
        Encoder::new().message(&mut out, Envelope::default(), &fields);
        out.into()
    }

    #[test]
    fn what_a_journal_withdraws_is_found_again_and_emptied_until_it_is_settled() {
        let batch = [
            frame(10, Kind::Talk, 0, "said"),
            frame(11, Kind::Delete, 10, ""),
            frame(12, Kind::Talk, 0, &"long ".repeat(100)),
            frame(13, Kind::Delete, 4, ""),
        ];
        let found = Withdrawn::of_frames(9, &batch.concat());
        assert_eq!(found, [(9, RoomId(1), MessageId(10)), (9, RoomId(1), MessageId(4))]);
        let mut withdrawn = Withdrawn::recovered(&found);
        withdrawn.push(12, &[(RoomId(2), MessageId(5))]);
        assert!(withdrawn.has(RoomId(2)) && !withdrawn.has(RoomId(3)));
        let mut page = vec![(MessageId(10), batch[0].clone()), (MessageId(11), batch[1].clone())];
        withdrawn.empty(RoomId(1), &mut page);
        assert_eq!(page[0].1, withdrawal::left_of(&batch[0]).unwrap());
        assert_eq!(page[1].1, batch[1], "what withdraws stays as it is");
        let before = withdrawn.clone();
        withdrawn.settled(9);
        assert!(!withdrawn.has(RoomId(1)) && withdrawn.has(RoomId(2)));
        assert!(before.has(RoomId(1)), "who reads is not disturbed");
    }
}
