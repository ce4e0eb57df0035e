//! What the figures were taken on.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::disk;

/// The machine, its disk, and the state of the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    /// What the kernel's TCP uses; it shapes what loopback can do.
    pub(crate) congestion_control: String,
    /// Where the server's data lay.
    pub(crate) file_system: String,
    /// Median of writing 4 KiB and syncing there, microseconds.
    pub(crate) sync_us: Option<f64>,
    /// Of the working tree, with a mark where it was changed.
    pub(crate) commit: String,
    /// Unix time at which the runs began, seconds.
    pub(crate) began_at_s: u64,
    pub(crate) harness: String,
}

impl Machine {
    /// Looks at this machine; `data` is the folder that servers put their data in.
    pub(crate) fn look(data: &Path) -> Self {
        let uname = rustix::system::uname();
        Self {
            processor: processor(&read("/proc/cpuinfo")),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_gib(&read("/proc/meminfo")),
            kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
            congestion_control: read("/proc/sys/net/ipv4/tcp_congestion_control").trim().to_owned(),
            file_system: disk::file_system(data),
            sync_us: disk::sync_us(data).ok(),
            commit: commit(),
            began_at_s: std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            harness: format!("moim-perf {}", env!("CARGO_PKG_VERSION")),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn processor(cpuinfo: &str) -> String {
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or("unknown", |(_, name)| name.trim()).to_owned()
}

fn memory_gib(meminfo: &str) -> f64 {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB"));
    let kib: f64 = total.and_then(|kib| kib.trim().parse().ok()).unwrap_or(0.0);
    (kib / f64::from(1 << 20) * 10.0).round() / 10.0
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain", "--untracked-files=no"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit} with changes"),
        _ => "no commit".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_from_what_the_kernel_says() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: AMD EPYC\n"), "AMD EPYC");
        assert_eq!(processor(""), "unknown");
        assert_eq!(memory_gib("MemTotal:       24000000 kB\n"), 22.9);
    }
}
