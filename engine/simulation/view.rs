//! What a client has of one room, by the protocol's rules for following it.

use moim_persistence::PageQuery;
use moim_wire::{MessageId, UserId};

use crate::heard::Told;
use crate::outbox::Outbox;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    #[default]
    Away,
    /// OPEN is said under this request.
    Opening(u32),
    Following,
}

/// A GAP being filled from history.
#[derive(Debug)]
pub(crate) struct Filling {
    target: MessageId,
    /// HISTORY is asked under this request.
    pub(crate) request: Option<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) standing: Standing,
    pub(crate) last_seen: MessageId,
    /// OPENED came at some time: 0 for `last_seen` now means that the room was empty.
    has_begun: bool,
    /// Messages seen, each naming the one before it; the first names `from`.
    pub(crate) seen: Vec<MessageId>,
    pub(crate) from: MessageId,
    pub(crate) filling: Option<Filling>,
    /// Live messages held back meanwhile: id and predecessor.
    held: Vec<(MessageId, MessageId)>,
    pub(crate) outbox: Outbox,
    /// Who was present at the last OPENED.
    pub(crate) online: Vec<UserId>,
}

/// A message came that does not follow what was seen, and no GAP said so.
pub(crate) type Hole = String;

impl View {
    pub(crate) fn broken(&mut self) {
        self.standing = Standing::Away;
        self.stop_filling();
        self.outbox.broken();
    }

    fn stop_filling(&mut self) {
        self.filling = None;
        self.held.clear();
    }

    /// Says OPEN; the id to say it with.
    pub(crate) fn open(&mut self, request: u32) -> MessageId {
        self.standing = Standing::Opening(request);
        self.stop_filling();
        self.last_seen
    }

    /// Forgets the newest messages, as a client does whose own store lost them.
    pub(crate) fn forget(&mut self, keep: usize) {
        self.seen.truncate(keep);
        self.last_seen = self.seen.last().copied().unwrap_or(self.from);
    }

    pub(crate) fn close(&mut self) {
        self.standing = Standing::Away;
        self.stop_filling();
    }

    pub(crate) fn opened(&mut self, request: u32, newest: MessageId, online: Vec<UserId>) {
        if self.standing != Standing::Opening(request) {
            return;
        }
        self.standing = Standing::Following;
        self.online = online;
        if !std::mem::replace(&mut self.has_begun, true) {
            (self.last_seen, self.from) = (newest, newest);
        } else if self.last_seen == MessageId::ZERO {
            self.gap(newest);
        }
    }

    pub(crate) fn not_opened(&mut self, request: u32) {
        if self.standing == Standing::Opening(request) {
            self.standing = Standing::Away;
        }
    }

    pub(crate) fn message(&mut self, told: &Told) -> Result<(), Hole> {
        if self.standing != Standing::Following {
            return Ok(());
        }
        if self.filling.is_some() {
            self.held.push((told.id, told.prev_id));
            return Ok(());
        }
        self.take(told.id, told.prev_id)
    }

    fn take(&mut self, id: MessageId, prev_id: MessageId) -> Result<(), Hole> {
        if id <= self.last_seen {
            return Ok(());
        }
        if prev_id != self.last_seen {
            return Err(format!("{id} after {prev_id}, but seen was {} last", self.last_seen));
        }
        self.seen.push(id);
        self.last_seen = id;
        Ok(())
    }

    pub(crate) fn gap(&mut self, newest: MessageId) {
        if self.standing != Standing::Following || newest <= self.last_seen {
            return;
        }
        match &mut self.filling {
            Some(filling) => filling.target = filling.target.max(newest),
            None => self.filling = Some(Filling { target: newest, request: None }),
        }
    }

    /// The page to ask for next; `None` when nothing is missing or a page is on its way.
    pub(crate) fn ask(&mut self, request: u32) -> Option<PageQuery> {
        let filling = self.filling.as_mut().filter(|filling| filling.request.is_none())?;
        filling.request = Some(request);
        // HISTORY has no words for "after nothing", and no message the id 1.
        Some(PageQuery::After(self.last_seen.max(MessageId(1))))
    }

    pub(crate) fn not_answered(&mut self, request: u32) {
        if let Some(filling) = self.filling.as_mut().filter(|filling| filling.request == Some(request)) {
            filling.request = None;
        }
    }

    pub(crate) fn page(&mut self, request: u32, messages: &[Told]) -> Result<(), Hole> {
        let Some(mut filling) = self.filling.take_if(|filling| filling.request == Some(request)) else {
            return Ok(());
        };
        filling.request = None;
        messages.iter().try_for_each(|told| self.take(told.id, told.prev_id))?;
        if self.last_seen < filling.target {
            self.filling = Some(filling);
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        held.into_iter().try_for_each(|(id, prev_id)| self.take(id, prev_id))
    }
}
