//! Identifiers. All are plain numbers on the wire and distinct types in code, so that a user is never taken for a room.

use std::fmt;

/// Unix time of the epoch that message ids count from: 2025-01-01T00:00:00Z, in milliseconds.
pub const EPOCH_UNIX_MS: u64 = 1_735_689_600_000;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number_id!(
    /// A room, `channel` in the original's interface.
    RoomId
);
number_id!(
    /// A user; 0 is the system itself.
    UserId
);
number_id!(
    /// One installation of a client, chosen by it at random; 0 is the room's own events.
    DeviceId
);
number_id!(
    /// A device's number for a send within a room, rising, from 1.
    Sequence
);

/// A message's id within its room: 53 bits, so that a browser's number holds it. The upper 41 bits are milliseconds
/// since [`EPOCH_UNIX_MS`] (good until 2094), the lower 12 a counter. Ids of a room rise strictly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

impl MessageId {
    /// Before every message.
    pub const ZERO: Self = Self(0);
    /// The largest id, 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);
    /// Bits of the counter below the milliseconds.
    pub const COUNTER_BITS: u32 = 12;

    /// The first id of the given instant (Unix milliseconds); instants before the epoch give [`Self::ZERO`].
    pub const fn at_unix_ms(unix_ms: u64) -> Self {
        Self((unix_ms.saturating_sub(EPOCH_UNIX_MS) << Self::COUNTER_BITS) & Self::MAX.0)
    }

    /// The instant that the id was given at, in Unix milliseconds.
    pub const fn unix_ms(self) -> u64 {
        (self.0 >> Self::COUNTER_BITS) + EPOCH_UNIX_MS
    }

    /// The id that follows `self` in a room when the clock shows `unix_ms`: of that instant, or one more than `self`
    /// when the clock stands still or went back.
    pub const fn next(self, unix_ms: u64) -> Self {
        let of_clock = Self::at_unix_ms(unix_ms);
        if of_clock.0 > self.0 { of_clock } else { Self(self.0 + 1) }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for MessageId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_when_the_clock_stands_still_or_jumps_back() {
        let now_ms = EPOCH_UNIX_MS + 1_000;
        let first = MessageId::ZERO.next(now_ms);
        let second = first.next(now_ms);
        let third = second.next(now_ms - 500);
        assert!(first < second && second < third);
        assert_eq!(first.unix_ms(), now_ms);
    }

    #[test]
    fn an_id_fits_a_browsers_number_in_2094() {
        let id = MessageId::at_unix_ms(EPOCH_UNIX_MS + (1 << 41) - 1);
        assert!(id <= MessageId::MAX && id.0 > MessageId::MAX.0 - 4096);
    }
}
