//! Hashing passwords: argon2id on blocking threads, a few at once, so that a rush of logins takes neither all cores nor
//! all memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::Error as HashError;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;
use crate::error::Error;
use crate::runtime::not_finished;
use crate::stats::LoginStats;

/// Hashes and verifies passwords.
pub(crate) struct Passwords {
    argon: Argon2<'static>,
    /// Verified when there is no account, so that the answer takes as long as where there is one.
    nobody: String,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    /// Those of the waiting who set a password.
    setting: AtomicUsize,
    setting_max: usize,
    hashed_total: AtomicU64,
    refused_total: AtomicU64,
}

/// The right to hash. What a login decides by its failures it decides while holding one, so that guesses sent all at
/// once cannot pass a limit before the first is counted.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let cost = config.password_cost;
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| Error::Setting {
            setting: "password_cost",
            value: format!("{cost:?}"),
            reason: "argon2id takes at least 8 KiB and 1 pass",
        })?;
        let argon = Argon2::from(params);
        let nobody = hash(&argon, "the password of nobody")?;
        Ok(Self {
            argon,
            nobody,
            turns: Arc::new(Semaphore::new(config.passwords_at_once)),
            waiting: AtomicUsize::new(0),
            waiting_max: config.passwords_waiting_max,
            setting: AtomicUsize::new(0),
            setting_max: (config.passwords_waiting_max / 2).max(1),
            hashed_total: AtomicU64::new(0),
            refused_total: AtomicU64::new(0),
        })
    }

    /// Waits for a turn, behind those who came before.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before >= self.waiting_max {
            return Err(self.refused(self.waiting_max));
        }
        let permit = self.turns.clone().acquire_owned().await;
        permit.map(|permit| Turn { _permit: permit }).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Waits for a turn to set a password, which may take half of the places: the rest is for those who log in.
    pub(crate) async fn turn_to_set(&self) -> Result<Turn, Error> {
        let setting = Waiting::enter(&self.setting);
        if setting.before >= self.setting_max {
            return Err(self.refused(self.setting_max));
        }
        self.turn().await
    }

    fn refused(&self, limit: usize) -> Error {
        self.refused_total.fetch_add(1, Ordering::Relaxed);
        Error::Busy { what: "places to wait for a password check", limit }
    }

    /// Hashes a password with a salt of its own, as a PHC string.
    pub(crate) async fn hash(&self, _turn: &Turn, password: String) -> Result<String, Error> {
        self.hashed_total.fetch_add(1, Ordering::Relaxed);
        let argon = self.argon.clone();
        tokio::task::spawn_blocking(move || hash(&argon, &password)).await.map_err(not_finished)?
    }

    /// Whether `password` is the one of the hash; never without a hash, after the same time.
    pub(crate) async fn matches(&self, _turn: &Turn, password: String, hash: Option<String>) -> Result<bool, Error> {
        self.hashed_total.fetch_add(1, Ordering::Relaxed);
        let argon = self.argon.clone();
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let verify = move || match argon.verify_password(password.as_bytes(), hash.as_str()) {
            Ok(()) => Ok(exists),
            Err(HashError::PasswordInvalid) => Ok(false),
            Err(error) => Err(Error::Internal(format!("a stored password hash: {error}"))),
        };
        tokio::task::spawn_blocking(verify).await.map_err(not_finished)?
    }

    pub(crate) fn count_into(&self, stats: &mut LoginStats) {
        stats.passwords_total = self.hashed_total.load(Ordering::Relaxed);
        stats.passwords_refused_total = self.refused_total.load(Ordering::Relaxed);
    }
}

fn hash(argon: &Argon2<'_>, password: &str) -> Result<String, Error> {
    let hash = argon.hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Internal(format!("hashing a password: {error}")))
}

/// One who waits, counted until the turn comes or the wait is given up.
struct Waiting<'a> {
    waiting: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Self {
        Self { waiting, before: waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PasswordCost;

    fn passwords(waiting_max: usize) -> Passwords {
        let config = Config {
            password_cost: PasswordCost::LEAST,
            passwords_at_once: 1,
            passwords_waiting_max: waiting_max,
            ..Config::new("unused")
        };
        Passwords::new(&config).unwrap()
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_alone_and_no_hash_matches_none() {
        let passwords = passwords(1);
        let turn = passwords.turn().await.unwrap();
        let hash = passwords.hash(&turn, "correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.matches(&turn, "correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(&turn, "battery staple".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.matches(&turn, "the password of nobody".to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_queue_for_a_turn_is_bounded() {
        let passwords = passwords(1);
        let held = passwords.turn().await.unwrap();
        let mut second = Box::pin(passwords.turn());
        assert!(futures_pending(&mut second).await);
        assert!(matches!(passwords.turn().await, Err(Error::Busy { limit: 1, .. })));
        drop(held);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn setting_passwords_leaves_half_of_the_places_to_logins() {
        let passwords = passwords(4);
        let held = passwords.turn().await.unwrap();
        let mut setting = [Box::pin(passwords.turn_to_set()), Box::pin(passwords.turn_to_set())];
        for waits in &mut setting {
            assert!(futures_pending(waits).await);
        }
        assert!(matches!(passwords.turn_to_set().await, Err(Error::Busy { limit: 2, .. })));
        let mut login = Box::pin(passwords.turn());
        assert!(futures_pending(&mut login).await);
        drop((held, setting));
        assert!(login.await.is_ok());
        assert!(passwords.turn_to_set().await.is_ok());
    }

    /// Polls once.
    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
