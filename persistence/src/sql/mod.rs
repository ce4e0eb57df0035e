//! The SQL store under the accounts: one text for every dialect, the back end matched in `pool` alone.

mod dialect;
mod migration;
mod pool;
mod value;

pub(crate) use pool::{Database, Transaction};
pub(crate) use value::{Row, Value, values};

use crate::error::Error;

/// What a failed statement means to a caller. Unique keys are looked at where they are expected, in `pool`.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn sql_error(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::PoolTimedOut => Error::Unavailable("no free connection to the accounts".to_owned()),
        sqlx::Error::PoolClosed => Error::Unavailable("the accounts are closed".to_owned()),
        sqlx::Error::Io(source) if source.kind() == std::io::ErrorKind::StorageFull => {
            Error::StorageFull(error.to_string())
        }
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Error::Unavailable(error.to_string()),
        sqlx::Error::Database(refusal) => dialect::refusal(refusal.code().as_deref(), &error),
        _ => Error::Internal(error.to_string()),
    }
}
