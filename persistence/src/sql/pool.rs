//! Connections and transactions; the one file that knows which database it is.

use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Column, Row as _, Sqlite, SqlitePool, TypeInfo, ValueRef};

use super::dialect::Dialect;
use super::migration::{migrate_error, migrator};
use super::sql_error;
use super::value::{Row, Value};
use crate::config::Config;
use crate::error::Error;

/// How long a statement waits for another process, and a caller for a connection.
const WAIT: Duration = Duration::from_secs(10);

/// The database of the accounts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    /// SQLite takes one writer at a time: callers queue fairly for one connection instead of colliding on its lock.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
}

/// A transaction; dropped without [`Transaction::commit`] it never happened.
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

/// What a statement did.
pub(crate) struct Done {
    /// Rows that it found to change.
    pub(crate) rows: u64,
    /// The id that the database chose for the row inserted.
    pub(crate) id: i64,
}

impl Database {
    /// Opens, creates where missing, and brings the schema up to date.
    pub(crate) async fn open(config: Config) -> Result<Self, Error> {
        let path = config.sqlite_path()?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT);
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(WAIT)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(sql_error)?;
        let migrator = migrator(Dialect::Sqlite);
        // A process that migrates at the same moment makes this one fail; what it did is seen the second time.
        if migrator.run(&writer).await.is_err() {
            migrator.run(&writer).await.map_err(migrate_error)?;
        }
        let readers = pool(config.readers).connect_with(options).await.map_err(sql_error)?;
        Ok(Self { pools: Pools::Sqlite { writer, readers } })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn write(&self) -> Result<Transaction, Error> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                let begun = writer.begin_with(Dialect::Sqlite.begin_write()).await;
                begun.map(Transaction::Sqlite).map_err(sql_error)
            }
        }
    }

    /// Begins a transaction that only reads: all of its answers are of one instant.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, Error> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => readers.begin().await.map(Transaction::Sqlite).map_err(sql_error),
        }
    }

    /// The rows of one reading statement.
    pub(crate) async fn rows(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let rows = sqlite_query(sql, values).fetch_all(readers).await.map_err(sql_error)?;
                rows.iter().map(sqlite_row).collect()
            }
        }
    }

    /// The first row of one reading statement.
    pub(crate) async fn row(&self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, Error> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let row = sqlite_query(sql, values).fetch_optional(readers).await.map_err(sql_error)?;
                row.as_ref().map(sqlite_row).transpose()
            }
        }
    }

    /// Waits for the connections in use and closes all.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

impl Transaction {
    /// Carries out a statement and says how many rows it found to change.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        match self {
            Self::Sqlite(transaction) => {
                let done = sqlite_query(sql, values).execute(&mut **transaction).await.map_err(sql_error)?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Carries out a statement; `None` when it would take a unique key twice.
    pub(crate) async fn try_execute(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Done>, Error> {
        match self {
            Self::Sqlite(transaction) => match sqlite_query(sql, values).execute(&mut **transaction).await {
                Ok(done) => Ok(Some(Done { rows: done.rows_affected(), id: done.last_insert_rowid() })),
                Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(None),
                Err(error) => Err(sql_error(error)),
            },
        }
    }

    /// The rows of a statement.
    pub(crate) async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        match self {
            Self::Sqlite(transaction) => {
                let rows = sqlite_query(sql, values).fetch_all(&mut **transaction).await.map_err(sql_error)?;
                rows.iter().map(sqlite_row).collect()
            }
        }
    }

    /// The first row of a statement.
    pub(crate) async fn row(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, Error> {
        match self {
            Self::Sqlite(transaction) => {
                let row = sqlite_query(sql, values).fetch_optional(&mut **transaction).await.map_err(sql_error)?;
                row.as_ref().map(sqlite_row).transpose()
            }
        }
    }

    /// Makes it so; on the disk when this returns.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await.map_err(sql_error),
        }
    }
}

fn sqlite_query(sql: &'static str, values: &[Value]) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(value) => query.bind(*value),
        Value::Text(value) => query.bind(value.clone()),
    })
}

fn sqlite_row(row: &SqliteRow) -> Result<Row, Error> {
    let column = |index: usize| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        match value.type_info().name() {
            "INTEGER" | "BOOLEAN" => row.try_get(index).map(Value::Int),
            _ => row.try_get(index).map(Value::Text),
        }
    };
    let values: Result<Vec<Value>, sqlx::Error> = row.columns().iter().map(|c| column(c.ordinal())).collect();
    values.map(Row).map_err(sql_error)
}
