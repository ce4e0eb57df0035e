//! Pages of a room's messages, and joining two stores' answers to the same question into one.

use bytes::Bytes;
use moim_persistence::PageQuery;
use moim_wire::{MessageId, Sequence};

/// A room's messages in the direction asked, ids rising, as far as one store has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The nearest ones.
    pub frames: Vec<(MessageId, Bytes)>,
    /// The store has more in the direction asked, all beyond these.
    pub more: bool,
}

impl Page {
    /// The answer of both stores together, which may overlap: exact up to where each of them was asked.
    #[must_use]
    pub fn join(self, other: Self, query: PageQuery, limit: usize) -> Self {
        let is_newest_first = matches!(query, PageQuery::Before(_));
        let more = self.more || other.more;
        let ends = [self.end(is_newest_first), other.end(is_newest_first)];
        let mut frames = self.frames;
        for (id, frame) in other.frames {
            if let Err(at) = frames.binary_search_by_key(&id, |&(id, _)| id) {
                frames.insert(at, (id, frame));
            }
        }
        // Beyond the end of a store's page lies more of that store.
        for end in ends.into_iter().flatten() {
            frames.retain(|&(id, _)| if is_newest_first { id >= end } else { id <= end });
        }
        let surplus = frames.len().saturating_sub(limit);
        if is_newest_first {
            drop(frames.drain(..surplus));
        } else {
            frames.truncate(limit);
        }
        Self { frames, more: more || surplus > 0 }
    }

    /// The last id that the page speaks of, where the store has more behind it.
    fn end(&self, is_newest_first: bool) -> Option<MessageId> {
        let end = if is_newest_first { self.frames.first() } else { self.frames.last() };
        end.filter(|_| self.more).map(|&(id, _)| id)
    }
}

/// What two stores know of a device's sends: each pair once, rising.
pub fn join_sends(
    mut sends: Vec<(Sequence, MessageId)>,
    other: Vec<(Sequence, MessageId)>,
) -> Vec<(Sequence, MessageId)> {
    sends.extend(other);
    sends.sort_unstable();
    sends.dedup_by_key(|&mut (sequence, _)| sequence);
    sends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[u64], more: bool) -> Page {
        Page { frames: ids.iter().map(|&id| (MessageId(id), Bytes::new())).collect(), more }
    }

    #[test]
    fn two_stores_that_overlap_answer_as_one() {
        let before = PageQuery::Before(MessageId(100));
        let joined = page(&[4, 5, 6], true).join(page(&[6, 7, 8], false), before, 4);
        assert_eq!(joined, page(&[5, 6, 7, 8], true));
        let after = PageQuery::After(MessageId(1));
        let joined = page(&[2, 3], false).join(page(&[3, 4], false), after, 10);
        assert_eq!(joined, page(&[2, 3, 4], false));
    }

    #[test]
    fn nothing_is_told_from_beyond_the_end_of_a_page() {
        // The first has more below 5, so that what the other has there is not all.
        let before = PageQuery::Before(MessageId(100));
        assert_eq!(page(&[5, 6], true).join(page(&[2, 7], false), before, 10), page(&[5, 6, 7], true));
        let after = PageQuery::After(MessageId(0));
        assert_eq!(page(&[1, 2], true).join(page(&[9], false), after, 10), page(&[1, 2], true));
    }

    #[test]
    fn a_send_that_both_know_is_told_once() {
        let pair = |n: u32| (Sequence(n), MessageId(u64::from(n)));
        assert_eq!(join_sends(vec![pair(1), pair(2)], vec![pair(2), pair(3)]), [pair(1), pair(2), pair(3)]);
    }
}
