//! How many have not read a message yet.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use moim_wire::{MessageId, UserId};

/// How far a room's members have read.
pub(crate) struct Marks {
    by_user: HashMap<UserId, MessageId, RandomState>,
    rising: Vec<MessageId>,
}

impl Marks {
    /// The marks of a room's members, each with his own.
    pub(crate) fn of(marks: impl IntoIterator<Item = (UserId, MessageId)>) -> Self {
        let by_user: HashMap<_, _, _> = marks.into_iter().collect();
        let mut rising: Vec<_> = by_user.values().copied().collect();
        rising.sort_unstable();
        Self { by_user, rising }
    }

    /// Members who have not read that message, its sender not among them.
    pub(crate) fn not_read(&self, sender: UserId, id: MessageId) -> u32 {
        let below = self.rising.partition_point(|&mark| mark < id);
        let own = self.by_user.get(&sender).is_some_and(|&mark| mark < id);
        // Members of a room are counted in 32 bits.
        below.saturating_sub(usize::from(own)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_read_is_counted_without_the_sender() {
        let marks = Marks::of([(1, 50), (2, 10), (3, 0), (4, 100)].map(|(user, mark)| (UserId(user), MessageId(mark))));
        assert_eq!(marks.not_read(UserId(1), MessageId(50)), 2);
        assert_eq!(marks.not_read(UserId(2), MessageId(50)), 1);
        assert_eq!(marks.not_read(UserId(9), MessageId(101)), 4, "who has left is not waited for");
        assert_eq!(marks.not_read(UserId(4), MessageId(1)), 1);
    }
}
