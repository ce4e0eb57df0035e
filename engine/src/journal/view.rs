//! What of a room's messages the message store may not have, at one moment.

use std::sync::Arc;

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, Sequence};

use super::page::{Page, join_sends};
use super::recent::Recent;
use super::record::{Sender, prev_id};
use super::segment::Segment;
use super::withdrawn::Withdrawn;
use crate::error::Error;

/// A segment, closed or in use.
#[derive(Clone, Debug)]
pub enum Part {
    /// Read from its file.
    Closed(Arc<Segment>),
    /// In memory.
    Open(Arc<Recent>),
}

/// The segments that hold what the store had not confirmed when the view was taken, by folder, oldest first. A store that
/// is asked after the view was read has the rest.
#[derive(Clone, Debug, Default)]
pub struct View {
    folders: Vec<Vec<Part>>,
    /// All of one folder, and its rooms were nowhere else: whatever of a room is here is the newest of it.
    is_newest: bool,
    /// By folder, of all their rooms.
    withdrawn: Vec<Withdrawn>,
}

impl View {
    /// A view of these; of a room in them the newest is here where `is_newest`.
    pub fn new(folders: Vec<Vec<Part>>, is_newest: bool) -> Self {
        let folders: Vec<_> = folders.into_iter().filter(|parts| !parts.is_empty()).collect();
        Self { is_newest: is_newest && folders.len() == 1, folders, withdrawn: Vec::new() }
    }

    /// The same view, which knows what was withdrawn.
    #[must_use]
    pub fn without(self, withdrawn: Vec<Withdrawn>) -> Self {
        Self { withdrawn, ..self }
    }

    /// Whether messages of the room were withdrawn that the store, or the view, may still have with their text.
    pub fn has_withdrawn(&self, room: RoomId) -> bool {
        self.withdrawn.iter().any(|withdrawn| withdrawn.has(room))
    }

    /// Takes the text from messages of the room that were withdrawn.
    #[must_use]
    pub fn emptied(&self, room: RoomId, mut page: Page) -> Page {
        self.withdrawn.iter().for_each(|withdrawn| withdrawn.empty(room, &mut page.frames));
        page
    }

    /// The answer to that question from `page` alone, this view's, where no store is needed for it. Holds if nothing of the
    /// view has been settled since it was taken: what is given up in between might be missing in the middle.
    pub fn whole(&self, page: &Page, query: PageQuery, limit: usize) -> Option<Page> {
        let is_chain = page.frames.windows(2).all(|pair| prev_id(&pair[1].1) == pair[0].0);
        let (oldest, frame) = page.frames.first().filter(|_| self.is_newest && is_chain)?;
        let before_oldest = prev_id(frame);
        match query {
            PageQuery::Before(_) if page.frames.len() == limit || before_oldest == MessageId::ZERO => {
                Some(Page { frames: page.frames.clone(), more: before_oldest > MessageId::ZERO })
            }
            PageQuery::After(after) if before_oldest <= after && after < *oldest => Some(page.clone()),
            _ => None,
        }
    }

    /// Whether the store has everything.
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// The room's messages nearest in the direction asked, at most `limit`. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::File`].
    pub fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> Result<Page, Error> {
        let mut whole = Page::default();
        for parts in &self.folders {
            whole = whole.join(of_folder(parts, room, query, limit)?, query, limit);
        }
        Ok(whole)
    }

    /// The newest sends of a device, rising. Blocks.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn sends(&self, sender: Sender) -> Result<Vec<(Sequence, MessageId)>, Error> {
        self.folders.iter().flatten().try_fold(Vec::new(), |sends, part| {
            let more = match part {
                Part::Closed(segment) => segment.sends(sender)?,
                Part::Open(recent) => recent.sends(sender),
            };
            Ok(if more.is_empty() { sends } else { join_sends(sends, more) })
        })
    }
}

/// Of one folder's parts the later has a room's later messages: the first parts that fill the page are enough.
fn of_folder(parts: &[Part], room: RoomId, query: PageQuery, limit: usize) -> Result<Page, Error> {
    let mut page = Page::default();
    let mut take = |part: &Part| {
        // One more than asked for, to know whether there are more.
        let next = match part {
            Part::Closed(segment) => segment.page(room, query, limit + 1)?,
            Part::Open(recent) => recent.page(room, query, limit + 1),
        };
        page = std::mem::take(&mut page).join(next, query, limit + 1);
        Ok::<_, Error>(page.frames.len() > limit)
    };
    match query {
        PageQuery::Before(_) => {
            for part in parts.iter().rev() {
                if take(part)? {
                    break;
                }
            }
        }
        PageQuery::After(_) => {
            for part in parts {
                if take(part)? {
                    break;
                }
            }
        }
    }
    Ok(page.join(Page::default(), query, limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::record::chain;
    use crate::shard::SealedBatch;

    const NEWEST: PageQuery = PageQuery::Before(MessageId(u64::MAX));

    /// A view of messages of room 1, each after the one before it.
    fn view(ids: &[u64], is_newest: bool) -> View {
        let recent = Recent::default();
        recent.push(SealedBatch { frames: chain(1, ids), first: 0, last: ids.len() as u64 - 1 });
        View::new(vec![vec![Part::Open(Arc::new(recent))]], is_newest)
    }

    fn whole(view: &View, query: PageQuery, limit: usize) -> Option<(Vec<u64>, bool)> {
        let page = view.page(RoomId(1), query, limit).unwrap();
        let whole = view.whole(&page, query, limit)?;
        Some((whole.frames.iter().map(|(id, _)| id.0).collect(), whole.more))
    }

    #[test]
    fn the_newest_of_a_room_need_no_store() {
        // The first id is that of a message which the store has.
        let view = view(&[4, 5, 6, 7], true);
        assert_eq!(whole(&view, NEWEST, 2), Some((vec![6, 7], true)));
        assert_eq!(whole(&view, NEWEST, 3), Some((vec![5, 6, 7], true)));
        assert_eq!(whole(&view, NEWEST, 4), None, "the store has older ones");
        assert_eq!(whole(&view, PageQuery::After(MessageId(4)), 9), Some((vec![5, 6, 7], false)));
        assert_eq!(whole(&view, PageQuery::After(MessageId(5)), 1), Some((vec![6], true)));
        assert_eq!(whole(&view, PageQuery::After(MessageId(3)), 9), None, "the store has the next");
        assert_eq!(whole(&view, PageQuery::After(MessageId(7)), 9), None, "nothing is known of what comes after it");
    }

    #[test]
    fn a_room_from_its_beginning_needs_no_store_and_one_that_others_may_have_does() {
        assert_eq!(whole(&view(&[0, 5, 6], true), NEWEST, 9), Some((vec![5, 6], false)));
        assert_eq!(whole(&view(&[0, 5, 6], false), NEWEST, 2), None);
    }

    #[test]
    fn a_room_with_a_hole_needs_the_store() {
        let recent = Recent::default();
        recent.push(SealedBatch { frames: chain(1, &[0, 5]), first: 0, last: 1 });
        recent.page(RoomId(1), NEWEST, 1);
        recent.push(SealedBatch { frames: chain(1, &[5, 6]), first: 1, last: 2 });
        recent.settled(2);
        recent.push(SealedBatch { frames: chain(1, &[6, 7, 8]), first: 2, last: 4 });
        let view = View::new(vec![vec![Part::Open(Arc::new(recent))]], true);
        assert_eq!(whole(&view, NEWEST, 3), None);
        assert_eq!(whole(&view, NEWEST, 2), Some((vec![7, 8], true)));
    }
}
