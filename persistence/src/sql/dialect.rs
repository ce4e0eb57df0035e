//! What the databases truly spell differently. Everything else is one text.

use crate::error::Error;

/// The language of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
}

impl Dialect {
    /// Begins a transaction that will write. SQLite takes the write lock at once: taken later, it could find that the
    /// snapshot is stale and fail instead of waiting.
    pub(crate) const fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    /// A migration's text in this dialect. Ids are never given twice, hence AUTOINCREMENT.
    pub(crate) fn schema(self, text: &str) -> String {
        match self {
            Self::Sqlite => text
                .replace("{{AUTO_ID}}", "INTEGER PRIMARY KEY AUTOINCREMENT")
                .replace("{{KEYED_TABLE}}", "WITHOUT ROWID")
                .replace("{{TABLE}}", ""),
        }
    }
}

/// What a refusal by the database means, by its code. SQLite's extended codes carry the primary one in their low byte.
pub(super) fn refusal(code: Option<&str>, error: &sqlx::Error) -> Error {
    const BUSY: i64 = 5;
    const LOCKED: i64 = 6;
    const IO: i64 = 10;
    const FULL: i64 = 13;
    const CANNOT_OPEN: i64 = 14;
    match code.and_then(|code| code.parse::<i64>().ok()).map(|code| code & 0xff) {
        Some(FULL) => Error::StorageFull(error.to_string()),
        Some(BUSY | LOCKED | IO | CANNOT_OPEN) => Error::Unavailable(error.to_string()),
        _ => Error::Internal(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_of_a_migration_stays_untranslated() {
        for (_, _, text) in super::super::migration::TEXTS {
            let schema = Dialect::Sqlite.schema(text);
            let statements = schema.lines().filter(|line| !line.starts_with("--"));
            assert!(statements.clone().all(|line| !line.contains("{{")), "{schema}");
        }
    }
}
