//! Many seeds, one after the other on each processor, and what is said when one fails.

use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::trace::Trace;
use crate::world::World;

/// Lines of trace shown with a failure.
const TRACE_LINES: usize = 60;

/// A seed that does not hold.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    seed: u64,
    step: usize,
    what: String,
}

/// Runs a seed to its end; the trace as far as it was kept.
pub(crate) fn run(seed: u64, lines_max: usize) -> (Result<(), Failure>, Trace) {
    let mut world = World::new(seed, Trace::keeping(lines_max));
    let ended = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    let what = match (ended, world.broken) {
        (Err(panic), _) => Some(panic_message(panic.as_ref())),
        (Ok(()), Some(broken)) => Some(format!("{}: {}", broken.invariant, broken.what)),
        (Ok(()), None) => None,
    };
    let step = world.trace.step;
    (what.map_or(Ok(()), |what| Err(Failure { seed, step, what })), world.trace)
}

fn live(world: &mut World) {
    for step in 0..world.plan.steps {
        world.trace.step = step;
        world.step();
        if world.broken.is_some() {
            return;
        }
    }
    world.trace.step = world.plan.steps;
    world.come_to_rest();
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    format!("panic: {}", text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words"))
}

/// When to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Seeds(u64),
    Seconds(u64),
}

/// Runs seeds from `first` on; the number of those that held, or the failure of the lowest that did not.
pub(crate) fn run_many(first: u64, until: Until) -> Result<u64, Failure> {
    let (next, held, stop) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let start = Instant::now();
    let is_over = |seed: u64| match until {
        Until::Seeds(count) => seed - first >= count,
        Until::Seconds(seconds) => start.elapsed() >= Duration::from_secs(seconds),
    };
    let work = || {
        let mut failure = None;
        while failure.is_none() && !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if is_over(seed) {
                break;
            }
            failure = run(seed, 0).0.err();
            held.fetch_add(u64::from(failure.is_none()), Ordering::Relaxed);
        }
        if failure.is_some() {
            stop.store(true, Ordering::Relaxed);
        }
        failure
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            report(held.load(Ordering::Relaxed), start);
            std::thread::park_timeout(Duration::from_secs(1));
        }
        workers.into_iter().filter_map(|worker| worker.join().expect("failures are caught")).collect()
    });
    failures.into_iter().min_by_key(|failure| failure.seed).map_or(Ok(held.into_inner()), Err)
}

/// A line a second, where somebody watches.
fn report(seeds: u64, start: Instant) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Nobody is the worse for a line that is not seen.
        let _ = write!(out, "\r{seeds} seeds in {} s", start.elapsed().as_secs());
    }
}

/// What happened in words: the seed runs once more, with its trace.
pub(crate) fn explain(failure: &Failure) -> String {
    let Failure { seed, step, what } = failure;
    let (_, trace) = run(*seed, TRACE_LINES);
    let lines: Vec<&str> = trace.lines().collect();
    format!(
        "\n{}\nseed {seed} failed at step {step}: {what}\nreplay with its whole trace: \
         MOIM_SEED={seed} cargo test -p moim-engine --test simulation -- --nocapture\n",
        lines.join("\n")
    )
}
