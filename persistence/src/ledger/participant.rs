//! Who takes part in a group's wallet, and who may spend from it.
//!
//! An admin of the wallet may, while a member of its room. Where no admin of the wallet is a member any more, the room's
//! admins may, so that the group does not lose what it holds. Of a deleted room nobody is a member: there its admins may.

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::account::AccountId;
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
        Some(Role::Admin) => Ok(!has_admin(transaction, account, room).await?),
        Some(_) => Ok(false),
    }
}

/// Whether an admin of the wallet is a member of its room.
async fn has_admin(transaction: &mut Transaction, account: AccountId, room: RoomId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM ledger_participants p
               JOIN memberships m ON m.room_id = ? AND m.user_id = p.user_id AND m.has_left = 0
               WHERE p.account_id = ? AND p.is_admin = 1 LIMIT 1";
    Ok(transaction.row_for_update(sql, values![room, account]).await?.is_some())
}
