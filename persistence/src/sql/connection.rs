//! One connection of either database: statements go in, rows come out. The file that knows both drivers.

use std::future::Future;
use std::time::Duration;

use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Executor, MySql, Row as _, SqlSafeStr, Sqlite, TypeInfo, ValueRef};
use tokio::sync::OwnedSemaphorePermit;

use super::dialect::Dialect;
use super::value::{Row, Value};

/// A connection lent by its pool.
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    MySql {
        connection: PoolConnection<MySql>,
        /// How long a statement may take.
        wait: Duration,
        /// The place among the connections.
        _permit: OwnedSemaphorePermit,
    },
}

/// What a statement did.
pub(crate) struct Done {
    /// Rows that it found to change, changed or not.
    pub(crate) rows: u64,
    /// The id that the database chose for the row inserted.
    pub(crate) id: i64,
}

impl Connection {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::MySql { .. } => Dialect::MySql,
        }
    }

    /// The rows of a statement with `ending` behind it.
    pub(super) async fn fetch(
        &mut self,
        sql: &'static str,
        ending: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlite_query(sql, ending, values).fetch_all(&mut **connection).await?;
                rows.iter().map(sqlite_row).collect()
            }
            Self::MySql { connection, wait, .. } => {
                let rows = within(*wait, mysql_query(sql, ending, values).fetch_all(&mut **connection)).await?;
                rows.iter().map(mysql_row).collect()
            }
        }
    }

    /// Carries out a statement without rows.
    pub(super) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<Done, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let done = sqlite_query(sql, "", values).execute(&mut **connection).await?;
                Ok(Done { rows: done.rows_affected(), id: done.last_insert_rowid() })
            }
            Self::MySql { connection, wait, .. } => {
                let done = within(*wait, mysql_query(sql, "", values).execute(&mut **connection)).await?;
                Ok(Done { rows: done.rows_affected(), id: i64::try_from(done.last_insert_id()).unwrap_or(i64::MAX) })
            }
        }
    }

    /// Begins or ends a transaction: a command that is not prepared.
    pub(super) async fn command(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::MySql { connection, wait, .. } => within(*wait, connection.execute(sql)).await.map(drop),
        }
    }

    /// Closes it instead of lending it to the next: it may be in the middle of something. The database undoes what was
    /// not committed.
    pub(super) fn discard(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::MySql { connection, .. } => drop(connection.detach()),
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
fn text(sql: &'static str, ending: &'static str) -> impl SqlSafeStr {
    AssertSqlSafe(format!("{sql}{ending}"))
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
    sql: &'static str,
    ending: &'static str,
    values: &[Value],
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    bound!(sqlx::query(text(sql, ending)), values)
}

fn mysql_query(
    sql: &'static str,
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
