//! The handle on all stores: opened once, cloned to whoever needs it, closed once.

use std::future::Future;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::error::Error;
use crate::folder_lock::FolderLock;
use crate::members::Accounts;
use crate::message_store::MessageStore;
use crate::runtime::Runtime;
use crate::search::Search;
use crate::sql::{Database, LackingMigration, Migrations};
use crate::stats::{SearchStats, Stats};
use crate::write_behind::{Lane, WriteBehind};

/// How often a rebuild says how far it is.
const REBUILD_TOLD: Duration = Duration::from_millis(500);

/// All stores and their threads. Cheap to clone.
#[derive(Clone)]
pub struct Persistence {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Arc<Runtime>,
    accounts: Accounts,
    messages: MessageStore,
    search: Option<Search>,
    write_behind: WriteBehind,
}

impl Persistence {
    /// Opens, and where missing creates, everything in the data folder. Blocks.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has the folder, [`Error::SchemaFromTheFuture`], [`Error::Setting`] for a
    /// back end that is not known, [`Error::File`] and the stores' own.
    pub fn open(config: &Config) -> Result<Self, Error> {
        config.check()?;
        create_folder(config)?;
        Self::open_locked(config, FolderLock::take(&config.data)?)
    }

    fn open_locked(config: &Config, lock: FolderLock) -> Result<Self, Error> {
        let runtime = Runtime::start(config)?;
        let accounts = Accounts::open(config, &runtime)?;
        let messages = MessageStore::open(config, &runtime, &accounts, lock)?;
        let search = Search::open(config, &runtime, &messages, &accounts)?;
        let write_behind = WriteBehind::new(config, runtime.handle().clone(), messages.clone(), search.clone());
        Ok(Self { inner: Arc::new(Inner { runtime, accounts, messages, search, write_behind }) })
    }

    /// Builds the search index anew from the message store, and tells how it goes about twice a second. Blocks. Broken off
    /// it is gone on with by the next [`Persistence::open`].
    ///
    /// # Errors
    /// As [`Persistence::open`].
    pub fn rebuild_search(config: &Config, tell: impl FnMut(&SearchStats)) -> Result<SearchStats, Error> {
        let config = Config { search: true, ..config.clone() };
        config.check()?;
        create_folder(&config)?;
        let lock = FolderLock::take(&config.data)?;
        Search::remove(&config)?;
        let persistence = Self::open_locked(&config, lock)?;
        let built = persistence
            .search()
            .map_or(Ok(SearchStats::default()), |search| search.wait(REBUILD_TOLD, tell).map(|()| search.stats()));
        let closed = persistence.close();
        built.and_then(|built| closed.map(|()| built))
    }

    /// Opens the accounts alone, beside a server that has the folder. Blocks. Its threads stop with the last clone.
    ///
    /// # Errors
    /// As [`Persistence::open`], without [`Error::Locked`].
    pub fn open_accounts_only(config: &Config) -> Result<Accounts, Error> {
        config.check()?;
        create_folder(config)?;
        let runtime = Runtime::start(config)?;
        Accounts::open(config, &runtime)
    }

    /// Applies the migrations that the accounts' database lacks, and gives them; opens nothing else. Blocks.
    ///
    /// # Errors
    /// As [`Persistence::open_accounts_only`].
    pub fn migrate(config: &Config) -> Result<Vec<LackingMigration>, Error> {
        create_folder(config)?;
        Self::see_to_migrations(config, Migrations::Apply)
    }

    /// The migrations that [`Persistence::migrate`] would apply; changes nothing. Blocks.
    ///
    /// # Errors
    /// As [`Persistence::open_accounts_only`].
    pub fn lacking_migrations(config: &Config) -> Result<Vec<LackingMigration>, Error> {
        Self::see_to_migrations(config, Migrations::Tell)
    }

    fn see_to_migrations(config: &Config, migrations: Migrations) -> Result<Vec<LackingMigration>, Error> {
        config.check()?;
        let runtime = Runtime::start(config)?;
        let config = config.clone();
        runtime.wait_for(async move { Database::migrate(&config, migrations).await })?
    }

    /// People and rooms.
    pub fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }

    /// From here on reservations of transfers run when they are due, holds expire, and deposits that a crash left are
    /// credited, until the stores are closed. For a
    /// server; another one on the same database takes turns with it.
    pub fn keep_schedule(&self) {
        self.inner.runtime.handle().spawn(self.inner.accounts.ledger().keep_schedule());
        self.inner.runtime.handle().spawn(self.inner.accounts.bank().keep_settling());
    }

    /// Messages of all rooms.
    pub fn messages(&self) -> &MessageStore {
        &self.inner.messages
    }

    /// Search in the messages; `None` where it is switched off.
    pub fn search(&self) -> Option<&Search> {
        self.inner.search.as_ref()
    }

    /// The lane of that number, for one journal to write behind through. Asked again it is another queue, whose
    /// `confirmed` starts at 0 again, with the same counters.
    pub fn write_behind(&self, lane: u16) -> Lane {
        self.inner.write_behind.lane(lane)
    }

    /// Runs `future` on the stores' runtime; awaitable on any executor. Once begun it goes on to its end when the
    /// caller stops waiting.
    ///
    /// # Errors
    /// Of `future`; [`Error::Busy`] when [`Config::requests_max`] requests are under way, [`Error::Unavailable`] once
    /// the stores are closed, [`Error::Internal`] when `future` panicked.
    pub fn run<F, T>(&self, future: F) -> impl Future<Output = Result<T, Error>> + Send + use<F, T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        self.inner.runtime.clone().run(future)
    }

    /// Runs a blocking read of something beside the stores, as their own reads: on their threads, one of their requests.
    ///
    /// # Errors
    /// Of `read`; as [`Self::run`].
    pub fn read_beside<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        self.inner.runtime.clone().run_blocking_read(read)
    }

    /// Runs blocking work that nobody waits for, on a thread of the lanes, which give way to others. Begun work goes on to
    /// its end when the caller stops waiting. Its callers are few: each has one piece of work at a time.
    ///
    /// # Errors
    /// Of `work`; [`Error::Unavailable`] once the stores are closed, [`Error::Internal`] when it panicked.
    pub async fn work_behind<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner.runtime.run_blocking_write(work).await
    }

    /// Counters as they stand.
    pub fn stats(&self) -> Stats {
        Stats {
            requests: self.inner.runtime.stats(),
            accounts: self.inner.accounts.database_stats(),
            logins: self.inner.accounts.stats(),
            ledger: self.inner.accounts.ledger_stats(),
            messages: self.inner.messages.stats(),
            lanes: self.inner.write_behind.stats(),
            search: self.inner.search.as_ref().map(Search::stats),
        }
    }

    /// Writes what the lanes were offered, syncs, closes the stores and stops the threads. Blocks. What a failing store
    /// would not take is left to the journal. Other clones get [`Error::Unavailable`] from here on, and the folder is
    /// free for another process.
    ///
    /// # Errors
    /// The first of the stores' errors; the rest is closed all the same.
    pub fn close(self) -> Result<(), Error> {
        let Inner { runtime, accounts, messages, search, write_behind } = &*self.inner;
        let drained = runtime.wait_for(write_behind.drain()).flatten();
        // Behind the lanes, whose last messages it takes, and before the stores that it reads.
        search.iter().for_each(Search::close);
        let synced = messages.close();
        let closed = accounts.close();
        runtime.shut_down();
        drained.and(synced).and(closed)
    }
}

impl Drop for Inner {
    /// Stores that nobody closed are let go of all the same, with their folder: also by the thread that keeps the index.
    fn drop(&mut self) {
        self.search.iter().for_each(Search::close);
    }
}

/// Creates the data folder for this user alone: passwords' hashes, the secret of the tokens and what people say are in
/// it. One that is there keeps its mode, which the operator chose; when others get in, that is said.
fn create_folder(config: &Config) -> Result<(), Error> {
    let path = &config.data;
    let failed = |source| Error::File { path: path.clone(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let others_may = open_to_others(path).map_err(failed)?;
    if others_may != 0 {
        tracing::warn!(
            folder = %path.display(),
            mode = %format_args!("{others_may:03o}"),
            "the data folder is open to other users of this machine; take it from them: chmod 700"
        );
    }
    Ok(())
}

/// What the group and others may do in a folder: the bits of its mode below the owner's.
fn open_to_others(path: &Path) -> std::io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_made_here_is_its_owners_alone_and_one_made_wider_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path().join("new/data"));
        create_folder(&config).unwrap();
        assert_eq!(open_to_others(&config.data).unwrap(), 0);
        std::fs::set_permissions(&config.data, PermissionsExt::from_mode(0o750)).unwrap();
        create_folder(&config).unwrap();
        assert_eq!(open_to_others(&config.data).unwrap(), 0o050, "an operator's mode is left alone");
    }
}
