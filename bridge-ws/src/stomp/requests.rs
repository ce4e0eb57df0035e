//! What a session has asked the engine and has no answer to yet.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use foldhash::fast::RandomState;
use tokio::time::Instant;

use super::request::Request;

/// Requests of a session under way; more are not read from its socket until one is answered. Far below the sends that
/// the engine remembers of a device.
const UNDER_WAY_MAX: usize = 16;
/// A request that the engine was too busy for so often is given up.
const TRIES_MAX: u32 = 40;
/// Shortest and longest time before the next try.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// A request and what its answer is for.
#[derive(Debug)]
pub(super) enum Asked {
    /// OPEN of a room that a subscription needs.
    Open { room: u32 },
    /// CLOSE of a room that no subscription needs.
    Close { room: u32 },
    /// HISTORY of a room after an id.
    History { room: u32, after: u64 },
    /// SEND; the receipt is given when it is stored.
    Send { request: Request, receipt: Option<String> },
}

impl Asked {
    /// The receipt that is owed for it.
    pub(super) fn receipt(&self) -> Option<String> {
        match self {
            Self::Send { receipt, .. } => receipt.clone(),
            Self::Open { .. } | Self::Close { .. } | Self::History { .. } => None,
        }
    }
}

/// One that is under way, or waits to be tried again.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) asked: Asked,
    pub(super) tries: u32,
}

/// All of a session.
#[derive(Default)]
pub(super) struct Requests {
    last: u32,
    under_way: HashMap<u32, Pending, RandomState>,
    again: VecDeque<Pending>,
    again_at: Option<Instant>,
}

/// The engine was too busy for it too often.
#[derive(Debug)]
pub(super) struct GivenUp;

impl Requests {
    /// Notes a request and gives its id, which is a send's sequence, too: both rise.
    pub(super) fn enter(&mut self, pending: Pending) -> u32 {
        // 0 and 1: none, and ATTACH's.
        self.last = self.last.max(1) + 1;
        self.under_way.insert(self.last, pending);
        self.last
    }

    /// A request that is under way.
    pub(super) fn get(&self, id: u32) -> Option<&Pending> {
        self.under_way.get(&id)
    }

    /// The request that an answer is for.
    pub(super) fn answered(&mut self, id: u32) -> Option<Pending> {
        self.under_way.remove(&id)
    }

    /// The engine was too busy: the request is tried again after a while, before anything new.
    pub(super) fn try_again(&mut self, mut pending: Pending, after_ms: u32) -> Result<(), GivenUp> {
        pending.tries += 1;
        if pending.tries >= TRIES_MAX {
            return Err(GivenUp);
        }
        let wait = Duration::from_millis(after_ms.into()).clamp(RETRY_MIN, RETRY_MAX);
        self.again.push_back(pending);
        self.again_at = Some(Instant::now() + wait);
        Ok(())
    }

    /// When there is something to try again.
    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again_at
    }

    /// What is to be tried again now.
    pub(super) fn take_again(&mut self) -> VecDeque<Pending> {
        self.again_at = None;
        std::mem::take(&mut self.again)
    }

    /// Whether something new may be asked.
    pub(super) fn has_room(&self) -> bool {
        self.again.is_empty() && self.under_way.len() < UNDER_WAY_MAX
    }

    /// Whether everything that the client said is settled.
    pub(super) fn is_settled(&self) -> bool {
        let settled = |pending: &Pending| !matches!(pending.asked, Asked::Send { .. } | Asked::Open { .. });
        self.again.iter().all(settled) && self.under_way.values().all(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Pending {
        Pending { asked: Asked::Open { room: 1 }, tries: 0 }
    }

    #[test]
    fn nothing_new_is_asked_while_much_is_under_way_or_something_waits_to_be_tried_again() {
        let mut requests = Requests::default();
        let first = requests.enter(open());
        for _ in 1..UNDER_WAY_MAX {
            assert!(requests.has_room());
            requests.enter(open());
        }
        assert!(!requests.has_room() && !requests.is_settled());
        let busy = requests.answered(first).unwrap();
        assert!(requests.has_room());
        requests.try_again(busy, 10).unwrap();
        assert!(!requests.has_room() && requests.again_at().is_some());
        for pending in requests.take_again() {
            assert!(requests.enter(pending) > first, "another attempt, another sequence");
        }
        assert!(requests.again_at().is_none());
    }

    #[test]
    fn an_engine_that_is_always_busy_is_not_asked_for_ever() {
        let mut requests = Requests::default();
        let mut pending = Some(open());
        let mut tries = 0;
        while let Some(again) = pending.take() {
            tries += 1;
            pending = requests.try_again(again, 0).ok().and_then(|()| requests.take_again().pop_front());
        }
        assert_eq!(tries, TRIES_MAX);
    }
}
