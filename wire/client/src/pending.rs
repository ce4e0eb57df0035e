//! Requests that wait for their answers, by request id.

use std::collections::HashMap;

use moim_wire::{RoomId, Sequence};

use crate::command::Reply;
use crate::error::Error;
use crate::request::Answer;

/// Requests that a client may have unanswered at once; a caller beyond waits for its turn.
pub(crate) const REQUESTS_MAX: usize = 64;

/// Who waits for an answer.
#[derive(Debug)]
pub(crate) enum Waiting {
    Request(Reply<Answer>),
    Send(RoomId, Sequence),
    /// Room and number of the follow.
    Open(RoomId, u64),
}

/// Bounded by `REQUESTS_MAX`, the outbox's places and one OPEN a room.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    last: u32,
    waiting: HashMap<u32, Waiting>,
}

impl Pending {
    /// A request id that is not in use and not 0.
    pub(crate) fn number(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != 0 && !self.waiting.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    /// The request id for somebody who will wait.
    pub(crate) fn add(&mut self, waiting: Waiting) -> u32 {
        let request = self.number();
        self.insert(request, waiting);
        request
    }

    /// Enters who will wait under a number of [`Self::number`].
    pub(crate) fn insert(&mut self, request: u32, waiting: Waiting) {
        self.waiting.insert(request, waiting);
    }

    /// Who waits for the answer with that request id; `None` for an answer nobody waits for.
    pub(crate) fn take(&mut self, request: u32) -> Option<Waiting> {
        self.waiting.remove(&request)
    }

    /// Fails every request. Sends and follows keep their own accounts.
    pub(crate) fn fail(&mut self, error: &Error) {
        for (_, waiting) in self.waiting.drain() {
            if let Waiting::Request(reply) = waiting {
                // A caller who has gone needs no answer.
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
