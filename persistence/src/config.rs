//! What an operator may set about the stores.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::address::StoreAddress;
use crate::error::Error;

/// What an index's writer needs at the least.
const SEARCH_MEMORY_BYTES_MIN: usize = 15_000_000;

/// Settings of the stores. [`Config::new`] gives the defaults named at each field.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of everything stored; created when missing. One process at a time may hold it.
    pub data: PathBuf,
    /// Back end of the accounts: `sqlite` (the file `accounts.sqlite` in `data`), `sqlite:PATH`, or
    /// `mysql://user:password@host:port/database` for MySQL or MariaDB.
    pub accounts: StoreAddress,
    /// Back end of the messages: `embedded` (the folder `messages` in `data`), `embedded:PATH`, or
    /// `scylla://user:password@host1,host2/keyspace` for ScyllaDB and other CQL servers, with these parameters: `dc`,
    /// `consistency` (local_quorum), `read_timeout` (5s), `write_timeout` (10s), and for `moim store init` `replication`,
    /// `ttl`, `compaction`.
    pub messages: StoreAddress,
    /// Back end of files' bytes: `file` (the folder `files` in `data`), `file:FOLDER`, or
    /// `s3://key:secret@bucket/prefix?endpoint=URL&region=NAME` for S3 and what speaks like it; without key and secret they
    /// are the environment's, `AWS_ACCESS_KEY_ID` and its like.
    pub files: StoreAddress,
    /// Bytes of one file; a larger one is refused with [`Error::FileTooLarge`] (50 MiB).
    pub file_bytes_max: u64,
    /// Bytes of all files of one user; more are refused with [`Error::QuotaExceeded`] (1 GiB).
    pub files_of_user_bytes_max: u64,
    /// Threads of the stores' own runtime (2).
    pub threads: usize,
    /// Requests under way at once; the next one gets [`Error::Busy`] (4,096).
    pub requests_max: usize,
    /// Connections that read accounts in SQLite at once; writes have one of their own (4).
    pub readers: u32,
    /// Connections to MySQL (16).
    pub connections: u32,
    /// How long a request waits for a connection to the accounts, for an answer to a statement, and for a chance to run
    /// again after a deadlock or a lost connection; from the three together it has an answer within thrice that (10 s).
    pub store_wait: Duration,
    /// Whether opening brings the accounts' schema up to date (true); otherwise one that is behind is refused.
    pub migrate: bool,
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
    /// Whether messages can be searched for (true).
    pub search: bool,
    /// Memory in which messages are gathered for the search index, in bytes; at least 15 MB (32 MiB).
    pub search_memory_bytes: usize,
    /// Bytes of messages that wait for the search index; past it they are read from the store when there is time (16 MiB).
    pub search_queue_bytes_max: usize,
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
            accounts: "sqlite".into(),
            messages: "embedded".into(),
            files: "file".into(),
            file_bytes_max: 50 * 1024 * 1024,
            files_of_user_bytes_max: 1024 * 1024 * 1024,
            threads: 2,
            requests_max: 4_096,
            readers: 4,
            connections: 16,
            store_wait: Duration::from_secs(10),
            migrate: true,
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
            search: true,
            search_memory_bytes: 32 * 1024 * 1024,
            search_queue_bytes_max: 16 * 1024 * 1024,
        }
    }

    /// Refuses numbers that nothing could run with.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("threads", self.threads),
            ("requests_max", self.requests_max),
            ("readers", self.readers as usize),
            ("connections", self.connections as usize),
            ("store_wait", usize::from(!self.store_wait.is_zero())),
            ("passwords_at_once", self.passwords_at_once),
            ("passwords_waiting_max", self.passwords_waiting_max),
            ("lane_batches_max", self.lane_batches_max),
            ("lane_write_bytes_max", self.lane_write_bytes_max),
            ("file_bytes_max", usize::from(self.file_bytes_max > 0)),
            ("files_of_user_bytes_max", usize::from(self.files_of_user_bytes_max > 0)),
        ];
        if self.search_memory_bytes < SEARCH_MEMORY_BYTES_MIN {
            let value = self.search_memory_bytes.to_string();
            return Err(Error::Setting { setting: "search_memory_bytes", value, reason: "must be at least 15 MB" });
        }
        for (setting, value) in positive {
            if value == 0 {
                return Err(Error::Setting { setting, value: value.to_string(), reason: "must be at least 1" });
            }
        }
        Ok(())
    }

    /// Where the accounts are.
    pub(crate) fn accounts_place(&self) -> Result<AccountsPlace, Error> {
        let address = self.accounts.reveal();
        if address.starts_with("mysql://") {
            return Ok(AccountsPlace::MySql(self.accounts.clone()));
        }
        let path = back_end_path(address, "sqlite", self.data.join("accounts.sqlite"));
        path.map(AccountsPlace::Sqlite).ok_or_else(|| Error::Setting {
            setting: "accounts",
            value: self.accounts.to_string(),
            reason: "known are `sqlite`, `sqlite:PATH` and `mysql://user:password@host:port/database`",
        })
    }

    /// Folder of the embedded messages.
    pub(crate) fn embedded_path(&self) -> Result<PathBuf, Error> {
        back_end_path(self.messages.reveal(), "embedded", self.data.join("messages")).ok_or_else(|| Error::Setting {
            setting: "messages",
            value: self.messages.to_string(),
            reason: "known are `embedded`, `embedded:PATH` and `scylla://user:password@host1,host2/keyspace`",
        })
    }
}

impl Config {
    /// Folder of the files' bytes.
    pub(crate) fn files_folder(&self) -> Result<PathBuf, Error> {
        back_end_path(self.files.reveal(), "file", self.data.join("files"))
            .ok_or_else(|| crate::files::refused(self, crate::files::KNOWN.to_owned()))
    }
}

/// Where the accounts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountsPlace {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    MySql(StoreAddress),
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
        let mut place = |address: &str| {
            config.accounts = address.into();
            config.accounts_place()
        };
        assert_eq!(place("sqlite").unwrap(), AccountsPlace::Sqlite("/data/accounts.sqlite".into()));
        assert_eq!(place("sqlite:/elsewhere/a.db").unwrap(), AccountsPlace::Sqlite("/elsewhere/a.db".into()));
        assert_eq!(place("mysql://a@b/c").unwrap(), AccountsPlace::MySql("mysql://a@b/c".into()));
        for wrong in ["sqlite:", "sqliteish", "oracle", "mysql:a", ""] {
            let refused = place(wrong);
            assert!(matches!(refused, Err(Error::Setting { setting: "accounts", .. })), "{wrong}: {refused:?}");
        }
    }

    #[test]
    fn a_bound_of_zero_is_refused_by_name() {
        let mut config = Config::new("/data");
        config.readers = 0;
        assert!(config.check().unwrap_err().to_string().contains("readers"));
    }
}
