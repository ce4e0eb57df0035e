//! What becomes of the dues of one who leaves a room, is removed from it, or deletes his account, and of a room's that is
//! deleted: by the transaction that ends the memberships. What goes back to a wallet goes right after, by the schedule.
//! One who comes back is asked again for what his leaving made void, by the transaction that makes him a member.

use std::collections::{BTreeMap, BTreeSet};

use moim_wire::{RoomId, UserId};

use super::entry::DuesEntryKind;
use super::late;
use super::number::ChargeId;
use super::refused::DuesRefused as Refused;
use super::sheet::Sheet;
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{CASH, Won, stored_won};
use crate::members::{Change, Told, record_told};
use crate::sql::{Transaction, values};

/// Makes void what is open of a member's charges, and sets his credit to be given back. The room is locked.
pub(crate) async fn leave(
    transaction: &mut Transaction,
    by: (Origin, UserId),
    room: RoomId,
    user: UserId,
) -> Result<(), Error> {
    let mut sheet = Sheet::default();
    sheet.lock_members(transaction, &BTreeSet::from([(room, user)])).await?;
    for told in make_void(transaction, &mut sheet, by, room).await? {
        record_told(transaction, room, told).await?;
    }
    if sheet.balance((room, user)).credit_by_wallet.is_positive() {
        let sql = "UPDATE dues_balances SET settle_at_ms = ? WHERE room_id = ? AND user_id = ?";
        transaction.execute(sql, values![now_ms(), room, user]).await?;
    }
    Ok(())
}

/// Asks one who has come back to a room for what was made void when he left it, or given back to him since, and for a
/// late fee that his leaving held back; what he has as credit pays for it. Charges end by being paid or let go, so that
/// leaving ends none. The room is locked. Gives the newest of what it is told.
pub(crate) async fn reopen(
    transaction: &mut Transaction,
    (origin, actor): (Origin, UserId),
    room: RoomId,
    user: UserId,
) -> Result<Option<Change>, Error> {
    let void = void_of(transaction, room, user).await?;
    if void.is_empty() {
        return Ok(None);
    }
    let (now_ms, mut sheet) = (now_ms(), Sheet::default());
    sheet.lock_charges(transaction, void.keys().map(|charge| charge.0).collect()).await?;
    sheet.lock_members(transaction, &BTreeSet::from([(room, user)])).await?;
    let (mut told, mut sum) = (Vec::new(), Won::ZERO);
    for (charge, void) in void {
        told.extend(sheet.reopen(charge, void, (actor, now_ms))?.map(|(_, told)| told));
        told.extend(late::charge_held_back(transaction, &mut sheet, charge, now_ms).await?);
        sum = sum.plus(void).ok_or_else(|| Error::Internal(format!("user {user} owes more than there is")))?;
    }
    told.extend(sheet.use_credit(room, user, user, now_ms).into_iter().map(|(_, told)| told));
    sheet.write(transaction).await?;
    let line = NewLine::new(origin, actor, now_ms, AuditAction::ChargesReopened, user.0.into()).in_room(room).of(sum);
    audit::write(transaction, &[line]).await?;
    let mut newest = None;
    for told in told {
        newest = Some(record_told(transaction, room, told).await?);
    }
    Ok(newest)
}

/// A member's void charges, and how much of each the book has as void.
async fn void_of(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<BTreeMap<ChargeId, Won>, Error> {
    let sql = "SELECT c.charge_id, e.to_due FROM dues_charges c
               JOIN dues_entries e ON e.charge_id = c.charge_id AND e.kind IN (?, ?)
               WHERE c.user_id = ? AND c.room_id = ? AND c.is_void = 1";
    let [ends, begins] = [DuesEntryKind::Void, DuesEntryKind::Reopened].map(DuesEntryKind::stored);
    let mut void: BTreeMap<ChargeId, Won> = BTreeMap::new();
    for row in transaction.rows_for_update(sql, values![ends, begins, user, room]).await? {
        let charge = ChargeId(row.int(0)?);
        let sum = void.entry(charge).or_default();
        *sum = sum
            .minus(stored_won(&row, 1)?)
            .ok_or_else(|| Error::Internal(format!("charge {charge} is out of bounds")))?;
    }
    Ok(void)
}

/// Makes void what is open of the charges of those who are locked; gives what the room is to be told.
async fn make_void(
    transaction: &mut Transaction,
    sheet: &mut Sheet,
    (origin, actor): (Origin, UserId),
    room: RoomId,
) -> Result<Vec<Told>, Error> {
    let now_ms = now_ms();
    let (mut told, mut void) = (Vec::new(), BTreeMap::new());
    for (id, user, open) in
        sheet.charges.values().map(|charge| (charge.id, charge.user, charge.open())).collect::<Vec<_>>()
    {
        told.extend(sheet.waive(id, DuesEntryKind::Void, (actor, String::new(), now_ms))?.map(|(_, told)| told));
        let sum: &mut Won = void.entry(user).or_default();
        *sum = sum.plus(open).ok_or_else(|| Error::Internal(format!("user {user} owes more than there is")))?;
    }
    sheet.write(transaction).await?;
    let line = |(user, sum): (UserId, Won)| {
        NewLine::new(origin, actor, now_ms, AuditAction::ChargesVoided, user.0.into()).in_room(room).of(sum)
    };
    audit::write(transaction, &void.into_iter().map(line).collect::<Vec<_>>()).await?;
    Ok(told)
}

/// Makes void what is open in a room that is being deleted; refused while its dues hold money. The room is locked. Those who
/// follow it learn by its deletion.
pub(crate) async fn close(transaction: &mut Transaction, by: (Origin, UserId), room: RoomId) -> Result<(), Error> {
    require_nothing_held(transaction, room).await?;
    let sql = "SELECT c.user_id FROM dues_requests q JOIN dues_charges c ON c.request_id = q.request_id
               WHERE q.room_id = ? AND c.is_void = 0 AND c.paid + c.waived < c.amount + c.late_fee";
    let rows = transaction.rows_for_update(sql, values![room]).await?;
    let of = rows.iter().map(|row| row.int(0).map(|user| (room, UserId(user)))).collect::<Result<_, Error>>()?;
    let mut sheet = Sheet::default();
    sheet.lock_members(transaction, &of).await?;
    make_void(transaction, &mut sheet, by, room).await.map(drop)
}

/// Refuses while a room's dues hold money, which its members alone can spend and give back. The room is locked.
pub(crate) async fn require_nothing_held(transaction: &mut Transaction, room: RoomId) -> Result<(), Error> {
    let sql = "SELECT balance FROM ledger_accounts WHERE fund_of = ?";
    let Some(fund) = transaction.row_for_update(sql, values![room]).await? else { return Ok(()) };
    let sql = "SELECT balance FROM ledger_accounts WHERE room_id = ? AND kind = ?";
    let cash = transaction.row_for_update(sql, values![room, CASH]).await?;
    let (fund, cash) = (stored_won(&fund, 0)?, cash.map_or(Ok(Won::ZERO), |row| stored_won(&row, 0))?);
    if (fund, cash) == (Won::ZERO, Won::ZERO) { Ok(()) } else { Err(Refused::HoldsMoney { room, fund, cash }.into()) }
}

/// Refuses while a fund holds what goes back to the wallet of one whose account is being deleted with it. The rooms that he
/// leaves are locked.
pub(crate) async fn require_no_credit(transaction: &mut Transaction, user: UserId) -> Result<(), Error> {
    let sql = "SELECT b.room_id, b.credit_by_wallet FROM memberships m
               JOIN dues_balances b ON b.room_id = m.room_id AND b.user_id = m.user_id
               JOIN ledger_accounts f ON f.fund_of = b.room_id
               WHERE m.user_id = ? AND b.credit_by_wallet > 0 AND f.balance > f.reserved
               ORDER BY b.room_id LIMIT 1";
    let Some(row) = transaction.row_for_update(sql, values![user]).await? else { return Ok(()) };
    Err(Refused::HoldsCredit { room: RoomId(row.int(0)?), credit: stored_won(&row, 1)? }.into())
}
