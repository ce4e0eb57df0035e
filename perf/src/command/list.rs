//! `list`: what can be run.

use std::path::PathBuf;

use clap::Args;

use crate::bench::say;
use crate::error::Error;
use crate::workload::{Workload, known};

/// List the workloads
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder with workload files
    #[arg(long, default_value = "perf/workloads", value_name = "DIR")]
    workloads: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    for name in known(&arguments.workloads) {
        let workload = Workload::find(&name, &arguments.workloads)?;
        let peers: Vec<&str> = workload.peers.iter().map(|peer| peer.name()).collect();
        say(&format!("{name:<12} {}\n{:<12} peers: {}", workload.title, "", peers.join(", ")));
    }
    Ok(())
}
