//! A session as its connection knows it: who it is, until when, and how fast it may send.

use moim_persistence::{Identity, Kind};
use moim_wire::{DeviceId, UserId};

use crate::config::Limits;
use crate::shard::{Caller, Request};

/// An authenticated session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    /// The login that the token was issued for; 0 where a trunk vouches for the user.
    pub(crate) login: u64,
    /// Unix milliseconds; 0: never.
    pub(crate) expires_at_ms: u64,
    /// A bridge speaks itself, for a file that it keeps. Nobody else may say File, or it would show another's as his.
    pub(crate) says_files: bool,
    sends: Rate,
    requests: Rate,
    typing: Rate,
}

/// What a session may do in a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    sends: Rate,
    requests: Rate,
    typing: Rate,
}

impl Rates {
    pub(crate) fn new(limits: &Limits, now_ms: u64) -> Self {
        // Whoever lifts the one limit, as load tests do, lifts both.
        let requests_per_second = if limits.sends_per_second == 0 { 0 } else { limits.requests_per_second };
        Self {
            sends: Rate::new(limits.sends_per_second, limits.sends_burst, now_ms),
            requests: Rate::new(requests_per_second, limits.requests_burst, now_ms),
            typing: Rate::new(1, TYPING_BURST, now_ms),
        }
    }
}

/// What a page of the store's costs, beside a request that is answered from memory.
const PAGE_COST: u64 = 8;
/// TYPINGs that are passed on at once, before one a second is all that others are told.
const TYPING_BURST: u32 = 5;

impl Session {
    pub(crate) fn new(identity: &Identity, device: DeviceId, rates: Rates) -> Self {
        let Identity { user, login, expires_at_ms, .. } = *identity;
        let Rates { sends, requests, typing } = rates;
        Self { user, device, login, expires_at_ms, says_files: false, sends, requests, typing }
    }

    pub(crate) fn of_trunk(user: UserId, device: DeviceId, rates: Rates) -> Self {
        let Rates { sends, requests, typing } = rates;
        Self { user, device, login: 0, expires_at_ms: 0, says_files: false, sends, requests, typing }
    }

    pub(crate) fn saying_files(self, says_files: bool) -> Self {
        Self { says_files, ..self }
    }

    /// Whether the session may ask for that at all, whatever its user's rights in the room.
    pub(crate) fn may(&self, request: &Request<'_>) -> bool {
        self.says_files || !matches!(request, Request::Send(send) if send.kind == Kind::File)
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.user, device: self.device }
    }

    pub(crate) fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_at_ms != 0 && self.expires_at_ms <= now_ms
    }

    /// Takes the request from the session's allowance; otherwise the milliseconds until there is one.
    pub(crate) fn take(&mut self, request: &Request<'_>, now_ms: u64) -> Result<(), u32> {
        match request {
            Request::Send(_) => self.sends.take(1, now_ms),
            Request::History { .. } | Request::Members { .. } => self.take_other(true, now_ms),
            _ => self.take_other(false, now_ms),
        }
    }

    /// The same of a request that is about no room's stream; a page costs more.
    pub(crate) fn take_other(&mut self, is_page: bool, now_ms: u64) -> Result<(), u32> {
        self.requests.take(if is_page { PAGE_COST } else { 1 }, now_ms)
    }

    /// Whether a TYPING is passed on: nobody needs to be told more often.
    pub(crate) fn may_type(&mut self, now_ms: u64) -> bool {
        self.typing.take(1, now_ms).is_ok()
    }
}

/// A token bucket: `burst` sends at once, `per_second` sustained.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_second: u32,
    burst: u32,
    /// Thousandths of a send.
    left_milli: u64,
    refilled_at_ms: u64,
}

impl Rate {
    /// A full bucket; `per_second` 0 is no limit.
    fn new(per_second: u32, burst: u32, now_ms: u64) -> Self {
        let burst = burst.max(1);
        Self { per_second, burst, left_milli: u64::from(burst) * 1000, refilled_at_ms: now_ms }
    }

    fn take(&mut self, cost: u64, now_ms: u64) -> Result<(), u32> {
        if self.per_second == 0 {
            return Ok(());
        }
        let refill = now_ms.saturating_sub(self.refilled_at_ms) * u64::from(self.per_second);
        self.left_milli = (self.left_milli + refill).min(u64::from(self.burst) * 1000);
        self.refilled_at_ms = now_ms;
        match self.left_milli.checked_sub(cost * 1000) {
            Some(left) => {
                self.left_milli = left;
                Ok(())
            }
            None => Err(((cost * 1000 - self.left_milli) / u64::from(self.per_second)).max(1) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_sustained_rate_holds() {
        let mut rate = Rate::new(10, 3, 0);
        assert_eq!([0, 0, 0].map(|now| rate.take(1, now)), [Ok(()); 3]);
        assert_eq!(rate.take(1, 0), Err(100));
        assert_eq!(rate.take(1, 100), Ok(()));
        assert_eq!(rate.take(1, 100), Err(100));
        assert_eq!(rate.take(1, 50), Err(100), "a clock that goes back gives nothing");
    }
}
