//! The database: opened by its address, its connections lent.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, MySqlPool, SqlitePool};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, MySqlLent};
use super::dialect::Dialect;
use super::migration::{LackingMigration, Migrations, lacking_all, migrate};
use super::patience::{Counters, Failed, Patience};
use super::runs::{Kind, Runs};
use super::statement::Statement;
use super::value::{Row, Value};
use super::{mysql, sql_error};
use crate::config::{AccountsPlace, Config};
use crate::error::Error;
use crate::stats::AccountsStats;

/// Of SQLite's own cache of pages, in its unit: KiB where negative. Its default is 2 MiB a connection; the file's pages are in
/// the system's cache already, and each connection keeps its copies for good.
const READER_CACHE: &str = "-256";

/// The database of the accounts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    pools: Pools,
    /// How long a request waits for a connection, and for a chance to run again.
    pub(super) wait: Duration,
    pub(super) counters: Arc<Counters>,
}

#[derive(Clone)]
enum Pools {
    /// SQLite takes one writer at a time: callers queue fairly for one connection instead of colliding on its lock.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// The places are counted here as well: whoever has one and gets no connection knows that the server is at fault.
    MySql { pool: MySqlPool, places: Arc<Semaphore>, places_max: usize },
}

impl Database {
    /// Opens, creates SQLite's file where it is missing, and sees to the schema.
    pub(crate) async fn open(config: Config) -> Result<Self, Error> {
        let migrations = if config.migrate { Migrations::Apply } else { Migrations::Require };
        Self::migrate(&config, migrations).await?;
        let wait = config.store_wait;
        let pools = match config.accounts_place()? {
            AccountsPlace::Sqlite(path) => {
                let pool = |connections: u32, options: SqliteConnectOptions| {
                    SqlitePoolOptions::new()
                        .max_connections(connections)
                        .acquire_timeout(wait)
                        .idle_timeout(None)
                        .max_lifetime(None)
                        .test_before_acquire(false)
                        .connect_with(options)
                };
                let error = |error| sql_error(&error);
                let options = sqlite_options(&path, wait);
                let writer = pool(1, options.clone()).await.map_err(error)?;
                let options = options.pragma("cache_size", READER_CACHE);
                Pools::Sqlite { writer, readers: pool(config.readers, options).await.map_err(error)? }
            }
            AccountsPlace::MySql(address) => {
                let pool = mysql::pool(config.connections, wait).connect_lazy_with(mysql::options(&address)?);
                let places_max = config.connections as usize;
                Pools::MySql { pool, places: Arc::new(Semaphore::new(places_max)), places_max }
            }
        };
        Ok(Self { pools, wait, counters: Arc::default() })
    }

    /// Does what is asked about the migrations that the database lacks, and gives them.
    pub(crate) async fn migrate(config: &Config, migrations: Migrations) -> Result<Vec<LackingMigration>, Error> {
        let error = |error| sql_error(&error);
        let (wait, dialect) = (config.store_wait, Dialect::Sqlite);
        match config.accounts_place()? {
            // Looking makes no file.
            AccountsPlace::Sqlite(path) if migrations == Migrations::Tell && !path.exists() => Ok(lacking_all(dialect)),
            AccountsPlace::Sqlite(path) => {
                let _turn = turn_to_migrate(&path, wait).await?;
                let mut connection = sqlite_options(&path, wait).connect().await.map_err(error)?;
                let table = sqlx::query(dialect.migrations_table()).fetch_optional(&mut connection).await;
                let lacking = migrate(&mut connection, dialect, table.map_err(error)?.is_some(), migrations).await?;
                connection.close().await.map_err(error)?;
                Ok(lacking)
            }
            AccountsPlace::MySql(address) => {
                let dialect = Dialect::MySql;
                let mut connection = mysql::connect(&address, wait).await?;
                mysql::prepare_migrations(&mut connection, wait).await?;
                let table = sqlx::query(dialect.migrations_table()).fetch_optional(&mut connection).await;
                let lacking = migrate(&mut connection, dialect, table.map_err(error)?.is_some(), migrations).await?;
                connection.close().await.map_err(error)?;
                Ok(lacking)
            }
        }
    }

    /// A transaction that happens once or not at all, for [`transact!`](super::transact).
    pub(crate) fn write<T>(&self) -> Runs<T> {
        let is_remote = self.pools.dialect().is_remote();
        Runs::new(self.clone(), if is_remote { Kind::WriteOnce } else { Kind::Write })
    }

    /// As [`Self::write`], of a transaction that may as well happen twice.
    pub(crate) fn write_repeatable<T>(&self) -> Runs<T> {
        Runs::new(self.clone(), Kind::Write)
    }

    /// Statements that only read, all of one instant, for [`transact!`](super::transact).
    pub(crate) fn snapshot<T>(&self) -> Runs<T> {
        Runs::new(self.clone(), Kind::Snapshot)
    }

    /// The rows of one reading statement.
    pub(crate) async fn rows(&self, sql: impl Into<Statement>, values: &[Value]) -> Result<Vec<Row>, Error> {
        let sql = sql.into();
        let mut patience = Patience::new(self.wait);
        loop {
            match self.rows_once(patience.deadline(), &sql, values).await {
                Ok(rows) => return Ok(rows),
                Err(failed) => patience.again_after(failed, &self.counters).await?,
            }
        }
    }

    async fn rows_once(&self, deadline: Instant, sql: &Statement, values: &[Value]) -> Result<Vec<Row>, Failed> {
        let mut connection = self.connection(Kind::Snapshot, deadline).await?;
        match connection.fetch(sql, "", values).await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                connection.discard();
                Err(Failed::of(&error))
            }
        }
    }

    /// The first row of one reading statement.
    pub(crate) async fn row(&self, sql: impl Into<Statement>, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    pub(crate) fn stats(&self) -> AccountsStats {
        let (connections, connections_max) = match &self.pools {
            Pools::Sqlite { writer, readers } => (
                u64::from(writer.size() + readers.size()),
                u64::from(writer.options().get_max_connections() + readers.options().get_max_connections()),
            ),
            Pools::MySql { pool, places_max, .. } => (u64::from(pool.size()), *places_max as u64),
        };
        let mut stats = AccountsStats { connections, connections_max, ..AccountsStats::default() };
        self.counters.count_into(&mut stats);
        stats
    }

    /// Waits for the connections in use and closes all.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            // A server that does not answer is not waited for.
            Pools::MySql { pool, .. } => drop(tokio::time::timeout(self.wait, pool.close()).await),
        }
    }

    /// Whether [`Self::close`] was called: what fails from then on is nobody's trouble.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.pools {
            Pools::Sqlite { writer, readers } => writer.is_closed() || readers.is_closed(),
            Pools::MySql { pool, .. } => pool.is_closed(),
        }
    }

    pub(super) async fn connection(&self, kind: Kind, deadline: Instant) -> Result<Connection, Failed> {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                let pool = if kind == Kind::Snapshot { readers } else { writer };
                pool.acquire().await.map(Connection::Sqlite).map_err(|error| Failed::Finally(sql_error(&error)))
            }
            Pools::MySql { pool, places, places_max } => {
                let Ok(place) = timeout_at(deadline, places.clone().acquire_owned()).await else {
                    let what = "connections to the accounts' database";
                    return Err(Failed::Finally(Error::Busy { what, limit: *places_max }));
                };
                let place = place.map_err(|_| Failed::Finally(sql_error(&sqlx::Error::PoolClosed)))?;
                match timeout_at(deadline, pool.acquire()).await {
                    Ok(Ok(connection)) => Ok(Connection::MySql(MySqlLent::new(connection, self.wait, place))),
                    Ok(Err(error)) => Err(Failed::of(&error)),
                    Err(_) => Err(Failed::of(&sqlx::Error::PoolTimedOut)),
                }
            }
        }
    }
}

impl Pools {
    const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::MySql { .. } => Dialect::MySql,
        }
    }
}

/// Makes processes that see to a file's migrations at the same time follow one another; SQLite's own locks refuse some of them
/// at once instead. Held until it is dropped.
async fn turn_to_migrate(path: &Path, wait: Duration) -> Result<File, Error> {
    let path = path.with_added_extension("migrating");
    let failed = |source| Error::File { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let until = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(Error::Unavailable(
                    "another process is at the migrations of the accounts' database".to_owned(),
                ));
            }
            // A file's lock tells nobody that it is free.
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn sqlite_options(path: &Path, wait: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(wait)
}
