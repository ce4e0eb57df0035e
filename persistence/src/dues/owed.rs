//! What is asked, as the one sees it who is to pay: requests with the own charge of each, and who else has paid.

use moim_wire::limits::{LIST_LIMIT_MAX, MONEY_LIMIT_MAX};
use moim_wire::{RoomId, UserId};

use super::Dues;
use super::charge::Charge;
use super::keeper::require_reader;
use super::number::{ChargeId, RequestId};
use super::reading::{CHARGES_NAMED, ChargeEntry, Request, charge_entry_of, request_of};
use super::refused::DuesRefused as Refused;
use super::rows::{CHARGES, charge_of};
use crate::error::Error;
use crate::ledger::{Won, stored_won};
use crate::sql::{Row, Statement, Value, list, transact, values};

/// A request with the reader's own charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedRequest {
    /// The room that asks.
    pub room: RoomId,
    /// What it asks.
    pub request: Request,
    /// The reader's charge of it; `None` where nothing is asked of him.
    pub own: Option<Charge>,
}

const REQUESTS: &str =
    "SELECT q.request_id, q.plan_id, q.title, q.due_day, q.grace_days, q.late_fee, q.odd_won, q.asked_at_ms,
    q.asked_of, q.paid_by, q.collected, q.room_id FROM dues_requests q";

impl Dues {
    /// Requests below `before`, the newest first, at most `limit` and one more than a page of the protocol has: of a room,
    /// for its members; or of all rooms that the user is a member of, those that ask something of him.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn owed(
        &self,
        user: UserId,
        room: Option<RoomId>,
        before: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<OwedRequest>, Error> {
        let before = before.map_or(i64::MAX as u64, |before| before.0);
        let limit = limit.clamp(1, MONEY_LIMIT_MAX + 1) as u64;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    let (which, value): (_, Value) = match room {
                        Some(room) => {
                            require_reader(snapshot, room, user).await?;
                            (" WHERE q.room_id = ?", room.into())
                        }
                        None => (
                            " JOIN dues_charges c ON c.request_id = q.request_id
                              JOIN rooms r ON r.room_id = q.room_id AND r.deleted_at_ms IS NULL
                              JOIN memberships m ON m.room_id = q.room_id AND m.user_id = c.user_id AND m.has_left = 0
                              WHERE c.user_id = ?",
                            user.into(),
                        ),
                    };
                    let sql = Statement::from(REQUESTS)
                        .then(which)
                        .then(" AND q.request_id < ? ORDER BY q.request_id DESC LIMIT ?");
                    let rows = snapshot.rows(sql, &[value, before.into(), limit.into()]).await?;
                    let mut owed = rows.iter().map(owed_of).collect::<Result<Vec<_>, _>>()?;
                    let ids: Vec<RequestId> = owed.iter().map(|owed| owed.request.id).collect();
                    if ids.is_empty() {
                        return Ok(owed);
                    }
                    let listed = list(&ids);
                    let sql = Statement::from(CHARGES)
                        .then(" WHERE user_id = ? AND request_id IN (")
                        .repeat("?", ", ", listed.len())
                        .then(")");
                    let values: Vec<Value> = std::iter::once(user.into()).chain(listed).collect();
                    for row in snapshot.rows(sql, &values).await? {
                        let charge = charge_of(&row)?;
                        if let Some(owed) = owed.iter_mut().find(|owed| owed.request.id == charge.request) {
                            owed.own = Some(charge);
                        }
                    }
                    Ok(owed)
                })
            })
            .await
    }

    /// Charges of a request, those of users above `after`, in the order of users; for members of the room.
    ///
    /// # Errors
    /// [`Refused::NoSuchRequest`], [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn charges(
        &self,
        user: UserId,
        (room, request): (RoomId, RequestId),
        after: UserId,
        limit: usize,
    ) -> Result<Vec<ChargeEntry>, Error> {
        let limit = limit.clamp(1, LIST_LIMIT_MAX + 1) as u64;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    let sql = "SELECT 1 FROM dues_requests WHERE room_id = ? AND request_id = ?";
                    snapshot.row(sql, values![room, request]).await?.ok_or(Refused::NoSuchRequest(request))?;
                    let sql = Statement::from(CHARGES_NAMED)
                        .then(" WHERE c.request_id = ? AND c.user_id > ? ORDER BY c.user_id LIMIT ?");
                    let rows = snapshot.rows(sql, values![request, after, limit]).await?;
                    rows.iter().map(charge_entry_of).collect()
                })
            })
            .await
    }

    /// A charge as it stands, and what its member has paid too much; for members of the room, and for whose charge it
    /// is.
    ///
    /// # Errors
    /// [`Refused::NoSuchCharge`], [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn charge(&self, user: UserId, room: RoomId, id: ChargeId) -> Result<(Charge, Won), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    let sql = Statement::from(CHARGES).then(" WHERE charge_id = ? AND room_id = ?");
                    let charge = snapshot.row(sql, values![id, room]).await?.as_ref().map(charge_of).transpose()?;
                    if charge.as_ref().is_none_or(|charge| charge.user != user) {
                        require_reader(snapshot, room, user).await?;
                    }
                    let charge = charge.ok_or(Refused::NoSuchCharge(id))?;
                    let sql = "SELECT credit FROM dues_balances WHERE room_id = ? AND user_id = ?";
                    let credit = snapshot.row(sql, values![room, charge.user]).await?;
                    Ok((charge, credit.map_or(Ok(Won::ZERO), |row| stored_won(&row, 0))?))
                })
            })
            .await
    }
}

fn owed_of(row: &Row) -> Result<OwedRequest, Error> {
    Ok(OwedRequest { room: RoomId(row.int(11)?), request: request_of(row)?, own: None })
}
