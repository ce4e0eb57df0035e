//! Whether every receiver got every message of every sender once and in order.
//!
//! Each sender numbers its messages from 1. A receiver expects from each sender of its room one more than the last. A
//! number further on opens a hole; a number out of a hole came late (reordered); any other old number came twice.
//! What is still a hole at the end, or was sent and never seen, is lost.

use std::collections::{BTreeSet, HashMap};

/// What went wrong with the order of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Disorder {
    /// Deliveries that never came.
    pub(crate) lost: u64,
    /// Deliveries that came again.
    pub(crate) duplicated: u64,
    /// Deliveries that came after a later one of the same sender.
    pub(crate) reordered: u64,
    /// Deliveries from a sender outside the receiver's room, or without a stamp.
    pub(crate) misdelivered: u64,
    /// Messages whose link to the one before did not name the last one received (Moim alone has links).
    pub(crate) broken_links: u64,
}

impl Disorder {
    /// All of them together.
    pub(crate) const fn total(&self) -> u64 {
        self.lost + self.duplicated + self.reordered + self.misdelivered + self.broken_links
    }
}

/// One counter per receiver and sender of its room.
#[derive(Debug)]
pub(crate) struct Checker {
    senders_per_room: usize,
    last: Vec<u32>,
    holes: HashMap<usize, BTreeSet<u32>>,
    disorder: Disorder,
}

impl Checker {
    /// For `receivers` connections in rooms with `senders_per_room` senders each.
    pub(crate) fn new(receivers: usize, senders_per_room: usize) -> Self {
        Self {
            senders_per_room,
            last: vec![0; receivers * senders_per_room],
            holes: HashMap::new(),
            disorder: Disorder::default(),
        }
    }

    /// Takes note of a delivery: `seat` is the sender's number within the receiver's room.
    #[inline]
    pub(crate) fn received(&mut self, receiver: usize, seat: u32, counter: u32) {
        if seat as usize >= self.senders_per_room {
            self.disorder.misdelivered += 1;
            return;
        }
        let cell = receiver * self.senders_per_room + seat as usize;
        let last = &mut self.last[cell];
        if counter == last.wrapping_add(1) {
            *last = counter;
        } else {
            self.out_of_turn(cell, counter);
        }
    }

    /// Takes note of a delivery that carries no stamp of this run.
    pub(crate) fn misdelivered(&mut self) {
        self.disorder.misdelivered += 1;
    }

    /// Takes note of a message whose link to the one before does not hold.
    pub(crate) fn broken_link(&mut self) {
        self.disorder.broken_links += 1;
    }

    /// The newest message that the receiver has of a sender.
    pub(crate) fn newest(&self, receiver: usize, seat: usize) -> u32 {
        self.last[receiver * self.senders_per_room + seat]
    }

    pub(crate) const fn senders_per_room(&self) -> usize {
        self.senders_per_room
    }

    pub(crate) const fn receivers(&self) -> usize {
        self.last.len() / self.senders_per_room
    }

    /// The verdict over receivers for which `room_of` names their room. `sent` gives for each sender (room after room)
    /// how many messages it published, and how many of those were refused and can have reached nobody.
    pub(crate) fn judge(
        &self,
        sent: impl Fn(usize) -> (u32, u32),
        room_of: impl Fn(usize) -> Option<usize>,
    ) -> Disorder {
        let mut disorder = self.disorder;
        for (receiver, last) in self.last.chunks_exact(self.senders_per_room).enumerate() {
            let Some(room) = room_of(receiver) else { continue };
            for (seat, last) in last.iter().enumerate() {
                let (sent, refused) = sent(room * self.senders_per_room + seat);
                let holes = self.holes.get(&(receiver * self.senders_per_room + seat)).map_or(0, BTreeSet::len);
                let missing = u64::from(sent.saturating_sub(*last)) + holes as u64;
                disorder.lost += missing.saturating_sub(u64::from(refused));
            }
        }
        disorder
    }

    #[cold]
    fn out_of_turn(&mut self, cell: usize, counter: u32) {
        let last = self.last[cell];
        if counter > last {
            self.holes.entry(cell).or_default().extend(last + 1..counter);
            self.last[cell] = counter;
        } else if self.holes.get_mut(&cell).is_some_and(|holes| holes.remove(&counter)) {
            self.disorder.reordered += 1;
        } else {
            self.disorder.duplicated += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(order: &[u32], sent: u32) -> Disorder {
        let mut checker = Checker::new(1, 1);
        for &counter in order {
            checker.received(0, 0, counter);
        }
        checker.judge(|_| (sent, 0), |_| Some(0))
    }

    #[test]
    fn messages_in_order_are_no_disorder() {
        assert_eq!(verdict(&[1, 2, 3], 3), Disorder::default());
    }

    #[test]
    fn a_loss_in_the_middle_and_at_the_end_is_found() {
        assert_eq!(verdict(&[1, 3], 3), Disorder { lost: 1, ..Disorder::default() });
        assert_eq!(verdict(&[1, 2], 4), Disorder { lost: 2, ..Disorder::default() });
        assert_eq!(verdict(&[], 2), Disorder { lost: 2, ..Disorder::default() });
    }

    #[test]
    fn a_duplicate_is_found() {
        assert_eq!(verdict(&[1, 2, 2, 1, 3], 3), Disorder { duplicated: 2, ..Disorder::default() });
    }

    #[test]
    fn a_late_message_is_reordered_and_not_lost() {
        assert_eq!(verdict(&[1, 3, 4, 2], 4), Disorder { reordered: 1, ..Disorder::default() });
        assert_eq!(verdict(&[2, 1, 1], 2), Disorder { reordered: 1, duplicated: 1, ..Disorder::default() });
    }

    #[test]
    fn senders_are_told_apart() {
        let mut checker = Checker::new(2, 2);
        checker.received(0, 1, 1);
        checker.received(1, 0, 1);
        checker.received(1, 2, 1);
        assert_eq!(checker.newest(0, 1), 1);
        let disorder = checker.judge(|_| (1, 0), |_| Some(0));
        assert_eq!(disorder, Disorder { lost: 2, misdelivered: 1, ..Disorder::default() });
    }

    #[test]
    fn a_receiver_that_is_not_judged_loses_nothing() {
        let checker = Checker::new(2, 1);
        assert_eq!(checker.judge(|_| (5, 0), |receiver| (receiver == 0).then_some(0)).lost, 5);
    }

    #[test]
    fn what_was_refused_is_not_lost() {
        let mut checker = Checker::new(1, 1);
        checker.received(0, 0, 1);
        checker.received(0, 0, 3);
        assert_eq!(checker.judge(|_| (4, 2), |_| Some(0)).lost, 0);
        assert_eq!(checker.judge(|_| (4, 1), |_| Some(0)).lost, 1);
    }
}
