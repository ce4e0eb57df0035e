//! The SQL store under the accounts: SQLite in the data folder, or MySQL/MariaDB over a network, behind one [`Database`].
//!
//! # Writing a query
//! There is one text for both, with `?` for each value and [`values!`] beside it; a row's columns are taken by their
//! place ([`Row::int`], [`Row::text`]). Integers are BIGINT, text is VARCHAR, a time is Unix milliseconds: nothing that
//! one of them would convert. What both cannot say the same goes into `dialect`, and nowhere else is an arm matched but in
//! `pool` (opening) and `connection` (binding and rows).
//!
//! - [`Database::row`] and [`Database::rows`]: one reading statement. It may run again on another connection.
//! - [`Database::snapshot`]: several reading statements of one instant.
//! - [`Database::write`]: a transaction that happens once or, with an error, not at all.
//! - [`Database::write_repeatable`]: one that may as well happen twice (a mark that only rises, a deletion), a round trip
//!   cheaper.
//!
//! A text with a list in it is put together of texts of ours by [`Statement`], for lists of few sizes ([`filled`], [`pieces`]).
//!
//! ```ignore
//! let change: Result<Change, Error> = transact!(shared.database.write(), |transaction| {
//!     lock_room(transaction, room).await?;             // first, lock what decides
//!     let row = transaction.row_for_update("SELECT name FROM users WHERE user_id = ?", values![user]).await?;
//!     transaction.execute("UPDATE rooms SET last_change = last_change + 1 WHERE room_id = ?", values![room]).await?;
//!     Ok(change)
//! });
//! ```
//!
//! # Rules of a transaction
//! - The body **may run several times**: after a deadlock, a lock that was waited for too long, or a lost connection.
//!   It touches nothing outside the transaction that must not be touched twice; an error that it returns undoes
//!   everything. Hash passwords and wait for people before it, not in it.
//! - MySQL runs at REPEATABLE READ: a plain [`Transaction::row`] sees the instant of the **first** plain read, not of a
//!   lock taken since. What a write is decided by is read by [`Transaction::row_for_update`], or not read at all but
//!   written as a condition (`UPDATE … SET x = x + 1 WHERE … AND x >= ?` and the number of rows that it found). SQLite
//!   has one writer at a time, so there both are the same.
//! - Rows are locked in one order where that is easy (the room, then its members); where it is not, the database finds
//!   the deadlock and the body runs again.
//! - A unique key that may be taken is written by [`Transaction::try_execute`], which says so.
//!
//! # A commit whose answer is lost
//! The connection may break between COMMIT and its answer. [`Database::write`] therefore begins by inserting a row of its
//! own into `writes`, in the same transaction. When it runs again and the row is there, the first run was committed: its
//! result is returned and nothing is done twice. While the first run is still open at the server, the insert waits for it.
//! Only when the server does not come back within the wait ([`Config::store_wait`](crate::Config::store_wait)) the caller
//! is told that the outcome is not known. SQLite answers in this process or not at all, so it writes no such row.
//!
//! # Migrations
//! `persistence/migrations/NNNN_name.sql`, listed in `migration`, one text for both with `{{…}}` marks of `dialect`. What
//! was published is never changed. MySQL commits each statement of a migration by itself: a migration has few of them.

mod connection;
mod dialect;
mod migration;
mod mysql;
mod patience;
mod pool;
mod runs;
mod statement;
mod transaction;
mod value;

pub use migration::LackingMigration;
pub(crate) use migration::Migrations;
pub(crate) use pool::Database;
pub(crate) use runs::Begun;
pub(crate) use statement::{Statement, filled, list, listed, pieces};
pub(crate) use transaction::Transaction;
pub(crate) use value::{Row, Value, values};

use crate::error::Error;

/// Runs a body in the transaction of [`Database::write`], [`Database::write_repeatable`] or [`Database::snapshot`], again
/// where that is safe. The body is what an async block holds, of a `Result<_, Error>`; so is the whole. A macro, since a
/// future that a closure makes of its borrowings cannot be shown to be `Send`.
macro_rules! transact {
    ($runs:expr, |$transaction:ident| $body:expr) => {
        async {
            let mut runs = $runs;
            loop {
                let mut begun = match runs.begin().await? {
                    $crate::sql::Begun::Run(begun) => begun,
                    $crate::sql::Begun::Done(result) => break Ok::<_, $crate::error::Error>(result),
                };
                let $transaction = &mut begun;
                let outcome = async { $body }.await;
                if let Some(result) = runs.end(begun, outcome).await? {
                    break Ok(result);
                }
            }
        }
        .await
    };
}
pub(crate) use transact;

/// What a failed statement means to a caller. Unique keys are looked at where they are expected, in `transaction`.
fn sql_error(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::PoolTimedOut => Error::Unavailable("no connection to the accounts' database".to_owned()),
        sqlx::Error::PoolClosed => Error::Unavailable("the accounts are closed".to_owned()),
        sqlx::Error::Io(source) if source.kind() == std::io::ErrorKind::StorageFull => {
            Error::StorageFull(error.to_string())
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => Error::Unavailable(error.to_string()),
        sqlx::Error::Database(refusal) => dialect::refusal(refusal.as_ref()),
        _ => Error::Internal(error.to_string()),
    }
}
