//! Requests that wait for a store's answer.

use std::collections::HashSet;

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, UserId};

use super::Map;
use super::event::{Caller, Origin, SendRequest};

/// A HISTORY that memory alone could not answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct HistoryQuestion {
    pub(super) origin: Origin,
    pub(super) user: UserId,
    pub(super) query: PageQuery,
    pub(super) limit: usize,
    /// The room's newest committed message when the store was asked: up to here its answer is whole.
    pub(super) committed: MessageId,
}

/// What a ticket was drawn for.
#[derive(Debug)]
pub(super) enum Waiting {
    History { room: RoomId, question: HistoryQuestion },
    Members { room: RoomId, origin: Origin, user: UserId },
    Change { room: RoomId, origin: Origin },
    Withdrawal { room: RoomId, origin: Origin, caller: Caller, send: SendRequest<'static> },
}

impl Waiting {
    pub(super) fn room(&self) -> RoomId {
        let (Self::History { room, .. }
        | Self::Members { room, .. }
        | Self::Change { room, .. }
        | Self::Withdrawal { room, .. }) = self;
        *room
    }

    pub(super) fn origin(&self) -> Origin {
        let (Self::History { question: HistoryQuestion { origin, .. }, .. }
        | Self::Members { origin, .. }
        | Self::Change { origin, .. }
        | Self::Withdrawal { origin, .. }) = self;
        *origin
    }
}

/// Outstanding questions, bounded.
#[derive(Debug)]
pub(super) struct Tickets {
    waiting: Map<u64, Waiting>,
    next: u64,
    max: usize,
}

impl Tickets {
    pub(super) fn new(waiting: Map<u64, Waiting>, max: usize) -> Self {
        Self { waiting, next: 1, max }
    }

    /// A ticket, or `None` when as many wait as may.
    pub(super) fn draw(&mut self, what: Waiting) -> Option<u64> {
        if self.waiting.len() >= self.max {
            return None;
        }
        let ticket = self.next;
        self.next += 1;
        self.waiting.insert(ticket, what);
        Some(ticket)
    }

    pub(super) fn redeem(&mut self, ticket: u64) -> Option<Waiting> {
        self.waiting.remove(&ticket)
    }

    /// Rooms that something waits for.
    pub(super) fn rooms(&self) -> HashSet<RoomId> {
        self.waiting.values().map(Waiting::room).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
