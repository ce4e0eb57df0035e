//! What can go wrong in a store, and what the protocol calls it.

use std::path::PathBuf;

use moim_wire::{ErrorCode, RoomId, UserId};

use crate::bank::BankRefused;
use crate::files::FileId;
use crate::ledger::Refused;

/// Why an operation of a store was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another account has that e-mail address.
    #[error("the e-mail address is taken by another account; log in or choose another")]
    EmailTaken,
    /// An account of a provider is connected with another account here, or the user's with another one of the provider.
    #[error("that account of the provider is connected with another account here, or yours with another one there")]
    ExternalTaken,
    /// E-mail or password is wrong; which of both is not told.
    #[error("e-mail or password is wrong")]
    LoginFailed,
    /// Too many failed logins of this account or from this address, wrong guesses at a room's password, or sign-ups
    /// from this address.
    #[error("too many attempts; try again in {retry_after_ms} ms")]
    TooManyAttempts {
        /// Milliseconds until the next attempt is looked at.
        retry_after_ms: u64,
    },
    /// No such user, or one that was deleted.
    #[error("there is no user {0}")]
    NoSuchUser(String),
    /// No such room, or one that was deleted.
    #[error("there is no room {0}")]
    NoSuchRoom(RoomId),
    /// The user whom the operation is about, or who asked for it, is no member.
    #[error("user {user} is no member of room {room}")]
    NotAMember {
        /// The room asked about.
        room: RoomId,
        /// The user who is no member of it.
        user: UserId,
    },
    /// The actor's role does not suffice.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The user is a member already.
    #[error("user {user} is a member of room {room} already")]
    AlreadyMember {
        /// The room to be joined.
        room: RoomId,
        /// Its member.
        user: UserId,
    },
    /// No such file, or one that was removed.
    #[error("there is no file {0}")]
    NoSuchFile(FileId),
    /// A file has more bytes than one may have.
    #[error("the file has more than the {bytes_max} bytes that a file may have")]
    FileTooLarge {
        /// The most that one may have.
        bytes_max: u64,
    },
    /// A user's files would have more bytes than they may have together.
    #[error("{left} of your {quota} bytes for files are left; delete files that nobody needs any more")]
    QuotaExceeded {
        /// Bytes that are left.
        left: u64,
        /// What they may have together.
        quota: u64,
    },
    /// The room's password is wrong or missing.
    #[error("the room's password is wrong or missing")]
    WrongPassword,
    /// The ledger refuses: nothing was moved.
    #[error(transparent)]
    Ledger(#[from] Refused),
    /// The bank's notice, or what is wanted of one, is refused.
    #[error(transparent)]
    Bank(#[from] BankRefused),
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    InvalidField {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it and what is allowed.
        reason: String,
    },
    /// The token is not one of this server's, or damaged.
    #[error("the token is not one of this server's; log in again")]
    TokenInvalid,
    /// The token has ended by its time.
    #[error("the token has expired; log in again")]
    TokenExpired,
    /// The login was ended: logout, changed password or deleted account.
    #[error("the login was ended; log in again")]
    TokenRevoked,
    /// As many requests are under way as the configuration allows; nothing was done.
    #[error("{what} are all busy ({limit}); try again")]
    Busy {
        /// What is exhausted.
        what: &'static str,
        /// How many of them there are.
        limit: usize,
    },
    /// What was asked for may have been done or not; look before asking again without a key.
    #[error("{0}")]
    OutcomeUnknown(String),
    /// A store does not answer; the same request may succeed later.
    #[error("a store does not answer: {0}")]
    Unavailable(String),
    /// A store answers and is not ready for Moim: a password that it refuses, a keyspace or table that it lacks. The text
    /// says what to do.
    #[error("{0}")]
    NotSetUp(String),
    /// The disk of a store is full.
    #[error("the disk is full: {0}")]
    StorageFull(String),
    /// The stored schema is newer than this binary.
    #[error("{store} is of schema {found}, this binary knows up to {known}; run the newer binary that wrote it")]
    SchemaFromTheFuture {
        /// Which store.
        store: &'static str,
        /// Its schema version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The stored schema lacks migrations that this binary was not to apply.
    #[error("{store} lacks the migrations {lacking}; apply them with `moim migrate`, or set store.migrate = true")]
    SchemaBehind {
        /// Which store.
        store: &'static str,
        /// The migrations' names.
        lacking: String,
    },
    /// Another process has the data folder open.
    #[error("the data folder {} is in use by another process; stop that one or choose another folder", .0.display())]
    Locked(PathBuf),
    /// A setting names no known back end, or a value out of its bounds.
    #[error("setting {setting} = {value:?}: {reason}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it was.
        value: String,
        /// What is allowed.
        reason: &'static str,
    },
    /// The address of the store of files is not one.
    #[error("setting files = {address:?}: {reason}")]
    FileStore {
        /// Without a password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the data folder could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A fault of a store or of this code; the text is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// The protocol's code for it.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::LoginFailed => ErrorCode::LoginFailed,
            Self::TooManyAttempts { .. } => ErrorCode::RateLimited,
            Self::NoSuchRoom(_) => ErrorCode::NoSuchRoom,
            Self::NotAMember { .. } => ErrorCode::NotAMember,
            Self::NotAllowed(_) => ErrorCode::NotAllowed,
            Self::AlreadyMember { .. } => ErrorCode::AlreadyMember,
            Self::WrongPassword => ErrorCode::WrongPassword,
            Self::EmailTaken
            | Self::ExternalTaken
            | Self::NoSuchUser(_)
            | Self::NoSuchFile(_)
            | Self::FileTooLarge { .. }
            | Self::QuotaExceeded { .. }
            | Self::Bank(_)
            | Self::InvalidField { .. } => ErrorCode::InvalidField,
            Self::Ledger(refused) => refused.code(),
            Self::TokenInvalid => ErrorCode::TokenInvalid,
            Self::TokenExpired => ErrorCode::TokenExpired,
            Self::TokenRevoked => ErrorCode::TokenRevoked,
            Self::Busy { .. } | Self::OutcomeUnknown(_) | Self::Unavailable(_) | Self::NotSetUp(_) => {
                ErrorCode::StoreUnavailable
            }
            Self::StorageFull(_) => ErrorCode::StorageFull,
            Self::SchemaFromTheFuture { .. }
            | Self::SchemaBehind { .. }
            | Self::Locked(_)
            | Self::Setting { .. }
            | Self::FileStore { .. }
            | Self::File { .. }
            | Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Milliseconds after which the same request may succeed; 0 where waiting does not help.
    pub const fn retry_after_ms(&self) -> u64 {
        match self {
            Self::TooManyAttempts { retry_after_ms } => *retry_after_ms,
            Self::Busy { .. } => 200,
            Self::OutcomeUnknown(_) | Self::Unavailable(_) | Self::NotSetUp(_) | Self::StorageFull(_) => 1_000,
            _ => 0,
        }
    }
}
