//! The bridge's own threads, each with a runtime of its own: a connection stays on the thread that it was dealt to.
//!
//! On such a runtime a task that is woken goes behind those that are ready. So what all ready browsers sent is in a
//! trunk's buffer before the trunk's task writes it, where a work-stealing runtime would write after the first.

use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// Tasks that run before the sockets are asked again what is ready.
const TASKS_BETWEEN_POLLS: u32 = 256;

/// Dropping it ends the threads without waiting for them: that is not allowed on a thread of an async runtime.
pub(crate) struct Threads {
    handles: Vec<Handle>,
    end: CancellationToken,
}

impl Threads {
    /// Starts that many, at least one.
    pub(crate) fn start(threads: usize) -> Result<Self, Error> {
        let mut started = Self { handles: Vec::with_capacity(threads), end: CancellationToken::new() };
        for _ in 0..threads {
            let mut builder = Builder::new_current_thread();
            let runtime = builder.event_interval(TASKS_BETWEEN_POLLS).enable_all().build().map_err(Error::Threads)?;
            started.handles.push(runtime.handle().clone());
            let end = started.end.clone();
            let run = move || runtime.block_on(end.cancelled());
            thread::Builder::new().name("moim-bridge".to_owned()).spawn(run).map_err(Error::Threads)?;
        }
        Ok(started)
    }

    /// The one that accepts connections.
    pub(crate) fn first(&self) -> &Handle {
        &self.handles[0]
    }

    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
