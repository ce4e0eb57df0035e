//! A transaction under way.

use super::connection::{Connection, Done};
use super::dialect::{self, Fault};
use super::sql_error;
use super::statement::Statement;
use super::value::{Row, Value};
use crate::error::Error;

/// A transaction under way; the statements of one see what those before it did.
pub(crate) struct Transaction {
    /// `None` once it has ended.
    connection: Option<Connection>,
    /// The first thing that went wrong with it, other than an answer.
    fault: Option<Fault>,
}

impl Transaction {
    /// Begins by `command`.
    pub(super) async fn begin(mut connection: Connection, command: &'static str) -> Result<Self, sqlx::Error> {
        match connection.command(command).await {
            Ok(()) => Ok(Self { connection: Some(connection), fault: None }),
            Err(error) => {
                connection.discard();
                Err(error)
            }
        }
    }

    /// Carries out a statement and says how many rows it found to change.
    pub(crate) async fn execute(&mut self, sql: impl Into<Statement>, values: &[Value]) -> Result<u64, Error> {
        let done = self.connection()?.execute(&sql.into(), values).await;
        self.noted(done).map(|done| done.rows)
    }

    /// Carries out a statement; `None` when it would take a unique key twice.
    pub(crate) async fn try_execute(
        &mut self,
        sql: impl Into<Statement>,
        values: &[Value],
    ) -> Result<Option<Done>, Error> {
        match self.connection()?.execute(&sql.into(), values).await {
            Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(None),
            done => self.noted(done).map(Some),
        }
    }

    /// Inserts the row of a request that has a key, and gives its number. Where another server was a moment faster with the
    /// same request, the run is given up: the next one finds it.
    pub(crate) async fn insert_once(&mut self, sql: impl Into<Statement>, values: &[Value]) -> Result<u64, Error> {
        let inserted = self.try_execute(sql, values).await?;
        inserted.map(|done| done.id).ok_or_else(|| self.overtaken("another server carries out the same request"))
    }

    /// The rows of a reading statement, as of the transaction's first one.
    pub(crate) async fn rows(&mut self, sql: impl Into<Statement>, values: &[Value]) -> Result<Vec<Row>, Error> {
        let rows = self.connection()?.fetch(&sql.into(), "", values).await;
        self.noted(rows)
    }

    /// The first row of a reading statement, as of the transaction's first one.
    pub(crate) async fn row(&mut self, sql: impl Into<Statement>, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// The rows of a SELECT as they are now, and stay until the transaction ends.
    pub(crate) async fn rows_for_update(
        &mut self,
        sql: impl Into<Statement>,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        let connection = self.connection()?;
        let ending = connection.dialect().for_update();
        let rows = connection.fetch(&sql.into(), ending, values).await;
        self.noted(rows)
    }

    /// The first row of a SELECT as it is now, and stays until the transaction ends.
    pub(crate) async fn row_for_update(
        &mut self,
        sql: impl Into<Statement>,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        Ok(self.rows_for_update(sql, values).await?.into_iter().next())
    }

    /// Gives the run up for what another transaction did since this one began to read; the body runs again, and sees it.
    pub(crate) fn overtaken(&mut self, by: &str) -> Error {
        self.fault.get_or_insert(Fault::Conflict);
        Error::Unavailable(by.to_owned())
    }

    /// What spoilt it, whatever became of the statement's error.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Makes it so; on the disk when this returns. Lost, it may have happened or not.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let committed = connection.command("COMMIT").await;
        if committed.is_err() {
            connection.discard();
        }
        committed
    }

    /// Undoes it. A connection that does not answer to that is closed, which undoes it as well.
    pub(super) async fn roll_back(mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.fault == Some(Fault::Lost) || connection.command("ROLLBACK").await.is_err() {
            connection.discard();
        }
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or_else(|| Error::Internal("the transaction has ended".to_owned()))
    }

    fn noted<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, Error> {
        outcome.map_err(|error| {
            let fault = dialect::fault(&error);
            if fault != Fault::Answered {
                self.fault.get_or_insert(fault);
            }
            sql_error(&error)
        })
    }
}

impl Drop for Transaction {
    /// Not ended: its future was dropped, or panicked. The connection may be in the middle of an answer.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.discard();
        }
    }
}
