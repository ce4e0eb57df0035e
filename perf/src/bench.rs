//! Runs workloads against peers: alternately, so that what drifts on the machine drifts for all of them.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::Error;
use crate::figures::{Origin, Run};
use crate::load::{Measured, Target, put};
use crate::peer::{Host, Peer, PeerError};
use crate::workload::Workload;

/// A server that runs already, instead of one that is started.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    pub(crate) address: SocketAddr,
    pub(crate) process: Option<u32>,
}

/// What stays the same over all runs.
pub(crate) struct Bench {
    pub(crate) host: Host,
    pub(crate) foreign: Option<Foreign>,
    /// Users of a Moim server, instead of those made for the run.
    pub(crate) seats: Option<PathBuf>,
    /// Where flame graphs go, if they are wanted.
    pub(crate) profiles: Option<PathBuf>,
}

impl Bench {
    /// Servers started for each run, nothing profiled.
    pub(crate) const fn of(host: Host) -> Self {
        Self { host, foreign: None, seats: None, profiles: None }
    }

    /// Runs each peer once in each round in which `has_turn` says so. `on_run` gets every run as soon as it is over. A peer that is not installed,
    /// or fails, is said and left out: the others' figures stand without it.
    pub(crate) fn alternate(
        &self,
        workload: &Workload,
        peers: &[Peer],
        rounds: u32,
        has_turn: impl Fn(Peer, u32) -> bool,
        mut on_run: impl FnMut(Run, Option<&Measured>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut peers = peers.to_vec();
        for round in 1..=rounds {
            let mut missing = Vec::new();
            for &peer in peers.iter().filter(|&&peer| has_turn(peer, round)) {
                match self.once(workload, peer, round) {
                    Ok((run, measured)) => on_run(run, measured.as_ref())?,
                    Err(error) => {
                        say(&format!("{} {} #{round} was not measured: {error}", workload.name, peer.name()));
                        if matches!(error, Error::Peer(PeerError::Missing { .. })) {
                            missing.push(peer);
                        }
                    }
                }
            }
            peers.retain(|peer| !missing.contains(peer));
        }
        Ok(())
    }

    /// One run, on a server of its own. There are no histograms of peers that are alone.
    pub(crate) fn once(&self, workload: &Workload, peer: Peer, round: u32) -> Result<(Run, Option<Measured>), Error> {
        if peer.is_alone() {
            let (alone, version) = peer.work(workload, &self.host_of(workload))?;
            let durability = "synced by itself".to_owned();
            let origin = Origin { workload: workload.name.clone(), peer, round, version, durability };
            return Ok((Run::alone(origin, alone), None));
        }
        let server = match &self.foreign {
            Some(foreign) => peer.at(foreign.address, foreign.process),
            None => peer.start(workload, &self.host_of(workload))?,
        };
        let server = server.with_seats(self.seats.clone());
        let graph =
            self.profiles.as_ref().map(|folder| folder.join(format!("{}-{}-{round}.svg", workload.name, peer.name())));
        let target = Target {
            address: server.address,
            dialect: peer.dialect(),
            process: server.process(),
            metrics: server.metrics,
            seats: peer.seats(workload, &server)?,
            graph,
        };
        let measured = put(workload, target).map_err(|error| Error::Load {
            peer: peer.name(),
            workload: workload.name.clone(),
            error,
        })?;
        let (version, durability) = (server.version.clone(), server.durability.clone());
        let origin = Origin { workload: workload.name.clone(), peer, round, version, durability };
        Ok((Run::of(origin, &measured), Some(measured)))
    }

    /// Workloads that give the server more cores than one take the generator's too.
    fn host_of(&self, workload: &Workload) -> Host {
        let mut host = self.host.clone();
        if workload.server_cores > host.server_cores.len() {
            host.server_cores.push(host.generator_core);
        }
        host
    }
}

/// Writes a line to standard output. One that nobody reads any more is no reason to fail.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
