//! What of a room's messages the message store may not have, at one moment.

use std::sync::Arc;

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, Sequence};

use super::page::{Page, join_sends};
use super::recent::Recent;
use super::record::Sender;
use super::segment::Segment;
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
}

impl View {
    /// A view of these.
    pub fn new(folders: Vec<Vec<Part>>) -> Self {
        Self { folders: folders.into_iter().filter(|parts| !parts.is_empty()).collect() }
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
