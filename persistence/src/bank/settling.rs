//! From a notice that is kept to money in its wallet. Every step may be done again: a transfer's key is made of its notice.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use super::Bank;
use super::deposit::{BankRefused, COLUMNS, Deposit, DepositId, DepositState};
use crate::audit::Origin;
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, Refused, RequestKey, TransferId, Won, stored_won};
use crate::members::Shared;
use crate::sql::{Statement, Transaction, transact, values};

/// How often is looked for notices that a crash left.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Younger ones are being settled by who took them.
const LEFT_AFTER_MS: u64 = 5_000;
/// Notices of one look.
const LEFT_MAX: u64 = 100;
/// Corrections of corrections that are followed; no bank has so many.
const CHAIN_MAX: u32 = 16;
const FAILURE_CHARS_MAX: usize = 500;

/// What a wrong notice has brought into a wallet.
struct Credited {
    wallet: AccountId,
    transfer: TransferId,
    amount: Won,
}

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
        let before = self.credited_before(wrong, depth).await?;
        let (own, others): (Vec<_>, Vec<_>) = before.into_iter().partition(|credited| credited.wallet == wallet);
        let coming = if right.transfer.is_none() { right.amount } else { Won::ZERO };
        self.covers(&own, coming).await?;
        self.covers(&others, Won::ZERO).await?;
        for credited in others {
            self.ledger().correct(credited.transfer).await?;
        }
        let credited = self.credit(right, wallet).await?;
        self.note_transfer(right.id, credited).await?;
        for wrong in own {
            self.ledger().correct(wrong.transfer).await?;
        }
        Ok(credited)
    }

    /// What notices that are corrected have credited and was not moved back. Not only of the newest of them: a correction that
    /// was stuck is corrected in its turn, and left what it was to move back where it was.
    async fn credited_before(&self, wrong: &str, depth: u32) -> Result<Vec<Credited>, Error> {
        let (mut credited, mut next) = (Vec::new(), Some(wrong.to_owned()));
        for _ in 0..=CHAIN_MAX {
            let Some(bank_id) = next else { break };
            // A correction may have come, and been corrected, before what it corrects.
            let mut wrong = match self.by_bank_id(&bank_id).await {
                Err(Error::Bank(BankRefused::NoSuchDeposit(_))) => break,
                found => found?,
            };
            if wrong.state == DepositState::Received && depth > 0 {
                wrong = self.settle_chain(wrong.id, depth - 1).await?;
            }
            if let (Some(wallet), Some(transfer)) = (wrong.wallet, wrong.transfer)
                && !self.is_corrected(transfer).await?
            {
                credited.push(Credited { wallet, transfer, amount: wrong.amount });
            }
            next = wrong.corrects;
        }
        Ok(credited)
    }

    /// Whether all that is to be moved back is there, in each wallet with what comes into it before.
    async fn covers(&self, wrong: &[Credited], coming: Won) -> Result<(), Error> {
        let mut wallets: BTreeMap<AccountId, i64> = BTreeMap::new();
        for credited in wrong {
            // At most seventeen amounts of 53 bits.
            *wallets.entry(credited.wallet).or_default() += credited.amount.get();
        }
        for (account, amount) in wallets {
            let free = self.free(account).await?;
            if free.get() + coming.get() < amount {
                let amount = Won::new(amount).unwrap_or(Won::MAX);
                return Err(Refused::InsufficientFunds { account, free, amount }.into());
            }
        }
        Ok(())
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

    /// Writes down what has come of a notice, and that all it corrects is replaced. What is credited is so even where another
    /// server, which looked in the midst of it, found it stuck.
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
                               WHERE deposit_id = ? AND state IN (?, ?)";
                    let (transfer, received) = (transfer.map(|id| id.0), DepositState::Received.stored());
                    let is_credited = state == DepositState::Credited;
                    let or = if is_credited { DepositState::Stuck.stored() } else { received };
                    let values = values![state.stored(), transfer, failure.clone(), now_ms(), id, received, or];
                    transaction.execute(sql, values).await?;
                    if is_credited { replace(transaction, corrects.clone()).await } else { Ok(()) }
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

/// Marks a wrong notice, and those that it was to correct, as replaced.
async fn replace(transaction: &mut Transaction, wrong: Option<String>) -> Result<(), Error> {
    let mut next = wrong;
    for _ in 0..=CHAIN_MAX {
        let Some(bank_id) = next else { break };
        let sql = "UPDATE bank_deposits SET state = ? WHERE bank_id = ?";
        transaction.execute(sql, values![DepositState::Replaced.stored(), &*bank_id]).await?;
        let sql = "SELECT corrects FROM bank_deposits WHERE bank_id = ?";
        let row = transaction.row_for_update(sql, values![&*bank_id]).await?;
        next = row.map_or(Ok(None), |row| row.text_or_null(0))?;
    }
    Ok(())
}

async fn keep(shared: Weak<Shared>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(shared) = shared.upgrade().filter(|shared| !shared.database.is_closed()) else { return };
        let database = shared.database.clone();
        if let Err(error) = Bank::new(shared, Origin::SERVER).settle_left(now_ms()).await
            && !database.is_closed()
        {
            tracing::warn!(%error, "deposits are credited later");
        }
    }
}
