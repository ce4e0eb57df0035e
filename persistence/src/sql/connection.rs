//! One connection of either database: statements go in, rows come out. The file that knows both drivers.

use std::future::Future;
use std::time::Duration;

use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Executor, MySql, MySqlConnection, Row as _, SqlSafeStr, Sqlite, TypeInfo, ValueRef};
use tokio::sync::OwnedSemaphorePermit;

use super::dialect::Dialect;
use super::statement::Statement;
use super::value::{Row, Value};

/// A connection lent by its pool.
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    MySql(MySqlLent),
}

/// A connection to MySQL, given back when it is dropped.
pub(super) struct MySqlLent {
    /// `None` once it was discarded.
    connection: Option<PoolConnection<MySql>>,
    /// How long a statement may take.
    wait: Duration,
    /// Its place among the connections.
    place: Option<OwnedSemaphorePermit>,
}

/// What a statement did.
pub(crate) struct Done {
    /// Rows that it found to change, changed or not.
    pub(crate) rows: u64,
    /// The id that the database chose for the row inserted.
    pub(crate) id: u64,
}

impl Connection {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// The rows of a statement with `ending` behind it.
    pub(super) async fn fetch(
        &mut self,
        sql: &Statement,
        ending: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlite_query(sql, ending, values).fetch_all(&mut **connection).await?;
                rows.iter().map(sqlite_row).collect()
            }
            Self::MySql(lent) => {
                let (connection, wait) = lent.connection()?;
                let rows = within(wait, mysql_query(sql, ending, values).fetch_all(connection)).await?;
                rows.iter().map(mysql_row).collect()
            }
        }
    }

    /// Carries out a statement without rows.
    pub(super) async fn execute(&mut self, sql: &Statement, values: &[Value]) -> Result<Done, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let done = sqlite_query(sql, "", values).execute(&mut **connection).await?;
                Ok(Done { rows: done.rows_affected(), id: done.last_insert_rowid().unsigned_abs() })
            }
            Self::MySql(lent) => {
                let (connection, wait) = lent.connection()?;
                let done = within(wait, mysql_query(sql, "", values).execute(connection)).await?;
                Ok(Done { rows: done.rows_affected(), id: done.last_insert_id() })
            }
        }
    }

    /// Begins or ends a transaction: a command that is not prepared.
    pub(super) async fn command(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::MySql(lent) => {
                let (connection, wait) = lent.connection()?;
                within(wait, connection.execute(sql)).await.map(drop)
            }
        }
    }

    /// Closes it instead of lending it to the next: it may be in the middle of something. The database undoes what was
    /// not committed.
    pub(super) fn discard(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::MySql(mut lent) => drop(lent.connection.take().map(PoolConnection::detach)),
        }
    }
}

impl MySqlLent {
    pub(super) fn new(connection: PoolConnection<MySql>, wait: Duration, place: OwnedSemaphorePermit) -> Self {
        Self { connection: Some(connection), wait, place: Some(place) }
    }

    fn connection(&mut self) -> Result<(&mut MySqlConnection, Duration), sqlx::Error> {
        let wait = self.wait;
        self.connection.as_deref_mut().map(|connection| (connection, wait)).ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for MySqlLent {
    /// The pool asks a connection that comes back for a sign of life, and would wait for it as long as the network lets it.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let (back, wait, place) = (connection.return_to_pool(), self.wait, self.place.take());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Out of time it is closed.
                let _ = tokio::time::timeout(wait, back).await;
                drop(place);
            });
        }
    }
}

/// The answer, or the error of a connection that gives none. A server that is stopped closes nothing.
async fn within<T>(wait: Duration, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(wait, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            let what = format!("no answer within {} ms", wait.as_millis());
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, what).into())
        }
    }
}

/// A statement's text; only ours, and an ending of the dialect's, are ever put together.
fn text(sql: &Statement, ending: &'static str) -> impl SqlSafeStr + use<> {
    AssertSqlSafe(format!("{}{ending}", sql.text()))
}

macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values.iter().fold($query, |query, value| match value {
            Value::Null => query.bind(None::<i64>),
            Value::Int(value) => query.bind(*value),
            Value::Text(value) => query.bind(value.clone()),
        })
    };
}

fn sqlite_query(
    sql: &Statement,
    ending: &'static str,
    values: &[Value],
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    bound!(sqlx::query(text(sql, ending)), values)
}

fn mysql_query(
    sql: &Statement,
    ending: &'static str,
    values: &[Value],
) -> sqlx::query::Query<'static, MySql, MySqlArguments> {
    bound!(sqlx::query(text(sql, ending)), values)
}

fn sqlite_row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
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
    values.map(Row)
}

/// Text is taken unchecked: the driver calls a column of a binary collation bytes, which ours are not.
fn mysql_row(row: &MySqlRow) -> Result<Row, sqlx::Error> {
    let column = |index: usize| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        match value.type_info().name() {
            "BIGINT" | "INT" => row.try_get(index).map(Value::Int),
            _ => row.try_get_unchecked(index).map(Value::Text),
        }
    };
    let values: Result<Vec<Value>, sqlx::Error> = row.columns().iter().map(|c| column(c.ordinal())).collect();
    values.map(Row)
}
