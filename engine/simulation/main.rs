//! The engine's shards under a seeded simulation: clients, bridges, stores, disks and crashes are made up, the shards
//! and the journal's bytes are the real ones, and the [`invariants`] are checked after each step.
//!
//! `MOIM_SEEDS=n` runs n seeds, `MOIM_SECONDS=n` runs on for that long, `MOIM_SEED=n` replays one with its trace.

mod accounts;
mod backlog;
mod client;
mod connection;
mod coverage;
mod disk;
mod faults;
mod heard;
mod invariants;
mod lane;
mod messages;
mod network;
mod outbox;
mod people;
mod plan;
mod random;
mod rest;
mod seeds;
mod server;
mod storage;
mod trace;
mod view;
mod world;
mod writer;

use seeds::{Until, explain, run, run_many};

const SEEDS: u64 = 3_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text}: not a number")))
}

/// Seeds that nobody has seen before, for runs that go on.
fn fresh_seed() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(1, |time| time.as_secs()) << 24
}

#[test]
#[expect(clippy::print_stdout, reason = "seen with --nocapture, by whoever lets it run on")]
fn a_few_thousand_seeds_hold_every_invariant() {
    if let Some(seed) = number("MOIM_SEED") {
        return replay(seed);
    }
    let result = match number("MOIM_SECONDS") {
        Some(seconds) => run_many(fresh_seed(), Until::Seconds(seconds)),
        None => run_many(1, Until::Seeds(number("MOIM_SEEDS").unwrap_or(SEEDS))),
    };
    let (seeds, coverage) = result.unwrap_or_else(|failure| panic!("{}", explain(&failure)));
    println!("{seeds} seeds held every invariant. They came across:\n{}", coverage.lines());
    if seeds >= SEEDS {
        assert!(coverage.missing().is_empty(), "no seed came across: {:#?}", coverage.missing());
    }
}

#[expect(clippy::print_stdout, reason = "a replay is there to be read")]
fn replay(seed: u64) {
    let (result, trace) = run(seed, usize::MAX);
    trace.lines().for_each(|line| println!("{line}"));
    if let Err(failure) = result {
        panic!("{failure:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [7, 77, 777] {
        let runs = [run(seed, usize::MAX).1, run(seed, usize::MAX).1];
        assert!(runs[0].lines().count() > 100, "seed {seed} does next to nothing");
        assert!(runs[0].lines().eq(runs[1].lines()), "seed {seed} gave two runs");
    }
}
