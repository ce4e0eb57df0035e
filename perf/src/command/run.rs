//! `run`: workloads against peers.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::Place;
use crate::bench::{Bench, Foreign, say};
use crate::error::Error;
use crate::machine::Machine;
use crate::peer::Peer;
use crate::profile::Profiler;
use crate::report::{Report, text, words};
use crate::workload::Workload;

/// Put workloads on peers and report
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Names of workloads, or paths of their files
    #[arg(required = true)]
    workload: Vec<String>,
    /// Peers, separated by commas [default: all that the workload names]
    #[arg(long, value_delimiter = ',')]
    peer: Vec<Peer>,
    /// How often each peer has its turn; figures are medians
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Length of the measured window instead of the workload's
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Folder for results.json, histogram logs and report.html
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A server that runs already, instead of starting one; needs one --peer
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Its process, to read what it uses
    #[arg(long, requires = "address")]
    process: Option<u32>,
    /// Users of a Moim server, as `moim mock --seats` writes them
    #[arg(long, value_name = "FILE")]
    seats: Option<PathBuf>,
    /// Draw a flame graph of the server over the measured window (needs `perf`)
    #[arg(long)]
    profile: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { workload, peer, rounds, seconds, out, address, process, seats, profile, place } = arguments;
    if address.is_some() && peer.len() != 1 {
        return Err(Error::Usage("--address needs --peer with the one kind of server that runs there".into()));
    }
    let host = place.host()?;
    let machine = Machine::look(&host.data);
    place.settle()?;
    let profiles = profile.then(|| out.clone().unwrap_or_else(|| PathBuf::from("target/perf-profiles")));
    if let Some(folder) = &profiles {
        Profiler::check()?;
        std::fs::create_dir_all(folder).map_err(Error::io(format!("creating {}", folder.display())))?;
    }
    let bench = Bench { host, foreign: address.map(|address| Foreign { address, process }), seats, profiles };
    let mut report = Report::new(machine);
    for name in &workload {
        let mut workload = Workload::find(name, &place.workloads)?;
        workload.measure_s = seconds.unwrap_or(workload.measure_s);
        let peers = if peer.is_empty() { workload.peers.clone() } else { peer.clone() };
        bench.alternate(
            &workload,
            &peers,
            rounds,
            |_, _| true,
            |run, measured| {
                say(&words::line(&run));
                report.add(run, measured, out.as_deref())
            },
        )?;
        report.conclude(workload, &peers);
    }
    say(&text::summary(&report));
    match &out {
        Some(folder) => report.write(folder),
        None => Ok(()),
    }
}
