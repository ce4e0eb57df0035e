//! A notice comes in: it is written down, or found again, before any money moves.

use super::Bank;
use super::deposit::{BankRefused, COLUMNS, Deposit, DepositId, DepositState, NewDeposit};
use super::reference::Reference;
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::sql::{Statement, Transaction, transact, values};

/// Contradictions of one notice that are written down; a bank that goes on is answered all the same.
const CONFLICTS_MAX: i64 = 100;

/// What came of a notice.
enum Noted {
    /// It is kept, from now or from before.
    Kept(DepositId),
    /// It is kept, and its correction, which came before it, is to be credited.
    Corrected(DepositId, DepositId),
    Contradiction,
}

impl Bank {
    /// Takes a notice of the bank and credits it. Told again it is answered as it then stands.
    ///
    /// # Errors
    /// [`Error::InvalidField`]; [`BankRefused::Conflict`] for another one under the same number, or a second correction of
    /// the same notice. After the store's errors the notice may be kept: to tell it again is safe.
    pub async fn take(&self, new: NewDeposit) -> Result<Deposit, Error> {
        let (new, _) = new.checked()?;
        let bank_id = new.bank_id.clone();
        let noted = self
            .shared
            .run(|shared| async move {
                transact!(shared.database.write(), |transaction| note(transaction, &new, now_ms()).await)
            })
            .await?;
        match noted {
            Noted::Kept(id) => self.settle(id).await,
            Noted::Corrected(id, correction) => {
                self.settle(correction).await?;
                self.settle(id).await
            }
            Noted::Contradiction => Err(BankRefused::Conflict(bank_id).into()),
        }
    }
}

/// The notice that a condition on one column finds, locked.
pub(super) async fn locked(
    transaction: &mut Transaction,
    condition: &'static str,
    bank_id: &str,
) -> Result<Option<Deposit>, Error> {
    let sql = Statement::from(COLUMNS).then(condition);
    transaction.row_for_update(sql, values![bank_id]).await?.as_ref().map(Deposit::of).transpose()
}

pub(super) const BY_BANK_ID: &str = " WHERE bank_id = ?";
pub(super) const BY_CORRECTED: &str = " WHERE corrects = ?";

async fn note(transaction: &mut Transaction, new: &NewDeposit, at_ms: u64) -> Result<Noted, Error> {
    if let Some(known) = locked(transaction, BY_BANK_ID, &new.bank_id).await? {
        if known.is_told_by(new) {
            return Ok(Noted::Kept(known.id));
        }
        return contradict(transaction, new, at_ms).await;
    }
    let mut wallet = of_reference(transaction, &new.reference).await?;
    let mut state = if wallet.is_some() { DepositState::Received } else { DepositState::Unmatched };
    if let Some(wrong) = &new.corrects {
        if locked(transaction, BY_CORRECTED, wrong).await?.is_some() {
            return contradict(transaction, new, at_ms).await;
        }
        match locked(transaction, BY_BANK_ID, wrong).await? {
            Some(wrong) => {
                // A correction need not repeat whose it is.
                wallet = wallet.or(wrong.wallet);
                state = if wallet.is_some() { DepositState::Received } else { DepositState::Unmatched };
                replace_uncredited(transaction, &wrong).await?;
            }
            None => state = DepositState::Early,
        }
    }
    let correction = locked(transaction, BY_CORRECTED, &new.bank_id).await?;
    if correction.is_some() {
        state = DepositState::Replaced;
    }
    let id = insert(transaction, new, wallet, state, at_ms).await?;
    match correction {
        // What is to be credited is the correction, which has waited for it.
        Some(correction) if correction.state == DepositState::Early => {
            let wallet = correction.wallet.or(wallet);
            let state = if wallet.is_some() { DepositState::Received } else { DepositState::Unmatched };
            let sql = "UPDATE bank_deposits SET wallet_id = ?, state = ? WHERE deposit_id = ?";
            transaction.execute(sql, values![wallet, state.stored(), correction.id]).await?;
            Ok(Noted::Corrected(id, correction.id))
        }
        _ => Ok(Noted::Kept(id)),
    }
}

/// What is in no wallet need not be moved back: it is replaced at once.
async fn replace_uncredited(transaction: &mut Transaction, wrong: &Deposit) -> Result<(), Error> {
    let sql = "UPDATE bank_deposits SET state = ? WHERE deposit_id = ? AND transfer_id IS NULL AND state IN (?, ?, ?)";
    let [unmatched, stuck, early] =
        [DepositState::Unmatched, DepositState::Stuck, DepositState::Early].map(DepositState::stored);
    let values = values![DepositState::Replaced.stored(), wrong.id, unmatched, stuck, early];
    transaction.execute(sql, values).await.map(drop)
}

async fn insert(
    transaction: &mut Transaction,
    new: &NewDeposit,
    wallet: Option<AccountId>,
    state: DepositState,
    at_ms: u64,
) -> Result<DepositId, Error> {
    let sql = "INSERT INTO bank_deposits (bank_id, reference, payer, amount, corrects, wallet_id, state, told_at_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = values![
        &*new.bank_id,
        &*new.reference,
        &*new.payer,
        new.amount,
        new.corrects.clone(),
        wallet,
        state.stored(),
        at_ms
    ];
    transaction.insert_once(sql, values).await.map(DepositId)
}

/// Writes down what contradicts an earlier notice, the same contradiction once.
async fn contradict(transaction: &mut Transaction, new: &NewDeposit, at_ms: u64) -> Result<Noted, Error> {
    let corrects = new.corrects.as_deref().unwrap_or_default();
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN amount = ? AND reference = ? AND corrects = ? THEN 1 END)
               FROM bank_conflicts WHERE bank_id = ?";
    let row = transaction.row(sql, values![new.amount, &*new.reference, corrects, &*new.bank_id]).await?;
    let (count, same) = row.map_or(Ok((0, 0)), |row| Ok::<_, Error>((row.int::<i64>(0)?, row.int::<i64>(1)?)))?;
    if same == 0 && count < CONFLICTS_MAX {
        let sql =
            "INSERT INTO bank_conflicts (bank_id, reference, amount, corrects, told_at_ms) VALUES (?, ?, ?, ?, ?)";
        let values = values![&*new.bank_id, &*new.reference, new.amount, corrects, at_ms];
        transaction.execute(sql, values).await?;
    }
    Ok(Noted::Contradiction)
}

/// The open member's wallet whose code the text has.
async fn of_reference(transaction: &mut Transaction, text: &str) -> Result<Option<AccountId>, Error> {
    let Some(reference) = Reference::find(text) else { return Ok(None) };
    let sql = "SELECT account_id FROM ledger_accounts WHERE account_id = ? AND wallet_of IS NOT NULL";
    let row = transaction.row(sql, values![reference.wallet()]).await?;
    row.map(|row| row.int(0).map(AccountId)).transpose()
}
