//! Money is moved: paid, held until it is settled, taken back, put in.

use std::sync::Arc;

use moim_wire::UserId;

use super::Ledger;
use super::account::AccountId;
use super::command::{Authority, Command, Outcome, What};
use super::money::Won;
use super::purpose::Purpose;
use super::refused::Refused;
use super::transfer::{COLUMNS, RequestKey, Transfer, TransferId};
use crate::clock::now_ms;
use crate::error::Error;
use crate::members::{Shared, field};
use crate::sql::{Statement, values};

/// A transfer that somebody asks for.
#[derive(Clone)]
pub struct Payment {
    /// Who asks: the wallet's owner, or an admin of the group's.
    pub actor: UserId,
    /// By which the same request is known again.
    pub key: RequestKey,
    /// From where.
    pub source: AccountId,
    /// To where.
    pub target: AccountId,
    /// How many won.
    pub amount: i64,
    /// Of the source.
    pub password: String,
}

/// A transfer that waits to be settled: its amount is reserved until then.
#[derive(Clone)]
pub struct Hold {
    /// What is to be moved.
    pub payment: Payment,
    /// From when on it can only be voided.
    pub expires_at_ms: u64,
}

/// A transfer whose right rests on what it is made for.
pub(crate) struct Errand {
    pub(crate) actor: UserId,
    pub(crate) key: RequestKey,
    pub(crate) source: AccountId,
    pub(crate) target: AccountId,
    pub(crate) amount: i64,
    pub(crate) at_ms: u64,
}

impl Ledger {
    /// Moves money.
    ///
    /// # Errors
    /// [`Error::Ledger`] with the reason; [`Error::TooManyAttempts`] after too many wrong passwords.
    pub async fn pay(&self, payment: Payment) -> Result<Outcome, Error> {
        self.make(payment, None, None).await
    }

    /// Reserves money to be moved.
    ///
    /// # Errors
    /// As [`Self::pay`].
    pub async fn hold(&self, hold: Hold) -> Result<Outcome, Error> {
        self.make(hold.payment, Some(hold.expires_at_ms), None).await
    }

    /// Posts a pending transfer. Posted before, it is so once more.
    ///
    /// # Errors
    /// [`Refused::NoSuchTransfer`], [`Refused::Settled`] for a voided one, [`Refused::Expired`],
    /// [`Refused::NotTheSpender`].
    pub async fn post(&self, actor: UserId, transfer: TransferId) -> Result<Outcome, Error> {
        self.command(actor, Authority::Spender, now_ms(), What::Post(transfer)).await
    }

    /// Voids a pending transfer: what it reserved is free again. Voided before, it is so once more.
    ///
    /// # Errors
    /// As [`Self::post`]; [`Refused::Settled`] for a posted one.
    pub async fn void(&self, actor: UserId, transfer: TransferId) -> Result<Outcome, Error> {
        self.command(actor, Authority::Spender, now_ms(), What::Void(transfer)).await
    }

    /// Moves back what a posted transfer moved, for the operator. Asked again it is done once.
    ///
    /// # Errors
    /// [`Refused::NoSuchTransfer`], [`Refused::NotCorrectable`], [`Refused::InsufficientFunds`] where it was spent.
    pub async fn correct(&self, transfer: TransferId) -> Result<Outcome, Error> {
        self.command(UserId(0), Authority::Operator, now_ms(), What::Correct(transfer)).await
    }

    /// Puts money from the world outside into a user's wallet. Whether it came is for the caller to know.
    ///
    /// # Errors
    /// [`Refused::NoWallet`], [`Refused::Amount`].
    pub async fn top_up(&self, user: UserId, key: RequestKey, amount: i64) -> Result<Outcome, Error> {
        let target = self.wallet(user).await?.id;
        let amount = Won::new(amount).filter(|won| *won <= Won::DEPOSIT_MAX).ok_or(Refused::Amount(amount))?;
        self.bring_in(user, key, target, amount).await
    }

    /// Pays for something.
    pub(crate) async fn pay_for(&self, purpose: Purpose, payment: Payment) -> Result<Outcome, Error> {
        self.make(payment, None, Some(purpose)).await
    }

    /// Moves money for something whose rules say whether the actor may.
    pub(crate) async fn move_for(&self, purpose: Purpose, errand: Errand) -> Result<Outcome, Error> {
        self.hold_for(purpose, errand, None).await
    }

    /// Puts money that a bank says came from outside into a wallet.
    pub(crate) async fn deposit(&self, key: RequestKey, target: AccountId, amount: Won) -> Result<Outcome, Error> {
        self.bring_in(UserId(0), key, target, amount).await
    }

    async fn bring_in(&self, actor: UserId, key: RequestKey, target: AccountId, amount: Won) -> Result<Outcome, Error> {
        let (source, purpose) = (AccountId::EXTERNAL, None);
        let what = What::Move { key, source, target, amount, expires_at_ms: None, purpose };
        self.command(actor, Authority::Operator, now_ms(), what).await
    }

    /// As [`Self::move_for`], and with an expiry reserved until it is settled.
    pub(crate) async fn hold_for(
        &self,
        purpose: Purpose,
        errand: Errand,
        expires_at_ms: Option<u64>,
    ) -> Result<Outcome, Error> {
        let Errand { actor, key, source, target, amount, at_ms } = errand;
        let amount = Won::new(amount).ok_or(Refused::Amount(amount))?;
        let what = What::Move { key, source, target, amount, expires_at_ms, purpose: Some(purpose) };
        self.command(actor, Authority::Purpose, at_ms, what).await
    }

    /// Posts what was reserved for something, whose rules say whether it may be.
    pub(crate) async fn post_for(&self, actor: UserId, transfer: TransferId, at_ms: u64) -> Result<Outcome, Error> {
        self.command(actor, Authority::Purpose, at_ms, What::Post(transfer)).await
    }

    /// Gives up what was reserved for something, whose rules say whether it may be.
    pub(crate) async fn void_for(&self, actor: UserId, transfer: TransferId, at_ms: u64) -> Result<Outcome, Error> {
        self.command(actor, Authority::Purpose, at_ms, What::Void(transfer)).await
    }

    async fn make(
        &self,
        payment: Payment,
        expires_at_ms: Option<u64>,
        purpose: Option<Purpose>,
    ) -> Result<Outcome, Error> {
        let Payment { actor, key, source, target, amount, password } = payment;
        let is_same = |first: &Transfer| {
            (first.source, first.target, first.amount.get(), first.purpose) == (source, target, amount, purpose)
                && first.expires_at_ms.is_some() == expires_at_ms.is_some()
        };
        if let Some(outcome) = self.made_before(actor, &key, is_same).await? {
            return Ok(outcome);
        }
        let amount = Won::new(amount).filter(|amount| amount.is_positive()).ok_or(Refused::Amount(amount))?;
        if source == target {
            return Err(Refused::SameAccount(source).into());
        }
        let compare = |shared: Arc<Shared>| async move { compared(&shared, actor, source, password).await };
        let authority = Authority::Password(self.shared.run(compare).await?);
        let what = What::Move { key, source, target, amount, expires_at_ms, purpose };
        self.command(actor, authority, now_ms(), what).await
    }

    /// What came of the same request before, whatever has become since of the password, the wallet and who may: to be
    /// refused now would say that nothing was moved. The batch looks once more, under its locks.
    pub(crate) async fn made_before(
        &self,
        actor: UserId,
        key: &RequestKey,
        is_same: impl FnOnce(&Transfer) -> bool,
    ) -> Result<Option<Outcome>, Error> {
        if !key.may_be_known() {
            return Ok(None);
        }
        let stored = key.stored(actor);
        let look = |shared: Arc<Shared>| async move {
            let sql = Statement::from(COLUMNS).then(" WHERE request_key = ?");
            shared.database.row(sql, values![&*stored]).await?.as_ref().map(Transfer::of).transpose()
        };
        match self.shared.run(look).await? {
            Some(first) if is_same(&first) => Ok(Some(Outcome::repeated(first))),
            Some(first) => Err(Refused::KeyReused(first.id).into()),
            None => Ok(None),
        }
    }

    async fn command(&self, actor: UserId, authority: Authority, at_ms: u64, what: What) -> Result<Outcome, Error> {
        let command = Command { actor, origin: self.origin, authority, at_ms, what };
        let nothing = || Error::Internal("the ledger found nothing to do".to_owned());
        let answer = self.shared.run(|shared| async move { shared.committer.carry_out(command).await }).await?;
        answer?.ok_or_else(nothing)
    }
}

/// The hash of a wallet's password, which `password` is. Guesses of one who may not spend are counted, too, and tell nothing
/// that the refusal of the right password would not.
pub(super) async fn compared(
    shared: &Shared,
    actor: UserId,
    wallet: AccountId,
    password: String,
) -> Result<String, Error> {
    // What cannot be a wallet's password is compared all the same, as one that is wrong.
    let password = field::password(&password).unwrap_or_default();
    shared.limit.check_wallet(actor, wallet, now_ms())?;
    let sql = "SELECT password_hash, fund_of FROM ledger_accounts WHERE account_id = ? AND closed_at_ms IS NULL AND kind IN (1, 2)";
    let row = shared.database.row(sql, values![wallet]).await?.ok_or(Refused::NoSuchAccount(wallet))?;
    if !row.is_null(1) {
        return Err(Refused::IsAFund(wallet).into());
    }
    let hash = row.text(0)?;
    let turn = shared.passwords.turn().await?;
    shared.limit.check_wallet(actor, wallet, now_ms())?;
    if shared.passwords.matches(&turn, password, Some(hash.clone())).await? {
        return Ok(hash);
    }
    shared.limit.failed_wallet(actor, wallet, now_ms());
    Err(Refused::WrongPassword(wallet).into())
}
