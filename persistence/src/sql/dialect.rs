//! What the databases truly spell differently, and what their errors mean. Everything else is one text.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

use crate::error::Error;

/// The language of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    /// MySQL and MariaDB.
    MySql,
}

/// What a failed statement says about its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Undone so that another transaction could go on; the same again may succeed.
    Conflict,
    /// The connection is gone, or no more to be trusted. What was not committed is undone.
    Lost,
    /// The database answered: the same again would fail alike.
    Answered,
}

impl Dialect {
    /// Begins a transaction that will write. SQLite takes the write lock at once: taken later, it could find that the
    /// snapshot is stale and fail instead of waiting.
    pub(super) const fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::MySql => "START TRANSACTION",
        }
    }

    /// Begins a transaction that only reads, all of one instant.
    pub(super) const fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::MySql => "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        }
    }

    /// Behind a SELECT whose rows decide what is written. A writer of SQLite is alone.
    pub(super) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::MySql => " FOR UPDATE",
        }
    }

    /// Whether a commit may happen without its answer being heard.
    pub(super) const fn is_remote(self) -> bool {
        matches!(self, Self::MySql)
    }

    /// The table of migrations, when it is there.
    pub(super) const fn migrations_table(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
            Self::MySql => {
                "SELECT 1 FROM information_schema.tables
                 WHERE table_schema = DATABASE() AND table_name = '_sqlx_migrations'"
            }
        }
    }

    /// A migration's text in this dialect. Ids are never given twice, hence AUTOINCREMENT.
    ///
    /// `utf8mb4_bin` is the one collation of both MySQL and MariaDB that compares code points, as SQLite does: 가, 각 and
    /// every emoji are themselves, and the key columns hold small letters already. The `0900` and `uca1400` ones exist on
    /// one server each, and `general_ci` takes all emoji for one. It ignores trailing spaces, which no stored text has.
    pub(crate) fn schema(self, text: &str) -> String {
        const IN_MYSQL: &str = "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC";
        let (auto_id, keyed_table, table) = match self {
            Self::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "WITHOUT ROWID", ""),
            Self::MySql => ("BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", IN_MYSQL, IN_MYSQL),
        };
        text.replace("{{AUTO_ID}}", auto_id).replace("{{KEYED_TABLE}}", keyed_table).replace("{{TABLE}}", table)
    }
}

/// What a failure says about the transaction that it happened in.
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => Fault::Lost,
        sqlx::Error::Database(refusal) => match mysql_number(refusal.as_ref()) {
            Some(number) => mysql_fault(number),
            None => Fault::Answered,
        },
        _ => Fault::Answered,
    }
}

/// What a refusal by the database means to a caller.
pub(super) fn refusal(refusal: &dyn DatabaseError) -> Error {
    let text = refusal.to_string();
    match mysql_number(refusal) {
        Some(number) => mysql_refusal(number, text),
        None => sqlite_refusal(refusal.code().as_deref(), text),
    }
}

fn mysql_number(refusal: &dyn DatabaseError) -> Option<u16> {
    refusal.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// By the server's number. <https://mariadb.com/kb/en/mariadb-error-codes/>
const fn mysql_fault(number: u16) -> Fault {
    match number {
        // Lock waited for too long, deadlock, and a row changed since the snapshot (innodb_snapshot_isolation).
        1205 | 1213 | 1020 => Fault::Conflict,
        // Too many connections, shutdown, killed, cut off for idling; and a server that became read-only: after a
        // failover the next connection leads to the one that is not.
        1040 | 1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1203 | 1290 | 1317 | 1792 | 1836 | 1927 | 4031 => Fault::Lost,
        _ => Fault::Answered,
    }
}

const fn mysql_refusal(number: u16, text: String) -> Error {
    match number {
        1021 | 1114 => Error::StorageFull(text),
        // Access denied while it runs: the operator's to mend at the database. And a statement out of its time.
        1044 | 1045 | 1049 | 1129 | 1130 | 1698 | 1969 | 3024 => Error::Unavailable(text),
        _ => match mysql_fault(number) {
            Fault::Conflict | Fault::Lost => Error::Unavailable(text),
            Fault::Answered => Error::Internal(text),
        },
    }
}

/// SQLite's extended codes carry the primary one in their low byte.
fn sqlite_refusal(code: Option<&str>, text: String) -> Error {
    const BUSY: i64 = 5;
    const LOCKED: i64 = 6;
    const IO: i64 = 10;
    const FULL: i64 = 13;
    const CANNOT_OPEN: i64 = 14;
    match code.and_then(|code| code.parse::<i64>().ok()).map(|code| code & 0xff) {
        Some(FULL) => Error::StorageFull(text),
        Some(BUSY | LOCKED | IO | CANNOT_OPEN) => Error::Unavailable(text),
        _ => Error::Internal(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_of_a_migration_stays_untranslated() {
        for dialect in [Dialect::Sqlite, Dialect::MySql] {
            for (_, _, text) in super::super::migration::TEXTS {
                let schema = dialect.schema(text);
                let mut statements = schema.lines().filter(|line| !line.starts_with("--"));
                assert!(statements.all(|line| !line.contains("{{")), "{schema}");
            }
        }
    }
}
