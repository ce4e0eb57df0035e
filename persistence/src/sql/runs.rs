//! A transaction from its first run to its result: run again where that is safe, done once where its answer was lost.

use super::dialect::Fault;
use super::patience::{Failed, Patience};
use super::pool::Database;
use super::transaction::Transaction;
use super::value::values;
use crate::clock::now_ms;
use crate::error::Error;

/// Rows of `writes` are kept for so long: far longer than anything runs again.
const WRITES_KEPT_MS: u64 = 60 * 60 * 1_000;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads of one instant.
    Snapshot,
    /// Writes that may happen again when the answer to a commit was lost.
    Write,
    /// Writes that may not.
    WriteOnce,
}

/// The runs of one transaction, whose result is a `T`.
pub(crate) struct Runs<T> {
    database: Database,
    kind: Kind,
    patience: Patience,
    mark: Option<Mark>,
    /// The result of a run whose commit was not answered.
    unanswered: Option<T>,
}

/// A row of `writes`, by which a transaction that runs again recognises its first run.
#[derive(Clone, Copy)]
struct Mark {
    begun_at_ms: u64,
    id: i64,
}

/// What there is to do.
pub(crate) enum Begun<T> {
    Run(Transaction),
    /// Nothing: a run before was committed, its answer was lost.
    Done(T),
}

impl<T> Runs<T> {
    pub(super) fn new(database: Database, kind: Kind) -> Self {
        let patience = Patience::new(database.wait);
        Self { database, kind, patience, mark: None, unanswered: None }
    }

    /// Begins the next run.
    pub(crate) async fn begin(&mut self) -> Result<Begun<T>, Error> {
        if self.kind == Kind::WriteOnce && self.mark.is_none() {
            self.mark = Some(Mark::new()?);
            if self.database.counters.is_time_to_clean() {
                self.clean().await;
            }
        }
        loop {
            match self.try_begin().await {
                Ok(begun) => return Ok(begun),
                Err(failed) => self.again_after(failed).await?,
            }
        }
    }

    /// Deletes old marks, apart from the transaction: the range is locked. What fails now is done the next time.
    async fn clean(&self) {
        let Ok(mut connection) = self.database.connection(Kind::Write, self.patience.deadline()).await else { return };
        let before_ms = now_ms().saturating_sub(WRITES_KEPT_MS);
        let sql = "DELETE FROM writes WHERE begun_at_ms < ?";
        if connection.execute(&sql.into(), values![before_ms]).await.is_err() {
            connection.discard();
        }
    }

    async fn try_begin(&mut self) -> Result<Begun<T>, Failed> {
        let connection = self.database.connection(self.kind, self.patience.deadline()).await?;
        let dialect = connection.dialect();
        let command = if self.kind == Kind::Snapshot { dialect.begin_snapshot() } else { dialect.begin_write() };
        let mut transaction = Transaction::begin(connection, command).await.map_err(|error| Failed::of(&error))?;
        let Some(mark) = self.mark else { return Ok(Begun::Run(transaction)) };
        match mark.leave(&mut transaction).await {
            Ok(true) => {
                // Now that the mark is this run's, an earlier run is known to be undone.
                self.unanswered = None;
                Ok(Begun::Run(transaction))
            }
            Ok(false) => {
                transaction.roll_back().await;
                let taken = || Failed::Finally(Error::Internal("the mark of a write was taken by another".to_owned()));
                self.unanswered.take().map(Begun::Done).ok_or_else(taken)
            }
            Err(error) => Err(undone(transaction, error).await),
        }
    }

    /// Ends a run that came to `outcome`: with a result when it is done, without when there is to be another run.
    pub(crate) async fn end(
        &mut self,
        transaction: Transaction,
        outcome: Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let failed = match (outcome, transaction.fault()) {
            (Ok(result), None) => match self.finish(transaction, result).await {
                Ok(result) => return Ok(Some(result)),
                Err(failed) => failed,
            },
            (Ok(_), Some(_)) => {
                let told = "a statement failed and the transaction went on".to_owned();
                undone(transaction, Error::Unavailable(told)).await
            }
            (Err(error), _) => undone(transaction, error).await,
        };
        self.again_after(failed).await?;
        Ok(None)
    }

    async fn finish(&mut self, transaction: Transaction, result: T) -> Result<T, Failed> {
        if self.kind == Kind::Snapshot {
            transaction.roll_back().await;
            return Ok(result);
        }
        let Err(error) = transaction.commit().await else { return Ok(result) };
        let failed = Failed::of(&error);
        if matches!(failed, Failed::Perhaps(Fault::Lost, _)) {
            self.unanswered = Some(result);
        }
        Err(failed)
    }

    async fn again_after(&mut self, failed: Failed) -> Result<(), Error> {
        let again = self.patience.again_after(failed, &self.database.counters).await;
        again.map_err(|error| if self.unanswered.is_some() { outcome_unknown(&error) } else { error })
    }
}

impl Mark {
    fn new() -> Result<Self, Error> {
        let drawn = getrandom::u64().map_err(|error| Error::Internal(format!("no randomness: {error}")))?;
        Ok(Self { begun_at_ms: now_ms(), id: drawn.cast_signed() })
    }

    /// False where an earlier run has left it and was committed.
    async fn leave(self, transaction: &mut Transaction) -> Result<bool, Error> {
        let sql = "INSERT INTO writes (begun_at_ms, write_id) VALUES (?, ?)";
        Ok(transaction.try_execute(sql, values![self.begun_at_ms, self.id]).await?.is_some())
    }
}

/// Undoes a transaction that failed with `error`, and says whether it may succeed another time.
async fn undone(transaction: Transaction, error: Error) -> Failed {
    let fault = transaction.fault().unwrap_or(Fault::Answered);
    transaction.roll_back().await;
    Failed::with(fault, error)
}

/// The commit was sent, its answer was lost, and the database has not come back to be asked.
fn outcome_unknown(error: &Error) -> Error {
    Error::OutcomeUnknown(format!("whether the change was made is not known, look before trying again: {error}"))
}
