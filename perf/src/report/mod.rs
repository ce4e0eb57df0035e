//! What runs are reported as: figures for machines, histograms for tools, a page for people.

pub(crate) mod compare;
mod histogram_log;
mod html;
pub(crate) mod median;
mod plot;
mod scale;
pub(crate) mod text;
pub(crate) mod words;

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::figures::Run;
use crate::load::Measured;
use crate::machine::Machine;
use crate::mark::{Mark, Measure, Verdict};
use crate::peer::Peer;
use crate::workload::Workload;

use median::Median;

/// All runs of one call of the harness.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) runs: Vec<Run>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, workloads: Vec::new(), runs: Vec::new(), verdicts: Vec::new() }
    }

    /// Takes a run in; where there is a folder, its histograms go there at once.
    pub(crate) fn add(&mut self, run: Run, measured: Option<&Measured>, out: Option<&Path>) -> Result<(), Error> {
        if let Some((folder, measured)) = out.zip(measured) {
            let path = folder.join(format!("{}-{}-{}.hlog", run.workload, run.peer.name(), run.round));
            fs::create_dir_all(folder).map_err(Error::io(format!("creating {}", folder.display())))?;
            histogram_log::write(&path, measured, self.machine.began_at_s)
                .map_err(Error::io(format!("writing {}", path.display())))?;
        }
        self.runs.push(run);
        Ok(())
    }

    /// Takes in that all runs of a workload are there, and judges its marks among the given peers.
    pub(crate) fn conclude(&mut self, workload: Workload, peers: &[Peer]) {
        let figure = |peer, measure| Some(self.median(&workload.name, peer, |run| run.figure(measure))?.value);
        let marks = workload.marks.iter().filter(|mark| mark.peers().all(|peer| peers.contains(&peer)));
        let is_faulty = |mark: &Mark| {
            // Faults are that mark's own figure.
            mark.measure != Measure::Faults && self.runs_of(&workload.name, mark.peer).any(|run| run.faults() > 0)
        };
        let verdicts: Vec<_> = marks.map(|mark| mark.judge(figure, self.machine.sync_us, is_faulty(mark))).collect();
        self.verdicts.extend(verdicts);
        self.workloads.push(workload);
    }

    /// Peers that ran a workload.
    pub(crate) fn peers_of(&self, workload: &str) -> Vec<Peer> {
        let mut peers: Vec<_> = self.runs.iter().filter(|run| run.workload == workload).map(|run| run.peer).collect();
        peers.sort();
        peers.dedup();
        peers
    }

    /// Runs of a workload against a peer.
    pub(crate) fn runs_of(&self, workload: &str, peer: Peer) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.workload == workload && run.peer == peer)
    }

    /// The run in the middle: the one to plot.
    fn middle_run(&self, workload: &str, peer: Peer) -> Option<&Run> {
        let mut runs: Vec<&Run> = self.runs_of(workload, peer).collect();
        runs.sort_by(|a, b| a.delivery.p99_us.total_cmp(&b.delivery.p99_us));
        runs.get(runs.len() / 2).copied()
    }

    /// A figure over the rounds.
    pub(crate) fn median(&self, workload: &str, peer: Peer, figure: impl Fn(&Run) -> Option<f64>) -> Option<Median> {
        Median::of(self.runs_of(workload, peer).filter_map(figure))
    }

    /// Writes `results.json` and `report.html`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::io(format!("creating {}", folder.display())))?;
        let path = folder.join("results.json");
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| Error::Json { path: path.display().to_string(), error })?;
        fs::write(&path, json).map_err(Error::io(format!("writing {}", path.display())))?;
        let path = folder.join("report.html");
        fs::write(&path, html::page(self)).map_err(Error::io(format!("writing {}", path.display())))
    }

    /// Reads what [`Self::write`] wrote: a folder, or the JSON file itself.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let path = if path.is_dir() { path.join("results.json") } else { path.to_owned() };
        let bytes = fs::read(&path).map_err(Error::io(format!("reading {}", path.display())))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Json { path: path.display().to_string(), error })
    }
}
