//! Capacities.

use moim_engine::Limits;
use moim_engine::shard::Shard;

use super::{Kept, WITHIN_CAPACITY, hold};

/// A batch ends with the message that passes its bound; the changes of a room are few and are not refused.
const BATCH_SURPLUS_BYTES: usize = 16 * 1024;

/// Every gauge of a shard against its limit.
pub(crate) fn within_capacities(shard: &Shard, limits: &Limits) -> Kept {
    let (gauges, fullest) = (shard.gauges(), shard.fullest());
    let batch_bytes_max = limits.batch_bytes_max.saturating_add(BATCH_SURPLUS_BYTES);
    for (name, size, max) in [
        ("tickets", gauges.tickets, limits.store_requests_max),
        ("rooms", gauges.rooms, limits.rooms_max),
        ("batch_bytes", gauges.batch_bytes, batch_bytes_max),
        ("recent_bytes", gauges.recent_bytes, limits.recent_bytes_max),
        ("parked", fullest.parked, limits.parked_max),
        ("syncs", fullest.syncs, limits.parked_max),
        ("devices of a room", fullest.devices, limits.devices_per_room_max),
        ("rooms of a session", fullest.rooms, limits.rooms_per_session_max),
    ] {
        hold(size <= max, WITHIN_CAPACITY, || format!("{name}: {size} of at most {max}"))?;
    }
    Ok(())
}
