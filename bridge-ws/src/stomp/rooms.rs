//! What a session subscribed to, and how far it has shown each room.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Subscriptions of a session to one room: each multiplies what is written.
const PER_ROOM_MAX: usize = 8;

/// A subscription to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    /// The client's name for it.
    pub(super) id: String,
    /// Its messages are to be acknowledged, so each carries an `ack` header.
    pub(super) acknowledges: bool,
}

/// A room that the session follows for its subscriptions.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) subscriptions: Vec<Subscription>,
    state: State,
    /// Of the newest message that was shown.
    last: u64,
    /// Receipts to give once the room is open.
    receipts: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// OPEN is on its way.
    Opening,
    Live,
    /// Messages up to `target` are being fetched, those after `asked` first; live ones are passed over meanwhile, the
    /// history will have them.
    Filling {
        target: u64,
        asked: u64,
    },
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Show,
    /// Shown before, or the history will show it.
    PassOver,
    /// Ask the history for what comes after that id.
    Fetch(u64),
}

/// Why a subscription cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSubscription {
    IdTaken,
    TooMany,
}

/// What a new subscription takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subscribed {
    /// The room is open for it.
    Already,
    /// The room is about to be opened; its receipt waits for that.
    Waiting,
    /// The room must be opened; its receipt waits for that.
    First,
}

/// All of a session.
#[derive(Default)]
pub(super) struct Rooms {
    followed: HashMap<u32, Followed, RandomState>,
    subscriptions: HashMap<String, u32, RandomState>,
}

impl Rooms {
    pub(super) fn subscribe(
        &mut self,
        room: u32,
        subscription: Subscription,
        receipt: Option<&str>,
        max: usize,
    ) -> Result<Subscribed, NoSubscription> {
        if self.subscriptions.contains_key(&subscription.id) {
            return Err(NoSubscription::IdTaken);
        }
        let of_room = self.followed.get(&room).map_or(0, |followed| followed.subscriptions.len());
        if self.subscriptions.len() >= max || of_room >= PER_ROOM_MAX {
            return Err(NoSubscription::TooMany);
        }
        self.subscriptions.insert(subscription.id.clone(), room);
        let is_new = !self.followed.contains_key(&room);
        let followed = self.followed.entry(room).or_insert_with(Followed::opening);
        followed.subscriptions.push(subscription);
        if followed.state != State::Opening {
            return Ok(Subscribed::Already);
        }
        followed.receipts.extend(receipt.map(str::to_owned));
        Ok(if is_new { Subscribed::First } else { Subscribed::Waiting })
    }

    /// Ends a subscription; when it was the last there, gives the room and the receipts that waited for it to be opened.
    /// Unknown ones are passed over.
    pub(super) fn unsubscribe(&mut self, id: &str) -> Option<(u32, Vec<String>)> {
        let room = self.subscriptions.remove(id)?;
        let followed = self.followed.get_mut(&room)?;
        followed.subscriptions.retain(|subscription| subscription.id != id);
        if !followed.subscriptions.is_empty() {
            return None;
        }
        self.followed.remove(&room).map(|followed| (room, followed.receipts))
    }

    /// The room is open from `newest_id` on; gives the receipts that waited for it.
    pub(super) fn opened(&mut self, room: u32, newest_id: u64) -> Vec<String> {
        let Some(followed) = self.followed.get_mut(&room) else { return Vec::new() };
        if followed.state == State::Opening {
            (followed.state, followed.last) = (State::Live, newest_id);
        }
        std::mem::take(&mut followed.receipts)
    }

    /// The session may follow the room no more. Its subscriptions stay the client's to end; nothing comes of them. An OPEN
    /// that is on its way is answered for itself.
    pub(super) fn closed(&mut self, room: u32) {
        if self.followed.get(&room).is_some_and(|followed| followed.state != State::Opening) {
            self.followed.remove(&room);
        }
    }

    /// The room was not opened; gives the receipts that waited for it.
    pub(super) fn refused(&mut self, room: u32) -> Vec<String> {
        self.followed.remove(&room).map_or_else(Vec::new, |followed| followed.receipts)
    }

    pub(super) fn get(&self, room: u32) -> Option<&Followed> {
        self.followed.get(&room)
    }

    pub(super) fn get_mut(&mut self, room: u32) -> Option<&mut Followed> {
        self.followed.get_mut(&room)
    }
}

impl Followed {
    fn opening() -> Self {
        Self { subscriptions: Vec::new(), state: State::Opening, last: 0, receipts: Vec::new() }
    }

    /// Judges a live message by its place in the room's chain.
    pub(super) fn live(&mut self, prev_id: u64, id: u64) -> Verdict {
        match &mut self.state {
            State::Opening => Verdict::PassOver,
            State::Filling { target, .. } => {
                *target = id.max(*target);
                Verdict::PassOver
            }
            State::Live if id <= self.last => Verdict::PassOver,
            State::Live if prev_id == self.last => {
                self.last = id;
                Verdict::Show
            }
            State::Live => self.gap(id),
        }
    }

    /// Messages up to `newest_id` were left out.
    pub(super) fn gap(&mut self, newest_id: u64) -> Verdict {
        match &mut self.state {
            State::Live if newest_id > self.last => {
                let asked = self.after();
                self.state = State::Filling { target: newest_id, asked };
                Verdict::Fetch(asked)
            }
            State::Filling { target, .. } => {
                *target = newest_id.max(*target);
                Verdict::PassOver
            }
            State::Opening | State::Live => Verdict::PassOver,
        }
    }

    /// Judges a message of a fetched page.
    pub(super) fn fetched(&mut self, id: u64) -> Verdict {
        if id <= self.last || !matches!(self.state, State::Filling { .. }) {
            return Verdict::PassOver;
        }
        self.last = id;
        Verdict::Show
    }

    /// A page is through. Where it had nothing new although there should be more, the history lacks it.
    pub(super) fn page_done(&mut self) -> Verdict {
        let State::Filling { target, asked } = self.state else { return Verdict::PassOver };
        let after = self.after();
        if self.last < target && after > asked {
            self.state = State::Filling { target, asked: after };
            return Verdict::Fetch(after);
        }
        self.last = target.max(self.last);
        self.state = State::Live;
        Verdict::PassOver
    }

    /// No message has so low an id as 1; 0 would ask for the newest.
    fn after(&self) -> u64 {
        self.last.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(id: &str) -> Subscription {
        Subscription { id: id.to_owned(), acknowledges: false }
    }

    fn live(last: u64) -> Rooms {
        let mut rooms = Rooms::default();
        assert_eq!(rooms.subscribe(7, subscription("a"), Some("r"), 10), Ok(Subscribed::First));
        assert_eq!(rooms.opened(7, last), ["r"]);
        rooms
    }

    #[test]
    fn a_room_is_opened_for_its_first_subscription_and_closed_with_its_last() {
        let mut rooms = Rooms::default();
        assert_eq!(rooms.subscribe(7, subscription("a"), Some("r"), 10), Ok(Subscribed::First));
        assert_eq!(rooms.subscribe(7, subscription("b"), None, 10), Ok(Subscribed::Waiting));
        assert_eq!(rooms.opened(7, 5), ["r"]);
        assert_eq!(rooms.subscribe(7, subscription("c"), Some("s"), 10), Ok(Subscribed::Already));
        assert_eq!(rooms.unsubscribe("a"), None);
        assert_eq!(rooms.unsubscribe("a"), None, "twice");
        assert_eq!(rooms.unsubscribe("b"), None);
        assert_eq!(rooms.unsubscribe("c"), Some((7, Vec::new())));
    }

    #[test]
    fn an_id_is_used_once_and_subscriptions_are_bounded() {
        let mut rooms = live(0);
        assert_eq!(rooms.subscribe(8, subscription("a"), None, 10), Err(NoSubscription::IdTaken));
        assert_eq!(rooms.subscribe(8, subscription("b"), None, 1), Err(NoSubscription::TooMany));
        for number in 1..PER_ROOM_MAX {
            rooms.subscribe(7, subscription(&number.to_string()), None, 100).unwrap();
        }
        assert_eq!(rooms.subscribe(7, subscription("x"), None, 100), Err(NoSubscription::TooMany));
    }

    #[test]
    fn a_room_that_was_closed_stays_silent_unless_it_is_being_opened_again() {
        let mut rooms = live(10);
        rooms.closed(7);
        assert!(rooms.get(7).is_none());
        assert_eq!(rooms.subscribe(7, subscription("b"), Some("s"), 10), Ok(Subscribed::First));
        rooms.closed(7);
        assert_eq!(rooms.opened(7, 10), ["s"]);
        assert_eq!(rooms.unsubscribe("a"), None, "of the time before");
        assert_eq!(rooms.get_mut(7).unwrap().live(10, 11), Verdict::Show);
    }

    #[test]
    fn a_message_out_of_the_chain_is_fetched_with_all_before_it() {
        let mut rooms = live(10);
        let room = rooms.get_mut(7).unwrap();
        assert_eq!(room.live(10, 11), Verdict::Show);
        assert_eq!(room.live(10, 11), Verdict::PassOver, "twice");
        assert_eq!(room.live(12, 13), Verdict::Fetch(11));
        assert_eq!(room.live(13, 14), Verdict::PassOver, "the history will show it");
        assert_eq!(room.fetched(11), Verdict::PassOver);
        assert_eq!((room.fetched(12), room.fetched(13)), (Verdict::Show, Verdict::Show));
        assert_eq!(room.page_done(), Verdict::Fetch(13));
        assert_eq!(room.fetched(14), Verdict::Show);
        assert_eq!(room.page_done(), Verdict::PassOver);
        assert_eq!(room.live(14, 15), Verdict::Show);
    }

    #[test]
    fn a_gap_that_the_history_does_not_have_is_passed_over() {
        let mut rooms = live(10);
        let room = rooms.get_mut(7).unwrap();
        assert_eq!(room.gap(9), Verdict::PassOver, "shown already");
        assert_eq!(room.gap(20), Verdict::Fetch(10));
        assert_eq!(room.gap(30), Verdict::PassOver, "the same fetching covers it");
        assert_eq!(room.page_done(), Verdict::PassOver);
        assert_eq!(room.live(30, 31), Verdict::Show);
    }

    #[test]
    fn a_room_that_was_empty_when_it_was_opened_is_fetched_from_its_beginning() {
        let mut rooms = live(0);
        assert_eq!(rooms.get_mut(7).unwrap().gap(20), Verdict::Fetch(1));
    }
}
