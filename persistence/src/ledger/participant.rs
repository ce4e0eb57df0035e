//! Who takes part in a group's wallet, and who may spend from it.
//!
//! An admin of the wallet may. Who leaves the room, or is removed, takes part in none of its wallets any more, should
//! he come back or not. Where a wallet has no admin any more, the room's admins may spend, so that the group does not
//! lose what it holds; who deletes the room becomes its admin.

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::account::{AccountId, GROUP};
use crate::error::Error;
use crate::members::role_in;
use crate::sql::{Transaction, values};

/// Whether `user` may spend from a group's wallet in a room, which may be deleted. The room is locked.
pub(super) async fn is_spender(
    transaction: &mut Transaction,
    account: AccountId,
    (room, is_deleted): (RoomId, bool),
    user: UserId,
) -> Result<bool, Error> {
    let sql = "SELECT is_admin FROM ledger_participants WHERE account_id = ? AND user_id = ?";
    let row = transaction.row_for_update(sql, values![account, user]).await?;
    let is_admin = row.is_some_and(|row| row.flag(0).unwrap_or_default());
    if is_deleted {
        return Ok(is_admin);
    }
    match role_in(transaction, room, user).await? {
        None => Ok(false),
        Some(_) if is_admin => Ok(true),
        Some(Role::Admin) => Ok(!has_admin(transaction, account).await?),
        Some(_) => Ok(false),
    }
}

async fn has_admin(transaction: &mut Transaction, account: AccountId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM ledger_participants WHERE account_id = ? AND is_admin = 1 LIMIT 1";
    Ok(transaction.row_for_update(sql, values![account]).await?.is_some())
}

/// Makes a user take part in a wallet; false where he does already.
pub(super) async fn take_part(
    transaction: &mut Transaction,
    account: AccountId,
    user: UserId,
    is_admin: bool,
) -> Result<bool, Error> {
    let sql = "INSERT INTO ledger_participants (account_id, user_id, is_admin) VALUES (?, ?, ?)";
    Ok(transaction.try_execute(sql, values![account, user, is_admin]).await?.is_some())
}

/// Ends a former member's part in the wallets of a room that is locked.
pub(crate) async fn leave_wallets(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM ledger_participants WHERE user_id = ?
               AND account_id IN (SELECT account_id FROM ledger_accounts WHERE room_id = ?)";
    transaction.execute(sql, values![user, room]).await.map(drop)
}

/// Makes who deletes a room the admin of its wallets that have none. The room is locked.
pub(crate) async fn inherit_wallets(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    let sql = "SELECT account_id FROM ledger_accounts WHERE room_id = ? AND kind = ? AND closed_at_ms IS NULL";
    for row in transaction.rows_for_update(sql, values![room, GROUP]).await? {
        let account = AccountId(row.int(0)?);
        if !has_admin(transaction, account).await? && !take_part(transaction, account, user, true).await? {
            let sql = "UPDATE ledger_participants SET is_admin = 1 WHERE account_id = ? AND user_id = ?";
            transaction.execute(sql, values![account, user]).await?;
        }
    }
    Ok(())
}
