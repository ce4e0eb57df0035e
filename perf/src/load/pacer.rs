//! Publishes by the schedule, whatever the server does.

use std::cell::Cell;
use std::rc::Rc;

use super::LoadError;
use super::clock::Alarm;
use super::crowd::Crowd;
use crate::schedule::Schedule;

/// A running pacer; it ends when this is dropped.
pub(super) struct Pacer {
    is_over: Rc<Cell<bool>>,
}

impl Pacer {
    /// Starts to publish by `schedule`, in turn from room to room among the first `rooms`, and in each from sender to
    /// sender.
    pub(super) fn start(crowd: &Rc<Crowd>, rooms: usize, schedule: Schedule) -> Result<Self, LoadError> {
        let is_over = Rc::new(Cell::new(false));
        let alarm = Alarm::new(crowd.clock)?;
        monoio::spawn(pace(crowd.clone(), rooms, schedule, alarm, is_over.clone()));
        Ok(Self { is_over })
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.is_over.set(true);
    }
}

async fn pace(crowd: Rc<Crowd>, rooms: usize, mut schedule: Schedule, mut alarm: Alarm, is_over: Rc<Cell<bool>>) {
    while !is_over.get() {
        while let Some((number, due_ns)) = schedule.take_due(crowd.clock.now_ns()) {
            crowd.publish_due(sender_of(number, rooms, crowd.layout.senders), due_ns);
        }
        if alarm.until(schedule.next_ns()).await.is_err() {
            return;
        }
    }
}

/// The sender of a schedule's message: rooms in turn, and when all had theirs, the next sender of each.
fn sender_of(number: u64, rooms: usize, senders: usize) -> usize {
    let room = (number % rooms as u64) as usize;
    let seat = (number / rooms as u64 % senders as u64) as usize;
    room * senders + seat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_a_turn_and_neighbours_are_of_different_rooms() {
        let turns: Vec<_> = (0..6).map(|number| sender_of(number, 3, 2)).collect();
        assert_eq!(turns, [0, 2, 4, 1, 3, 5]);
        assert_eq!(sender_of(6, 3, 2), 0);
    }
}
