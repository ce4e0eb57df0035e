//! Members' wallets: one each, opened with a password of its own.

use moim_wire::UserId;

use super::Ledger;
use super::account::{AccountId, MEMBER};
use super::booking::cancel_all;
use super::chain::Hash;
use super::money::Won;
use super::refused::Refused;
use super::transfer::stored_won;
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::members::{Shared, field, name_of};
use crate::sql::{Row, Transaction, transact, values};

/// A member's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Its account.
    pub id: AccountId,
    /// Whose it is.
    pub owner: UserId,
    /// What it holds.
    pub balance: Won,
    /// How much of that pending transfers will take.
    pub reserved: Won,
}

impl Ledger {
    /// Opens the user's wallet.
    ///
    /// # Errors
    /// [`Refused::WalletExists`], [`Error::InvalidField`] for the password, [`Error::NoSuchUser`].
    pub async fn open_wallet(&self, user: UserId, password: &str) -> Result<Wallet, Error> {
        let password = field::password(password)?;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                if let Some(wallet) = of_user(&shared, user).await? {
                    return Err(Refused::WalletExists(wallet.id).into());
                }
                let hash = shared.passwords.hash(&shared.passwords.turn_to_set().await?, password).await?;
                transact!(shared.database.write(), |transaction| {
                    let wallet = insert(transaction, user, &hash).await?;
                    let line = NewLine::new(origin, user, now_ms(), AuditAction::WalletOpened, wallet.id.0);
                    audit::write(transaction, &[line]).await?;
                    Ok(wallet)
                })
            })
            .await
    }

    /// The user's wallet.
    ///
    /// # Errors
    /// [`Refused::NoWallet`].
    pub async fn wallet(&self, user: UserId) -> Result<Wallet, Error> {
        self.shared
            .run(move |shared| async move { of_user(&shared, user).await?.ok_or_else(|| Refused::NoWallet.into()) })
            .await
    }

    /// The account of another's wallet.
    pub(crate) async fn wallet_of_user(&self, user: UserId) -> Result<AccountId, Error> {
        self.shared
            .run(move |shared| async move {
                let wallet = of_user(&shared, user).await?;
                wallet.map(|wallet| wallet.id).ok_or_else(|| Refused::NoWalletOf(user).into())
            })
            .await
    }

    /// Closes the user's wallet, and what was booked from it will not come. Its entries stay.
    ///
    /// # Errors
    /// [`Refused::NoWallet`], [`Refused::HoldsMoney`].
    pub async fn close_wallet(&self, user: UserId) -> Result<(), Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let sql = "SELECT account_id FROM ledger_accounts WHERE wallet_of = ?";
                    let row = transaction.row(sql, values![user]).await?.ok_or(Refused::NoWallet)?;
                    close_members(transaction, (origin, user), AccountId(row.int(0)?)).await
                })
            })
            .await
    }
}

async fn of_user(shared: &Shared, user: UserId) -> Result<Option<Wallet>, Error> {
    let sql = "SELECT account_id, owner_id, balance, reserved FROM ledger_accounts WHERE wallet_of = ?";
    shared.database.row(sql, values![user]).await?.as_ref().map(wallet_of).transpose()
}

async fn insert(transaction: &mut Transaction, user: UserId, hash: &str) -> Result<Wallet, Error> {
    name_of(transaction, user).await?;
    let sql = "INSERT INTO ledger_accounts (kind, currency, owner_id, wallet_of, name, description, password_hash,
                                            balance, reserved, entries, head, created_at_ms)
               VALUES (?, 'KRW', ?, ?, '', '', ?, 0, 0, 0, ?, ?)";
    let values = values![MEMBER, user, user, hash, Hash::ZERO.to_string(), now_ms()];
    match transaction.try_execute(sql, values).await? {
        Some(inserted) => {
            let id = AccountId(inserted.id);
            Ok(Wallet { id, owner: user, balance: Won::ZERO, reserved: Won::ZERO })
        }
        None => {
            let sql = "SELECT account_id FROM ledger_accounts WHERE wallet_of = ?";
            let row = transaction.row_for_update(sql, values![user]).await?.ok_or(Refused::NoWallet)?;
            Err(Refused::WalletExists(AccountId(row.int(0)?)).into())
        }
    }
}

/// Closes the wallet of a user who is being deleted, if it is empty, and cancels what the user has booked.
pub(crate) async fn forget_wallet(transaction: &mut Transaction, by: (Origin, UserId)) -> Result<(), Error> {
    let (_, user) = by;
    let sql = "SELECT account_id FROM ledger_accounts WHERE wallet_of = ?";
    if let Some(row) = transaction.row_for_update(sql, values![user]).await? {
        close_members(transaction, by, AccountId(row.int(0)?)).await?;
    }
    cancel_all(transaction, by, "user_id = ?", user.into()).await
}

async fn close_members(transaction: &mut Transaction, by: (Origin, UserId), id: AccountId) -> Result<(), Error> {
    close(transaction, by, id).await?;
    let (origin, user) = by;
    audit::write(transaction, &[NewLine::new(origin, user, now_ms(), AuditAction::WalletClosed, id.0)]).await
}

/// Closes an account that holds nothing, within a transaction, and cancels what is booked from it.
pub(super) async fn close(transaction: &mut Transaction, by: (Origin, UserId), id: AccountId) -> Result<(), Error> {
    let sql = "SELECT balance, fund_of FROM ledger_accounts WHERE account_id = ? AND closed_at_ms IS NULL";
    let row = transaction.row_for_update(sql, values![id]).await?.ok_or(Refused::NoSuchAccount(id))?;
    if !row.is_null(1) {
        return Err(Refused::IsAFund(id).into());
    }
    let balance = stored_won(&row, 0)?;
    if balance != Won::ZERO {
        return Err(Refused::HoldsMoney { account: id, balance }.into());
    }
    let sql = "UPDATE ledger_accounts SET closed_at_ms = ?, wallet_of = NULL WHERE account_id = ?";
    transaction.execute(sql, values![now_ms(), id]).await?;
    cancel_all(transaction, by, "source_id = ?", id.into()).await
}

fn wallet_of(row: &Row) -> Result<Wallet, Error> {
    Ok(Wallet {
        id: AccountId(row.int(0)?),
        owner: UserId(row.int(1)?),
        balance: stored_won(row, 2)?,
        reserved: stored_won(row, 3)?,
    })
}
