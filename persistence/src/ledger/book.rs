//! The rules of the ledger on accounts that are locked: commands in, what is to be written out. Nothing here waits, reads a
//! clock or knows a database.
//!
//! A command is judged whole before anything of it is done: one that is refused has changed nothing, and the next one of
//! the same batch is judged as if it had not been there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use moim_wire::schema::Kind;
use moim_wire::{RoomId, UserId};

use super::account::{Account, AccountId, AccountKind};
use super::chain::Entry;
use super::command::{Answer, Authority, Command, Outcome, What};
use super::money::Won;
use super::notice::{self, Notice};
use super::purpose::Purpose;
use super::refused::Refused;
use super::reservation::{Reservation, ReservationId, Run};
use super::transfer::{RequestKey, Transfer, TransferId, TransferState};
use crate::audit::NewLine;
use crate::dues::Sheet;
use crate::members::{Change, Told};
use crate::spending::{self, Ending};

/// What a batch of commands is about, as read under its locks.
#[derive(Default)]
pub(super) struct Book {
    pub(super) accounts: BTreeMap<AccountId, Account>,
    /// The rooms of the groups' wallets.
    pub(super) rooms: BTreeMap<RoomId, Room>,
    /// Users who may spend from a group's wallet.
    pub(super) spenders: HashSet<(AccountId, UserId)>,
    /// Transfers that commands name, and those made here.
    pub(super) transfers: HashMap<TransferId, Transfer>,
    /// Transfers by the keys of the requests that made them.
    pub(super) known: HashMap<String, TransferId>,
    pub(super) reservations: HashMap<ReservationId, Reservation>,
    /// What transfers are made for.
    pub(super) dues: Sheet,
    pub(super) spending: spending::Sheet,
    pub(super) writing: Writing,
}

/// The room of a group's wallet.
pub(super) struct Room {
    pub(super) deleted: bool,
    pub(super) last_change: u32,
}

/// What there is to write.
#[derive(Default)]
pub(super) struct Writing {
    pub(super) accounts: BTreeSet<AccountId>,
    /// With their keys.
    pub(super) made: Vec<(TransferId, String)>,
    pub(super) settled: BTreeSet<TransferId>,
    pub(super) entries: Vec<Entry>,
    pub(super) notices: Vec<Notice>,
    pub(super) runs: Vec<Run>,
    pub(super) lines: Vec<NewLine>,
}

/// A transfer that is asked for.
pub(super) struct Request<'a> {
    key: String,
    source: AccountId,
    target: AccountId,
    pub(super) amount: Won,
    pub(super) expires_at_ms: Option<u64>,
    pub(super) corrects: Option<TransferId>,
    pub(super) purpose: Option<Purpose>,
    pub(super) command: &'a Command,
}

impl Book {
    /// Carries out a command. `id` is for the transfer that may come of it.
    pub(super) fn carry_out(&mut self, command: &Command, id: TransferId) -> Answer {
        let done = self.judge(command, id)?;
        if let Some(outcome) = done.as_ref().filter(|outcome| !outcome.repeated) {
            self.audit(command, &outcome.transfer);
        }
        Ok(done)
    }

    fn judge(&mut self, command: &Command, id: TransferId) -> Answer {
        match &command.what {
            What::Move { key, source, target, amount, expires_at_ms, purpose } => {
                let key = key.stored(command.actor);
                let (source, target, amount, expires_at_ms) = (*source, *target, *amount, *expires_at_ms);
                let (corrects, purpose) = (None, *purpose);
                let request = Request { key, source, target, amount, expires_at_ms, corrects, purpose, command };
                self.make(&request, id).map(Some)
            }
            What::Correct(corrected) => self.correct(command, *corrected, id).map(Some),
            What::Post(transfer) => self.post_pending(command, *transfer).map(Some),
            What::Void(transfer) => self.void(command, *transfer, Ending::Asked(command.actor)).map(Some),
            What::Expire(transfer) => match self.transfer(*transfer)? {
                pending if is_over(&pending, command.at_ms) => self.void(command, *transfer, Ending::Expired).map(Some),
                _ => Ok(None),
            },
            What::Run(reservation) => self.run(command, *reservation, id),
        }
    }

    fn make(&mut self, request: &Request<'_>, id: TransferId) -> Result<Outcome, Refused> {
        if let Some(known) = self.known.get(&request.key) {
            return self.repeated(request, *known);
        }
        let (source, target) = self.both_ends(request.source, request.target)?;
        if !request.amount.is_positive() {
            return Err(Refused::Amount(request.amount.get()));
        }
        self.may_spend(request.command, source)?;
        if request.corrects.is_none() && self.is_left(target) {
            return Err(Refused::NoSuchAccount(target.id));
        }
        self.suits(request, source, target)?;
        self.fits(source, target, request.amount)?;
        let transfer = Transfer {
            id,
            actor: request.command.actor,
            source: request.source,
            target: request.target,
            amount: request.amount,
            state: TransferState::Pending,
            corrects: request.corrects,
            purpose: request.purpose,
            created_at_ms: request.command.at_ms,
            settled_at_ms: None,
            expires_at_ms: request.expires_at_ms,
        };
        self.known.insert(request.key.clone(), id);
        self.transfers.insert(id, transfer);
        self.writing.made.push((id, request.key.clone()));
        self.reserve(request.source, request.amount, true);
        match request.expires_at_ms {
            Some(_) => {
                let told = self.reserved_for(id);
                Ok(self.outcome(id, told))
            }
            None => Ok(self.post(request.command, id)),
        }
    }

    /// The answer to a request whose key is known: that of the first, if it is the same request.
    fn repeated(&self, request: &Request<'_>, known: TransferId) -> Result<Outcome, Refused> {
        let first = self.transfer(known)?;
        let is_same = (first.source, first.target, first.amount, first.corrects, first.purpose)
            == (request.source, request.target, request.amount, request.corrects, request.purpose)
            && first.expires_at_ms.is_some() == request.expires_at_ms.is_some();
        if is_same { Ok(Outcome::repeated(first)) } else { Err(Refused::KeyReused(known)) }
    }

    fn correct(&mut self, command: &Command, corrected: TransferId, id: TransferId) -> Result<Outcome, Refused> {
        let wrong = self.transfer(corrected)?;
        if wrong.state != TransferState::Posted {
            return Err(Refused::NotCorrectable(corrected));
        }
        if wrong.purpose.is_some() {
            return Err(Refused::ForAPurpose(corrected));
        }
        let key = RequestKey::of_correction(corrected).stored(command.actor);
        let (source, target, amount) = (wrong.target, wrong.source, wrong.amount);
        let corrects = Some(corrected);
        self.make(&Request { key, source, target, amount, expires_at_ms: None, corrects, purpose: None, command }, id)
    }

    fn post_pending(&mut self, command: &Command, id: TransferId) -> Result<Outcome, Refused> {
        let pending = self.transfer(id)?;
        if self.lost_its_payee(&pending) {
            return self.void(command, id, Ending::PayeeGone);
        }
        self.may_spend(command, self.stored(pending.source)?)?;
        match pending.state {
            TransferState::Posted => return Ok(Outcome::repeated(pending)),
            TransferState::Voided => return Err(Refused::Settled(id)),
            TransferState::Pending if is_over(&pending, command.at_ms) => return Err(Refused::Expired(id)),
            TransferState::Pending => self.may_post(&pending)?,
        }
        let (_, target) = self.both_ends(pending.source, pending.target)?;
        // It is reserved; whether the target has room for it, and members, may have changed.
        if self.is_left(target) {
            return Err(Refused::NoSuchAccount(target.id));
        }
        target.balance.plus(pending.amount).ok_or(Refused::TooMuch(target.id))?;
        Ok(self.post(command, id))
    }

    fn void(&mut self, command: &Command, id: TransferId, ending: Ending) -> Result<Outcome, Refused> {
        let mut pending = self.transfer(id)?;
        self.may_spend(command, self.stored(pending.source)?)?;
        match pending.state {
            TransferState::Voided => return Ok(Outcome::repeated(pending)),
            TransferState::Posted => return Err(Refused::Settled(id)),
            TransferState::Pending => self.may_void(&pending, ending)?,
        }
        self.reserve(pending.source, pending.amount, false);
        pending.state = TransferState::Voided;
        pending.settled_at_ms = Some(command.at_ms);
        let told = self.given_up(&pending, ending);
        self.transfers.insert(id, pending);
        self.writing.settled.insert(id);
        Ok(self.outcome(id, told))
    }

    fn run(&mut self, command: &Command, id: ReservationId, transfer: TransferId) -> Answer {
        let Some(reservation) = self.reservations.get(&id).filter(|found| found.is_due(command.at_ms)).cloned() else {
            return Ok(None);
        };
        let request = Request {
            key: reservation.key().stored(reservation.actor),
            source: reservation.source,
            target: reservation.target,
            amount: reservation.amount,
            expires_at_ms: None,
            corrects: None,
            purpose: None,
            command: &Command { actor: reservation.actor, authority: Authority::Spender, ..command.clone() },
        };
        let made = self.make(&request, transfer);
        let came_to = made.as_ref().map(|outcome| outcome.transfer.id).map_err(ToString::to_string);
        self.reservations.remove(&id);
        self.writing.runs.push(reservation.ran(command.at_ms, came_to));
        made.map(Some)
    }

    /// Posts a transfer whose amount is reserved: its two entries, and what the groups' rooms are told.
    fn post(&mut self, command: &Command, id: TransferId) -> Outcome {
        let transfer = self.transfers.get_mut(&id).expect("a transfer is known before it is posted");
        transfer.state = TransferState::Posted;
        transfer.settled_at_ms = Some(command.at_ms);
        let (source, target, amount) = (transfer.source, transfer.target, transfer.amount);
        self.writing.settled.insert(id);
        self.reserve(source, amount, false);
        let entries = [(source, target, amount.negated()), (target, source, amount)]
            .map(|(account, counterpart, amount)| self.enter(id, account, counterpart, amount, command.at_ms));
        let mut notices: Vec<Change> = entries.iter().filter_map(|entry| self.tell(command.actor, entry)).collect();
        self.writing.entries.extend(entries);
        notices.extend(self.serve(id));
        self.outcome(id, notices)
    }

    /// The next entry of an account.
    fn enter(&mut self, id: TransferId, at: AccountId, counterpart: AccountId, amount: Won, at_ms: u64) -> Entry {
        let account = self.accounts.get_mut(&at).expect("both ends were looked at before");
        let after = account.balance.plus(amount).expect("both sums were looked at before");
        let mut entry = Entry {
            account: at,
            number: account.entries + 1,
            transfer: id,
            counterpart,
            amount,
            balance_before: account.balance,
            balance_after: after,
            posted_at_ms: at_ms,
            hash: account.head,
        };
        entry.hash = entry.hash_after(account.head);
        account.balance = after;
        account.entries = entry.number;
        account.head = entry.hash;
        self.writing.accounts.insert(at);
        entry
    }

    /// Tells the room of a group's wallet of its entry. Of a deleted room nobody is left to be told.
    fn tell(&mut self, actor: UserId, entry: &Entry) -> Option<Change> {
        let account = self.accounts.get(&entry.account)?;
        let other = self.accounts.get(&entry.counterpart)?;
        let (from, to) = if entry.amount.is_positive() { (other, account) } else { (account, other) };
        let text = notice::text(entry, from, to);
        let told = Told { kind: Kind::Money, actor, subject: entry.transfer.0, text };
        self.put_among_changes(account.kind.room()?, told, Some(entry.clone()))
    }

    /// Gives what a room is told the next number among its changes.
    pub(super) fn put_among_changes(&mut self, id: RoomId, told: Told, entry: Option<Entry>) -> Option<Change> {
        let room = self.rooms.get_mut(&id).filter(|room| !room.deleted)?;
        room.last_change += 1;
        let change = room.last_change;
        self.writing.notices.push(Notice { room: id, change, told, entry });
        Some(Change { room: id, change })
    }

    fn reserve(&mut self, account: AccountId, amount: Won, more: bool) {
        let account = self.accounts.get_mut(&account).expect("the source was looked at before");
        let reserved = if more { account.reserved.plus(amount) } else { account.reserved.minus(amount) };
        // More is reserved where it is covered, less where it was reserved.
        account.reserved = reserved.expect("what is reserved is within what is held");
        self.writing.accounts.insert(account.id);
    }

    fn outcome(&self, id: TransferId, notices: Vec<Change>) -> Outcome {
        Outcome { transfer: self.transfers[&id].clone(), notices, repeated: false }
    }

    pub(super) fn transfer(&self, id: TransferId) -> Result<Transfer, Refused> {
        self.transfers.get(&id).cloned().ok_or(Refused::NoSuchTransfer(id))
    }

    pub(super) fn account(&self, id: AccountId) -> Result<&Account, Refused> {
        self.stored(id).ok().filter(|account| !account.closed).ok_or(Refused::NoSuchAccount(id))
    }

    /// The account, be it closed.
    fn stored(&self, id: AccountId) -> Result<&Account, Refused> {
        self.accounts.get(&id).ok_or(Refused::NoSuchAccount(id))
    }

    /// Whether it is of a room that was deleted.
    fn is_left(&self, account: &Account) -> bool {
        account.kind.room().is_some_and(|room| self.rooms.get(&room).is_none_or(|room| room.deleted))
    }

    fn both_ends(&self, source: AccountId, target: AccountId) -> Result<(&Account, &Account), Refused> {
        if source == target {
            return Err(Refused::SameAccount(source));
        }
        Ok((self.account(source)?, self.account(target)?))
    }

    fn may_spend(&self, command: &Command, source: &Account) -> Result<(), Refused> {
        let user = command.actor;
        let may = match (&command.authority, source.kind) {
            (Authority::Operator | Authority::Purpose, _) => return Ok(()),
            (_, AccountKind::Member(owner)) => owner == user,
            (_, AccountKind::Group(_)) => self.spenders.contains(&(source.id, user)),
            (_, AccountKind::External | AccountKind::Fees | AccountKind::Cash(_)) => false,
        };
        if !may {
            return Err(Refused::NotTheSpender { user, account: source.id });
        }
        match &command.authority {
            Authority::Password(compared) if *compared != source.password_hash => {
                Err(Refused::WrongPassword(source.id))
            }
            _ => Ok(()),
        }
    }

    fn fits(&self, source: &Account, target: &Account, amount: Won) -> Result<(), Refused> {
        if !source.covers(amount) {
            let free = source.balance.minus(source.reserved).unwrap_or_default();
            return Err(Refused::InsufficientFunds { account: source.id, free, amount });
        }
        let source_left = source.balance.minus(amount).is_some() && source.reserved.plus(amount).is_some();
        if !source_left || target.balance.plus(amount).is_none() {
            return Err(Refused::TooMuch(target.id));
        }
        Ok(())
    }
}

fn is_over(transfer: &Transfer, at_ms: u64) -> bool {
    transfer.state == TransferState::Pending && transfer.expires_at_ms.is_some_and(|expires| expires <= at_ms)
}
