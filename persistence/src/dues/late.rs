//! Who has not paid in time, and the late fee of one whom nothing holds it back from any more.

use std::collections::BTreeMap;

use moim_wire::{RoomId, UserId};

use super::charge::Charge;
use super::day::Day;
use super::entry::DuesEntryKind;
use super::number::{ChargeId, RequestId};
use super::rows::{CHARGES, charge_of};
use super::sheet::Sheet;
use super::steps::{Days, Step};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::error::Error;
use crate::ledger::{Won, stored_won};
use crate::members::Told;
use crate::sql::{Statement, Transaction, values};

/// The charges of a request that are open, rising; without those for which as much cash was written down and waits for
/// a second person: who has handed it over is not late because nobody has looked yet.
pub(super) async fn open_charges(
    transaction: &mut Transaction,
    room: RoomId,
    request: RequestId,
) -> Result<Vec<(ChargeId, UserId)>, Error> {
    let waiting = waiting_cash(transaction, room).await?;
    let sql = Statement::from(CHARGES)
        .then(" WHERE request_id = ? AND is_void = 0 AND paid + waived < amount + late_fee ORDER BY charge_id");
    let rows = transaction.rows_for_update(sql, values![request]).await?;
    let open = rows.iter().map(charge_of).collect::<Result<Vec<_>, Error>>()?;
    Ok(open.iter().filter(|charge| !covers(&waiting, charge)).map(|charge| (charge.id, charge.user)).collect())
}

/// Charges a late fee whose time came while something held it back that has gone since: cash that nobody was given,
/// or that its member had left. What has no fee yet and was not paid at that time bears it now. Gives what the room
/// is told.
///
/// A member whom another had removed by then could not have paid: he bears none. Asked before the sheet is written,
/// since the book says who was away at that time.
pub(super) async fn charge_held_back(
    transaction: &mut Transaction,
    sheet: &mut Sheet,
    id: ChargeId,
    now_ms: u64,
) -> Result<Vec<Told>, Error> {
    let bears_none = |charge: &&Charge| charge.open().is_positive() && charge.late_fee == Won::ZERO;
    let Some(charge) = sheet.charges.get(&id).filter(bears_none).cloned() else { return Ok(Vec::new()) };
    let sql = "SELECT title, late_fee, due_day, grace_days, next_step FROM dues_requests WHERE request_id = ?";
    let row = transaction.row_for_update(sql, values![charge.request]).await?;
    let no_request = || Error::Internal(format!("charge {id} is of request {}, which is not there", charge.request));
    let row = row.ok_or_else(no_request)?;
    let (fee, step) = (stored_won(&row, 1)?, Step::of(row.int(4)?));
    let days = Days { due: Day::of_stored(row.int(2)?)?, grace_days: row.int(3)? };
    let time_has_come = step > Step::LateFee && fee.is_positive();
    let Some(fee_at_ms) = Step::LateFee.at_ms(days).filter(|_| time_has_come) else { return Ok(Vec::new()) };
    let is_covered = covers(&waiting_cash(transaction, charge.room).await?, &charge);
    if is_covered || !was_late(transaction, &charge, fee_at_ms).await? {
        return Ok(Vec::new());
    }
    let mut told: Vec<_> = sheet.charge_late_fee(id, fee, now_ms).into_iter().collect();
    told.extend(sheet.use_credit(charge.room, charge.user, charge.user, now_ms));
    note(transaction, charge.room, charge.request, (&row.text(0)?, fee), now_ms).await?;
    Ok(told.into_iter().map(|(_, told)| told).collect())
}

/// Writes the audit line of late fees of a request, where any were charged.
pub(super) async fn note(
    transaction: &mut Transaction,
    room: RoomId,
    request: RequestId,
    (title, charged): (&str, Won),
    now_ms: u64,
) -> Result<(), Error> {
    if !charged.is_positive() {
        return Ok(());
    }
    let line = NewLine::new(Origin::SERVER, UserId(0), now_ms, AuditAction::LateFeeCharged, request.0);
    audit::write(transaction, &[line.in_room(room).of(charged).saying(title)]).await
}

/// Whether something of a charge was to be paid then, by its member's own doing: the book as it was at that time, in
/// which it counts as asked although he had left.
async fn was_late(transaction: &mut Transaction, charge: &Charge, at_ms: u64) -> Result<bool, Error> {
    let sql = "SELECT kind, to_charge, to_due, actor_id FROM dues_entries WHERE charge_id = ? AND at_ms < ?
               ORDER BY entry_id";
    let (mut open, mut was_removed) = (charge.amount.get(), false);
    for row in transaction.rows_for_update(sql, values![charge.id, at_ms]).await? {
        open -= row.int::<i64>(1)?;
        match DuesEntryKind::of(row.int(0)?)? {
            DuesEntryKind::Void => was_removed = UserId(row.int(3)?) != charge.user,
            DuesEntryKind::Reopened => was_removed = false,
            _ => open += row.int::<i64>(2)?,
        }
    }
    Ok(open > 0 && !was_removed)
}

/// Cash of a room that waits for a second person.
async fn waiting_cash(transaction: &mut Transaction, room: RoomId) -> Result<BTreeMap<ChargeId, i64>, Error> {
    let sql = "SELECT charge_id, amount FROM dues_receipts WHERE room_id = ? AND state = 0";
    let mut waiting: BTreeMap<ChargeId, i64> = BTreeMap::new();
    for row in transaction.rows_for_update(sql, values![room]).await? {
        let sum = waiting.entry(ChargeId(row.int(0)?)).or_default();
        *sum = sum.saturating_add(row.int(1)?);
    }
    Ok(waiting)
}

fn covers(waiting: &BTreeMap<ChargeId, i64>, charge: &Charge) -> bool {
    waiting.get(&charge.id).is_some_and(|sum| *sum >= charge.open().get())
}
