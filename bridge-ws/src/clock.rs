//! The time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Unix time in seconds.
pub(crate) fn now_s() -> u64 {
    now().as_secs()
}

/// Unix time in milliseconds.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
