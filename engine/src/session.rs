//! A session as its connection knows it: who it is, until when, and how fast it may send.

use moim_persistence::Identity;
use moim_wire::{DeviceId, UserId};

use crate::shard::Caller;

/// An authenticated session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    /// The login that the token was issued for; 0 where a trunk vouches for the user.
    pub(crate) login: u64,
    /// Unix milliseconds; 0: never.
    pub(crate) expires_at_ms: u64,
    rate: Rate,
}

impl Session {
    pub(crate) fn new(identity: &Identity, device: DeviceId, rate: Rate) -> Self {
        let Identity { user, login, expires_at_ms, .. } = *identity;
        Self { user, device, login, expires_at_ms, rate }
    }

    pub(crate) fn of_trunk(user: UserId, device: DeviceId, rate: Rate) -> Self {
        Self { user, device, login: 0, expires_at_ms: 0, rate }
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.user, device: self.device }
    }

    pub(crate) fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_at_ms != 0 && self.expires_at_ms <= now_ms
    }

    /// Takes one send from the allowance; otherwise the milliseconds until there is one.
    pub(crate) fn take_send(&mut self, now_ms: u64) -> Result<(), u32> {
        self.rate.take(now_ms)
    }
}

/// A token bucket: `burst` sends at once, `per_second` sustained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second: u32,
    burst: u32,
    /// Thousandths of a send.
    left_milli: u64,
    refilled_at_ms: u64,
}

impl Rate {
    /// A full bucket; `per_second` 0 is no limit.
    pub(crate) fn new(per_second: u32, burst: u32, now_ms: u64) -> Self {
        let burst = burst.max(1);
        Self { per_second, burst, left_milli: u64::from(burst) * 1000, refilled_at_ms: now_ms }
    }

    fn take(&mut self, now_ms: u64) -> Result<(), u32> {
        if self.per_second == 0 {
            return Ok(());
        }
        let refill = now_ms.saturating_sub(self.refilled_at_ms) * u64::from(self.per_second);
        self.left_milli = (self.left_milli + refill).min(u64::from(self.burst) * 1000);
        self.refilled_at_ms = now_ms;
        match self.left_milli.checked_sub(1000) {
            Some(left) => {
                self.left_milli = left;
                Ok(())
            }
            None => Err(((1000 - self.left_milli) / u64::from(self.per_second)).max(1) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_sustained_rate_holds() {
        let mut rate = Rate::new(10, 3, 0);
        assert_eq!([0, 0, 0].map(|now| rate.take(now)), [Ok(()); 3]);
        assert_eq!(rate.take(0), Err(100));
        assert_eq!(rate.take(100), Ok(()));
        assert_eq!(rate.take(100), Err(100));
        assert_eq!(rate.take(50), Err(100), "a clock that goes back gives nothing");
    }
}
