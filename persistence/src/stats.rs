//! Counters for the metrics page. Plain numbers: a snapshot, taken without waiting for anything.

/// What the stores have done and are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests on the stores' runtime.
    pub requests: RequestStats,
    /// The accounts' database.
    pub accounts: AccountsStats,
    /// Passwords and logins.
    pub logins: LoginStats,
    /// Transfers of money.
    pub ledger: LedgerStats,
    /// The message store.
    pub messages: MessageStats,
    /// Each write-behind lane, by its number.
    pub lanes: Vec<LaneStats>,
    /// The search index; `None` where search is switched off.
    pub search: Option<SearchStats>,
}

/// Requests on the stores' runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestStats {
    /// Under way now.
    pub in_flight: u64,
    /// As many may be under way.
    pub max: u64,
    /// Begun since the start.
    pub total: u64,
    /// Refused with [`Error::Busy`](crate::Error::Busy) since the start.
    pub refused_total: u64,
}

/// The accounts' database since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountsStats {
    /// Connections open now.
    pub connections: u64,
    /// As many may be open.
    pub connections_max: u64,
    /// Requests refused because none became free in time.
    pub busy_total: u64,
    /// Runs of a transaction that made way for another one: deadlocks, and locks waited for too long.
    pub conflicts_total: u64,
    /// Runs that lost their connection, or found no server.
    pub lost_total: u64,
}

/// Passwords and logins since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginStats {
    /// Logins that succeeded.
    pub succeeded_total: u64,
    /// Logins whose e-mail or password was wrong.
    pub failed_total: u64,
    /// Logins not looked at after too many failures.
    pub limited_total: u64,
    /// Sign-ups not looked at after too many from their address.
    pub sign_ups_limited_total: u64,
    /// Passwords hashed or verified, of rooms too.
    pub passwords_total: u64,
    /// Requests refused because too many waited to hash a password.
    pub passwords_refused_total: u64,
    /// Accounts and addresses whose failures, or sign-ups, are remembered.
    pub remembered: u64,
    /// Accounts and addresses forgotten early because there were more of them than are remembered.
    pub forgotten_total: u64,
}

/// Transfers of money since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Commands that wait for a transaction.
    pub waiting: u64,
    /// As many may wait.
    pub waiting_max: u64,
    /// Commands refused with [`Error::Busy`](crate::Error::Busy).
    pub refused_total: u64,
    /// Commands that a transaction was begun for, whatever came of them.
    pub commands_total: u64,
    /// Transactions begun for them.
    pub batches_total: u64,
}

/// The message store since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageStats {
    /// Messages written, rewritten ones counted again.
    pub written_total: u64,
    /// Bytes of their frames.
    pub written_bytes_total: u64,
    /// Syncs that succeeded.
    pub syncs_total: u64,
    /// Pages read.
    pub pages_total: u64,
    /// Operations that failed.
    pub errors_total: u64,
    /// Times that the store was reopened after a failure, or that a CQL server came back from an absence.
    pub reopened_total: u64,
    /// Whether it answers; false from a failure until it is open again.
    pub open: bool,
    /// Batches that the CQL servers may be given at once, as found by trying; 0 of the embedded store.
    pub concurrency: u64,
    /// Batches that the CQL servers answered late, or had too much to do for.
    pub overloaded_total: u64,
    /// Pages answered by another read of the same that was under way.
    pub coalesced_total: u64,
}

/// One write-behind lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneStats {
    /// The lane's number.
    pub lane: u16,
    /// Batches waiting in the queue when a write last began.
    pub queued: u64,
    /// As many may wait.
    pub queued_max: u64,
    /// Batches taken from the queue.
    pub batches_total: u64,
    /// Bytes of their frames.
    pub bytes_total: u64,
    /// Writes, each of one or more batches, that were synced and confirmed.
    pub writes_total: u64,
    /// Writes tried again after a failure.
    pub retries_total: u64,
    /// Times that the store was back from an absence and everything not yet safe was asked for again.
    pub rewinds_total: u64,
    /// Position after the newest batch taken.
    pub taken: u64,
    /// Position confirmed; the lane lags by `taken - confirmed`.
    pub confirmed: u64,
}

/// Whether messages can be searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchState {
    /// The index is being opened or checked.
    #[default]
    Opening,
    /// It is open.
    Ready,
    /// It failed; what it had can be searched until it is opened anew.
    Failed,
}

/// The search index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchStats {
    /// Whether it is there.
    pub state: SearchState,
    /// Messages that can be found.
    pub messages: u64,
    /// Rooms whose messages it may not have all; they are being read from the message store.
    pub rooms_behind: u64,
    /// For how long the oldest message has been stored that it was given and that cannot be found yet.
    pub lag_ms: u64,
    /// Bytes of messages that wait for it.
    pub queued_bytes: u64,
    /// As many may wait.
    pub queued_bytes_max: u64,
    /// Writes of a lane that did not fit, so that their rooms are read from the store.
    pub overflows_total: u64,
    /// Messages added since the start.
    pub added_total: u64,
    /// Messages taken out because they were withdrawn.
    pub removed_total: u64,
    /// Commits since the start.
    pub commits_total: u64,
    /// Failures after which it was opened anew.
    pub failures_total: u64,
    /// Searches since the start.
    pub searches_total: u64,
}
