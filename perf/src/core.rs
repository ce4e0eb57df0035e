//! Which core runs what.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps the calling thread on one core.
pub(crate) fn stay_on(core: usize) -> io::Result<()> {
    Ok(sched_setaffinity(None, &set(&[core]))?)
}

/// Does something with the calling thread on other cores: a child that it starts stays on them.
pub(crate) fn run_on<T>(cores: &[usize], work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    sched_setaffinity(None, &set(cores))?;
    let result = work();
    sched_setaffinity(None, &before)?;
    result
}

fn set(cores: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    cores.iter().for_each(|&core| set.set(core));
    set
}
