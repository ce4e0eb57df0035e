//! A period of a plan is asked for: a request with a charge for each who is then a member, and its card in the room.

use std::collections::{BTreeSet, HashMap};

use moim_wire::{RoomId, UserId};

use super::charge::Charge;
use super::day::Day;
use super::entry::DuesEntryKind;
use super::number::{PlanId, RequestId};
use super::plan::{Plan, Share};
use super::planning::locked;
use super::rows::{CHARGES, charge_of};
use super::sheet::{Counts, Sheet};
use super::steps::{Days, Step};
use super::told::{self, Asked};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::error::Error;
use crate::ledger::Won;
use crate::members::{Change, Told, lock_room, record_told};
use crate::sql::{Statement, Transaction, Value, pieces, values};

const ROWS_MAX: usize = 64;

/// Asks for the next period of a plan, if its time has come at `now_ms`. Whoever comes second finds that it has not.
pub(super) async fn ask(
    transaction: &mut Transaction,
    room: RoomId,
    id: PlanId,
    now_ms: u64,
) -> Result<Option<Change>, Error> {
    match lock_room(transaction, room).await {
        // Nobody is left who could be asked.
        Err(Error::NoSuchRoom(_)) => return go_on(transaction, id, 0, None).await.map(|()| None),
        locked => locked?,
    }
    let plan = locked(transaction, room, id).await?;
    let ask_at = plan.next_due.map(|due| plan.terms.ask_at_ms(due));
    let Some(due) = plan.next_due.filter(|_| ask_at.is_some_and(|ask_at| ask_at <= now_ms)) else {
        // Or it would be looked at for ever, where it is put down for another time than it is due at.
        let sql = "UPDATE dues_plans SET next_ask_at_ms = ? WHERE plan_id = ?";
        transaction.execute(sql, values![ask_at, id]).await?;
        return Ok(None);
    };
    let members = members(transaction, room).await?;
    let (shares, odd_won) = plan.terms.shares(&members);
    let periods = plan.periods + 1;
    // Nobody is to pay anything this time.
    if shares.is_empty() {
        go_on(transaction, id, periods, Some(&plan)).await?;
        return Ok(None);
    }
    let request = insert(transaction, &plan, due, odd_won, now_ms).await?;
    let charges = charge(transaction, request, room, &shares).await?;
    let (counts, asked, told) = settle(transaction, request, &shares, charges, now_ms).await?;
    for told in told {
        record_told(transaction, room, told).await?;
    }
    go_on(transaction, id, periods, Some(&plan)).await?;
    let card = told::card(&Asked {
        request,
        plan: id,
        made_by: plan.made_by,
        title: &plan.terms.title,
        due,
        grace_days: plan.terms.grace_days,
        late_fee: plan.terms.late_fee,
        asked,
        odd_won,
        counts,
    });
    let line =
        NewLine::new(Origin::SERVER, UserId(0), now_ms, AuditAction::DuesAsked, request.0).in_room(room).of(asked);
    audit::write(transaction, &[line.saying(&*plan.terms.title)]).await?;
    record_told(transaction, room, card).await.map(Some)
}

/// Who are members now, by how long they have been.
async fn members(transaction: &mut Transaction, room: RoomId) -> Result<Vec<UserId>, Error> {
    let sql = "SELECT user_id FROM memberships WHERE room_id = ? AND has_left = 0 ORDER BY joined_change, user_id";
    let rows = transaction.rows_for_update(sql, values![room]).await?;
    rows.iter().map(|row| row.int(0).map(UserId)).collect()
}

async fn insert(
    transaction: &mut Transaction,
    plan: &Plan,
    due: Day,
    odd_won: u32,
    now_ms: u64,
) -> Result<RequestId, Error> {
    let days = Days { due, grace_days: plan.terms.grace_days };
    let step = Step::first(days, now_ms);
    // Who is asked after the day is not late by his own doing.
    let late_fee = if step <= Step::LateFee { plan.terms.late_fee } else { Won::ZERO };
    let sql = "INSERT INTO dues_requests (plan_id, room_id, title, due_day, grace_days, late_fee, odd_won, asked_at_ms,
                                          asked_of, paid_by, collected, next_step, next_step_at_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)";
    let values = values![
        plan.id,
        plan.room,
        &*plan.terms.title,
        due,
        plan.terms.grace_days,
        late_fee.get(),
        odd_won,
        now_ms,
        step.stored(),
        step.at_ms(days)
    ];
    let inserted = transaction.try_execute(sql, values).await?;
    let asked_before = || Error::Internal(format!("plan {} has asked for {due} before", plan.id));
    Ok(RequestId(inserted.ok_or_else(asked_before)?.id))
}

async fn charge(
    transaction: &mut Transaction,
    request: RequestId,
    room: RoomId,
    shares: &[Share],
) -> Result<Vec<Charge>, Error> {
    let sql = "INSERT INTO dues_charges (request_id, room_id, user_id, amount, late_fee, waived, paid, is_void, reason)
               VALUES ";
    for piece in pieces(shares, ROWS_MAX) {
        let row = |share: &Share| -> [Value; 5] {
            // Also where nothing is left to be waived, since nothing would have been asked.
            let reason = share.exempt.as_deref().unwrap_or_default();
            [request.into(), room.into(), share.user.into(), share.amount.get().into(), reason.into()]
        };
        let values: Vec<Value> = piece.iter().flat_map(row).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, 0, 0, 0, 0, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    let sql = Statement::from(CHARGES).then(" WHERE request_id = ? ORDER BY charge_id");
    transaction.rows_for_update(sql, values![request]).await?.iter().map(charge_of).collect()
}

/// Lets go what exempt members would pay, pays new charges from what was paid too much before, and writes what the request has
/// come to, and what it asks of all. What comes of other requests by that is to be told; of this one the card says it.
async fn settle(
    transaction: &mut Transaction,
    request: RequestId,
    shares: &[Share],
    charges: Vec<Charge>,
    now_ms: u64,
) -> Result<(Counts, Won, Vec<Told>), Error> {
    let mut sheet = Sheet::default();
    let of: BTreeSet<(RoomId, UserId)> = charges.iter().map(|charge| (charge.room, charge.user)).collect();
    sheet.lock_members(transaction, &of).await?;
    let mut counts = Counts::default();
    let mut new = Vec::new();
    for charge in charges {
        counts.count(&charge);
        new.push((charge.id, charge.user));
        sheet.put(charge);
    }
    sheet.requests.insert(request, counts);
    sheet.changed.requests.insert(request);
    let shares: HashMap<UserId, &Share> = shares.iter().map(|share| (share.user, share)).collect();
    for (id, user) in new {
        let share = shares.get(&user);
        if let Some(reason) = share.filter(|share| share.amount.is_positive()).and_then(|share| share.exempt.clone()) {
            sheet.waive(id, DuesEntryKind::Waived, (UserId(0), reason, now_ms))?;
        }
    }
    let mut told = Vec::new();
    for (room, user) in of {
        told.extend(sheet.use_credit(room, user, user, now_ms).into_iter().map(|(_, told)| told));
    }
    told.retain(|told| told.subject != request.0);
    sheet.write(transaction).await?;
    let asked = sheet.charges.values().filter(|charge| charge.request == request);
    let asked = asked.map(|charge| charge.asked().get()).sum::<i64>();
    Ok((sheet.requests[&request], Won::new(asked).unwrap_or(Won::MAX), told))
}

/// Sets a plan to its period of that number, or ends it.
async fn go_on(transaction: &mut Transaction, id: PlanId, periods: u32, plan: Option<&Plan>) -> Result<(), Error> {
    let last = plan.and_then(|plan| plan.next_due);
    // At the calendar's end days do not rise any more.
    let next = plan.and_then(|plan| plan.terms.due(periods)).filter(|next| last.is_none_or(|last| *next > last));
    let ask_at = plan.and_then(|plan| next.map(|next| plan.terms.ask_at_ms(next)));
    let sql = "UPDATE dues_plans SET periods = ?, last_due_day = ?, next_due_day = ?, next_ask_at_ms = ?
               WHERE plan_id = ?";
    transaction.execute(sql, values![periods, last, next, ask_at, id]).await.map(drop)
}
