//! The schema's versions, applied when the accounts are opened.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::dialect::Dialect;
use super::sql_error;
use crate::error::Error;

/// Version, name and text of every migration, rising. What was published is never changed.
pub(super) const TEXTS: &[(i64, &str, &str)] = &[(1, "accounts", include_str!("../../migrations/0001_accounts.sql"))];

/// The migrations in a dialect.
pub(super) fn migrator(dialect: Dialect) -> Migrator {
    let of_text = |&(version, name, text): &(i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(dialect.schema(text)).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(TEXTS.iter().map(of_text).collect())
}

/// What a failed migration means.
pub(super) fn migrate_error(error: MigrateError) -> Error {
    let known = TEXTS.last().map_or(0, |(version, _, _)| *version);
    match error {
        MigrateError::VersionMissing(found) if found > known => {
            Error::SchemaFromTheFuture { store: "the accounts' database", found, known }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => sql_error(error),
        other => Error::Internal(format!("the accounts' schema: {other}")),
    }
}
