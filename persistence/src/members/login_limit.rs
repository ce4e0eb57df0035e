//! Failed logins, counted by account and address, and sign-ups, counted by address, in bounded memory. Successes are not
//! counted; but where failures have reached a limit, the right password is refused as well: it would tell that a guess
//! was right.
//!
//! Ten guesses from one address lock the account for that address alone, or anyone could keep anyone else out. The
//! ceiling of the account itself is against guesses from many addresses, and much higher.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use moim_wire::{RoomId, UserId};

use crate::config::Config;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::stats::LoginStats;

/// Keys of one generation of counts; two are remembered.
const GENERATION_MAX: usize = 8_192;

/// What an attempt is counted against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    /// An account as tried from one address; from those not known, together.
    AccountFrom(String, Option<u64>),
    /// An IPv4 address, or the /64 of an IPv6 one: a household has as many addresses of that as it likes.
    Address(u64),
    /// Someone's guesses at a room's password.
    Room(UserId, RoomId),
    /// Someone's guesses at a wallet's password.
    Wallet(UserId, AccountId),
}

/// The limits and what they count. One map a kind, so that a flood of one does not push out another.
pub(crate) struct LoginLimit {
    accounts: Mutex<Counts>,
    accounts_from: Mutex<Counts>,
    addresses: Mutex<Counts>,
    rooms: Mutex<Counts>,
    wallets: Mutex<Counts>,
    sign_ups: Mutex<Counts>,
    /// Logins by providers that are under way or have failed.
    externals: Mutex<Counts>,
    succeeded_total: AtomicU64,
    failed_total: AtomicU64,
    limited_total: AtomicU64,
    sign_ups_limited_total: AtomicU64,
}

/// Who attempts a login, and from where.
pub(super) struct Attempt {
    account: Key,
    account_from: Key,
    address: Option<Key>,
}

impl Attempt {
    pub(super) fn new(email_key: String, address: Option<IpAddr>) -> Self {
        let network = address.map(network);
        Self {
            account: Key::Account(email_key.clone()),
            account_from: Key::AccountFrom(email_key, network),
            address: network.map(Key::Address),
        }
    }
}

impl LoginLimit {
    pub(super) fn new(config: &Config) -> Self {
        let failures = |max| Mutex::new(Counts::new(max, config.login_failures_window_ms));
        let per_pair_max = config.login_failures_per_account_and_address_max;
        Self {
            accounts: failures(config.login_failures_per_account_max),
            accounts_from: failures(per_pair_max),
            addresses: failures(config.login_failures_per_address_max),
            rooms: failures(per_pair_max),
            wallets: failures(per_pair_max),
            sign_ups: Mutex::new(Counts::new(config.sign_ups_per_address_max, config.sign_ups_window_ms)),
            externals: failures(config.login_failures_per_address_max),
            succeeded_total: AtomicU64::new(0),
            failed_total: AtomicU64::new(0),
            limited_total: AtomicU64::new(0),
            sign_ups_limited_total: AtomicU64::new(0),
        }
    }

    /// Refuses an attempt after too many failures.
    pub(super) fn check(&self, attempt: &Attempt, now_ms: u64) -> Result<(), Error> {
        let of_account = lock(&self.accounts).refused_for_ms(&attempt.account, now_ms);
        let from_there = lock(&self.accounts_from).refused_for_ms(&attempt.account_from, now_ms);
        let of_address = attempt.address.as_ref().map_or(0, |key| lock(&self.addresses).refused_for_ms(key, now_ms));
        self.refuse(of_account.max(from_there).max(of_address))
    }

    pub(super) fn failed(&self, attempt: Attempt, now_ms: u64) {
        self.failed_total.fetch_add(1, Ordering::Relaxed);
        lock(&self.accounts).add(attempt.account, now_ms);
        lock(&self.accounts_from).add(attempt.account_from, now_ms);
        if let Some(key) = attempt.address {
            lock(&self.addresses).add(key, now_ms);
        }
    }

    /// Clears the account for that address alone. The address keeps its failures, or one good account would pay for
    /// guesses at all others; the account keeps those from elsewhere, or its owner would pay for them by logging in.
    pub(super) fn succeeded(&self, attempt: &Attempt) {
        self.succeeded_total.fetch_add(1, Ordering::Relaxed);
        lock(&self.accounts_from).forget(&attempt.account_from);
    }

    /// Refuses a guess at a room's password after too many wrong ones.
    pub(super) fn check_room(&self, user: UserId, room: RoomId, now_ms: u64) -> Result<(), Error> {
        let refused_for_ms = lock(&self.rooms).refused_for_ms(&Key::Room(user, room), now_ms);
        self.refuse(refused_for_ms)
    }

    pub(super) fn failed_room(&self, user: UserId, room: RoomId, now_ms: u64) {
        lock(&self.rooms).add(Key::Room(user, room), now_ms);
    }

    /// Refuses a guess at a wallet's password after too many wrong ones.
    pub(crate) fn check_wallet(&self, user: UserId, wallet: AccountId, now_ms: u64) -> Result<(), Error> {
        let refused_for_ms = lock(&self.wallets).refused_for_ms(&Key::Wallet(user, wallet), now_ms);
        self.refuse(refused_for_ms)
    }

    pub(crate) fn failed_wallet(&self, user: UserId, wallet: AccountId, now_ms: u64) {
        lock(&self.wallets).add(Key::Wallet(user, wallet), now_ms);
    }

    /// Counts a sign-up, or refuses it after too many. At once, so that those sent together cannot pass the limit.
    pub(super) fn take_sign_up(&self, address: IpAddr, now_ms: u64) -> Result<(), Error> {
        let key = Key::Address(network(address));
        let mut sign_ups = lock(&self.sign_ups);
        let retry_after_ms = sign_ups.refused_for_ms(&key, now_ms);
        if retry_after_ms == 0 {
            sign_ups.add(key, now_ms);
            return Ok(());
        }
        self.sign_ups_limited_total.fetch_add(1, Ordering::Relaxed);
        Err(Error::TooManyAttempts { retry_after_ms })
    }

    /// Counts a login by a provider before its outcome is known, or refuses it after too many that failed. Those whose
    /// address is not known share one.
    pub(super) fn take_external(&self, address: Option<IpAddr>, now_ms: u64) -> Result<(), Error> {
        let key = Key::Address(address.map_or(0, network));
        let mut externals = lock(&self.externals);
        self.refuse(externals.refused_for_ms(&key, now_ms))?;
        externals.add(key, now_ms);
        Ok(())
    }

    pub(super) fn external_succeeded(&self, address: Option<IpAddr>) {
        lock(&self.externals).take_back(&Key::Address(address.map_or(0, network)));
    }

    pub(super) fn count_into(&self, stats: &mut LoginStats) {
        stats.succeeded_total = self.succeeded_total.load(Ordering::Relaxed);
        stats.failed_total = self.failed_total.load(Ordering::Relaxed);
        stats.limited_total = self.limited_total.load(Ordering::Relaxed);
        stats.sign_ups_limited_total = self.sign_ups_limited_total.load(Ordering::Relaxed);
        let Self { accounts, accounts_from, addresses, rooms, wallets, sign_ups, externals, .. } = self;
        for counts in [accounts, accounts_from, addresses, rooms, wallets, sign_ups, externals] {
            let counts = lock(counts);
            stats.remembered += (counts.current.len() + counts.previous.len()) as u64;
            stats.forgotten_total += counts.forgotten_total;
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

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

/// Attempts by key in two generations: a key that is counted moves to the current one, and when that is full the previous
/// one is forgotten.
struct Counts {
    max: u32,
    window_ms: u64,
    current: HashMap<Key, Count>,
    previous: HashMap<Key, Count>,
    forgotten_total: u64,
}

#[derive(Clone, Copy)]
struct Count {
    attempts: u32,
    since_ms: u64,
}

impl Counts {
    fn new(max: u32, window_ms: u64) -> Self {
        Self { max, window_ms, current: HashMap::new(), previous: HashMap::new(), forgotten_total: 0 }
    }

    /// Milliseconds until the key is looked at again, 0: now.
    fn refused_for_ms(&self, key: &Key, now_ms: u64) -> u64 {
        let count = self.current.get(key).or_else(|| self.previous.get(key));
        match count {
            Some(count) if count.attempts >= self.max => (count.since_ms + self.window_ms).saturating_sub(now_ms),
            _ => 0,
        }
    }

    fn add(&mut self, key: Key, now_ms: u64) {
        let known = self.current.remove(&key).or_else(|| self.previous.remove(&key));
        let still = known.filter(|count| count.since_ms + self.window_ms > now_ms);
        let count = still.unwrap_or(Count { attempts: 0, since_ms: now_ms });
        self.current.insert(key, Count { attempts: count.attempts.saturating_add(1), ..count });
        if self.current.len() >= GENERATION_MAX {
            let forgotten = self.previous.values().filter(|count| count.since_ms + self.window_ms > now_ms);
            self.forgotten_total += forgotten.count() as u64;
            self.previous = std::mem::take(&mut self.current);
        }
    }

    /// One attempt fewer.
    fn take_back(&mut self, key: &Key) {
        if let Some(count) = self.current.get_mut(key).or_else(|| self.previous.get_mut(key)) {
            count.attempts = count.attempts.saturating_sub(1);
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

    fn limit(per_pair: u32, per_account: u32, per_address: u32) -> LoginLimit {
        LoginLimit::new(&Config {
            login_failures_per_account_and_address_max: per_pair,
            login_failures_per_account_max: per_account,
            login_failures_per_address_max: per_address,
            login_failures_window_ms: WINDOW_MS,
            sign_ups_per_address_max: 2,
            sign_ups_window_ms: WINDOW_MS,
            ..Config::new("unused")
        })
    }

    fn attempt(account: &str, address: &str) -> Attempt {
        Attempt::new(account.to_owned(), Some(address.parse().unwrap()))
    }

    #[test]
    fn guesses_from_one_address_leave_the_account_to_others_and_the_address_to_other_accounts() {
        let limit = limit(2, 100, 100);
        limit.failed(attempt("a", "2001:db8::1"), 0);
        assert!(limit.check(&attempt("a", "2001:db8::1"), 1).is_ok());
        limit.failed(attempt("a", "2001:db8::2"), 400);
        let refused = limit.check(&attempt("a", "2001:db8::ffff"), 500);
        assert!(matches!(refused, Err(Error::TooManyAttempts { retry_after_ms: 500 })));
        assert!(limit.check(&attempt("a", "2.2.2.2"), 500).is_ok());
        assert!(limit.check(&Attempt::new("a".to_owned(), None), 500).is_ok());
        assert!(limit.check(&attempt("b", "2001:db8::1"), 500).is_ok());
        assert!(limit.check(&attempt("a", "2001:db8::1"), WINDOW_MS).is_ok());
    }

    #[test]
    fn guesses_from_many_addresses_reach_the_ceiling_of_the_account() {
        let limit = limit(2, 3, 100);
        for address in ["1.1.1.1", "2.2.2.2", "3.3.3.3"] {
            assert!(limit.check(&attempt("a", "4.4.4.4"), 1).is_ok());
            limit.failed(attempt("a", address), 0);
        }
        assert!(limit.check(&attempt("a", "4.4.4.4"), 1).is_err());
        assert!(limit.check(&attempt("b", "1.1.1.1"), 1).is_ok());
        assert!(limit.check(&attempt("a", "4.4.4.4"), WINDOW_MS).is_ok());
    }

    #[test]
    fn an_address_is_refused_whatever_account_it_tries() {
        let limit = limit(100, 100, 3);
        for account in ["a", "b", "c"] {
            limit.failed(attempt(account, "2001:db8::1"), 0);
        }
        assert!(limit.check(&attempt("d", "2001:db8::ffff"), 1).is_err());
        assert!(limit.check(&attempt("d", "2001:db8:0:1::1"), 1).is_ok());
    }

    #[test]
    fn a_success_clears_the_account_for_its_address_alone() {
        let limit = limit(2, 3, 3);
        limit.failed(attempt("a", "1.1.1.1"), 0);
        limit.succeeded(&attempt("a", "1.1.1.1"));
        limit.failed(attempt("a", "1.1.1.1"), 0);
        assert!(limit.check(&attempt("a", "::ffff:1.1.1.1"), 1).is_ok());
        limit.succeeded(&attempt("a", "1.1.1.1"));
        limit.failed(attempt("a", "1.1.1.1"), 0);
        assert!(limit.check(&attempt("a", "2.2.2.2"), 1).is_err(), "the account keeps its failures");
        assert!(limit.check(&attempt("b", "1.1.1.1"), 1).is_err(), "and so does the address");
    }

    #[test]
    fn sign_ups_are_counted_by_address_until_the_window_is_over() {
        let limit = limit(1, 1, 1);
        let home = "2001:db8::1".parse().unwrap();
        for now_ms in [0, 300] {
            limit.take_sign_up(home, now_ms).unwrap();
        }
        let refused = limit.take_sign_up("2001:db8::ffff".parse().unwrap(), 400);
        assert!(matches!(refused, Err(Error::TooManyAttempts { retry_after_ms: 600 })), "{refused:?}");
        assert!(limit.take_sign_up("2.2.2.2".parse().unwrap(), 400).is_ok());
        assert!(limit.take_sign_up(home, WINDOW_MS).is_ok());
    }

    #[test]
    fn logins_by_a_provider_count_as_failed_until_they_have_succeeded() {
        let limit = limit(1, 1, 2);
        let home = Some("203.0.113.9".parse().unwrap());
        limit.take_external(home, 0).unwrap();
        limit.take_external(home, 0).unwrap();
        assert!(limit.take_external(home, 1).is_err(), "two are under way");
        assert!(limit.take_external(Some("203.0.113.10".parse().unwrap()), 1).is_ok());
        limit.external_succeeded(home);
        limit.take_external(home, 1).unwrap();
        assert!(limit.take_external(home, 2).is_err());
        assert!(limit.take_external(home, WINDOW_MS).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_forgetting_is_counted() {
        let limit = limit(1, 1, 1);
        for number in 0..4 * GENERATION_MAX as u32 {
            limit.take_sign_up(std::net::Ipv4Addr::from_bits(number).into(), 0).unwrap();
        }
        let mut stats = LoginStats::default();
        limit.count_into(&mut stats);
        assert!(stats.remembered <= 2 * GENERATION_MAX as u64, "{stats:?}");
        assert_eq!(stats.remembered + stats.forgotten_total, 4 * GENERATION_MAX as u64);
    }
}
