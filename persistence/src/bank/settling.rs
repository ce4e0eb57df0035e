//! From a notice that is kept to money in its wallet. Every step may be done again: a transfer's key is made of its notice.

use std::sync::Weak;
use std::time::Duration;

use super::Bank;
use super::deposit::{BankRefused, COLUMNS, Deposit, DepositId, DepositState};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, Refused, RequestKey, TransferId, Won, stored_won};
use crate::members::Shared;
use crate::sql::{Statement, transact, values};

/// How often is looked for notices that a crash left.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Younger ones are being settled by who took them.
const LEFT_AFTER_MS: u64 = 5_000;
/// Notices of one look.
const LEFT_MAX: u64 = 100;
/// Corrections of corrections that are followed; no bank has so many.
const CHAIN_MAX: u32 = 16;
const FAILURE_CHARS_MAX: usize = 500;

impl Bank {
    /// Credits a notice that is to be; gives it as it then stands.
    pub(super) async fn settle(&self, id: DepositId) -> Result<Deposit, Error> {
        self.settle_chain(id, CHAIN_MAX).await
    }

    fn settle_chain(&self, id: DepositId, depth: u32) -> impl Future<Output = Result<Deposit, Error>> + Send {
        // Boxed: a correction settles what it corrects before itself.
        Box::pin(async move {
            let deposit = self.get(id).await?;
            let wallet = match (deposit.state, deposit.wallet) {
                (DepositState::Received, Some(wallet)) => wallet,
                _ => return Ok(deposit),
            };
            let moved = match &deposit.corrects {
                None => self.credit(&deposit, wallet).await,
                Some(wrong) => self.put_right(&deposit, wallet, wrong, depth).await,
            };
            match moved {
                Ok(transfer) => self.settled(&deposit, DepositState::Credited, transfer, None).await?,
                Err(Error::Ledger(refused)) => {
                    let failure: String = refused.to_string().chars().take(FAILURE_CHARS_MAX).collect();
                    self.settled(&deposit, DepositState::Stuck, None, Some(failure)).await?;
                }
                Err(error) => return Err(error),
            }
            self.get(id).await
        })
    }

    async fn credit(&self, deposit: &Deposit, wallet: AccountId) -> Result<Option<TransferId>, Error> {
        if deposit.amount == Won::ZERO {
            return Ok(None);
        }
        let key = RequestKey::of_deposit(deposit.id.0);
        Ok(Some(self.ledger().deposit(key, wallet, deposit.amount).await?.transfer.id))
    }

    /// Credits what is right and moves back what was wrong. In the same wallet it is credited first, so that what was spent
    /// meanwhile stands in the way only as far as the right amount does not cover it.
    async fn put_right(
        &self,
        right: &Deposit,
        wallet: AccountId,
        wrong: &str,
        depth: u32,
    ) -> Result<Option<TransferId>, Error> {
        let mut wrong = self.by_bank_id(wrong).await?;
        if wrong.state == DepositState::Received && depth > 0 {
            wrong = self.settle_chain(wrong.id, depth - 1).await?;
        }
        let Some(taken_back) = wrong.transfer else { return self.credit(right, wallet).await };
        let same = wrong.wallet == Some(wallet);
        let source = wrong.wallet.unwrap_or(wallet);
        let free = self.free(source).await?;
        let coming = if same { right.amount } else { Won::ZERO };
        // Not where a run before has come further already.
        let is_begun = self.get(right.id).await?.transfer.is_some() || self.is_corrected(taken_back).await?;
        if !is_begun && free.plus(coming).is_none_or(|then| then < wrong.amount) {
            return Err(Refused::InsufficientFunds { account: source, free, amount: wrong.amount }.into());
        }
        if !same {
            self.ledger().correct(taken_back).await?;
            return self.credit(right, wallet).await;
        }
        let credited = self.credit(right, wallet).await?;
        self.note_transfer(right.id, credited).await?;
        self.ledger().correct(taken_back).await?;
        Ok(credited)
    }

    /// Whether a transfer was moved back.
    async fn is_corrected(&self, transfer: TransferId) -> Result<bool, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT 1 FROM transfers WHERE corrects_id = ?";
                Ok(shared.database.row(sql, values![transfer]).await?.is_some())
            })
            .await
    }

    /// What a wallet holds and has not promised.
    async fn free(&self, wallet: AccountId) -> Result<Won, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT balance, reserved FROM ledger_accounts WHERE account_id = ?";
                let row = shared.database.row(sql, values![wallet]).await?.ok_or(Refused::NoSuchAccount(wallet))?;
                Ok(stored_won(&row, 0)?.minus(stored_won(&row, 1)?).unwrap_or_default())
            })
            .await
    }

    async fn note_transfer(&self, id: DepositId, transfer: Option<TransferId>) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "UPDATE bank_deposits SET transfer_id = ? WHERE deposit_id = ?";
                    transaction.execute(sql, values![transfer.map(|id| id.0), id]).await.map(drop)
                })
            })
            .await
    }

    /// Writes down what has come of a notice, and that what it corrects is replaced.
    async fn settled(
        &self,
        deposit: &Deposit,
        state: DepositState,
        transfer: Option<TransferId>,
        failure: Option<String>,
    ) -> Result<(), Error> {
        let (id, corrects) = (deposit.id, deposit.corrects.clone());
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "UPDATE bank_deposits SET state = ?, transfer_id = COALESCE(?, transfer_id), failure = ?,
                                                        settled_at_ms = ?
                               WHERE deposit_id = ? AND state = ?";
                    let (transfer, received) = (transfer.map(|id| id.0), DepositState::Received.stored());
                    let values = values![state.stored(), transfer, failure.clone(), now_ms(), id, received];
                    transaction.execute(sql, values).await?;
                    if let (DepositState::Credited, Some(wrong)) = (state, &corrects) {
                        let sql = "UPDATE bank_deposits SET state = ? WHERE bank_id = ?";
                        transaction.execute(sql, values![DepositState::Replaced.stored(), &**wrong]).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Credits what a crash has left between a notice and its transfer; gives how many. One that fails harms no other.
    ///
    /// # Errors
    /// The store's.
    pub async fn settle_left(&self, now_ms: u64) -> Result<u64, Error> {
        let left: Vec<DepositId> = self
            .shared
            .run(move |shared| async move {
                let sql = "SELECT deposit_id FROM bank_deposits WHERE state = ? AND told_at_ms <= ?
                           ORDER BY deposit_id LIMIT ?";
                let received = DepositState::Received.stored();
                let before = now_ms.saturating_sub(LEFT_AFTER_MS);
                let rows = shared.database.rows(sql, values![received, before, LEFT_MAX]).await?;
                rows.iter().map(|row| row.int(0).map(DepositId)).collect()
            })
            .await?;
        let mut settled = 0;
        for id in left {
            match self.settle(id).await {
                Ok(deposit) => settled += u64::from(deposit.state == DepositState::Credited),
                Err(error) => tracing::warn!(%error, deposit = id.0, "a deposit is credited later"),
            }
        }
        Ok(settled)
    }

    /// Looks for such ones for as long as somebody else holds the stores open. Two servers that do it at once do it once.
    pub(crate) fn keep_settling(&self) -> impl Future<Output = ()> + Send + use<> {
        keep(std::sync::Arc::downgrade(&self.shared))
    }

    pub(super) async fn get(&self, id: DepositId) -> Result<Deposit, Error> {
        self.shared
            .run(move |shared| async move {
                let row =
                    shared.database.row(Statement::from(COLUMNS).then(" WHERE deposit_id = ?"), values![id]).await?;
                Deposit::of(&row.ok_or_else(|| BankRefused::NoSuchDeposit(id.to_string()))?)
            })
            .await
    }

    pub(super) async fn by_bank_id(&self, bank_id: &str) -> Result<Deposit, Error> {
        let bank_id = bank_id.to_owned();
        self.shared
            .run(move |shared| async move {
                let row = shared
                    .database
                    .row(Statement::from(COLUMNS).then(" WHERE bank_id = ?"), values![&*bank_id])
                    .await?;
                Deposit::of(&row.ok_or(BankRefused::NoSuchDeposit(bank_id))?)
            })
            .await
    }
}

async fn keep(shared: Weak<Shared>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = Bank::new(shared).settle_left(now_ms()).await {
            tracing::warn!(%error, "deposits are credited later");
        }
    }
}
