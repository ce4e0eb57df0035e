//! Work that one server of several does at a time. A lease spares the others the work; that it is done once does not rest on
//! it, since two servers' clocks may disagree about whose it is.

use std::time::Duration;

use crate::error::Error;
use crate::sql::{Database, transact, values};

/// So long others leave it alone after its holder last renewed it.
const HELD: Duration = Duration::from_secs(10);

/// Takes or renews the lease of that name; false where another holds it.
pub(super) async fn take(database: &Database, name: &'static str, holder: &str, now_ms: u64) -> Result<bool, Error> {
    let until_ms = now_ms + HELD.as_millis() as u64;
    let taken = transact!(database.write_repeatable(), |transaction| {
        let sql = "UPDATE leases SET holder = ?, held_until_ms = ?
                   WHERE lease_name = ? AND (holder = ? OR held_until_ms <= ?)";
        transaction.execute(sql, values![holder, until_ms, name, holder, now_ms]).await
    })?;
    Ok(taken > 0)
}
