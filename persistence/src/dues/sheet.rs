//! The rules of dues on what was read under the room's lock: what a transfer does to charges and credit. Nothing here waits,
//! reads a clock or knows a database.
//!
//! Everything happens by entries ([`Sheet::enter`]), so that what is stored of charges, credit and requests is what the
//! entries add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use moim_wire::{RoomId, UserId};

use super::charge::{Charge, Standing};
use super::entry::{DuesEntryKind, NewEntry, Way};
use super::number::{BalanceId, ChargeId, ReceiptId, RequestId};
use super::refused::DuesRefused as Refused;
use super::told;
use crate::ledger::{End, Moved, Purpose, TransferId, Won};
use crate::members::Told;

/// What a batch is about, as read under its locks, and what is to be written of it.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(super) charges: BTreeMap<ChargeId, Charge>,
    /// The same by member: a room may have a hundred thousand.
    of_members: HashMap<(RoomId, UserId), BTreeSet<ChargeId>>,
    pub(super) requests: BTreeMap<RequestId, Counts>,
    pub(super) balances: BTreeMap<(RoomId, UserId), Balance>,
    pub(super) receipts: BTreeMap<ReceiptId, Receipt>,
    /// Those of the actors who keep the room's dues.
    pub(super) keepers: HashSet<(RoomId, UserId)>,
    /// Those of the actors, and of those who pay a charge or have it refunded, who are members.
    pub(super) members: HashSet<(RoomId, UserId)>,
    /// Those of the actors who are alone in a room, and have removed nobody lately.
    pub(super) alone: HashSet<(RoomId, UserId)>,
    pub(super) changed: Changed,
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) charges: BTreeSet<ChargeId>,
    pub(super) requests: BTreeSet<RequestId>,
    pub(super) balances: BTreeSet<(RoomId, UserId)>,
    pub(super) receipts: BTreeSet<ReceiptId>,
    pub(super) entries: Vec<NewEntry>,
}

/// What has come of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Charges that are neither void nor exempt.
    pub asked_of: u32,
    /// Those of them that are paid.
    pub paid_by: u32,
    /// What was paid for all.
    pub collected: Won,
}

/// What a member has paid into a room's dues, less what he was given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) by_wallet: Won,
    pub(super) by_cash: Won,
    /// What of both is for no charge yet.
    pub(super) credit: Won,
    /// How much of that came from the wallet.
    pub(super) credit_by_wallet: Won,
    /// Its row; of one that is new, none.
    pub(super) id: Option<BalanceId>,
}

/// Cash that the treasurer says he was given.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    pub(super) charge: ChargeId,
    pub(super) amount: Won,
    pub(super) note: String,
    pub(super) recorded_by: UserId,
    pub(super) is_settled: bool,
    /// What confirmed it, in this batch.
    pub(super) confirmed: Option<Confirmed>,
}

/// What a room is told of cash that does not count.
#[derive(Clone, Copy, Debug)]
pub(super) enum CashChange {
    /// It waits for a second person.
    Recorded,
    /// It was not received.
    Denied,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    pub(super) by: UserId,
    pub(super) at_ms: u64,
}

impl Sheet {
    pub(super) fn put(&mut self, charge: Charge) {
        self.of_members.entry((charge.room, charge.user)).or_default().insert(charge.id);
        self.charges.insert(charge.id, charge);
    }

    /// Whose dues something is about, of what is read.
    pub(super) fn about(&self, purpose: Purpose) -> Option<(RoomId, UserId)> {
        let of_charge = |id| self.charges.get(&id).map(|charge: &Charge| (charge.room, charge.user));
        match purpose {
            Purpose::Charge(id) | Purpose::Refund(id) => of_charge(id),
            Purpose::Receipt(id) => of_charge(self.receipts.get(&id)?.charge),
            Purpose::Credit(id) => self.balances.iter().find(|(_, balance)| balance.id == Some(id)).map(|(of, _)| *of),
            Purpose::Expense(_) => None,
        }
    }

    /// Whether a transfer is right for what it is made for.
    pub(crate) fn judge(&self, purpose: Purpose, moved: &Moved) -> Result<(), Refused> {
        self.entry_of(purpose, moved).map(drop)
    }

    /// Does what a posted transfer was made for, and gives what the room is told.
    pub(crate) fn serve(&mut self, purpose: Purpose, moved: &Moved) -> Vec<(RoomId, Told)> {
        let entry = self.entry_of(purpose, moved).expect("a transfer is judged before it is made");
        let (room, user, actor) = (entry.room, entry.user, entry.actor);
        if let Purpose::Receipt(id) = purpose
            && let Some(receipt) = self.receipts.get_mut(&id)
        {
            receipt.is_settled = true;
            receipt.confirmed = Some(Confirmed { by: actor, at_ms: moved.at_ms });
            self.changed.receipts.insert(id);
        }
        let takes_credit = entry.to_credit.is_positive();
        let mut told: Vec<(RoomId, Told)> = self.enter(entry).into_iter().collect();
        if takes_credit {
            told.extend(self.use_credit(room, user, actor, moved.at_ms));
        }
        // Who has left cannot pay again what he was given back.
        if let Purpose::Refund(charge) = purpose
            && !self.members.contains(&(room, user))
            && let Ok(void) = self.waive(charge, DuesEntryKind::Void, (actor, String::new(), moved.at_ms))
        {
            told.extend(void);
        }
        told
    }

    /// The entry that a transfer makes.
    fn entry_of(&self, purpose: Purpose, moved: &Moved) -> Result<NewEntry, Refused> {
        match purpose {
            Purpose::Charge(id) => {
                let charge = self.charge(id)?;
                if charge.user != moved.actor {
                    return Err(Refused::NotYourCharge(id));
                }
                // Removed since he asked: what is too much would be credit that nobody gives back.
                if !self.members.contains(&(charge.room, charge.user)) {
                    return Err(Refused::Void(id));
                }
                go(moved, End::Wallet(charge.user), End::Fund(charge.room))?;
                self.payment(charge, moved, DuesEntryKind::Paid, String::new())
            }
            Purpose::Receipt(id) => {
                let receipt = self.receipts.get(&id).ok_or(Refused::NoSuchReceipt(id))?;
                let charge = self.charge(receipt.charge)?;
                if receipt.is_settled {
                    return Err(Refused::ReceiptSettled(id));
                }
                if receipt.recorded_by == moved.actor || !self.members.contains(&(charge.room, moved.actor)) {
                    return Err(Refused::OwnReceipt(id));
                }
                go(moved, End::Outside, End::Cash(charge.room))?;
                if receipt.amount != moved.amount {
                    return Err(Refused::WrongWay);
                }
                self.payment(charge, moved, DuesEntryKind::PaidInCash, receipt.note.clone())
            }
            Purpose::Refund(id) => {
                let charge = self.charge(id)?;
                let kinds = (DuesEntryKind::Refunded, DuesEntryKind::RefundedInCash);
                let held = (charge.paid_by_wallet, charge.paid);
                let kind = self.way_back(moved, (charge.room, charge.user), kinds, held)?;
                let to_charge = moved.amount.negated();
                Ok(NewEntry { to_charge, ..entry(charge.room, charge.user, Some(id), kind, moved) })
            }
            Purpose::Credit(id) => {
                let found = self.balances.iter().find(|(_, balance)| balance.id == Some(id));
                let ((room, user), balance) = found.map(|(of, balance)| (*of, *balance)).ok_or(Refused::NoFund)?;
                let kinds = (DuesEntryKind::CreditReturned, DuesEntryKind::CreditReturnedInCash);
                let held = (balance.credit_by_wallet, balance.credit);
                let kind = self.way_back(moved, (room, user), kinds, held)?;
                let to_credit = moved.amount.negated();
                Ok(NewEntry { to_credit, ..entry(room, user, None, kind, moved) })
            }
            // None of dues: spending looks after it.
            Purpose::Expense(_) => Err(Refused::WrongWay),
        }
    }

    /// A payment: what the charge takes of it, and the rest as credit.
    fn payment(&self, charge: &Charge, moved: &Moved, kind: DuesEntryKind, note: String) -> Result<NewEntry, Refused> {
        // Cash that was given before its payer left is his credit; there was nobody who could have confirmed it for him.
        if charge.is_void && kind != DuesEntryKind::PaidInCash {
            return Err(Refused::Void(charge.id));
        }
        let to_charge = charge.open().min(moved.amount);
        let to_credit = moved.amount.minus(to_charge).unwrap_or_default();
        let balance = self.balance((charge.room, charge.user));
        let sums = [balance.by_wallet, balance.by_cash].map(|came| came.plus(moved.amount));
        let collected = self.requests.get(&charge.request).and_then(|counts| counts.collected.plus(to_charge));
        if sums.contains(&None) || balance.credit.plus(to_credit).is_none() || collected.is_none() {
            return Err(Refused::TooMuch);
        }
        Ok(NewEntry { to_charge, to_credit, note, ..entry(charge.room, charge.user, Some(charge.id), kind, moved) })
    }

    /// Whether so much may be given back this way, of at most what of `held` came so: that from the wallet, of all. To
    /// a wallet from the fund, in cash from the cash.
    fn way_back(
        &self,
        moved: &Moved,
        (room, user): (RoomId, UserId),
        (by_wallet, in_cash): (DuesEntryKind, DuesEntryKind),
        (wallets, held): (Won, Won),
    ) -> Result<DuesEntryKind, Refused> {
        // Of the operator's own: what is settled when a member leaves.
        if moved.actor != UserId(0) && !self.keepers.contains(&(room, moved.actor)) {
            return Err(Refused::NotTheTreasurer);
        }
        self.require_others(room, user, moved.actor)?;
        let balance = self.balance((room, user));
        let (kind, most) = match moved.to {
            End::Outside => (in_cash, held.minus(wallets).unwrap_or_default().min(balance.by_cash)),
            _ => (by_wallet, wallets.min(balance.by_wallet)),
        };
        match kind.way() {
            Some(Way::Cash) => go(moved, End::Cash(room), End::Outside)?,
            _ => go(moved, End::Fund(room), End::Wallet(user))?,
        }
        if moved.amount > most { Err(Refused::MoreThanCame(most)) } else { Ok(kind) }
    }

    /// Refuses to give back or let go what is one's own, while there is somebody else who could.
    pub(super) fn require_others(&self, room: RoomId, user: UserId, actor: UserId) -> Result<(), Refused> {
        if user == actor && !self.alone.contains(&(room, actor)) { Err(Refused::OwnDues) } else { Ok(()) }
    }

    /// Pays what is open of a member's charges from his credit, the oldest first.
    pub(super) fn use_credit(&mut self, room: RoomId, user: UserId, actor: UserId, at_ms: u64) -> Vec<(RoomId, Told)> {
        if !self.balance((room, user)).credit.is_positive() {
            return Vec::new();
        }
        let own = self.of_members.get(&(room, user)).into_iter().flatten();
        let open: Vec<(ChargeId, Won)> = own.map(|id| (*id, self.charges[id].open())).collect();
        let mut told = Vec::new();
        for (charge, open) in open {
            let to_charge = open.min(self.balance((room, user)).credit);
            if to_charge.is_positive() {
                let kind = DuesEntryKind::CreditUsed;
                let to_credit = to_charge.negated();
                let entry = NewEntry {
                    to_charge,
                    to_credit,
                    transfer: None,
                    ..plain(room, user, Some(charge), kind, actor, at_ms)
                };
                told.extend(self.enter(entry));
            }
        }
        told
    }

    /// Lets what is open of a charge go.
    pub(super) fn waive(
        &mut self,
        id: ChargeId,
        kind: DuesEntryKind,
        (actor, note, at_ms): (UserId, String, u64),
    ) -> Result<Option<(RoomId, Told)>, Refused> {
        let charge = self.charge(id)?;
        let open = charge.open();
        if !open.is_positive() {
            return Err(Refused::NothingOpen(id));
        }
        let to_due = open.negated();
        let entry = NewEntry { to_due, note, ..plain(charge.room, charge.user, Some(id), kind, actor, at_ms) };
        Ok(self.enter(entry))
    }

    /// Asks again for what was void of a charge.
    pub(super) fn reopen(
        &mut self,
        id: ChargeId,
        void: Won,
        (actor, at_ms): (UserId, u64),
    ) -> Result<Option<(RoomId, Told)>, Refused> {
        let charge = self.charge(id)?;
        let kind = DuesEntryKind::Reopened;
        let entry = NewEntry { to_due: void, ..plain(charge.room, charge.user, Some(id), kind, actor, at_ms) };
        Ok(self.enter(entry))
    }

    /// Asks for a late fee on top of what is open of a charge.
    pub(super) fn charge_late_fee(&mut self, id: ChargeId, fee: Won, at_ms: u64) -> Option<(RoomId, Told)> {
        let charge = self.charges.get(&id).filter(|charge| charge.open().is_positive())?;
        let kind = DuesEntryKind::LateFee;
        let entry = NewEntry { to_due: fee, ..plain(charge.room, charge.user, Some(id), kind, UserId(0), at_ms) };
        self.enter(entry)
    }

    /// Takes an entry in, and gives what the room is told of its charge.
    fn enter(&mut self, entry: NewEntry) -> Option<(RoomId, Told)> {
        let more = |won: Won, by: Won| won.plus(by).expect("sums were looked at before an entry is made");
        let balance = self.balances.entry((entry.room, entry.user)).or_default();
        let came = more(entry.to_charge, entry.to_credit);
        match entry.kind.way() {
            Some(Way::Wallet) => balance.by_wallet = more(balance.by_wallet, came),
            Some(Way::Cash) => balance.by_cash = more(balance.by_cash, came),
            None => {}
        }
        // What came in cash is used first: the rest goes back by itself to the wallet of one who leaves.
        let of_wallet = match entry.kind {
            DuesEntryKind::Paid | DuesEntryKind::Refunded | DuesEntryKind::CreditReturned => {
                (entry.to_charge, entry.to_credit)
            }
            DuesEntryKind::CreditUsed => {
                let cash = balance.credit.minus(balance.credit_by_wallet).unwrap_or_default();
                let used = entry.to_charge.minus(cash.min(entry.to_charge)).unwrap_or_default();
                (used, used.negated())
            }
            _ => (Won::ZERO, Won::ZERO),
        };
        balance.credit = more(balance.credit, entry.to_credit);
        balance.credit_by_wallet = more(balance.credit_by_wallet, of_wallet.1);
        if came != Won::ZERO || entry.to_credit != Won::ZERO {
            self.changed.balances.insert((entry.room, entry.user));
        }
        let credit = balance.credit;
        let told = entry.charge.and_then(|id| self.charges.get_mut(&id)).map(|charge| {
            let before = charge.clone();
            charge.paid = more(charge.paid, entry.to_charge);
            charge.paid_by_wallet = more(charge.paid_by_wallet, of_wallet.0);
            match entry.kind {
                DuesEntryKind::LateFee => charge.late_fee = more(charge.late_fee, entry.to_due),
                _ => charge.waived = more(charge.waived, entry.to_due.negated()),
            }
            match entry.kind {
                DuesEntryKind::Void => charge.is_void = true,
                DuesEntryKind::Reopened => charge.is_void = false,
                _ => {}
            }
            if entry.kind == DuesEntryKind::Waived {
                charge.reason.clone_from(&entry.note);
            }
            self.changed.charges.insert(charge.id);
            let counts = self.requests.entry(charge.request).or_default();
            counts.follow(&before, charge);
            self.changed.requests.insert(charge.request);
            (entry.room, told::changed(&entry, charge, credit, *counts))
        });
        self.changed.entries.push(entry);
        told
    }

    /// What the room is told of cash that does not count, so that a second person sees it, and nobody what is denied.
    pub(super) fn cash_told(&self, id: ReceiptId, actor: UserId, what: CashChange) -> Result<Told, Refused> {
        let receipt = self.receipts.get(&id).ok_or(Refused::NoSuchReceipt(id))?;
        let charge = self.charge(receipt.charge)?;
        let credit = self.balance((charge.room, charge.user)).credit;
        let counts = self.requests.get(&charge.request).copied().unwrap_or_default();
        Ok(told::cash(actor, what, (id, receipt), charge, credit, counts))
    }

    pub(super) fn charge(&self, id: ChargeId) -> Result<&Charge, Refused> {
        self.charges.get(&id).ok_or(Refused::NoSuchCharge(id))
    }

    pub(super) fn balance(&self, of: (RoomId, UserId)) -> Balance {
        self.balances.get(&of).copied().unwrap_or_default()
    }
}

impl Counts {
    /// Counts a charge that was not there before.
    pub(super) fn count(&mut self, charge: &Charge) {
        let standing = charge.standing();
        self.asked_of += u32::from(is_asked(standing));
        self.paid_by += u32::from(standing == Standing::Paid);
        // Judged before, or of nothing yet.
        self.collected = self.collected.plus(charge.paid).unwrap_or(self.collected);
    }

    /// Follows what a charge has become.
    fn follow(&mut self, before: &Charge, after: &Charge) {
        let standing = before.standing();
        self.asked_of = self.asked_of.saturating_sub(u32::from(is_asked(standing)));
        self.paid_by = self.paid_by.saturating_sub(u32::from(standing == Standing::Paid));
        self.collected = self.collected.minus(before.paid).unwrap_or(self.collected);
        self.count(after);
    }
}

const fn is_asked(standing: Standing) -> bool {
    matches!(standing, Standing::Open | Standing::Paid)
}

/// Whether the money goes from there to there.
fn go(moved: &Moved, from: End, to: End) -> Result<(), Refused> {
    if (moved.from, moved.to) == (from, to) { Ok(()) } else { Err(Refused::WrongWay) }
}

/// An entry of a transfer that does nothing yet.
fn entry(room: RoomId, user: UserId, charge: Option<ChargeId>, kind: DuesEntryKind, moved: &Moved) -> NewEntry {
    let transfer = Some(moved.transfer).filter(|transfer| *transfer != TransferId(0));
    NewEntry { transfer, ..plain(room, user, charge, kind, moved.actor, moved.at_ms) }
}

/// An entry that does nothing yet.
fn plain(
    room: RoomId,
    user: UserId,
    charge: Option<ChargeId>,
    kind: DuesEntryKind,
    actor: UserId,
    at_ms: u64,
) -> NewEntry {
    let (to_charge, to_credit, to_due) = (Won::ZERO, Won::ZERO, Won::ZERO);
    let note = String::new();
    NewEntry { room, user, charge, kind, to_charge, to_credit, to_due, transfer: None, actor, note, at_ms }
}
