//! A batch of commands as one transaction: what they are about is read and locked, judged in memory, and written.
//!
//! # Locks
//! Always in this order: rooms, accounts, transfers, reservations, what transfers are made for, each rising by number. What names them (a transfer's two
//! ends, a wallet's room) never changes and is read before, without a lock. What decides is read under the locks, so that
//! MySQL's REPEATABLE READ shows it as it is.

use std::collections::BTreeSet;

use moim_wire::{RoomId, UserId};

use super::account::{Account, AccountId, AccountKind};
use super::book::{Book, Room};
use super::command::{Answer, Authority, Command, What};
use super::participant;
use super::purpose::Purpose;
use super::refused::Refused;
use super::reservation::{self, Reservation, ReservationId};
use super::transfer::{self, RequestKey, Transfer, TransferId, stored_won};
use super::write;
use crate::audit::Origin;
use crate::dues::Sheet;
use crate::error::Error;
use crate::spending;
use crate::sql::{Row, Transaction, list, listed};

/// Carries out `commands` in their order; `ids` are for the transfers that may come of them, one each.
pub(super) async fn carry_out(
    transaction: &mut Transaction,
    commands: &[Command],
    ids: &[TransferId],
) -> Result<Vec<Answer>, Error> {
    let named = Named::find(transaction, commands).await?;
    let mut book = named.lock(transaction, commands).await?;
    let answers: Vec<Answer> = commands.iter().zip(ids).map(|(command, &id)| book.carry_out(command, id)).collect();
    // The keys were read before the locks. Another server may have carried out the same request meanwhile; what it took is
    // then what this one is refused for, and the next run finds its answer.
    let refused = commands.iter().zip(&answers).filter(|(_, answer)| answer.is_err()).map(|(command, _)| command);
    let keys: Vec<String> = keys(refused).filter(|key| !book.known.contains_key(key)).collect();
    let sql = listed("SELECT transfer_id FROM transfers", "request_key", &keys);
    if !keys.is_empty() && !transaction.rows_for_update(sql, &list(&keys)).await?.is_empty() {
        return Err(transaction.overtaken("another server carries out the same request"));
    }
    write::write(transaction, &book).await?;
    Ok(answers)
}

/// What requests with these keys were stored under, of those that may have come before.
fn keys<'a>(commands: impl Iterator<Item = &'a Command>) -> impl Iterator<Item = String> {
    commands.filter_map(|command| {
        let key = command.what.key().filter(|key| key.may_be_known())?;
        Some(key.stored(command.actor))
    })
}

/// Judges whether a reservation may be booked, by one who knows the password of that hash: whether it could be carried out
/// now, were the money there.
pub(super) async fn check(transaction: &mut Transaction, new: &Reservation, hash: &str) -> Result<(), Error> {
    let what = What::Move {
        key: RequestKey::of_run(new.id),
        source: new.source,
        target: new.target,
        amount: new.amount,
        expires_at_ms: None,
        purpose: None,
    };
    let authority = Authority::Password(hash.to_owned());
    let (origin, at_ms) = (Origin::SERVER, new.run_at_ms);
    let commands = [Command { actor: new.actor, origin, authority, at_ms, what }];
    let mut book = Named::find(transaction, &commands).await?.lock(transaction, &commands).await?;
    match book.carry_out(&commands[0], TransferId(0)) {
        Ok(_) | Err(Refused::InsufficientFunds { .. }) => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

/// What a batch is about.
struct Named {
    accounts: BTreeSet<AccountId>,
    transfers: BTreeSet<TransferId>,
    reservations: BTreeSet<ReservationId>,
    /// What transfers are made for, and by whom.
    purposes: Vec<(Purpose, UserId)>,
    /// Transfers that requests with the same keys made before.
    known: Vec<(String, Transfer)>,
}

impl Named {
    async fn find(transaction: &mut Transaction, commands: &[Command]) -> Result<Self, Error> {
        let mut named = Self {
            accounts: BTreeSet::new(),
            transfers: commands.iter().filter_map(|command| command.what.transfer()).collect(),
            reservations: BTreeSet::new(),
            purposes: Vec::new(),
            known: Vec::new(),
        };
        for command in commands {
            match &command.what {
                What::Move { source, target, purpose, .. } => {
                    named.accounts.extend([*source, *target]);
                    named.purposes.extend(purpose.map(|purpose| (purpose, command.actor)));
                }
                What::Run(id) => drop(named.reservations.insert(*id)),
                _ => {}
            }
        }
        named.known = known(transaction, &keys(commands.iter()).collect::<Vec<_>>()).await?;
        let ids: Vec<TransferId> = named.transfers.iter().copied().collect();
        for row in transaction.rows(listed(transfer::COLUMNS, "transfer_id", &ids), &list(&ids)).await? {
            let found = Transfer::of(&row)?;
            named.accounts.extend([found.source, found.target]);
            let askers = commands.iter().filter(|command| command.what.transfer() == Some(found.id));
            let actors = askers.map(|command| command.actor).chain([found.actor]);
            named.purposes.extend(actors.filter_map(|actor| Some((found.purpose?, actor))));
        }
        let ids: Vec<ReservationId> = named.reservations.iter().copied().collect();
        for row in transaction.rows(listed(reservation::COLUMNS, "reservation_id", &ids), &list(&ids)).await? {
            let found = Reservation::of(&row)?;
            named.accounts.extend([found.source, found.target]);
        }
        Ok(named)
    }

    async fn lock(self, transaction: &mut Transaction, commands: &[Command]) -> Result<Book, Error> {
        let ids: Vec<AccountId> = self.accounts.into_iter().collect();
        let names = names(transaction, &ids).await?;
        let mut book = Book::default();
        let rooms: BTreeSet<RoomId> = names.iter().filter_map(|(_, kind, _)| kind.room()).collect();
        let rooms: Vec<RoomId> = rooms.into_iter().collect();
        let sql = listed("SELECT room_id, deleted_at_ms, last_change FROM rooms", "room_id", &rooms);
        for row in transaction.rows_for_update(sql, &list(&rooms)).await? {
            let room = Room { deleted: !row.is_null(1), last_change: row.int(2)? };
            book.rooms.insert(RoomId(row.int(0)?), room);
        }
        let sql = listed(ACCOUNTS, "account_id", &ids);
        for (row, (id, kind, name)) in transaction.rows_for_update(sql, &list(&ids)).await?.iter().zip(names) {
            book.accounts.insert(id, account_of(row, id, kind, name)?);
        }
        let ids: Vec<TransferId> = self.transfers.into_iter().collect();
        for row in transaction.rows_for_update(listed(transfer::COLUMNS, "transfer_id", &ids), &list(&ids)).await? {
            let found = Transfer::of(&row)?;
            book.transfers.insert(found.id, found);
        }
        let ids: Vec<ReservationId> = self.reservations.into_iter().collect();
        let sql = listed(reservation::COLUMNS, "reservation_id", &ids);
        for row in transaction.rows_for_update(sql, &list(&ids)).await? {
            let found = Reservation::of(&row)?;
            book.reservations.insert(found.id, found);
        }
        book.dues = Sheet::lock(transaction, &self.purposes).await?;
        book.spending = spending::Sheet::lock(transaction, &self.purposes).await?;
        for (key, transfer) in self.known {
            book.known.insert(key, transfer.id);
            book.transfers.entry(transfer.id).or_insert(transfer);
        }
        find_spenders(transaction, &mut book, commands).await?;
        Ok(book)
    }
}

/// Transfers by the keys of the requests that made them, as they stand.
async fn known(transaction: &mut Transaction, keys: &[String]) -> Result<Vec<(String, Transfer)>, Error> {
    let sql = listed(transfer::COLUMNS, "request_key", keys);
    let rows = transaction.rows(sql, &list(keys)).await?;
    rows.iter().map(|row| Ok((row.text(transfer::COLUMNS_LEN - 1)?, Transfer::of(row)?))).collect()
}

/// Number, kind and present name of each account that exists, rising by number.
async fn names(
    transaction: &mut Transaction,
    ids: &[AccountId],
) -> Result<Vec<(AccountId, AccountKind, String)>, Error> {
    let sql = "SELECT a.account_id, a.kind, a.owner_id, a.room_id, COALESCE(u.name, a.name)
               FROM ledger_accounts a LEFT JOIN users u ON u.user_id = a.owner_id";
    let rows = transaction.rows(listed(sql, "a.account_id", ids), &list(ids)).await?;
    rows.iter().map(|row| Ok((AccountId(row.int(0)?), AccountKind::of(row, 1)?, row.text(4)?))).collect()
}

const ACCOUNTS: &str =
    "SELECT account_id, password_hash, balance, reserved, entries, head, closed_at_ms, fund_of FROM ledger_accounts";

fn account_of(row: &Row, id: AccountId, kind: AccountKind, name: String) -> Result<Account, Error> {
    if row.int::<u64>(0)? != id.0 {
        return Err(Error::Internal(format!("account {id} was not found again under its lock")));
    }
    Ok(Account {
        id,
        kind,
        name,
        password_hash: row.text(1)?,
        balance: stored_won(row, 2)?,
        reserved: stored_won(row, 3)?,
        entries: row.int(4)?,
        head: row.text(5)?.parse()?,
        closed: !row.is_null(6),
        is_fund: !row.is_null(7),
    })
}

/// Who of those who ask may spend from the groups' wallets that they name.
async fn find_spenders(transaction: &mut Transaction, book: &mut Book, commands: &[Command]) -> Result<(), Error> {
    let mut pairs = BTreeSet::new();
    for command in
        commands.iter().filter(|command| matches!(command.authority, Authority::Spender | Authority::Password(_)))
    {
        let transfer = command.what.transfer().and_then(|id| book.transfers.get(&id)).map(|found| found.source);
        match (&command.what, transfer) {
            (What::Move { source, .. }, _) => drop(pairs.insert((*source, command.actor))),
            (_, Some(source)) => drop(pairs.insert((source, command.actor))),
            _ => {}
        }
    }
    pairs.extend(book.reservations.values().map(|reservation| (reservation.source, reservation.actor)));
    for (account, user) in pairs {
        let Some(room) = book.accounts.get(&account).and_then(|account| account.kind.room()) else { continue };
        let is_deleted = book.rooms.get(&room).is_none_or(|room| room.deleted);
        if participant::is_spender(transaction, account, (room, is_deleted), user).await? {
            book.spenders.insert((account, user));
        }
    }
    Ok(())
}
