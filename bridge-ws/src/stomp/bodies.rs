//! The bodies of rooms' messages as STOMP's subscribers get them: each encoded once, then shared by all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use tokio::sync::OnceCell;

use crate::stats::Counters;

/// A room and the id of one of its messages.
type Key = (u32, u64);
/// A body, set by whoever comes to the message first; the others wait for it.
pub(super) type Body = Arc<OnceCell<Arc<str>>>;

/// Bodies of the newest messages. One that has been let go is encoded again.
pub(super) struct Bodies {
    newest: Mutex<Newest>,
    max: usize,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Newest {
    bodies: HashMap<Key, Body, RandomState>,
    /// Oldest first.
    order: VecDeque<Key>,
}

impl Bodies {
    /// Remembers up to `max` bodies.
    pub(super) fn new(max: usize, counters: Arc<Counters>) -> Self {
        Self { newest: Mutex::default(), max, counters }
    }

    /// The body of a live message, perhaps still to be set.
    pub(super) fn of(&self, room: u32, id: u64) -> Body {
        let mut newest = self.lock();
        if let Some(body) = newest.bodies.get(&(room, id)) {
            return body.clone();
        }
        if newest.order.len() >= self.max
            && let Some(oldest) = newest.order.pop_front()
        {
            newest.bodies.remove(&oldest);
        }
        let body = Body::default();
        newest.order.push_back((room, id));
        newest.bodies.insert((room, id), body.clone());
        self.counters.stomp_bodies.one();
        body
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_body_until_newer_ones_take_its_place() {
        let bodies = Bodies::new(2, Arc::default());
        let first = bodies.of(1, 10);
        first.set("{}".into()).unwrap();
        assert!(bodies.of(1, 10).initialized());
        assert!(!bodies.of(2, 10).initialized(), "another room's");
        bodies.of(1, 11);
        assert!(!bodies.of(1, 10).initialized(), "the third took its place");
        assert!(first.initialized(), "who holds it keeps it");
        assert_eq!(bodies.lock().bodies.len(), 2);
    }
}
