//! Recognising a resend: the newest sequences of one device in one room, with the ids that they were given.

use std::collections::VecDeque;

use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{MessageId, Sequence};

/// At most [`SENDS_IN_FLIGHT_MAX`] newest sends, by sequence. A device may not have more unacknowledged, so whatever
/// it can rightly resend is either in here or was never stored.
#[derive(Clone, Debug, Default)]
pub(super) struct DeviceWindow {
    sends: VecDeque<(Sequence, MessageId)>,
    /// The highest sequence that was pushed out; below it nothing can be said.
    forgotten: Sequence,
}

/// What a sequence is to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Not stored: store it.
    Fresh,
    /// Stored under this id.
    Duplicate(MessageId),
    /// Below what is remembered.
    TooOld,
}

impl DeviceWindow {
    /// A window from what a store remembers, in any order.
    pub(super) fn restore(mut sends: Vec<(Sequence, MessageId)>) -> Self {
        sends.sort_unstable();
        let mut window = Self::default();
        if sends.len() >= SENDS_IN_FLIGHT_MAX
            && let Some((oldest, _)) = sends.first()
        {
            window.forgotten = Sequence(oldest.0.saturating_sub(1));
        }
        for (sequence, id) in sends {
            window.insert(sequence, id);
        }
        window
    }

    /// Whether the send of this sequence is new.
    pub(super) fn judge(&self, sequence: Sequence) -> Judgement {
        match self.sends.back() {
            Some(&(newest, _)) if sequence > newest => Judgement::Fresh,
            None if sequence > self.forgotten => Judgement::Fresh,
            _ if sequence <= self.forgotten => Judgement::TooOld,
            _ => match self.sends.binary_search_by_key(&sequence, |&(s, _)| s) {
                Ok(at) => Judgement::Duplicate(self.sends[at].1),
                // A hole: an earlier send was refused or lost on the way and comes again after later ones.
                Err(_) => Judgement::Fresh,
            },
        }
    }

    /// Remembers a send that was judged fresh.
    pub(super) fn insert(&mut self, sequence: Sequence, id: MessageId) {
        if self.sends.back().is_none_or(|&(newest, _)| sequence > newest) {
            self.sends.push_back((sequence, id));
        } else {
            match self.sends.binary_search_by_key(&sequence, |&(s, _)| s) {
                Ok(_) => return,
                Err(at) => self.sends.insert(at, (sequence, id)),
            }
        }
        if self.sends.len() > SENDS_IN_FLIGHT_MAX
            && let Some((sequence, _)) = self.sends.pop_front()
        {
            self.forgotten = sequence;
        }
    }

    /// The newest message that the window speaks of.
    pub(super) fn newest_id(&self) -> MessageId {
        self.sends.iter().map(|&(_, id)| id).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resend_is_recognised_and_a_hole_is_not_taken_for_one() {
        let mut window = DeviceWindow::default();
        for sequence in [1, 2, 4, 5] {
            assert_eq!(window.judge(Sequence(sequence)), Judgement::Fresh);
            window.insert(Sequence(sequence), MessageId(u64::from(sequence) * 10));
        }
        assert_eq!(window.judge(Sequence(4)), Judgement::Duplicate(MessageId(40)));
        assert_eq!(window.judge(Sequence(3)), Judgement::Fresh);
        window.insert(Sequence(3), MessageId(60));
        assert_eq!(window.judge(Sequence(3)), Judgement::Duplicate(MessageId(60)));
        assert_eq!(window.newest_id(), MessageId(60));
    }

    #[test]
    fn what_fell_out_of_the_window_is_too_old_not_fresh() {
        let mut window = DeviceWindow::default();
        let last = SENDS_IN_FLIGHT_MAX as u32 + 3;
        (1..=last).for_each(|n| window.insert(Sequence(n), MessageId(n.into())));
        assert_eq!(window.judge(Sequence(3)), Judgement::TooOld);
        assert_eq!(window.judge(Sequence(4)), Judgement::Duplicate(MessageId(4)));
        assert_eq!(window.judge(Sequence(last + 1)), Judgement::Fresh);
    }

    #[test]
    fn a_restored_window_judges_as_the_one_it_was_taken_from() {
        let window = DeviceWindow::restore(vec![(Sequence(9), MessageId(90)), (Sequence(7), MessageId(70))]);
        assert_eq!(window.judge(Sequence(7)), Judgement::Duplicate(MessageId(70)));
        assert_eq!(window.judge(Sequence(10)), Judgement::Fresh);
    }
}
