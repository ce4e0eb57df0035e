//! Charges are paid from wallets, given back, and let go.

use std::sync::Arc;

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::charge::Charge;
use super::entry::{DuesEntryKind, Way};
use super::fund::{self, Fund};
use super::keeper::{require_keeper, require_reader};
use super::number::{BalanceId, ChargeId};
use super::plan::invalid;
use super::refused::DuesRefused as Refused;
use super::rows::{CHARGES, charge_of};
use super::sheet::Sheet;
use crate::audit::{self, AuditAction, NewLine};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, Errand, Ledger, Outcome, Payment, Purpose, RequestKey, Transfer, Won};
use crate::members::{Change, Shared, field, lock_room, record_told};
use crate::sql::{Statement, transact, values};

/// A payment of a charge.
#[derive(Clone)]
pub struct ChargePayment {
    /// Who pays: whose charge it is.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// The room.
    pub room: RoomId,
    /// What is paid.
    pub charge: ChargeId,
    /// How many won: less than is open, or more, which is credit.
    pub amount: i64,
    /// Of the actor's wallet.
    pub password: String,
}

/// What is given back.
#[derive(Clone)]
pub struct Refund<T> {
    /// Who gives it back: who keeps the room's dues.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// The room.
    pub room: RoomId,
    /// Of what: of a charge, or of a member's credit.
    pub of: T,
    /// How many won.
    pub amount: i64,
    /// By which way.
    pub way: Way,
}

impl Dues {
    /// Pays a charge.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::TooManyAttempts`] after too many wrong passwords.
    pub async fn pay(&self, payment: ChargePayment) -> Result<Outcome, Error> {
        let ChargePayment { actor, key, room, charge, amount, password } = payment;
        let ledger = self.ledger();
        let is_same = |first: &Transfer| first.pays(charge, amount);
        if let Some(outcome) = ledger.made_before(actor, &key, is_same).await? {
            return Ok(outcome);
        }
        let (fund, _) = self.fund_and_charge(actor, room, charge).await?;
        let source = ledger.wallet(actor).await?.id;
        let payment = Payment { actor, key, source, target: fund.wallet, amount, password };
        ledger.pay_for(Purpose::Charge(charge), payment).await
    }

    /// Gives back what was paid for a charge, which is open again by as much.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason.
    pub async fn refund(&self, refund: Refund<ChargeId>) -> Result<Outcome, Error> {
        let (fund, charge) = self.fund_and_charge(refund.actor, refund.room, refund.of).await?;
        self.give_back(Purpose::Refund(refund.of), charge.user, fund, &refund).await
    }

    /// Gives back a member's credit.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::NotAMember`] for one who has none in the room.
    pub async fn return_credit(&self, refund: Refund<UserId>) -> Result<Outcome, Error> {
        let (room, user) = (refund.room, refund.of);
        let actor = refund.actor;
        let look = move |shared: Arc<Shared>| async move {
            transact!(shared.database.snapshot(), |snapshot| {
                require_reader(snapshot, room, actor).await?;
                let sql = "SELECT balance_id FROM dues_balances WHERE room_id = ? AND user_id = ?";
                let row = snapshot.row(sql, values![room, user]).await?;
                row.ok_or(Error::NotAMember { room, user })?.int(0).map(BalanceId)
            })
        };
        let balance = self.shared.run(look).await?;
        let fund = self.fund_of(room).await?;
        self.give_back(Purpose::Credit(balance), user, fund, &refund).await
    }

    async fn give_back<T>(
        &self,
        purpose: Purpose,
        user: UserId,
        fund: Fund,
        refund: &Refund<T>,
    ) -> Result<Outcome, Error> {
        let ledger = self.ledger();
        let (source, target) = match refund.way {
            Way::Wallet => (fund.wallet, ledger.wallet_of_user(user).await?),
            Way::Cash => (fund.cash, AccountId::EXTERNAL),
        };
        let (actor, key, amount) = (refund.actor, refund.key.clone(), refund.amount);
        ledger.move_for(purpose, Errand { actor, key, source, target, amount, at_ms: now_ms() }).await
    }

    /// Lets what is open of a charge go, for a reason. Once nothing is open it is refused.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::InvalidField`].
    pub async fn waive(&self, actor: UserId, room: RoomId, charge: ChargeId, reason: &str) -> Result<Change, Error> {
        let reason = field::dues_text("reason", reason, 1, 200)?;
        self.fund_and_charge(actor, room, charge).await?;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_keeper(transaction, room, actor).await?;
                    let mut sheet = Sheet::lock(transaction, &[(Purpose::Refund(charge), actor)]).await?;
                    sheet.require_others(room, sheet.charge(charge)?.user, actor)?;
                    let open = sheet.charges.get(&charge).map_or(Won::ZERO, Charge::open);
                    let told = sheet.waive(charge, DuesEntryKind::Waived, (actor, reason.clone(), now_ms()))?;
                    sheet.write(transaction).await?;
                    let (_, told) = told.ok_or(Refused::NoSuchCharge(charge))?;
                    let line = NewLine::new(origin, actor, now_ms(), AuditAction::Waived, charge.0).in_room(room);
                    audit::write(transaction, &[line.of(open).saying(&*reason)]).await?;
                    record_told(transaction, room, told).await
                })
            })
            .await
    }

    pub(super) fn ledger(&self) -> Ledger {
        Ledger::new(self.shared.clone(), self.origin)
    }

    /// The accounts of a room's dues, for its members.
    pub(super) async fn fund_of(&self, room: RoomId) -> Result<Fund, Error> {
        self.shared
            .run(move |shared| async move {
                fund::of_room(&shared.database, room).await?.ok_or_else(|| Refused::NoFund.into())
            })
            .await
    }

    /// The accounts of a room, and a charge of it, for a member of the room.
    pub(super) async fn fund_and_charge(
        &self,
        user: UserId,
        room: RoomId,
        id: ChargeId,
    ) -> Result<(Fund, Charge), Error> {
        self.shared
            .run(move |shared| async move {
                let charge = transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    let sql = Statement::from(CHARGES).then(" WHERE charge_id = ?");
                    snapshot.row(sql, values![id]).await?.as_ref().map(charge_of).transpose()
                })?;
                let charge = charge.filter(|charge| charge.room == room).ok_or(Refused::NoSuchCharge(id))?;
                let fund = fund::of_room(&shared.database, room).await?.ok_or(Refused::NoFund)?;
                Ok((fund, charge))
            })
            .await
    }
}

/// An amount that is more than nothing.
pub(crate) fn positive(amount: i64) -> Result<Won, Error> {
    let won = Won::new(amount).filter(|won| won.is_positive());
    won.ok_or_else(|| invalid("amount", format!("{amount} is not within 1 to {}", Won::MAX.get())))
}
