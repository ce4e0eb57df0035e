//! Who paid what and when: a room's requests, charges, book and balances, for its members and the operator; and a user's own
//! across rooms.

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::charge::Charge;
use super::day::Day;
use super::entry::DuesEntryKind;
use super::fund::{self, Fund};
use super::keeper::{Reader, reads_as_keeper, require_reader};
use super::number::{BalanceId, ChargeId, DuesEntryId, PlanId, RequestId};
use super::refused::DuesRefused as Refused;
use super::rows::charge_of;
use super::sheet::Counts;
use crate::error::Error;
use crate::ledger::{TransferId, Won, stored_won};
use crate::sql::{Row, Statement, Value, transact, values};

/// Requests of one answer.
const REQUESTS_MAX: usize = 100;
/// Entries of one answer.
const ENTRIES_MAX: usize = 1_000;
/// A user's own charges of one answer, the newest of them.
const OWN_MAX: u64 = 200;

/// A request: one period of a plan, as it was asked, and what has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The plan that it is of.
    pub plan: PlanId,
    /// What it was called.
    pub title: String,
    /// When it is to be paid.
    pub due: Day,
    /// How many days later a late fee is asked.
    pub grace_days: u32,
    /// Which one; zero for none.
    pub late_fee: Won,
    /// Of a shared sum: how many pay one won more.
    pub odd_won: u32,
    /// When it was made.
    pub asked_at_ms: u64,
    /// What has come of it.
    pub counts: Counts,
}

/// A charge with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeEntry {
    /// The charge.
    pub charge: Charge,
    /// Its member's name now.
    pub name: String,
    /// When money last came for it or went back.
    pub moved_at_ms: Option<u64>,
}

/// An entry of a room's book of dues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuesEntry {
    /// Its number.
    pub id: DuesEntryId,
    /// Whose dues.
    pub user: UserId,
    /// The name now.
    pub name: String,
    /// For what.
    pub charge: Option<ChargeId>,
    /// And what that was part of.
    pub request: Option<RequestId>,
    /// What that was called.
    pub title: String,
    /// What happened.
    pub kind: DuesEntryKind,
    /// What it did to what is paid for the charge.
    pub to_charge: Won,
    /// What it did to the member's credit.
    pub to_credit: Won,
    /// What it did to what is asked.
    pub to_due: Won,
    /// What moved the money.
    pub transfer: Option<TransferId>,
    /// Who did it; 0: the server, by a plan.
    pub actor: UserId,
    /// The name now; empty for the server.
    pub actor_name: String,
    /// Why.
    pub note: String,
    /// When.
    pub at_ms: u64,
}

/// Which entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntriesQuery {
    /// Of one request alone.
    pub request: Option<RequestId>,
    /// Of one member alone.
    pub user: Option<UserId>,
    /// Above this.
    pub after: u64,
    /// So many at most, and 1,000.
    pub limit: usize,
}

/// What a member has paid into a room's dues, less what he was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceEntry {
    /// Its number.
    pub id: BalanceId,
    /// The member, or former one.
    pub user: UserId,
    /// The name now.
    pub name: String,
    /// What came from the wallet.
    pub by_wallet: Won,
    /// What came in cash.
    pub by_cash: Won,
    /// What is for no charge yet.
    pub credit: Won,
}

/// A charge of one's own, in whichever room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCharge {
    /// The charge.
    pub charge: Charge,
    /// The room's name.
    pub room_name: String,
    /// What it was asked for.
    pub title: String,
    /// When it is to be paid.
    pub due: Day,
}

const REQUESTS: &str =
    "SELECT request_id, plan_id, title, due_day, grace_days, late_fee, odd_won, asked_at_ms, asked_of,
    paid_by, collected FROM dues_requests";

/// Charges with the names of their members, for [`charge_entry_of`].
pub(super) const CHARGES_NAMED: &str =
    "SELECT c.charge_id, c.request_id, c.room_id, c.user_id, c.amount, c.late_fee, c.waived, c.paid,
    c.is_void, c.reason, c.paid_by_wallet, u.name,
    (SELECT MAX(e.at_ms) FROM dues_entries e WHERE e.charge_id = c.charge_id AND e.to_charge <> 0)
    FROM dues_charges c JOIN users u ON u.user_id = c.user_id";

const ENTRIES: &str = "SELECT e.entry_id, e.user_id, u.name, e.charge_id, c.request_id, r.title, e.kind, e.to_charge,
    e.to_credit, e.to_due, e.transfer_id, e.actor_id, a.name, e.note, e.at_ms
    FROM dues_entries e JOIN users u ON u.user_id = e.user_id
    LEFT JOIN dues_charges c ON c.charge_id = e.charge_id
    LEFT JOIN dues_requests r ON r.request_id = c.request_id
    LEFT JOIN users a ON a.user_id = e.actor_id";

const OWN: &str =
    "SELECT c.charge_id, c.request_id, c.room_id, c.user_id, c.amount, c.late_fee, c.waived, c.paid, c.is_void,
    c.reason, c.paid_by_wallet, r.name, q.title, q.due_day
    FROM dues_charges c JOIN dues_requests q ON q.request_id = c.request_id JOIN rooms r ON r.room_id = c.room_id
    WHERE c.user_id = ?";

impl Dues {
    /// Requests of a room below `before`, the newest first, at most `limit` and 100.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub async fn requests(
        &self,
        reader: impl Into<Reader>,
        room: RoomId,
        before: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<Request>, Error> {
        let reader = reader.into();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, reader).await?;
                    let before = before.map_or(i64::MAX as u64, |before| before.0);
                    let sql = Statement::from(REQUESTS)
                        .then(" WHERE room_id = ? AND request_id < ? ORDER BY request_id DESC LIMIT ?");
                    let limit = limit.clamp(1, REQUESTS_MAX) as u64;
                    snapshot.rows(sql, values![room, before, limit]).await?.iter().map(request_of).collect()
                })
            })
            .await
    }

    /// A request with its charges, by name of their members.
    ///
    /// # Errors
    /// [`Error::NotAMember`], [`Refused::NoSuchRequest`].
    pub async fn request(
        &self,
        reader: impl Into<Reader>,
        room: RoomId,
        id: RequestId,
    ) -> Result<(Request, Vec<ChargeEntry>), Error> {
        let reader = reader.into();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, reader).await?;
                    let sql = Statement::from(REQUESTS).then(" WHERE room_id = ? AND request_id = ?");
                    let row = snapshot.row(sql, values![room, id]).await?.ok_or(Refused::NoSuchRequest(id))?;
                    let sql = Statement::from(CHARGES_NAMED).then(" WHERE c.request_id = ? ORDER BY u.name, c.user_id");
                    let charges = snapshot.rows(sql, values![id]).await?;
                    Ok((request_of(&row)?, charges.iter().map(charge_entry_of).collect::<Result<_, Error>>()?))
                })
            })
            .await
    }

    /// Entries of a room's book, the oldest first.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub async fn entries(
        &self,
        reader: impl Into<Reader>,
        room: RoomId,
        query: EntriesQuery,
    ) -> Result<Vec<DuesEntry>, Error> {
        let reader = reader.into();
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, reader).await?;
                    let mut sql = Statement::from(ENTRIES).then(" WHERE e.room_id = ? AND e.entry_id > ?");
                    let mut values: Vec<Value> = vec![room.into(), query.after.into()];
                    if let Some(request) = query.request {
                        sql = sql.then(" AND c.request_id = ?");
                        values.push(request.into());
                    }
                    if let Some(user) = query.user {
                        sql = sql.then(" AND e.user_id = ?");
                        values.push(user.into());
                    }
                    values.push((query.limit.clamp(1, ENTRIES_MAX) as u64).into());
                    let rows = snapshot.rows(sql.then(" ORDER BY e.entry_id LIMIT ?"), &values).await?;
                    rows.iter().map(entry_of).collect()
                })
            })
            .await
    }

    /// What members and former ones have paid, by name; and the accounts that hold it, if the room has dues.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub async fn balances(
        &self,
        reader: impl Into<Reader>,
        room: RoomId,
    ) -> Result<(Option<Fund>, Vec<BalanceEntry>), Error> {
        let reader = reader.into();
        self.shared
            .run(move |shared| async move {
                let balances = transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, reader).await?;
                    let sql = "SELECT b.balance_id, b.user_id, u.name, b.by_wallet, b.by_cash, b.credit
                               FROM dues_balances b JOIN users u ON u.user_id = b.user_id
                               WHERE b.room_id = ? ORDER BY u.name, b.user_id";
                    let balance = |row: &Row| {
                        Ok(BalanceEntry {
                            id: BalanceId(row.int(0)?),
                            user: UserId(row.int(1)?),
                            name: row.text(2)?,
                            by_wallet: stored_won(row, 3)?,
                            by_cash: stored_won(row, 4)?,
                            credit: stored_won(row, 5)?,
                        })
                    };
                    snapshot.rows(sql, values![room]).await?.iter().map(balance).collect::<Result<Vec<_>, Error>>()
                })?;
                Ok((fund::of_room(&shared.database, room).await?, balances))
            })
            .await
    }

    /// Whether a member keeps the room's dues.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_keeper(&self, user: UserId, room: RoomId) -> Result<bool, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| reads_as_keeper(snapshot, room, user).await)
            })
            .await
    }

    /// A user's newest 200 charges of all rooms, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn own(&self, user: UserId) -> Result<Vec<OwnCharge>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(OWN).then(" ORDER BY c.charge_id DESC LIMIT ?");
                shared.database.rows(sql, values![user, OWN_MAX]).await?.iter().map(own_of).collect()
            })
            .await
    }

    /// Everything that a user still owes, in all rooms, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn open_of_user(&self, user: UserId) -> Result<Vec<OwnCharge>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(OWN)
                    .then(" AND c.is_void = 0 AND c.paid + c.waived < c.amount + c.late_fee ORDER BY c.charge_id");
                shared.database.rows(sql, values![user]).await?.iter().map(own_of).collect()
            })
            .await
    }
}

fn own_of(row: &Row) -> Result<OwnCharge, Error> {
    let (room_name, title) = (row.text(11)?, row.text(12)?);
    Ok(OwnCharge { charge: charge_of(row)?, room_name, title, due: Day::of_stored(row.int(13)?)? })
}

pub(super) fn charge_entry_of(row: &Row) -> Result<ChargeEntry, Error> {
    Ok(ChargeEntry { charge: charge_of(row)?, name: row.text(11)?, moved_at_ms: row.int_or_null(12)? })
}

pub(super) fn request_of(row: &Row) -> Result<Request, Error> {
    Ok(Request {
        id: RequestId(row.int(0)?),
        plan: PlanId(row.int(1)?),
        title: row.text(2)?,
        due: Day::of_stored(row.int(3)?)?,
        grace_days: row.int(4)?,
        late_fee: stored_won(row, 5)?,
        odd_won: row.int(6)?,
        asked_at_ms: row.int(7)?,
        counts: Counts { asked_of: row.int(8)?, paid_by: row.int(9)?, collected: stored_won(row, 10)? },
    })
}

fn entry_of(row: &Row) -> Result<DuesEntry, Error> {
    Ok(DuesEntry {
        id: DuesEntryId(row.int(0)?),
        user: UserId(row.int(1)?),
        name: row.text(2)?,
        charge: row.int_or_null(3)?.map(ChargeId),
        request: row.int_or_null(4)?.map(RequestId),
        title: row.text_or_null(5)?.unwrap_or_default(),
        kind: DuesEntryKind::of(row.int(6)?)?,
        to_charge: stored_won(row, 7)?,
        to_credit: stored_won(row, 8)?,
        to_due: stored_won(row, 9)?,
        transfer: row.int_or_null(10)?.map(TransferId),
        actor: UserId(row.int(11)?),
        actor_name: row.text_or_null(12)?.unwrap_or_default(),
        note: row.text(13)?,
        at_ms: row.int(14)?,
    })
}
