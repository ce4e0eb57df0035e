//! Moim's stores behind one handle.
//!
//! - **Accounts** ([`Accounts`]): users, logins, rooms, members, read marks and the outbox of room changes, in SQL:
//!   SQLite, or MySQL/MariaDB. What a method of theirs has answered is on the disk.
//! - **Files** ([`Files`]): what people upload, rows in the accounts' database, bytes in a folder or an S3-compatible
//!   store.
//! - **Ledger** ([`Ledger`]): wallets, transfers and reservations, double entry and append only, in the same database.
//! - **Dues** ([`Dues`]): what rooms ask of their members and what was paid of it, committed with the transfers of the ledger.
//! - **Spending** ([`Spending`]): expenses out of a room's fund, which its members agree to.
//! - **Bank** ([`Bank`]): notices of money that came in, each credited once, in the same database.
//! - **Audit** ([`Audit`]): who did what with money, when and from where; a line in the transaction of each action.
//! - **Messages** ([`MessageStore`]): the MESSAGE frames of all rooms as they went over the wire, in an embedded
//!   log-structured merge tree, or in ScyllaDB. Writing is repeatable: the same message twice is one message.
//! - **Write-behind** ([`Lane`]): takes batches from a shard's journal, writes and syncs them, and confirms the position
//!   up to which the journal may forget. It retries for ever and drops nothing; the journal is the queue.
//! - **Search** ([`Search`]): an index of what was said, which follows the lanes and is made of the messages again when it
//!   is lost.
//!
//! # Invariants
//! - One process holds the data folder ([`Error::Locked`]); the accounts alone may be opened beside it.
//! - A room change and its outbox row are one transaction, and change numbers are dense within a room. Otherwise the
//!   room's owner would wait for a number that never comes.
//! - A lane confirms only after the sync. Otherwise the journal would forget what a power cut takes back. A store that
//!   confirms before it syncs says so ([`MessageStore::confirms_before_sync`]): the journal then keeps a window past the
//!   confirmation. Such a store, back from an absence, has its lanes ask for that window again ([`Rewind`]) before it
//!   answers a read; until then reads fail. Otherwise a page would miss what was confirmed and lost.
//! - After a failed write or sync the message store is opened anew before anything else is written: what follows a torn
//!   record would be lost with it.
//!
//! # Limits
//! | what | capacity | when full | counter |
//! |---|---|---|---|
//! | requests under way | [`Config::requests_max`] | [`Error::Busy`] | `Stats.requests.refused_total` |
//! | connections to MySQL | [`Config::connections`] | wait for [`Config::store_wait`], then [`Error::Busy`] | `Stats.accounts.busy_total` |
//! | waiting to hash a password | [`Config::passwords_waiting_max`] | [`Error::Busy`] | `Stats.logins.passwords_refused_total` |
//! | of these, setting a password | half of it | [`Error::Busy`] | `Stats.logins.passwords_refused_total` |
//! | passwords hashed at once | [`Config::passwords_at_once`] | wait | `Stats.logins.passwords_total` |
//! | transfers that wait to be committed | 4,096 | [`Error::Busy`] | `Stats.ledger.refused_total` |
//! | expenses of a room that wait | 200 | [`Error::InvalidField`] | |
//! | contradictions of one notice of a bank | 100 | refused, and not written down | |
//! | transfers of one transaction | 128 | the next transaction | `Stats.ledger.batches_total` |
//! | messages read at once | 12 threads; a write has others | wait, as requests under way | `Stats.requests.in_flight` |
//! | writes to messages at once | 4 threads, which give way to others on their cores | wait, as the lane does | `LaneStats.queued` |
//! | batches in a lane | [`Config::lane_batches_max`] | the offerer waits | `LaneStats.queued` |
//! | bytes of one write of a lane | [`Config::lane_write_bytes_max`] and one batch | write | `LaneStats.writes_total` |
//! | batches at a CQL server at once | found by trying, at most 64 | the lane waits | `MessageStats.concurrency` |
//! | statements that read from a CQL server at once | 64 | wait, as requests under way | `Stats.requests.in_flight` |
//! | identical pages that wait for one | as requests under way | | `MessageStats.coalesced_total` |
//! | buckets known to be in the CQL directory | 65,536 | forgotten, and put again | |
//! | messages in memory | 32 MiB, as much again on its way to the disk, [`Config::message_cache_bytes`] | the lane waits | `LaneStats.queued` |
//! | what the folder knows of a CQL server's rooms, in memory | as messages, with 4 MiB of cache | the lane waits | `LaneStats.queued` |
//! | messages that wait for the search index | [`Config::search_queue_bytes_max`] | their rooms are read from the store | `SearchStats.queued_bytes`, `SearchStats.overflows_total` |
//! | rooms that the index has not all of | one entry a room | | `SearchStats.rooms_behind` |
//! | the newest message that the index has of a room | 24 bytes a room | | |
//! | messages gathered for the index | [`Config::search_memory_bytes`] | written to the disk | `SearchStats.lag_ms` |
//! | plans of a room that have not ended | 50 | [`Error::InvalidField`] | |
//! | receipts of cash that wait, of a room | 500 | [`Error::InvalidField`] | |
//! | members whom one reminder names | 300 | another reminder | |
//! | searches at once | as messages read at once | wait, as requests under way | `Stats.requests.in_flight` |
//! | bytes of one file | [`Config::file_bytes_max`] | [`Error::FileTooLarge`] | |
//! | bytes of a user's files | [`Config::files_of_user_bytes_max`] | [`Error::QuotaExceeded`] | |
//! | bytes of an upload in memory | two parts, of 1 MiB, of 5 MiB on their way to S3 | its sender waits | |
//! | sign-ups from one address | [`Config::sign_ups_per_address_max`] | [`Error::TooManyAttempts`] | `Stats.logins.sign_ups_limited_total` |
//! | accounts and addresses remembered, by limit | 2 x 8,192 each | the oldest are forgotten | `Stats.logins.forgotten_total` |
//!
//! Everything but files' bytes runs on threads of its own; every other `async` method may be awaited on any executor, and what has begun is
//! carried to its end when the caller stops waiting.

mod address;
mod audit;
mod bank;
mod clock;
mod config;
mod dues;
mod error;
mod files;
mod folder_lock;
mod ledger;
mod members;
mod message_store;
mod number;
mod persistence;
mod runtime;
mod search;
mod spending;
mod sql;
mod stats;
mod write_behind;

pub use address::StoreAddress;
pub use audit::{Audit, AuditAction, AuditLine, AuditQuery, Origin, Via};
pub use bank::{Bank, BankRefused, Conflict, Deposit, DepositId, DepositState, NewDeposit, Reference};
pub use config::{Config, PasswordCost};
pub use dues::{
    Amount, BalanceEntry, BalanceId, Charge, ChargeEntry, ChargeId, ChargePayment, Counts, Day, Dues, DuesEntry,
    DuesEntryId, DuesEntryKind, DuesRefused, EntriesQuery, Fund, MemberTerms, NewPlan, NewReceipt, OwedRequest,
    OwnCharge, Plan, PlanId, Reader, ReceiptEntry, ReceiptId, ReceiptState, Refund, Repeat, Request, RequestId,
    Standing, Terms, Tier, Way,
};
pub use error::Error;
pub use files::{Cleaned, FileEntry, FileId, Files, NewFile, PIECE_BYTES_MAX, Upload};
pub use ledger::{
    AccountId, AccountKind, Entry, Faults, GroupWallet, Hash, Head, Hold, Ledger, NewGroupWallet, NewReservation,
    Outcome, Participant, Payment, Refused, RequestKey, Reservation, ReservationId, ReservationState, Rhythm,
    StatementLine, Transfer, TransferId, TransferState, Verified, Wallet, Won,
};
pub use members::{
    Accounts, Change, ExternalAccount, ExternalSignUp, Identity, Login, Logins, MemberEntry, NewRoom, Office,
    OfficeHolder, RevokedLogins, Room, RoomChange, RoomOfUser, RoomSnapshot, Rooms, SignUp, User, Users, WaysIn,
};
pub use message_store::{Examined, MessageStore, Page, PageQuery, SetUp};
pub use moim_wire::schema::{Kind, Role};
pub use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};
pub use persistence::Persistence;
pub use search::{Found, Hit, Keyword, Search, SearchOrder, SearchQuery};
pub use spending::{
    Expense, ExpenseEntry, ExpenseId, ExpenseState, ExpenseVote, NewExpense, Payee, RulesInForce, Spending,
    SpendingRefused, SpendingRules,
};
pub use sql::LackingMigration;
pub use stats::{
    AccountsStats, LaneStats, LedgerStats, LoginStats, MessageStats, RequestStats, SearchState, SearchStats, Stats,
};
pub use write_behind::{Batch, Lane, Rewind};
