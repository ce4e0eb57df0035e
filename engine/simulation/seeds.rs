//! Many seeds, one after the other on each processor, and what is said when one fails.

use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::coverage::Coverage;
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
pub(crate) fn run(seed: u64, lines_max: usize) -> (Result<Coverage, Failure>, Trace) {
    let mut world = World::new(seed, Trace::keeping(lines_max));
    let ended = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    let what = match (ended, world.broken) {
        (Err(panic), _) => Some(panic_message(panic.as_ref())),
        (Ok(()), Some(broken)) => Some(format!("{}: {}", broken.invariant, broken.what)),
        (Ok(()), None) => None,
    };
    let step = world.trace.step;
    (what.map_or(Ok(world.coverage), |what| Err(Failure { seed, step, what })), world.trace)
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

/// What all threads share.
struct Seeds {
    first: u64,
    until: Until,
    start: Instant,
    next: AtomicU64,
    held: AtomicU64,
    stop: AtomicBool,
}

impl Seeds {
    /// One seed after the other, until it is over or one fails anywhere.
    fn work(&self) -> Result<Coverage, Failure> {
        let mut coverage = Coverage::default();
        while !self.stop.load(Ordering::Relaxed) {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if self.is_over(seed) {
                break;
            }
            let seen = run(seed, 0).0.inspect_err(|_| self.stop.store(true, Ordering::Relaxed))?;
            coverage.add(&seen);
            self.held.fetch_add(1, Ordering::Relaxed);
        }
        Ok(coverage)
    }

    fn is_over(&self, seed: u64) -> bool {
        match self.until {
            Until::Seeds(count) => seed - self.first >= count,
            Until::Seconds(seconds) => self.start.elapsed() >= Duration::from_secs(seconds),
        }
    }
}

/// Runs seeds from `first` on: how many held and what they came across, or the failure of the lowest that did not.
pub(crate) fn run_many(first: u64, until: Until) -> Result<(u64, Coverage), Failure> {
    let (next, held, stop) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let seeds = Seeds { first, until, start: Instant::now(), next, held, stop };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| seeds.work())).collect();
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            report(seeds.held.load(Ordering::Relaxed), seeds.start);
            std::thread::park_timeout(Duration::from_millis(250));
        }
        workers.into_iter().map(|worker| worker.join().expect("failures are caught")).collect()
    });
    let (mut coverage, mut failures) = (Coverage::default(), Vec::new());
    for result in results {
        match result {
            Ok(seen) => coverage.add(&seen),
            Err(failure) => failures.push(failure),
        }
    }
    let held = seeds.held.into_inner();
    failures.into_iter().min_by_key(|failure| failure.seed).map_or(Ok((held, coverage)), Err)
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
