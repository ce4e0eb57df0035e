//! Which core runs what.

use std::io;

use rustix::process::Pid;
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

/// Cores that a process may run on; those of the calling thread without one.
pub(crate) fn of(process: Option<u32>) -> io::Result<Vec<usize>> {
    let process = process.and_then(|process| Pid::from_raw(process.cast_signed()));
    let set = sched_getaffinity(process)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

fn set(cores: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    cores.iter().for_each(|&core| set.set(core));
    set
}
