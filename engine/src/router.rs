//! From a room to the shard that owns it: the only such function.

use moim_wire::RoomId;

/// A shard's number, dense from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u16);

impl std::fmt::Display for ShardId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The shard, of `shards` (at least 1), that does all work on `room`.
pub fn owner(room: RoomId, shards: u16) -> ShardId {
    // Fibonacci hashing spreads the dense ids of consecutive rooms; the multiplication then maps the hash onto the
    // shards without a division.
    let hash = room.0.wrapping_mul(0x9E37_79B1);
    ShardId(((u64::from(hash) * u64::from(shards)) >> 32) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_rooms_spread_evenly_and_within_bounds() {
        for shards in [1, 2, 3, 8, 64] {
            let mut rooms_of = vec![0u32; usize::from(shards)];
            for room in 1..=10_000 {
                rooms_of[usize::from(owner(RoomId(room), shards).0)] += 1;
            }
            let fair = 10_000 / u32::from(shards);
            assert!(rooms_of.iter().all(|&n| n > fair * 9 / 10 && n < fair * 11 / 10 + 10), "{rooms_of:?}");
        }
    }
}
