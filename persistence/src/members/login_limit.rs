//! Failed logins, counted by account and by address, in bounded memory. Successes are not limited.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use moim_wire::{RoomId, UserId};

use crate::config::Config;
use crate::error::Error;
use crate::stats::LoginStats;

/// Keys of one generation of failures; two are remembered.
const GENERATION_MAX: usize = 8_192;

/// What a failure is counted against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    /// An IPv4 address, or the /64 of an IPv6 one: a household has as many addresses of that as it likes.
    Address(u64),
    /// Someone's guesses at a room's password.
    Room(UserId, RoomId),
}

/// The limits and what they count. One map a kind, so that a flood of one does not push out another.
pub(super) struct LoginLimit {
    accounts: Mutex<Failures>,
    addresses: Mutex<Failures>,
    rooms: Mutex<Failures>,
    succeeded_total: AtomicU64,
    failed_total: AtomicU64,
    limited_total: AtomicU64,
}

/// Who attempts a login, and from where.
pub(super) struct Attempt {
    account: Key,
    address: Option<Key>,
}

impl Attempt {
    pub(super) fn new(email_key: String, address: Option<IpAddr>) -> Self {
        Self { account: Key::Account(email_key), address: address.map(|address| Key::Address(network(address))) }
    }
}

impl LoginLimit {
    pub(super) fn new(config: &Config) -> Self {
        let failures = |max| Mutex::new(Failures::new(max, config.login_failures_window_ms));
        Self {
            accounts: failures(config.login_failures_per_account_max),
            addresses: failures(config.login_failures_per_address_max),
            rooms: failures(config.login_failures_per_account_max),
            succeeded_total: AtomicU64::new(0),
            failed_total: AtomicU64::new(0),
            limited_total: AtomicU64::new(0),
        }
    }

    /// Refuses an attempt after too many failures.
    pub(super) fn check(&self, attempt: &Attempt, now_ms: u64) -> Result<(), Error> {
        let of_account = lock(&self.accounts).refused_for_ms(&attempt.account, now_ms);
        let of_address = attempt.address.as_ref().map_or(0, |key| lock(&self.addresses).refused_for_ms(key, now_ms));
        self.refuse(of_account.max(of_address))
    }

    pub(super) fn failed(&self, attempt: Attempt, now_ms: u64) {
        self.failed_total.fetch_add(1, Ordering::Relaxed);
        lock(&self.accounts).add(attempt.account, now_ms);
        if let Some(key) = attempt.address {
            lock(&self.addresses).add(key, now_ms);
        }
    }

    /// Clears the account; the address keeps its failures, or one good account would pay for guesses at all others.
    pub(super) fn succeeded(&self, attempt: &Attempt) {
        self.succeeded_total.fetch_add(1, Ordering::Relaxed);
        lock(&self.accounts).forget(&attempt.account);
    }

    /// Refuses a guess at a room's password after too many wrong ones.
    pub(super) fn check_room(&self, user: UserId, room: RoomId, now_ms: u64) -> Result<(), Error> {
        let refused_for_ms = lock(&self.rooms).refused_for_ms(&Key::Room(user, room), now_ms);
        self.refuse(refused_for_ms)
    }

    pub(super) fn failed_room(&self, user: UserId, room: RoomId, now_ms: u64) {
        lock(&self.rooms).add(Key::Room(user, room), now_ms);
    }

    pub(super) fn count_into(&self, stats: &mut LoginStats) {
        stats.succeeded_total = self.succeeded_total.load(Ordering::Relaxed);
        stats.failed_total = self.failed_total.load(Ordering::Relaxed);
        stats.limited_total = self.limited_total.load(Ordering::Relaxed);
        for failures in [&self.accounts, &self.addresses, &self.rooms] {
            let failures = lock(failures);
            stats.remembered += (failures.current.len() + failures.previous.len()) as u64;
            stats.forgotten_total += failures.forgotten_total;
        }
    }

    fn refuse(&self, retry_after_ms: u64) -> Result<(), Error> {
        if retry_after_ms == 0 {
            return Ok(());
        }
        self.limited_total.fetch_add(1, Ordering::Relaxed);
        Err(Error::TooManyAttempts { retry_after_ms })
    }
}

fn lock(failures: &Mutex<Failures>) -> MutexGuard<'_, Failures> {
    failures.lock().unwrap_or_else(PoisonError::into_inner)
}

fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

/// Failures by key in two generations: a key that fails moves to the current one, and when that is full the previous
/// one is forgotten.
struct Failures {
    max: u32,
    window_ms: u64,
    current: HashMap<Key, Failed>,
    previous: HashMap<Key, Failed>,
    forgotten_total: u64,
}

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    since_ms: u64,
}

impl Failures {
    fn new(max: u32, window_ms: u64) -> Self {
        Self { max, window_ms, current: HashMap::new(), previous: HashMap::new(), forgotten_total: 0 }
    }

    /// Milliseconds until the key is looked at again, 0: now.
    fn refused_for_ms(&self, key: &Key, now_ms: u64) -> u64 {
        let failed = self.current.get(key).or_else(|| self.previous.get(key));
        match failed {
            Some(failed) if failed.count >= self.max => (failed.since_ms + self.window_ms).saturating_sub(now_ms),
            _ => 0,
        }
    }

    fn add(&mut self, key: Key, now_ms: u64) {
        let known = self.current.remove(&key).or_else(|| self.previous.remove(&key));
        let still = known.filter(|failed| failed.since_ms + self.window_ms > now_ms);
        let failed = still.unwrap_or(Failed { count: 0, since_ms: now_ms });
        self.current.insert(key, Failed { count: failed.count.saturating_add(1), ..failed });
        if self.current.len() >= GENERATION_MAX {
            let forgotten = self.previous.values().filter(|failed| failed.since_ms + self.window_ms > now_ms);
            self.forgotten_total += forgotten.count() as u64;
            self.previous = std::mem::take(&mut self.current);
        }
    }

    fn forget(&mut self, key: &Key) {
        self.current.remove(key);
        self.previous.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW_MS: u64 = 1_000;

    fn limit(per_account: u32, per_address: u32) -> LoginLimit {
        LoginLimit::new(&Config {
            login_failures_per_account_max: per_account,
            login_failures_per_address_max: per_address,
            login_failures_window_ms: WINDOW_MS,
            ..Config::new("unused")
        })
    }

    fn attempt(account: &str, address: &str) -> Attempt {
        Attempt::new(account.to_owned(), Some(address.parse().unwrap()))
    }

    #[test]
    fn an_account_is_refused_from_anywhere_until_the_window_is_over() {
        let limit = limit(2, 100);
        limit.failed(attempt("a", "1.1.1.1"), 0);
        assert!(limit.check(&attempt("a", "2.2.2.2"), 1).is_ok());
        limit.failed(attempt("a", "2.2.2.2"), 400);
        let refused = limit.check(&attempt("a", "3.3.3.3"), 500);
        assert!(matches!(refused, Err(Error::TooManyAttempts { retry_after_ms: 500 })));
        assert!(limit.check(&attempt("b", "1.1.1.1"), 500).is_ok());
        assert!(limit.check(&attempt("a", "3.3.3.3"), WINDOW_MS).is_ok());
    }

    #[test]
    fn an_address_is_refused_whatever_account_it_tries() {
        let limit = limit(100, 3);
        for account in ["a", "b", "c"] {
            limit.failed(attempt(account, "2001:db8::1"), 0);
        }
        assert!(limit.check(&attempt("d", "2001:db8::ffff"), 1).is_err());
        assert!(limit.check(&attempt("d", "2001:db8:0:1::1"), 1).is_ok());
    }

    #[test]
    fn a_success_clears_the_account_but_not_the_address() {
        let limit = limit(2, 2);
        limit.failed(attempt("a", "1.1.1.1"), 0);
        limit.succeeded(&attempt("a", "1.1.1.1"));
        limit.failed(attempt("a", "1.1.1.1"), 0);
        assert!(limit.check(&attempt("a", "2.2.2.2"), 1).is_ok());
        assert!(limit.check(&attempt("b", "::ffff:1.1.1.1"), 1).is_err());
    }

    #[test]
    fn memory_is_bounded_and_forgetting_is_counted() {
        let limit = limit(1, 1);
        for number in 0..4 * GENERATION_MAX {
            limit.failed(Attempt::new(number.to_string(), None), 0);
        }
        let mut stats = LoginStats::default();
        limit.count_into(&mut stats);
        assert!(stats.remembered <= 2 * GENERATION_MAX as u64, "{stats:?}");
        assert_eq!(stats.remembered + stats.forgotten_total, 4 * GENERATION_MAX as u64);
    }
}
