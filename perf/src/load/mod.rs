//! The load itself: connections, what they say when, and what is counted and timed.

#[cfg(test)]
mod against_a_toy_server;
mod arrive;
mod backlog;
mod clock;
mod connection;
mod crowd;
mod drive;
mod end;
mod outbox;
mod pacer;
mod pages;
mod progress;
mod read_back;
mod reconnect;
mod signal;
mod steps;
mod tally;
mod window;

use std::net::SocketAddr;
use std::path::PathBuf;

use io_uring_of_monoio::IoUring;
use monoio::{IoUringDriver, RuntimeBuilder};

use crate::profile::ProfileError;
use crate::protocol::{Dialect, Seat};
use crate::workload::Workload;

pub(crate) use backlog::Drained;
pub(crate) use crowd::Layout;
pub(crate) use drive::Measured;
pub(crate) use pages::PagesRead;
pub(crate) use read_back::ReadBack;
pub(crate) use reconnect::Returned;
pub(crate) use steps::{Recovery, StepTaken};
pub(crate) use tally::Counts;

/// Ring entries. Submissions beyond go in several system calls, completions beyond wait in the kernel.
const SUBMISSIONS: u32 = 4096;
const COMPLETIONS: u32 = 65_536;

/// What the load is put on.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    /// The server's process, where its use of processor and memory is to be read.
    pub(crate) process: Option<u32>,
    /// Of a Moim server, where `/metrics` answers.
    pub(crate) metrics: Option<SocketAddr>,
    /// Who signs in, in the order of the layout.
    pub(crate) seats: Vec<Seat>,
    /// Where a flame graph of the server goes, if one is wanted.
    pub(crate) graph: Option<PathBuf>,
}

/// The load could not be put on, or not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The runtime did not start.
    #[error("the generator's ring: {0}; io_uring must be allowed (kernel.io_uring_disabled=0) in kernel 6.1 or later")]
    Ring(std::io::Error),
    /// The alarm that paces open loads.
    #[error("the generator's alarm: {0}")]
    Alarm(#[from] std::io::Error),
    /// Not everybody came.
    #[error("{present} of {wanted} connections stand; first failure: {why}")]
    Arrival { present: usize, wanted: usize, why: String },
    /// Of the server.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The peer does not do what the workload needs.
    #[error("{0}")]
    Unfit(String),
}

/// Puts a workload's load on a target from this thread and measures.
pub(crate) fn put(workload: &Workload, target: Target) -> Result<Measured, LoadError> {
    let mut ring = IoUring::builder();
    // Completions are taken up all together when the generator has nothing else to do. By default each interrupts it,
    // and the server, whose send completes the generator's receive, pays for the interrupt.
    ring.setup_single_issuer().setup_defer_taskrun().setup_cqsize(COMPLETIONS);
    let mut runtime = RuntimeBuilder::<IoUringDriver>::new()
        .uring_builder(ring)
        .with_entries(SUBMISSIONS)
        .enable_timer()
        .build()
        .map_err(LoadError::Ring)?;
    runtime.block_on(drive::drive(workload, target))
}
