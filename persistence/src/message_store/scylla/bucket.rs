//! Which partition of its room a message lies in.
//!
//! A bucket is a span of 2^23 ms (2 h 20 min) of the id's own time, so that a message always comes to the same place,
//! however late it is written and however often. A room that takes 60 messages of 200 bytes a second without a pause
//! fills a partition with 100 MB in that time; one that is busier has larger ones, which are slower to compact and still
//! right. Most rooms are quiet, and would leave most spans empty: a directory names the buckets that hold something, and
//! no other is ever read. A page of 50 from a room with one message a day is the directory and 50 small reads, some at a
//! time; from a busy room it is one read.

use moim_wire::MessageId;

const SPAN_MS_BITS: u32 = 23;
const ID_BITS: u32 = SPAN_MS_BITS + MessageId::COUNTER_BITS;

/// A bucket's number within its room, rising with time: 18 bits of a 53-bit id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bucket(pub(super) i32);

impl Bucket {
    /// Seconds of a span.
    pub(super) const SPAN_S: u64 = (1 << SPAN_MS_BITS) / 1_000;

    /// The bucket of a message.
    pub(super) fn of(id: MessageId) -> Self {
        Self(i32::try_from(id.0 >> ID_BITS).unwrap_or(i32::MAX))
    }

    /// The smallest id in it.
    pub(super) fn first_id(self) -> MessageId {
        MessageId((self.0.max(0) as u64) << ID_BITS)
    }
}

/// The timestamp that a message is written with, in the store's microseconds: its own, so that writing it again hours
/// later changes nothing. Up to five ids share one, and none of them another's row.
pub(super) fn timestamp_us(id: MessageId) -> i64 {
    let counter = id.0 & ((1 << MessageId::COUNTER_BITS) - 1);
    let us = id.unix_ms() * 1_000 + ((counter * 1_000) >> MessageId::COUNTER_BITS);
    i64::try_from(us).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use moim_wire::EPOCH_UNIX_MS;

    use super::*;

    #[test]
    fn buckets_and_timestamps_rise_with_the_ids_to_their_end() {
        let hour = |hours: u64| MessageId::at_unix_ms(EPOCH_UNIX_MS + hours * 3_600_000);
        assert_eq!(Bucket::of(hour(0)), Bucket(0));
        assert_eq!(Bucket::of(hour(2)), Bucket(0));
        assert_eq!(Bucket::of(hour(3)), Bucket(1));
        assert_eq!(Bucket::of(MessageId::MAX), Bucket((1 << 18) - 1));
        assert_eq!(Bucket::of(Bucket(7).first_id()), Bucket(7));
        let second = MessageId(hour(1).0 + 4_095);
        assert_eq!(timestamp_us(second) - timestamp_us(hour(1)), 999);
        assert_eq!(timestamp_us(hour(0)), EPOCH_UNIX_MS as i64 * 1_000);
    }
}
