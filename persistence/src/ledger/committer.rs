//! Group commit: commands that arrive together share a transaction, so that one sync, and one lock of a wallet that all
//! pay into, serves many. Each is judged by itself; that one is refused is no other's trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::batch;
use super::command::{Answer, Command};
use super::transfer::TransferId;
use crate::error::Error;
use crate::sql::{Database, transact, values};
use crate::stats::LedgerStats;

/// Commands that wait; the next one is answered [`Error::Busy`].
const WAITING_MAX: usize = 4_096;
/// Commands of one transaction.
const BATCH_MAX: usize = 128;
/// Numbers of transfers taken at a time.
const NUMBERS: u64 = 1_000;

/// The queue of commands to the task that commits them. One transaction is under way at a time; several servers on one
/// database have one each, and their locks keep them apart.
pub(crate) struct Committer {
    queue: mpsc::Sender<Waiting>,
    counters: Arc<Counters>,
}

struct Waiting {
    command: Command,
    answer: oneshot::Sender<Result<Answer, Error>>,
}

#[derive(Default)]
struct Counters {
    commands: AtomicU64,
    batches: AtomicU64,
    refused_busy: AtomicU64,
}

impl Committer {
    pub(crate) fn start(runtime: &Handle, database: Database) -> Self {
        let (queue, commands) = mpsc::channel(WAITING_MAX);
        let counters = Arc::new(Counters::default());
        let worker = Worker { database, counters: counters.clone(), numbers: Mutex::default() };
        runtime.spawn(worker.work(commands));
        Self { queue, counters }
    }

    /// Carries out a command and gives the ledger's answer; that it was refused is one.
    pub(super) async fn carry_out(&self, command: Command) -> Result<Answer, Error> {
        self.queue(command)?.await.map_err(|_| closed())?
    }

    /// Carries out commands one behind the other, whatever else is between them.
    pub(super) async fn carry_out_in_order(&self, commands: Vec<Command>) -> Vec<Result<Answer, Error>> {
        let queued: Vec<_> = commands.into_iter().map(|command| self.queue(command)).collect();
        let mut answers = Vec::with_capacity(queued.len());
        for answered in queued {
            answers.push(match answered {
                Ok(answered) => answered.await.unwrap_or_else(|_| Err(closed())),
                Err(error) => Err(error),
            });
        }
        answers
    }

    fn queue(&self, command: Command) -> Result<oneshot::Receiver<Result<Answer, Error>>, Error> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { command, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                self.counters.refused_busy.fetch_add(1, Ordering::Relaxed);
                Error::Busy { what: "places to wait for the ledger", limit: WAITING_MAX }
            }
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        Ok(answered)
    }

    pub(crate) fn stats(&self) -> LedgerStats {
        LedgerStats {
            waiting: (self.queue.max_capacity() - self.queue.capacity()) as u64,
            waiting_max: WAITING_MAX as u64,
            refused_total: self.counters.refused_busy.load(Ordering::Relaxed),
            commands_total: self.counters.commands.load(Ordering::Relaxed),
            batches_total: self.counters.batches.load(Ordering::Relaxed),
        }
    }
}

fn closed() -> Error {
    Error::OutcomeUnknown("the ledger is closed; whether the transfer was made is not known".to_owned())
}

/// A batch's failure, for another who asked: what may be asked again, and what the operator has to see to, is told to
/// each alike.
fn same(error: &Error) -> Error {
    match error {
        Error::OutcomeUnknown(text) => Error::OutcomeUnknown(text.clone()),
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::StorageFull(text) => Error::StorageFull(text.clone()),
        Error::Busy { what, limit } => Error::Busy { what, limit: *limit },
        other => Error::Internal(other.to_string()),
    }
}

/// The task behind the queue.
struct Worker {
    database: Database,
    counters: Arc<Counters>,
    /// Numbers taken from the database and not given yet.
    numbers: Mutex<std::ops::Range<u64>>,
}

impl Worker {
    async fn work(self, mut queue: mpsc::Receiver<Waiting>) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while queue.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            let (commands, askers): (Vec<_>, Vec<_>) =
                waiting.drain(..).map(|waiting| (waiting.command, waiting.answer)).unzip();
            let answers = self.commit(&commands).await;
            for (asker, answer) in askers.into_iter().zip(answers) {
                // Who has stopped waiting is not told.
                let _ = asker.send(answer);
            }
        }
    }

    /// The answers in the commands' order.
    async fn commit(&self, commands: &[Command]) -> Vec<Result<Answer, Error>> {
        self.counters.commands.fetch_add(commands.len() as u64, Ordering::Relaxed);
        match self.commit_together(commands).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            // One of them alone is at fault: what was undone is done again, one by one, for the others. Not so where a store is
            // out of reach: it may have committed, and to do it again would be to do it twice.
            Err(Error::Internal(fault)) if commands.len() > 1 => {
                tracing::warn!(fault, commands = commands.len(), "a batch of transfers is carried out one by one");
                let mut answers = Vec::with_capacity(commands.len());
                for command in commands {
                    let alone = self.commit_together(std::slice::from_ref(command)).await;
                    answers.push(alone.and_then(|mut answers| answers.pop().ok_or_else(closed)));
                }
                answers
            }
            Err(error) => commands.iter().map(|_| Err(same(&error))).collect(),
        }
    }

    async fn commit_together(&self, commands: &[Command]) -> Result<Vec<Answer>, Error> {
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        let ids = self.take_numbers(commands.len() as u64).await?;
        transact!(self.database.write(), |transaction| batch::carry_out(transaction, commands, &ids).await)
    }

    /// So many numbers that no other transfer has. Those that are not needed are lost, which harms nobody.
    async fn take_numbers(&self, count: u64) -> Result<Vec<TransferId>, Error> {
        let mut numbers = self.numbers.lock().await;
        let left = numbers.end - numbers.start;
        if left < count {
            *numbers = self.more_numbers().await?;
        }
        let first = numbers.start;
        numbers.start += count;
        Ok((first..numbers.start).map(TransferId).collect())
    }

    async fn more_numbers(&self) -> Result<std::ops::Range<u64>, Error> {
        let database = &self.database;
        transact!(database.write_repeatable(), |transaction| {
            let sql = "UPDATE ledger_numbers SET next_number = next_number + ? WHERE series = 1";
            transaction.execute(sql, values![NUMBERS]).await?;
            let sql = "SELECT next_number FROM ledger_numbers WHERE series = 1";
            let row = transaction.row_for_update(sql, values![]).await?;
            let end: u64 = row.ok_or_else(|| Error::Internal("the ledger has no numbers".to_owned()))?.int(0)?;
            Ok(end - NUMBERS..end)
        })
    }
}
