//! The stores' own tokio threads. Callers on any executor await what runs here.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime as TokioRuntime};
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::task::JoinError;

use crate::config::Config;
use crate::error::Error;
use crate::stats::RequestStats;

/// Blocking threads of reads, and what else blocks, beside the passwords' own.
const BLOCKING_THREADS: usize = 16;
/// Reads on blocking threads at once; further ones queue, bounded by `requests_max`.
const BLOCKING_READS: usize = 12;
/// Threads that write behind, no read's: a write waits behind other writes alone, however many reads queue.
const WRITERS: usize = 4;
/// How nice these are to others on the same core. Nobody waits for what they write, and people wait for the shards; at
/// this value each gets a seventieth of a core that is wanted by others, and all of one that is not.
const WRITERS_NICE: i32 = 19;
/// What work on blocking threads may still take once everything is flushed.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A runtime with a bound on the requests under way. Dropped without [`Runtime::shut_down`] it stops unawaited.
#[derive(Debug)]
pub(crate) struct Runtime {
    handle: Handle,
    writers: Handle,
    owned: Mutex<Vec<TokioRuntime>>,
    permits: Arc<Semaphore>,
    blocking_reads: Arc<Semaphore>,
    requests_max: usize,
    requests_total: AtomicU64,
    refused_total: AtomicU64,
}

impl Runtime {
    pub(crate) fn start(config: &Config) -> Result<Arc<Self>, Error> {
        let owned = Builder::new_multi_thread()
            .worker_threads(config.threads)
            .max_blocking_threads(BLOCKING_THREADS + config.passwords_at_once)
            .thread_name("moim-store")
            .enable_all()
            .build()
            .map_err(|source| Error::File { path: config.data.clone(), source })?;
        let writers = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(WRITERS)
            .thread_name("moim-writer")
            .on_thread_start(be_nice)
            .build()
            .map_err(|source| Error::File { path: config.data.clone(), source })?;
        Ok(Arc::new(Self {
            handle: owned.handle().clone(),
            writers: writers.handle().clone(),
            owned: Mutex::new(vec![owned, writers]),
            permits: Arc::new(Semaphore::new(config.requests_max)),
            blocking_reads: Arc::new(Semaphore::new(BLOCKING_READS)),
            requests_max: config.requests_max,
            requests_total: AtomicU64::new(0),
            refused_total: AtomicU64::new(0),
        }))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs `future` here under one of the permits. Begun work goes on to its end when the caller drops the wait.
    pub(crate) async fn run<F, T>(self: Arc<Self>, future: F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let permit = match self.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) => {
                self.refused_total.fetch_add(1, Ordering::Relaxed);
                return Err(Error::Busy { what: "the stores' requests", limit: self.requests_max });
            }
            Err(TryAcquireError::Closed) => return Err(closed()),
        };
        self.requests_total.fetch_add(1, Ordering::Relaxed);
        let work = async move {
            let _permit = permit;
            future.await
        };
        self.handle.spawn(work).await.map_err(not_finished)?
    }

    /// Runs a blocking read on a thread made for it, under one of the permits.
    pub(crate) async fn run_blocking_read<T>(
        self: Arc<Self>,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let reads = self.blocking_reads.clone();
        self.run(async move {
            let permit = reads.acquire_owned().await.map_err(|_| closed())?;
            let read = move || {
                let _permit = permit;
                work()
            };
            tokio::task::spawn_blocking(read).await.map_err(not_finished)?
        })
        .await
    }

    /// Runs blocking work that nobody waits for on a thread that no read can take and that gives way to others. Its callers
    /// are few: the lanes and the journals.
    pub(crate) async fn run_blocking_write<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        self.writers.spawn_blocking(work).await.map_err(not_finished)?
    }

    /// Runs `work` on a thread that gives way to others, as all threads will that it starts. Blocks. For opening only.
    pub(crate) fn open_nicely<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        let opened = std::thread::scope(|scope| {
            let opener = scope.spawn(|| {
                be_nice();
                work()
            });
            opener.join()
        });
        opened.map_err(|_| Error::Internal("opening a store panicked; the log says where".to_owned()))
    }

    /// Waits on the calling thread, whatever that thread is otherwise doing. For opening and closing only.
    pub(crate) fn wait_for<T>(&self, future: impl Future<Output = T> + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // The receiver waits below for as long as this task lives.
            let _ = sender.send(future.await);
        });
        receiver.recv().map_err(|_| closed())
    }

    /// Takes no further requests and stops the threads.
    pub(crate) fn shut_down(&self) {
        self.permits.close();
        let owned = self.take();
        // On a thread of its own: a runtime may not be waited for on another runtime's thread.
        let stopper = std::thread::spawn(move || owned.into_iter().for_each(|owned| owned.shutdown_timeout(SHUTDOWN)));
        if stopper.join().is_err() {
            tracing::error!("the stores' threads panicked while stopping");
        }
    }

    pub(crate) fn stats(&self) -> RequestStats {
        RequestStats {
            in_flight: (self.requests_max - self.permits.available_permits().min(self.requests_max)) as u64,
            max: self.requests_max as u64,
            total: self.requests_total.load(Ordering::Relaxed),
            refused_total: self.refused_total.load(Ordering::Relaxed),
        }
    }

    fn take(&self) -> Vec<TokioRuntime> {
        std::mem::take(&mut *self.owned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.take().into_iter().for_each(TokioRuntime::shutdown_background);
    }
}

/// Lets this thread, and all that it starts, give way to others. Where the system does not allow it, it works as others do.
pub(crate) fn be_nice() {
    // Of this thread alone, as the system has it, whatever the call is named after.
    let _ = rustix::process::setpriority_process(None, WRITERS_NICE);
}

/// Lets this thread, and all that it starts, work only where nobody else would: it gives way at once, and to those that are
/// [`be_nice`] too. Where the system does not allow it, it works as those.
pub(crate) fn be_idle() {
    use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
    be_nice();
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let thread = thread_priority::thread_native_id();
    let _ = thread_priority::set_thread_priority_and_policy(thread, ThreadPriority::Min, idle);
}

fn closed() -> Error {
    Error::Unavailable("the stores are closed".to_owned())
}

/// What became of a task that gave no result.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
pub(crate) fn not_finished(error: JoinError) -> Error {
    if error.is_cancelled() { closed() } else { Error::Internal(format!("a task of the stores panicked: {error}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_goes_on_while_more_reads_hang_than_there_are_threads() {
        let config = Config { passwords_at_once: 1, ..Config::new("unused") };
        let runtime = Runtime::start(&config).unwrap();
        let reads_max = 4 * BLOCKING_THREADS;
        let (begun, mut reading) = tokio::sync::mpsc::channel(reads_max);
        // Nothing is ever sent: the reads hang until the sender is dropped.
        let (closed, gate) = std::sync::mpsc::sync_channel::<()>(0);
        let gate = Arc::new(Mutex::new(gate));
        let reads: Vec<_> = (0..reads_max)
            .map(|_| {
                let (runtime, begun, gate) = (runtime.clone(), begun.clone(), gate.clone());
                runtime.handle().clone().spawn(runtime.run_blocking_read(move || {
                    begun.try_send(()).unwrap();
                    gate.lock().unwrap().recv().unwrap_err();
                    Ok(())
                }))
            })
            .collect();
        for _ in 0..BLOCKING_READS {
            reading.recv().await.unwrap();
        }
        assert_eq!(runtime.run_blocking_write(|| Ok(7)).await.unwrap(), 7);
        drop(closed);
        for read in reads {
            read.await.unwrap().unwrap();
        }
        runtime.shut_down();
    }

    #[tokio::test]
    async fn writers_give_way_to_readers_and_the_index_to_both() {
        let runtime = Runtime::start(&Config::new("unused")).unwrap();
        let niceness = || Ok(rustix::process::getpriority_process(None).unwrap());
        assert_eq!(runtime.run_blocking_write(niceness).await.unwrap(), WRITERS_NICE);
        assert_eq!(runtime.clone().run_blocking_read(niceness).await.unwrap(), niceness().unwrap());
        assert_eq!(Runtime::open_nicely(niceness).unwrap().unwrap(), WRITERS_NICE);
        let started_by_idle = std::thread::spawn(|| {
            be_idle();
            std::thread::spawn(|| format!("{:?}", thread_priority::thread_schedule_policy())).join().unwrap()
        });
        assert_eq!(started_by_idle.join().unwrap(), "Ok(Normal(Idle))");
        runtime.shut_down();
    }
}
