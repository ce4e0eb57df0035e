//! `list`: what can be run, and what it can be run against here.

use clap::Args;

use super::Place;
use crate::bench::say;
use crate::error::Error;
use crate::peer::Peer;
use crate::workload::{Workload, known};

/// List workloads and peers, and what is installed
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { place } = arguments;
    for name in known(&place.workloads) {
        let workload = Workload::find(&name, &place.workloads)?;
        say(&format!("{name:<13}{}", workload.title));
    }
    say("");
    let host = place.host()?;
    for peer in Peer::ALL {
        let found = match peer.program(&host) {
            Ok(program) => peer.version(&program),
            Err(error) => error.to_string(),
        };
        say(&format!("{:<13}{found}", peer.name()));
    }
    Ok(())
}
