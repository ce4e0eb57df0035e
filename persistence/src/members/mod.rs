//! People and rooms: users, logins, rooms, members, read marks, and the outbox of room changes.

mod contact;
mod external_login;
pub(crate) mod field;
mod login;
mod login_limit;
mod member_list;
mod membership;
mod office;
pub(crate) mod password;
mod read_mark;
mod room;
mod room_change;
mod token;
mod types;
mod user;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use external_login::{ExternalAccount, ExternalSignUp, WaysIn};
pub use login::Logins;
pub(crate) use membership::{require_member, role_in};
pub(crate) use office::office_of;
pub use office::{Office, OfficeHolder};
pub use room::Rooms;
pub(crate) use room_change::{Told, lock_room, record_told};
pub use types::{
    Change, Identity, Login, MemberEntry, NewRoom, RevokedLogins, Room, RoomChange, RoomOfUser, RoomSnapshot, SignUp,
    User,
};
pub use user::Users;
pub(crate) use user::name_of;

use crate::audit::{Audit, Origin};
use crate::bank::Bank;
use crate::clock::now_ms;
use crate::config::Config;
use crate::dues::Dues;
use crate::error::Error;
use crate::files::{BytesStore, Files};
use crate::ledger::{Committer, Ledger};
use crate::runtime::Runtime;
use crate::spending::Spending;
use crate::sql::Database;
use crate::stats::{AccountsStats, LedgerStats, LoginStats};

/// The accounts' store. Cheap to clone; every method may be awaited on any executor.
#[derive(Clone)]
pub struct Accounts {
    shared: Arc<Shared>,
    origin: Origin,
}

/// What the areas share.
pub(crate) struct Shared {
    runtime: Arc<Runtime>,
    pub(crate) database: Database,
    pub(crate) files: BytesStore,
    pub(crate) passwords: password::Passwords,
    tokens: token::Tokens,
    pub(crate) limit: login_limit::LoginLimit,
    pub(crate) committer: Committer,
    logins_forgotten_at_ms: AtomicU64,
}

impl Accounts {
    pub(crate) fn open(config: &Config, runtime: &Arc<Runtime>) -> Result<Self, Error> {
        let tokens = token::Tokens::open(config)?;
        let database = runtime.wait_for(Database::open(config.clone()))??;
        let shared = Shared {
            runtime: runtime.clone(),
            committer: Committer::start(runtime.handle(), database.clone()),
            database,
            files: BytesStore::open(config)?,
            passwords: password::Passwords::new(config)?,
            tokens,
            limit: login_limit::LoginLimit::new(config),
            logins_forgotten_at_ms: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared), origin: Origin::SERVER })
    }

    /// The same accounts, for actions that come from somewhere: what is done with money by them is written down so.
    #[must_use]
    pub fn by_way_of(&self, origin: Origin) -> Self {
        Self { shared: self.shared.clone(), origin }
    }

    /// Accounts of people.
    pub fn users(&self) -> Users {
        Users::new(self.shared.clone(), self.origin)
    }

    /// Logins and their tokens.
    pub fn logins(&self) -> Logins {
        Logins::new(self.shared.clone())
    }

    /// Rooms, their members and what changed in them.
    pub fn rooms(&self) -> Rooms {
        Rooms::new(self.shared.clone(), self.origin)
    }

    /// Files that people uploaded.
    pub fn files(&self) -> Files {
        Files::new(self.shared.clone())
    }

    /// Dues of rooms.
    pub fn dues(&self) -> Dues {
        Dues::new(self.shared.clone(), self.origin)
    }

    /// Wallets, transfers and reservations.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.shared.clone(), self.origin)
    }

    /// Expenses of rooms.
    pub fn spending(&self) -> Spending {
        Spending::new(self.shared.clone(), self.origin)
    }

    /// Notices of a bank.
    pub fn bank(&self) -> Bank {
        Bank::new(self.shared.clone(), self.origin)
    }

    /// Audit lines.
    pub fn audit(&self) -> Audit {
        Audit::new(self.shared.clone())
    }

    pub(crate) fn ledger_stats(&self) -> LedgerStats {
        self.shared.committer.stats()
    }

    pub(crate) fn stats(&self) -> LoginStats {
        let mut stats = LoginStats::default();
        self.shared.limit.count_into(&mut stats);
        self.shared.passwords.count_into(&mut stats);
        stats
    }

    pub(crate) fn database_stats(&self) -> AccountsStats {
        self.shared.database.stats()
    }

    pub(crate) fn close(&self) -> Result<(), Error> {
        let database = self.shared.database.clone();
        self.shared.runtime.wait_for(async move { database.close().await })
    }
}

impl Shared {
    /// Runs one request on the stores' runtime.
    pub(crate) async fn run<F, T>(self: &Arc<Self>, request: impl FnOnce(Arc<Self>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        self.runtime.clone().run(request(self.clone())).await
    }
}
