//! `compare`: two servers in alternating pairs, or two recorded results.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Place;
use crate::bench::{Bench, say};
use crate::error::Error;
use crate::machine::Machine;
use crate::peer::Peer;
use crate::report::{Report, compare, words};
use crate::workload::Workload;

/// Say what changed between two servers beyond noise
///
/// A and B are two `moim` binaries, which then run in alternating pairs, or two folders that `run --out` or `bench`
/// wrote.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  moim-perf compare old/moim target/release/moim
  moim-perf compare old/moim target/release/moim --workload rooms,quiet --pairs 7
  moim-perf compare results/monday results/tuesday")]
pub(super) struct Arguments {
    /// A binary or a folder of results
    a: PathBuf,
    /// What is compared with it
    b: PathBuf,
    /// Workloads to run
    #[arg(long, value_delimiter = ',', default_value = "rooms,broadcast,steady,quiet")]
    workload: Vec<String>,
    /// Through which protocols
    #[arg(long, value_delimiter = ',', default_value = "moim")]
    peer: Vec<Peer>,
    /// How many pairs
    #[arg(long, default_value_t = 5)]
    pairs: u32,
    /// Length of the measured window instead of the workload's
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let (a, b) = match (is_program(&arguments.a), is_program(&arguments.b)) {
        (true, true) => alternate(arguments)?,
        (false, false) => (Report::read(&arguments.a)?, Report::read(&arguments.b)?),
        _ => return Err(Error::Usage("A and B must both be binaries, or both be results".into())),
    };
    say(&compare::table(&a, &b));
    Ok(())
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A, B, A, B, ...: what drifts on the machine drifts for both.
fn alternate(arguments: &Arguments) -> Result<(Report, Report), Error> {
    let place = &arguments.place;
    let host = place.host()?;
    let machine = Machine::look(&host.data);
    place.settle()?;
    let side = |program: &Path| {
        let mut host = host.clone();
        host.moim = program.to_owned();
        (Bench::of(host), Report::new(machine.clone()))
    };
    let mut sides = [side(&arguments.a), side(&arguments.b)];
    for name in &arguments.workload {
        let mut workload = Workload::find(name, &place.workloads)?;
        workload.measure_s = arguments.seconds.unwrap_or(workload.measure_s);
        for round in 1..=arguments.pairs {
            for &peer in &arguments.peer {
                for (side, (bench, report)) in ["A", "B"].iter().zip(&mut sides) {
                    let (run, measured) = bench.once(&workload, peer, round)?;
                    say(&format!("{side} {}", words::line(&run)));
                    report.add(run, measured.as_ref(), None)?;
                }
            }
        }
        for (_, report) in &mut sides {
            report.conclude(workload.clone(), &[]);
        }
    }
    let [(_, a), (_, b)] = sides;
    Ok((a, b))
}
