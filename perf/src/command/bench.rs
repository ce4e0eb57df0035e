//! `bench`: the short set, one table, and a line for each mark.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::Place;
use crate::bench::{Bench, say};
use crate::error::Error;
use crate::machine::Machine;
use crate::report::{Report, text, words};
use crate::workload::Workload;

/// Run the short set (under ten minutes) and judge the marks
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  moim-perf bench --out results/today")]
pub(super) struct Arguments {
    /// Folder for results.json, histogram logs and report.html
    #[arg(long, default_value = "target/perf-results", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { out, place } = arguments;
    let begun = Instant::now();
    let host = place.host()?;
    let machine = Machine::look(&host.data);
    place.settle()?;
    let bench = Bench::of(host);
    let mut report = Report::new(machine);
    for (workload, short) in Workload::short_set(&place.workloads)? {
        let has_turn = |peer, round| short.has_turn(peer, round);
        bench.alternate(&workload, &workload.peers, short.rounds, has_turn, |run, measured| {
            say(&words::line(&run));
            report.add(run, measured, Some(out))
        })?;
        let peers = workload.peers.clone();
        report.conclude(workload, &peers);
    }
    report.write(out)?;
    say(&format!(
        "\n{} s; {} on {} ({}), {}; results and report.html are in {}",
        begun.elapsed().as_secs(),
        report.machine.commit,
        report.machine.processor,
        report.machine.kernel,
        report.machine.file_system,
        out.display()
    ));
    say(&text::summary(&report));
    Ok(())
}
