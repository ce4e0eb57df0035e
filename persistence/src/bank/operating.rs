//! What an operator sees and settles by hand.

use moim_wire::UserId;

use super::Bank;
use super::deposit::{BankRefused, COLUMNS, Conflict, Deposit, DepositState};
use super::taking::{BY_BANK_ID, locked};
use crate::audit::{self, AuditAction, NewLine};
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, Refused, stored_won};
use crate::sql::{Row, Statement, Transaction, transact, values};

/// Rows of one answer.
const SHOWN_MAX: u64 = 500;

impl Bank {
    /// The newest 500 notices, or those of a state, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn deposits(&self, state: Option<DepositState>) -> Result<Vec<Deposit>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(COLUMNS).then(" WHERE state = ? OR ? = -1 ORDER BY deposit_id DESC LIMIT ?");
                let state = state.map_or(-1, DepositState::stored);
                let rows = shared.database.rows(sql, values![state, state, SHOWN_MAX]).await?;
                rows.iter().map(Deposit::of).collect()
            })
            .await
    }

    /// The newest 500 contradictions, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT bank_id, reference, amount, told_at_ms FROM bank_conflicts
                           ORDER BY conflict_id DESC LIMIT ?";
                let rows = shared.database.rows(sql, values![SHOWN_MAX]).await?;
                rows.iter().map(conflict_of).collect()
            })
            .await
    }

    /// Says whose an unmatched notice is, or one that is stuck since its wallet was closed, and credits it.
    ///
    /// # Errors
    /// [`BankRefused::NoSuchDeposit`], [`BankRefused::WrongState`] for another one, [`Refused::NoWallet`].
    pub async fn match_to(&self, bank_id: &str, user: UserId) -> Result<Deposit, Error> {
        let (bank_id, origin) = (bank_id.to_owned(), self.origin);
        let id = self
            .shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let deposit = by_its_number(transaction, &bank_id).await?;
                    let is_stuck_alone = deposit.corrects.is_none() && deposit.transfer.is_none();
                    if deposit.state != DepositState::Stuck || !is_stuck_alone {
                        require_state(&deposit, DepositState::Unmatched)?;
                    }
                    let sql = "SELECT account_id FROM ledger_accounts WHERE wallet_of = ?";
                    let row = transaction.row(sql, values![user]).await?.ok_or(Refused::NoWallet)?;
                    let sql = "UPDATE bank_deposits SET wallet_id = ?, state = ?, failure = NULL WHERE deposit_id = ?";
                    let values = values![AccountId(row.int(0)?), DepositState::Received.stored(), deposit.id];
                    transaction.execute(sql, values).await?;
                    let line = NewLine::new(origin, UserId(0), now_ms(), AuditAction::DepositMatched, deposit.id.0);
                    audit::write(transaction, &[line.of(deposit.amount).saying(&*bank_id)]).await?;
                    Ok(deposit.id)
                })
            })
            .await?;
        self.settle(id).await
    }

    /// Tries a stuck notice once more.
    ///
    /// # Errors
    /// [`BankRefused::NoSuchDeposit`], [`BankRefused::WrongState`] for one that is not stuck.
    pub async fn settle_again(&self, bank_id: &str) -> Result<Deposit, Error> {
        let bank_id = bank_id.to_owned();
        let id = self
            .shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let deposit = by_its_number(transaction, &bank_id).await?;
                    require_state(&deposit, DepositState::Stuck)?;
                    let sql = "UPDATE bank_deposits SET state = ?, failure = NULL WHERE deposit_id = ?";
                    transaction.execute(sql, values![DepositState::Received.stored(), deposit.id]).await?;
                    Ok(deposit.id)
                })
            })
            .await?;
        self.settle(id).await
    }
}

async fn by_its_number(transaction: &mut Transaction, bank_id: &str) -> Result<Deposit, Error> {
    let deposit = locked(transaction, BY_BANK_ID, bank_id).await?;
    deposit.ok_or_else(|| BankRefused::NoSuchDeposit(bank_id.to_owned()).into())
}

fn require_state(deposit: &Deposit, wanted: DepositState) -> Result<(), BankRefused> {
    if deposit.state == wanted {
        return Ok(());
    }
    Err(BankRefused::WrongState { bank_id: deposit.bank_id.clone(), state: deposit.state, wanted })
}

fn conflict_of(row: &Row) -> Result<Conflict, Error> {
    Ok(Conflict {
        bank_id: row.text(0)?,
        reference: row.text(1)?,
        amount: stored_won(row, 2)?,
        told_at_ms: row.int(3)?,
    })
}
