//! What the rules are about, read under locks and written. All of it is of rooms whose rows are locked before.

use std::collections::BTreeSet;

use moim_wire::{RoomId, UserId};

use super::charge::Charge;
use super::entry::NewEntry;
use super::keeper::is_keeper;
use super::number::{BalanceId, ChargeId, ReceiptId, RequestId};
use super::sheet::{Balance, Counts, Receipt, Sheet};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{Purpose, Won, stored_won};
use crate::members::role_in;
use crate::sql::{Row, Statement, Transaction, Value, list, listed, pieces, values};

/// Rows of one INSERT.
const ROWS_MAX: usize = 64;
/// Numbers of one list: databases take some ten thousand values a statement, and a room may have more members.
const LISTED_MAX: usize = 256;

pub(super) const CHARGES: &str =
    "SELECT charge_id, request_id, room_id, user_id, amount, late_fee, waived, paid, is_void,
    reason, paid_by_wallet FROM dues_charges";

pub(super) fn charge_of(row: &Row) -> Result<Charge, Error> {
    Ok(Charge {
        id: ChargeId(row.int(0)?),
        request: RequestId(row.int(1)?),
        room: RoomId(row.int(2)?),
        user: UserId(row.int(3)?),
        amount: stored_won(row, 4)?,
        late_fee: stored_won(row, 5)?,
        waived: stored_won(row, 6)?,
        paid: stored_won(row, 7)?,
        paid_by_wallet: stored_won(row, 10)?,
        is_void: row.flag(8)?,
        reason: row.text(9)?,
    })
}

const BALANCES: &str =
    "SELECT room_id, user_id, by_wallet, by_cash, credit, balance_id, credit_by_wallet FROM dues_balances";

fn balance_of(row: &Row) -> Result<((RoomId, UserId), Balance), Error> {
    let id = Some(BalanceId(row.int(5)?));
    let (by_wallet, by_cash, credit) = (stored_won(row, 2)?, stored_won(row, 3)?, stored_won(row, 4)?);
    let balance = Balance { by_wallet, by_cash, credit, credit_by_wallet: stored_won(row, 6)?, id };
    Ok(((RoomId(row.int(0)?), UserId(row.int(1)?)), balance))
}

impl Sheet {
    /// Locks and reads what transfers are made for, with what may come of them: of each member the other open charges, which
    /// take what is paid too much.
    pub(crate) async fn lock(transaction: &mut Transaction, purposes: &[(Purpose, UserId)]) -> Result<Self, Error> {
        let mut sheet = Self::default();
        if purposes.is_empty() {
            return Ok(sheet);
        }
        let named = |pick: fn(Purpose) -> Option<u64>| -> BTreeSet<u64> {
            purposes.iter().filter_map(|(purpose, _)| pick(*purpose)).collect()
        };
        sheet.lock_receipts(transaction, named(receipt)).await?;
        let mut charges = named(charge);
        charges.extend(sheet.receipts.values().map(|receipt| receipt.charge.0));
        sheet.lock_charges(transaction, charges).await?;
        let mut of: BTreeSet<_> = sheet.charges.values().map(|charge| (charge.room, charge.user)).collect();
        for row in by_numbers(transaction, BALANCES, "balance_id", named(balance)).await? {
            of.insert(balance_of(&row)?.0);
        }
        sheet.lock_members(transaction, &of).await?;
        let (mut people, mut actors) = (BTreeSet::new(), BTreeSet::new());
        for (purpose, actor) in purposes {
            let Some((room, user)) = sheet.about(*purpose) else { continue };
            people.insert((room, user));
            // Who pays his own charge needs no office for it.
            if !matches!(purpose, Purpose::Charge(_)) {
                actors.insert((room, *actor, user));
            }
        }
        people.extend(actors.iter().map(|(room, actor, _)| (*room, *actor)));
        for (room, person) in people {
            if role_in(transaction, room, person).await?.is_some() {
                sheet.members.insert((room, person));
            }
        }
        for (room, actor, user) in actors {
            let is_known = sheet.keepers.contains(&(room, actor));
            if is_known || is_keeper(transaction, room, actor).await? {
                sheet.keepers.insert((room, actor));
                if actor == user && is_alone(transaction, room, actor).await? {
                    sheet.alone.insert((room, actor));
                }
            }
        }
        Ok(sheet)
    }

    async fn lock_receipts(&mut self, transaction: &mut Transaction, ids: BTreeSet<u64>) -> Result<(), Error> {
        let sql = "SELECT receipt_id, charge_id, amount, note, recorded_by, state FROM dues_receipts";
        for row in by_numbers(transaction, sql, "receipt_id", ids).await? {
            let receipt = Receipt {
                charge: ChargeId(row.int(1)?),
                amount: stored_won(&row, 2)?,
                note: row.text(3)?,
                recorded_by: UserId(row.int(4)?),
                is_settled: row.int::<i64>(5)? != 0,
                confirmed: None,
            };
            self.receipts.insert(ReceiptId(row.int(0)?), receipt);
        }
        Ok(())
    }

    pub(super) async fn lock_charges(
        &mut self,
        transaction: &mut Transaction,
        ids: BTreeSet<u64>,
    ) -> Result<(), Error> {
        for row in by_numbers(transaction, CHARGES, "charge_id", ids).await? {
            self.put(charge_of(&row)?);
        }
        Ok(())
    }

    /// Locks what belongs to members: their open charges, the requests of these and of those read before, their balances.
    pub(super) async fn lock_members(
        &mut self,
        transaction: &mut Transaction,
        of: &BTreeSet<(RoomId, UserId)>,
    ) -> Result<(), Error> {
        let users: BTreeSet<UserId> = of.iter().map(|(_, user)| *user).collect();
        let users: Vec<UserId> = users.into_iter().collect();
        let rooms: BTreeSet<RoomId> = of.iter().map(|(room, _)| *room).collect();
        let rooms: Vec<RoomId> = rooms.into_iter().collect();
        if users.is_empty() {
            return Ok(());
        }
        let of_rooms = list(&rooms);
        for piece in pieces(&users, LISTED_MAX) {
            self.lock_piece(transaction, &list(piece), &of_rooms).await?;
        }
        let requests = self.charges.values().map(|charge| charge.request.0).collect();
        let sql = "SELECT request_id, asked_of, paid_by, collected FROM dues_requests";
        for row in by_numbers(transaction, sql, "request_id", requests).await? {
            let counts = Counts { asked_of: row.int(1)?, paid_by: row.int(2)?, collected: stored_won(&row, 3)? };
            self.requests.insert(RequestId(row.int(0)?), counts);
        }
        Ok(())
    }

    async fn lock_piece(
        &mut self,
        transaction: &mut Transaction,
        of_users: &[Value],
        of_rooms: &[Value],
    ) -> Result<(), Error> {
        let in_both = |select: &'static str| {
            let statement = Statement::from(select).then(" WHERE user_id IN (").repeat("?", ", ", of_users.len());
            statement.then(") AND room_id IN (").repeat("?", ", ", of_rooms.len()).then(")")
        };
        let values: Vec<Value> = of_users.iter().chain(of_rooms).cloned().collect();
        let sql = in_both(CHARGES).then(" AND is_void = 0 AND paid + waived < amount + late_fee ORDER BY charge_id");
        for row in transaction.rows_for_update(sql, &values).await? {
            self.put(charge_of(&row)?);
        }
        for row in transaction.rows_for_update(in_both(BALANCES).then(" ORDER BY balance_id"), &values).await? {
            let (of, balance) = balance_of(&row)?;
            self.balances.insert(of, balance);
        }
        Ok(())
    }

    /// Writes what has changed, or fails and leaves it to the caller to undo what is written.
    pub(crate) async fn write(&self, transaction: &mut Transaction) -> Result<(), Error> {
        for id in &self.changed.charges {
            let Some(charge) = self.charges.get(id) else { continue };
            let sql = "UPDATE dues_charges SET late_fee = ?, waived = ?, paid = ?, paid_by_wallet = ?, is_void = ?,
                                               reason = ?
                       WHERE charge_id = ?";
            let [late_fee, waived, paid, by_wallet] =
                [charge.late_fee, charge.waived, charge.paid, charge.paid_by_wallet].map(Won::get);
            let values = values![late_fee, waived, paid, by_wallet, charge.is_void, &*charge.reason, *id];
            transaction.execute(sql, values).await?;
        }
        for id in &self.changed.requests {
            let Some(counts) = self.requests.get(id) else { continue };
            let sql = "UPDATE dues_requests SET asked_of = ?, paid_by = ?, collected = ? WHERE request_id = ?";
            let values = values![counts.asked_of, counts.paid_by, counts.collected.get(), *id];
            transaction.execute(sql, values).await?;
        }
        for of in &self.changed.balances {
            write_balance(transaction, *of, self.balance(*of)).await?;
        }
        for id in &self.changed.receipts {
            let Some(confirmed) = self.receipts.get(id).and_then(|receipt| receipt.confirmed) else { continue };
            let sql = "UPDATE dues_receipts SET state = 1, settled_by = ?, settled_at_ms = ?
                       WHERE receipt_id = ? AND state = 0";
            transaction.execute(sql, values![confirmed.by, confirmed.at_ms, *id]).await?;
        }
        write_entries(transaction, &self.changed.entries).await
    }
}

/// Whether nobody else is in the room, nor was removed from it so lately that he still counts.
async fn is_alone(transaction: &mut Transaction, room: RoomId, user: UserId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM memberships WHERE room_id = ? AND user_id <> ? AND (has_left = 0 OR counted_until_ms > ?)
               LIMIT 1";
    Ok(transaction.row_for_update(sql, values![room, user, now_ms()]).await?.is_none())
}

fn receipt(purpose: Purpose) -> Option<u64> {
    if let Purpose::Receipt(id) = purpose { Some(id.0) } else { None }
}

fn charge(purpose: Purpose) -> Option<u64> {
    if let Purpose::Charge(id) | Purpose::Refund(id) = purpose { Some(id.0) } else { None }
}

fn balance(purpose: Purpose) -> Option<u64> {
    if let Purpose::Credit(id) = purpose { Some(id.0) } else { None }
}

async fn by_numbers(
    transaction: &mut Transaction,
    select: &'static str,
    column: &'static str,
    ids: BTreeSet<u64>,
) -> Result<Vec<Row>, Error> {
    let ids: Vec<u64> = ids.into_iter().collect();
    let mut rows = Vec::new();
    for piece in pieces(&ids, LISTED_MAX) {
        rows.extend(transaction.rows_for_update(listed(select, column, piece), &list(piece)).await?);
    }
    Ok(rows)
}

async fn write_balance(
    transaction: &mut Transaction,
    (room, user): (RoomId, UserId),
    balance: Balance,
) -> Result<(), Error> {
    let [by_wallet, by_cash, credit, credit_by_wallet] =
        [balance.by_wallet, balance.by_cash, balance.credit, balance.credit_by_wallet].map(Won::get);
    if let Some(id) = balance.id {
        let sql = "UPDATE dues_balances SET by_wallet = ?, by_cash = ?, credit = ?, credit_by_wallet = ?
                   WHERE balance_id = ?";
        return transaction.execute(sql, values![by_wallet, by_cash, credit, credit_by_wallet, id]).await.map(drop);
    }
    let sql = "INSERT INTO dues_balances (room_id, user_id, by_wallet, by_cash, credit, credit_by_wallet)
               VALUES (?, ?, ?, ?, ?, ?)";
    transaction.execute(sql, values![room, user, by_wallet, by_cash, credit, credit_by_wallet]).await.map(drop)
}

pub(super) async fn write_entries(transaction: &mut Transaction, entries: &[NewEntry]) -> Result<(), Error> {
    let sql = "INSERT INTO dues_entries (room_id, user_id, charge_id, kind, to_charge, to_credit, to_due, transfer_id,
                                         actor_id, note, at_ms) VALUES ";
    for piece in pieces(entries, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(entry_row).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

fn entry_row(entry: &NewEntry) -> [Value; 11] {
    [
        entry.room.into(),
        entry.user.into(),
        entry.charge.into(),
        entry.kind.stored().into(),
        entry.to_charge.get().into(),
        entry.to_credit.get().into(),
        entry.to_due.get().into(),
        entry.transfer.into(),
        entry.actor.into(),
        (&*entry.note).into(),
        entry.at_ms.into(),
    ]
}
