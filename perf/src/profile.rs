//! Where the server's processor time goes: samples over the measured window, as a flame graph.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use inferno::collapse::Collapse;
use inferno::collapse::perf::{Folder, Options as CollapseOptions};
use inferno::flamegraph::{Options, from_reader};

/// Odd, so that samples do not fall in step with anything.
const SAMPLES_PER_S: &str = "499";
/// Bytes of stack that a sample keeps, for unwinding without frame pointers.
const CALL_GRAPH: &str = "dwarf,16384";

/// Why there is no flame graph.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    #[error("`perf` is not installed; Debian and Ubuntu have it in linux-perf and linux-tools-generic")]
    Missing,
    #[error("`perf {what}` failed: {why}")]
    Failed { what: &'static str, why: String },
    #[error("the flame graph: {0}")]
    Graph(#[from] io::Error),
}

/// Samples being taken.
pub(crate) struct Profiler {
    perf: Child,
    samples: PathBuf,
}

impl Profiler {
    /// Whether `perf` is there.
    pub(crate) fn check() -> Result<(), ProfileError> {
        let version = Command::new("perf").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if version.is_ok_and(|status| status.success()) { Ok(()) } else { Err(ProfileError::Missing) }
    }

    /// Samples a process for a number of seconds.
    pub(crate) fn start(process: u32, seconds: f64, samples: &Path) -> Result<Self, ProfileError> {
        let perf = Command::new("perf")
            .args(["record", "--quiet", "--freq", SAMPLES_PER_S, "--call-graph", CALL_GRAPH])
            .args(["--pid", &process.to_string(), "--output"])
            .arg(samples)
            .args(["--", "sleep", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { perf, samples: samples.to_owned() })
    }

    /// Draws what was sampled.
    pub(crate) fn draw(mut self, title: &str, graph: &Path) -> Result<(), ProfileError> {
        let status = self.perf.wait()?;
        if !status.success() {
            let why = format!("{status}; kernel.perf_event_paranoid may forbid it");
            return Err(ProfileError::Failed { what: "record", why });
        }
        let script = Command::new("perf").args(["script", "--no-inline", "--input"]).arg(&self.samples).output()?;
        if !script.status.success() {
            let why = String::from_utf8_lossy(&script.stderr).into_owned();
            return Err(ProfileError::Failed { what: "script", why });
        }
        let mut folded = Vec::new();
        Folder::from(CollapseOptions::default()).collapse(BufReader::new(&script.stdout[..]), &mut folded)?;
        let mut options = Options::default();
        options.title = title.to_owned();
        from_reader(&mut options, &folded[..], File::create(graph)?)?;
        // The samples are large and the graph holds what they told.
        std::fs::remove_file(&self.samples)?;
        Ok(())
    }
}
