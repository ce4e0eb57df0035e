//! What an operator may set about the stores.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// Settings of the stores. [`Config::new`] gives the defaults named at each field.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of everything stored; created when missing. One process at a time may hold it.
    pub data: PathBuf,
    /// Back end of the accounts: `sqlite` (the file `accounts.sqlite` in `data`) or `sqlite:PATH`.
    pub accounts: String,
    /// Back end of the messages: `embedded` (the folder `messages` in `data`) or `embedded:PATH`.
    pub messages: String,
    /// Threads of the stores' own runtime (2).
    pub threads: usize,
    /// Requests under way at once; the next one gets [`Error::Busy`] (4,096).
    pub requests_max: usize,
    /// Connections that read accounts at once; writes have one of their own (4).
    pub readers: u32,
    /// Life of a session token in milliseconds (24 hours).
    pub login_ms: u64,
    /// Failed logins of one account from one address (of IPv6 its /64) within the window before that address is refused
    /// the account (10). As many wrong guesses has each user at a room's password.
    pub login_failures_per_account_and_address_max: u32,
    /// Failed logins of one account from all addresses within the window before it is refused to everyone (200): far
    /// above what one address can reach, or anyone could lock an account whose e-mail address they know.
    pub login_failures_per_account_max: u32,
    /// Failed logins from one address (of IPv6 its /64) within the window before it is refused (50).
    pub login_failures_per_address_max: u32,
    /// The window of these three in milliseconds (15 minutes).
    pub login_failures_window_ms: u64,
    /// Sign-ups from one address (of IPv6 its /64) within the window before the next is refused (100).
    pub sign_ups_per_address_max: u32,
    /// The window of it in milliseconds (15 minutes).
    pub sign_ups_window_ms: u64,
    /// Cost of a password hash.
    pub password_cost: PasswordCost,
    /// Passwords hashed at once; each takes `password_cost.memory_kib` (2).
    pub passwords_at_once: usize,
    /// Requests waiting to hash a password; the next one gets [`Error::Busy`] (256). At most half of them may be such as
    /// set a password, so that a rush of sign-ups leaves places to those who log in.
    pub passwords_waiting_max: usize,
    /// Cache of the embedded message store in bytes (64 MiB).
    pub message_cache_bytes: u64,
    /// Batches waiting in a write-behind lane; the offerer waits when it is full (64).
    pub lane_batches_max: usize,
    /// Bytes after which a lane stops gathering batches and writes (4 MiB).
    pub lane_write_bytes_max: usize,
}

/// Cost of a password hash (argon2id, one lane). The default is 19 MiB and 2 passes, about 20 ms of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB, at least 8.
    pub memory_kib: u32,
    /// Passes over it, at least 1.
    pub passes: u32,
}

impl PasswordCost {
    /// The least that argon2id takes: for tests and load generators that need thousands of accounts, not for people.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1 };
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

impl Config {
    /// The defaults, with everything in the folder `data`.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            accounts: "sqlite".to_owned(),
            messages: "embedded".to_owned(),
            threads: 2,
            requests_max: 4_096,
            readers: 4,
            login_ms: 24 * 60 * 60 * 1_000,
            login_failures_per_account_and_address_max: 10,
            login_failures_per_account_max: 200,
            login_failures_per_address_max: 50,
            login_failures_window_ms: 15 * 60 * 1_000,
            sign_ups_per_address_max: 100,
            sign_ups_window_ms: 15 * 60 * 1_000,
            password_cost: PasswordCost::default(),
            passwords_at_once: 2,
            passwords_waiting_max: 256,
            message_cache_bytes: 64 * 1024 * 1024,
            lane_batches_max: 64,
            lane_write_bytes_max: 4 * 1024 * 1024,
        }
    }

    /// Refuses numbers that nothing could run with.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("threads", self.threads),
            ("requests_max", self.requests_max),
            ("readers", self.readers as usize),
            ("passwords_at_once", self.passwords_at_once),
            ("passwords_waiting_max", self.passwords_waiting_max),
            ("lane_batches_max", self.lane_batches_max),
            ("lane_write_bytes_max", self.lane_write_bytes_max),
        ];
        for (setting, value) in positive {
            if value == 0 {
                return Err(Error::Setting { setting, value: value.to_string(), reason: "must be at least 1" });
            }
        }
        Ok(())
    }

    /// File of the SQLite accounts.
    pub(crate) fn sqlite_path(&self) -> Result<PathBuf, Error> {
        back_end_path(&self.accounts, "sqlite", self.data.join("accounts.sqlite")).ok_or_else(|| Error::Setting {
            setting: "accounts",
            value: self.accounts.clone(),
            reason: "known are `sqlite` and `sqlite:PATH`",
        })
    }

    /// Folder of the embedded messages.
    pub(crate) fn embedded_path(&self) -> Result<PathBuf, Error> {
        back_end_path(&self.messages, "embedded", self.data.join("messages")).ok_or_else(|| Error::Setting {
            setting: "messages",
            value: self.messages.clone(),
            reason: "known are `embedded` and `embedded:PATH`",
        })
    }
}

/// The path of `NAME` or `NAME:PATH`; `None` for another back end or an empty path.
fn back_end_path(value: &str, name: &str, default: PathBuf) -> Option<PathBuf> {
    let rest = value.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(default);
    }
    rest.strip_prefix(':').filter(|path| !path.is_empty()).map(|path| Path::new(path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_end_is_chosen_by_its_value() {
        let mut config = Config::new("/data");
        assert_eq!(config.sqlite_path().unwrap(), Path::new("/data/accounts.sqlite"));
        config.accounts = "sqlite:/elsewhere/a.db".to_owned();
        assert_eq!(config.sqlite_path().unwrap(), Path::new("/elsewhere/a.db"));
        for wrong in ["sqlite:", "sqliteish", "oracle", ""] {
            config.accounts = wrong.to_owned();
            assert!(matches!(config.sqlite_path(), Err(Error::Setting { setting: "accounts", .. })), "{wrong}");
        }
    }

    #[test]
    fn a_bound_of_zero_is_refused_by_name() {
        let mut config = Config::new("/data");
        config.readers = 0;
        assert!(config.check().unwrap_err().to_string().contains("readers"));
    }
}
