//! Cash: the treasurer writes down what he was given, and a second member says whether it is so.

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::keeper::{require_keeper, require_reader};
use super::late;
use super::number::{ChargeId, ReceiptId};
use super::paying::positive;
use super::refused::DuesRefused as Refused;
use super::sheet::{CashChange, Sheet};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, Errand, Outcome, Purpose, RequestKey, Won, stored_won};
use crate::members::{Change, field, lock_room, record_told, require_member};
use crate::sql::{Row, Statement, Transaction, transact, values};

/// Those that wait for a second person, of a room.
const WAITING_MAX: i64 = 500;
/// Of those that do not wait any more, in one answer.
const SETTLED_MAX: u64 = 500;

/// A receipt that is to be written.
#[derive(Clone)]
pub struct NewReceipt {
    /// Who was given the cash: who keeps the room's dues.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// The room.
    pub room: RoomId,
    /// What was paid.
    pub charge: ChargeId,
    /// How many won.
    pub amount: i64,
    /// Up to 200 characters.
    pub note: String,
}

/// Where a receipt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// It waits for a second person.
    Waiting,
    /// It counts.
    Confirmed,
    /// It does not.
    Denied,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// Its number.
    pub id: ReceiptId,
    /// What was paid.
    pub charge: ChargeId,
    /// By whom.
    pub user: UserId,
    /// How much.
    pub amount: Won,
    /// What was noted.
    pub note: String,
    /// Who was given the cash.
    pub recorded_by: UserId,
    /// When that was written down.
    pub recorded_at_ms: u64,
    /// Where it stands.
    pub state: ReceiptState,
    /// The second person.
    pub settled_by: Option<UserId>,
}

impl Dues {
    /// Writes down cash that was received for a charge, and tells the room, where a second person is to see it. It
    /// counts once it is confirmed. Of a request that was known already there is no change.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::InvalidField`].
    pub async fn record_cash(&self, new: NewReceipt) -> Result<(ReceiptEntry, Option<Change>), Error> {
        let amount = positive(new.amount)?;
        let note = field::dues_text("note", &new.note, 0, 200)?;
        let (_, charge) = self.fund_and_charge(new.actor, new.room, new.charge).await?;
        if charge.is_void {
            return Err(Refused::Void(charge.id).into());
        }
        let receipt = ReceiptEntry {
            id: ReceiptId(0),
            charge: charge.id,
            user: charge.user,
            amount,
            note,
            recorded_by: new.actor,
            recorded_at_ms: now_ms(),
            state: ReceiptState::Waiting,
            settled_by: None,
        };
        let key = new.key;
        let (room, origin) = (new.room, self.origin);
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_keeper(transaction, room, receipt.recorded_by).await?;
                    if let Some(first) = recorded(transaction, &key, &receipt).await? {
                        return Ok((first, None));
                    }
                    let receipt = insert(transaction, origin, room, &key, &receipt).await?;
                    let sheet =
                        Sheet::lock(transaction, &[(Purpose::Receipt(receipt.id), receipt.recorded_by)]).await?;
                    let told = sheet.cash_told(receipt.id, receipt.recorded_by, CashChange::Recorded)?;
                    Ok((receipt, Some(record_told(transaction, room, told).await?)))
                })
            })
            .await
    }

    /// Confirms cash: what it paid counts now. A member other than who wrote it down.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason.
    pub async fn confirm_cash(&self, actor: UserId, room: RoomId, id: ReceiptId) -> Result<Outcome, Error> {
        let receipt = self.receipt(actor, room, id).await?;
        let fund = self.fund_of(room).await?;
        let errand = Errand {
            actor,
            key: RequestKey::of_receipt(id),
            source: AccountId::EXTERNAL,
            target: fund.cash,
            amount: receipt.amount.get(),
            at_ms: now_ms(),
        };
        self.ledger().move_for(Purpose::Receipt(id), errand).await
    }

    /// Says that cash was not received: who wrote it down, or a second member. The room is told, and the late fee that
    /// the cash held back is charged.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason.
    pub async fn deny_cash(&self, actor: UserId, room: RoomId, id: ReceiptId) -> Result<Change, Error> {
        let receipt = self.receipt(actor, room, id).await?;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_member(transaction, room, actor).await?;
                    let sql = "UPDATE dues_receipts SET state = 2, settled_by = ?, settled_at_ms = ?
                               WHERE receipt_id = ? AND state = 0";
                    if transaction.execute(sql, values![actor, now_ms(), id]).await? == 0 {
                        return Err(Refused::ReceiptSettled(id).into());
                    }
                    let line = NewLine::new(origin, actor, now_ms(), AuditAction::CashDenied, id.0).in_room(room);
                    audit::write(transaction, &[line.of(receipt.amount)]).await?;
                    let mut sheet = Sheet::lock(transaction, &[(Purpose::Receipt(id), actor)]).await?;
                    let mut newest =
                        record_told(transaction, room, sheet.cash_told(id, actor, CashChange::Denied)?).await?;
                    let held_back = late::charge_held_back(transaction, &mut sheet, receipt.charge, now_ms()).await?;
                    sheet.write(transaction).await?;
                    for told in held_back {
                        newest = record_told(transaction, room, told).await?;
                    }
                    Ok(newest)
                })
            })
            .await
    }

    /// Receipts of a room, for its members: first all that wait for a second person, since they hold reminders and late
    /// fees back, and then the newest 500 others. With `before`, the 500 others below it alone. The newest of each
    /// first.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub async fn receipts(
        &self,
        user: UserId,
        room: RoomId,
        before: Option<ReceiptId>,
    ) -> Result<Vec<ReceiptEntry>, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    let mut rows = Vec::new();
                    if before.is_none() {
                        let sql = Statement::from(COLUMNS)
                            .then(" WHERE room_id = ? AND state = 0 ORDER BY receipt_id DESC LIMIT ?");
                        rows.extend(snapshot.rows(sql, values![room, WAITING_MAX]).await?);
                    }
                    let sql = Statement::from(COLUMNS)
                        .then(" WHERE room_id = ? AND state <> 0 AND receipt_id < ? ORDER BY receipt_id DESC LIMIT ?");
                    let before = before.map_or(i64::MAX as u64, |before| before.0);
                    rows.extend(snapshot.rows(sql, values![room, before, SETTLED_MAX]).await?);
                    rows.iter().map(receipt_of).collect()
                })
            })
            .await
    }

    async fn receipt(&self, user: UserId, room: RoomId, id: ReceiptId) -> Result<ReceiptEntry, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    let sql = Statement::from(COLUMNS).then(" WHERE receipt_id = ? AND room_id = ?");
                    let row = snapshot.row(sql, values![id, room]).await?;
                    receipt_of(&row.ok_or(Refused::NoSuchReceipt(id))?)
                })
            })
            .await
    }
}

const COLUMNS: &str =
    "SELECT receipt_id, charge_id, user_id, amount, note, recorded_by, recorded_at_ms, state, settled_by
    FROM dues_receipts";

fn receipt_of(row: &Row) -> Result<ReceiptEntry, Error> {
    Ok(ReceiptEntry {
        id: ReceiptId(row.int(0)?),
        charge: ChargeId(row.int(1)?),
        user: UserId(row.int(2)?),
        amount: stored_won(row, 3)?,
        note: row.text(4)?,
        recorded_by: UserId(row.int(5)?),
        recorded_at_ms: row.int(6)?,
        state: match row.int::<i64>(7)? {
            0 => ReceiptState::Waiting,
            1 => ReceiptState::Confirmed,
            _ => ReceiptState::Denied,
        },
        settled_by: row.int_or_null(8)?.map(UserId),
    })
}

/// The receipt that the same request has made already.
async fn recorded(
    transaction: &mut Transaction,
    key: &RequestKey,
    new: &ReceiptEntry,
) -> Result<Option<ReceiptEntry>, Error> {
    let sql = Statement::from(COLUMNS).then(" WHERE request_key = ?");
    let Some(row) = transaction.row_for_update(sql, values![&*key.stored(new.recorded_by)]).await? else {
        return Ok(None);
    };
    let first = receipt_of(&row)?;
    let is_same = (first.charge, first.amount, &first.note) == (new.charge, new.amount, &new.note);
    if is_same { Ok(Some(first)) } else { Err(Refused::KeyReused(key.clone()).into()) }
}

async fn insert(
    transaction: &mut Transaction,
    origin: Origin,
    room: RoomId,
    key: &RequestKey,
    new: &ReceiptEntry,
) -> Result<ReceiptEntry, Error> {
    let sql = "SELECT COUNT(*) FROM dues_receipts WHERE room_id = ? AND state = 0";
    let waiting = transaction.row(sql, values![room]).await?.map_or(Ok(0), |row| row.int::<i64>(0))?;
    if waiting >= WAITING_MAX {
        let reason = format!("would be one more than the {WAITING_MAX} that may wait for a second person");
        return Err(super::plan::invalid("receipt", reason));
    }
    let sql = "INSERT INTO dues_receipts (room_id, charge_id, user_id, amount, note, request_key, recorded_by,
                                          recorded_at_ms, state)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)";
    let (amount, at_ms, stored) = (new.amount.get(), new.recorded_at_ms, key.stored(new.recorded_by));
    let values = values![room, new.charge, new.user, amount, &*new.note, &*stored, new.recorded_by, at_ms];
    let id = ReceiptId(transaction.insert_once(sql, values).await?);
    let line =
        NewLine::new(origin, new.recorded_by, at_ms, AuditAction::CashRecorded, id.0).in_room(room).of(new.amount);
    audit::write(transaction, &[line.saying(&*new.note)]).await?;
    Ok(ReceiptEntry { id, ..new.clone() })
}
