//! Changes that are in the journal and need not wait in the accounts' outbox any more.
//!
//! The store is given one order at a time, each for all rooms that came up meanwhile. A room's order covers all its changes
//! up to one: rooms that are loaded with thousands of them, as after an import, cost a few transactions, not one a change.

use std::collections::BTreeMap;

use moim_wire::RoomId;

use super::effect::{Effect, Effects, StoreRequest};

/// Rooms of one order: a transaction on the accounts, who let others write in between.
const ROOMS_AT_ONCE: usize = 500;

/// What the store is to be told.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The newest change of each room that is in the journal.
    sequenced: BTreeMap<RoomId, u32>,
    is_under_way: bool,
}

impl Outbox {
    /// Changes of a room up to this one are in the journal.
    pub(super) fn sequenced(&mut self, room: RoomId, up_to: u32) {
        let newest = self.sequenced.entry(room).or_default();
        *newest = up_to.max(*newest);
    }

    /// Gives the next order, if there is something to tell and no order is under way.
    pub(super) fn tell(&mut self, effects: &mut Effects) {
        if self.is_under_way || self.sequenced.is_empty() {
            return;
        }
        let count = self.sequenced.len().min(ROOMS_AT_ONCE);
        let rooms = (0..count).map_while(|_| self.sequenced.pop_first()).collect();
        self.is_under_way = true;
        effects.push(Effect::Store(StoreRequest::ChangesSequenced(rooms)));
    }

    /// The store has carried out the order, or has not: then the poll for waiting changes finds those rooms again.
    pub(super) fn told(&mut self) {
        self.is_under_way = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(outbox: &mut Outbox) -> Vec<Vec<(RoomId, u32)>> {
        let mut effects = Effects::default();
        outbox.tell(&mut effects);
        let order = |effect| match effect {
            Effect::Store(StoreRequest::ChangesSequenced(rooms)) => rooms,
            other => panic!("not an order: {other:?}"),
        };
        effects.list.into_iter().map(order).collect()
    }

    #[test]
    fn a_room_is_told_once_with_its_newest_change() {
        let mut outbox = Outbox::default();
        for change in 1..=1_000 {
            outbox.sequenced(RoomId(1), change);
        }
        outbox.sequenced(RoomId(2), 5);
        outbox.sequenced(RoomId(2), 4);
        assert_eq!(orders(&mut outbox), [[(RoomId(1), 1_000), (RoomId(2), 5)]]);
    }

    #[test]
    fn one_order_is_under_way_and_the_next_has_what_came_meanwhile() {
        let mut outbox = Outbox::default();
        assert!(orders(&mut outbox).is_empty());
        outbox.sequenced(RoomId(1), 1);
        assert_eq!(orders(&mut outbox).len(), 1);
        outbox.sequenced(RoomId(1), 2);
        outbox.sequenced(RoomId(1), 3);
        assert!(orders(&mut outbox).is_empty());
        outbox.told();
        assert_eq!(orders(&mut outbox), [[(RoomId(1), 3)]]);
    }

    #[test]
    fn an_order_is_bounded() {
        let mut outbox = Outbox::default();
        (0..ROOMS_AT_ONCE as u32 + 1).for_each(|room| outbox.sequenced(RoomId(room), 1));
        assert_eq!(orders(&mut outbox)[0].len(), ROOMS_AT_ONCE);
        outbox.told();
        assert_eq!(orders(&mut outbox)[0].len(), 1);
    }
}
