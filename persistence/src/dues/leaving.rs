//! What becomes of the dues of one who leaves a room, is removed from it, or deletes his account: by the transaction that
//! ends the membership. What goes back to his wallet goes right after, by the schedule.

use std::collections::BTreeSet;

use moim_wire::{RoomId, UserId};

use super::entry::DuesEntryKind;
use super::sheet::Sheet;
use crate::clock::now_ms;
use crate::error::Error;
use crate::members::record_told;
use crate::sql::{Transaction, values};

/// Makes void what is open of a member's charges, and sets his credit to be given back. The room is locked.
pub(crate) async fn leave(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<(), Error> {
    let mut sheet = Sheet::default();
    sheet.lock_members(transaction, &BTreeSet::from([(room, user)])).await?;
    let open: Vec<_> = sheet.charges.keys().copied().collect();
    let mut told = Vec::new();
    for charge in open {
        told.extend(sheet.waive(charge, DuesEntryKind::Void, (user, String::new(), now_ms()))?);
    }
    sheet.write(transaction).await?;
    for (room, told) in told {
        record_told(transaction, room, told).await?;
    }
    if sheet.balance((room, user)).credit.is_positive() {
        let sql = "UPDATE dues_balances SET settle_at_ms = ? WHERE room_id = ? AND user_id = ?";
        transaction.execute(sql, values![now_ms(), room, user]).await?;
    }
    Ok(())
}
