//! Requests that wait for a store's answer.

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId};

use super::Map;
use super::event::Origin;

/// What a ticket was drawn for.
#[derive(Debug)]
pub(super) enum Waiting {
    History {
        origin: Origin,
        room: RoomId,
        query: PageQuery,
        limit: usize,
        /// The room's newest confirmed message when the store was asked: up to here its answer is whole.
        confirmed: MessageId,
    },
    Members {
        origin: Origin,
        room: RoomId,
    },
    Change {
        origin: Origin,
        room: RoomId,
    },
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

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
