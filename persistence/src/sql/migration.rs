//! The schema's versions: applied when the accounts are opened, or by hand.

use std::borrow::Cow;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::dialect::Dialect;
use super::sql_error;
use crate::error::Error;

/// Version, name and text of every migration, rising. What was published is never changed.
pub(super) const TEXTS: &[(i64, &str, &str)] = &[
    (1, "accounts", include_str!("../../migrations/0001_accounts.sql")),
    (2, "writes", include_str!("../../migrations/0002_writes.sql")),
    (3, "contacts", include_str!("../../migrations/0003_contacts.sql")),
    (4, "files", include_str!("../../migrations/0004_files.sql")),
    (5, "ledger", include_str!("../../migrations/0005_ledger.sql")),
    (6, "reservations", include_str!("../../migrations/0006_reservations.sql")),
    (7, "offices", include_str!("../../migrations/0007_offices.sql")),
    (8, "dues", include_str!("../../migrations/0008_dues.sql")),
    (9, "external_logins", include_str!("../../migrations/0009_external_logins.sql")),
    (10, "bank", include_str!("../../migrations/0010_bank.sql")),
    (11, "spending", include_str!("../../migrations/0011_spending.sql")),
    (12, "voters", include_str!("../../migrations/0012_voters.sql")),
    (13, "audit", include_str!("../../migrations/0013_audit.sql")),
    (14, "settled_expenses", include_str!("../../migrations/0014_settled_expenses.sql")),
    (15, "cash_expenses", include_str!("../../migrations/0015_cash_expenses.sql")),
    (16, "rules_to_come", include_str!("../../migrations/0016_rules_to_come.sql")),
    (17, "standing", include_str!("../../migrations/0017_standing.sql")),
    (18, "participants", include_str!("../../migrations/0018_participants.sql")),
    (19, "provenance", include_str!("../../migrations/0019_provenance.sql")),
    (20, "charges_of_a_member", include_str!("../../migrations/0020_charges_of_a_member.sql")),
    (21, "booking_keys", include_str!("../../migrations/0021_booking_keys.sql")),
];

const STORE: &str = "the accounts' database";

/// What opening does about migrations that the database lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Migrations {
    /// Applies them.
    Apply,
    /// Refuses to open.
    Require,
    /// Tells them and changes nothing.
    Tell,
}

/// The migrations in a dialect.
fn migrator(dialect: Dialect) -> Migrator {
    let of_text = |&(version, name, text): &(i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(dialect.schema(text)).into_sql_str();
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    let mut migrator = Migrator::with_migrations(TEXTS.iter().map(of_text).collect());
    migrator.set_locking(false);
    migrator
}

/// A migration that the accounts' database lacks, or lacked until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LackingMigration {
    /// Number and name, as in `0001_accounts`.
    pub name: String,
    /// Its statements in the database's dialect.
    pub sql: String,
}

/// Every migration: what a database lacks that is not there yet.
pub(super) fn lacking_all(dialect: Dialect) -> Vec<LackingMigration> {
    migrator(dialect).iter().map(told).collect()
}

fn told(migration: &Migration) -> LackingMigration {
    let name = format!("{:04}_{}", migration.version, migration.description);
    LackingMigration { name, sql: migration.sql.as_str().to_owned() }
}

/// Does about the lacking migrations what is asked, and gives those that were lacking. `has_table`: whether any was ever
/// applied.
pub(super) async fn migrate(
    connection: &mut impl Migrate,
    dialect: Dialect,
    has_table: bool,
    migrations: Migrations,
) -> Result<Vec<LackingMigration>, Error> {
    let lacking = lacking(connection, dialect, has_table).await?;
    match migrations {
        Migrations::Apply if !lacking.is_empty() => {
            migrator(dialect).run_direct(None, connection, false).await.map_err(migrate_error)?;
        }
        Migrations::Require if !lacking.is_empty() => {
            let names: Vec<&str> = lacking.iter().map(|migration| &*migration.name).collect();
            return Err(Error::SchemaBehind { store: STORE, lacking: names.join(", ") });
        }
        Migrations::Apply | Migrations::Require | Migrations::Tell => {}
    }
    Ok(lacking)
}

async fn lacking(
    connection: &mut impl Migrate,
    dialect: Dialect,
    has_table: bool,
) -> Result<Vec<LackingMigration>, Error> {
    let migrator = migrator(dialect);
    let mut applied = Vec::new();
    if has_table {
        if let Some(version) = connection.dirty_version(&migrator.table_name).await.map_err(migrate_error)? {
            return Err(migrate_error(MigrateError::Dirty(version)));
        }
        applied = connection.list_applied_migrations(&migrator.table_name).await.map_err(migrate_error)?;
    }
    for found in &applied {
        let ours = migrator.iter().find(|migration| migration.version == found.version);
        let ours = ours.ok_or_else(|| migrate_error(MigrateError::VersionMissing(found.version)))?;
        if ours.checksum != found.checksum {
            return Err(migrate_error(MigrateError::VersionMismatch(found.version)));
        }
    }
    let lacks = |migration: &&Migration| applied.iter().all(|applied| applied.version != migration.version);
    Ok(migrator.iter().filter(lacks).map(told).collect())
}

/// What a failed migration means.
fn migrate_error(error: MigrateError) -> Error {
    let known = TEXTS.last().map_or(0, |(version, _, _)| *version);
    match error {
        MigrateError::VersionMissing(found) if found > known => {
            Error::SchemaFromTheFuture { store: STORE, found, known }
        }
        MigrateError::Dirty(version) => Error::Internal(format!(
            "migration {version} of {STORE} was cut short; undo or finish by hand what `moim migrate --check` shows of \
             it, and delete its row of _sqlx_migrations or set `success` there"
        )),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => sql_error(&error),
        other => Error::Internal(format!("the schema of {STORE}: {other}")),
    }
}
