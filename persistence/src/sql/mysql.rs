//! MySQL and MariaDB: what a connection is set to, and what may be wrong with it at the start.

use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor, MySqlConnection};

use crate::address::StoreAddress;
use crate::error::Error;

/// A connection that nobody needs is closed after this time.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// And any after this: behind a name that was moved, the new server is found.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// One that lay idle for so long is asked for a sign of life before it is used.
const DOUBTFUL: Duration = Duration::from_secs(1);

/// The options in an address `mysql://user:password@host:port/database?…`, with what is ours to choose set.
pub(super) fn options(address: &StoreAddress) -> Result<MySqlConnectOptions, Error> {
    let wrong = |reason| Error::Setting { setting: "accounts", value: address.to_string(), reason };
    let options = MySqlConnectOptions::from_str(address.reveal())
        .map_err(|_| wrong("is not of the form mysql://user:password@host:port/database"))?;
    if options.get_database().is_none() {
        return Err(wrong("names no database; write mysql://user:password@host:port/database"));
    }
    // The time zone is UTC, by the driver.
    let options =
        options.charset("utf8mb4").collation("utf8mb4_bin").pipes_as_concat(false).no_engine_substitution(false);
    Ok(options.disable_statement_logging())
}

/// A pool of at most `connections` that opens them as they are needed.
pub(super) fn pool(connections: u32, wait: Duration) -> MySqlPoolOptions {
    MySqlPoolOptions::new()
        .max_connections(connections)
        .min_connections(0)
        .acquire_timeout(wait)
        .idle_timeout(IDLE)
        .max_lifetime(LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, age| {
            Box::pin(async move {
                if age.idle_for >= DOUBTFUL {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| Box::pin(set_up(connection, wait)))
}

/// One connection, in order to learn at the start what is wrong with the address, the user or the server.
pub(super) async fn connect(address: &StoreAddress, wait: Duration) -> Result<MySqlConnection, Error> {
    let options = options(address)?;
    let connected = tokio::time::timeout(wait, async {
        let mut connection = options.connect().await?;
        set_up(&mut connection, wait).await?;
        Ok(connection)
    });
    match connected.await {
        Ok(connected) => connected.map_err(|error| refused(address, &error)),
        Err(_) => Err(Error::Unavailable(format!("{address} does not answer within {} ms", wait.as_millis()))),
    }
}

/// A session of ours, whatever the server's defaults: nothing is cut short or converted in silence, reads are repeatable,
/// and what takes too long ends at the server too. The comments are carried out by one of both servers each.
async fn set_up(connection: &mut MySqlConnection, wait: Duration) -> Result<(), sqlx::Error> {
    let seconds = wait.as_secs().max(1);
    let text = format!(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT,ERROR_FOR_DIVISION_BY_ZERO',
                     autocommit = 1, innodb_lock_wait_timeout = {lock_seconds}
                     /*M!100100 , max_statement_time = {seconds} */
                     /*!50708 , max_execution_time = {seconds}000 */",
        lock_seconds = (seconds / 2).max(1)
    );
    connection.execute(AssertSqlSafe(text)).await?;
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    Ok(())
}

/// Makes processes that see to the migrations at the same time follow one another, and lets a statement of theirs take the
/// time that a large table takes. Lock and limits go with the connection. The migrator's own lock would wait for ever, which
/// MariaDB takes for an error and does not do.
pub(super) async fn prepare_migrations(connection: &mut MySqlConnection, wait: Duration) -> Result<(), Error> {
    let unlimited =
        "SET SESSION autocommit = 1 /*M!100100 , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */";
    connection.execute(unlimited).await.map_err(|error| super::sql_error(&error))?;
    let taken = sqlx::query_scalar::<_, Option<i64>>("SELECT GET_LOCK(CONCAT('moim.', SHA1(DATABASE())), ?)")
        .bind(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).max(1))
        .fetch_one(connection)
        .await
        .map_err(|error| super::sql_error(&error))?;
    match taken {
        Some(1) => Ok(()),
        _ => Err(Error::Unavailable("another process is at the migrations of the accounts' database".to_owned())),
    }
}

/// What a first connection was refused for.
fn refused(address: &StoreAddress, error: &sqlx::Error) -> Error {
    let wrong = |reason| Error::Setting { setting: "accounts", value: address.to_string(), reason };
    let number = match error {
        sqlx::Error::Database(refusal) => {
            refusal.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
        }
        _ => None,
    };
    match (number, error) {
        (Some(1045 | 1698), _) => wrong("the server refuses user and password; correct them, or create the user there"),
        (Some(1044), _) => wrong("the user may not use the database; GRANT ALL on it to the user"),
        (Some(1049), _) => {
            wrong("the server has no such database; create it: CREATE DATABASE name CHARACTER SET utf8mb4")
        }
        (None, sqlx::Error::Configuration(_) | sqlx::Error::Tls(_)) => {
            Error::Unavailable(format!("{address}: {error}; see ssl-mode and ssl-ca in the address"))
        }
        _ => Error::Unavailable(format!("{address}: {error}")),
    }
}
