//! What a process used, from /proc.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Processor time of a process up to one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CpuTime {
    /// In its own code, to the scheduler's tick.
    pub(crate) user_s: f64,
    /// In the kernel on its behalf, to the scheduler's tick.
    pub(crate) system_s: f64,
    /// Both, exact.
    pub(crate) running_s: f64,
    /// Ready to run while something else had the processor.
    pub(crate) waiting_s: f64,
}

/// What a process used over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor seconds in its own code.
    pub(crate) cpu_user_s: f64,
    /// Processor seconds in the kernel on its behalf.
    pub(crate) cpu_system_s: f64,
    /// Share of the window in which it ran; above 1 on several cores.
    pub(crate) busy: f64,
    /// Share of the window in which its threads were ready and had to wait, for one another or for others.
    pub(crate) waited: f64,
}

impl CpuTime {
    /// Of a process and all its threads.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let folder = format!("/proc/{process}");
        let (user_s, system_s) = user_and_system(&fs::read_to_string(format!("{folder}/stat")).ok()?)?;
        let threads = fs::read_dir(format!("{folder}/task")).ok()?.flatten();
        let (mut running_s, mut waiting_s) = (0.0, 0.0);
        for (running, waiting) in threads.filter_map(|thread| scheduled(&thread.path())) {
            running_s += running;
            waiting_s += waiting;
        }
        Some(Self { user_s, system_s, running_s, waiting_s })
    }

    /// Of the calling thread, which is all of the generator.
    pub(crate) fn own() -> Option<Self> {
        let folder = Path::new("/proc/thread-self");
        let (user_s, system_s) = user_and_system(&fs::read_to_string(folder.join("stat")).ok()?)?;
        let (running_s, waiting_s) = scheduled(folder)?;
        Some(Self { user_s, system_s, running_s, waiting_s })
    }

    /// What was used from `earlier` to `self`, `window_s` apart.
    pub(crate) fn since(&self, earlier: &Self, window_s: f64) -> Usage {
        let (running_s, waiting_s) = (self.running_s - earlier.running_s, self.waiting_s - earlier.waiting_s);
        let ticks_s = self.user_s + self.system_s - earlier.user_s - earlier.system_s;
        // The split is coarse, the sum exact: the split is scaled to the sum.
        let scale = if ticks_s > 0.0 { running_s / ticks_s } else { 0.0 };
        Usage {
            cpu_user_s: (self.user_s - earlier.user_s) * scale,
            cpu_system_s: (self.system_s - earlier.system_s) * scale,
            busy: running_s / window_s,
            waited: waiting_s / window_s,
        }
    }
}

/// Seconds that some cores were not idle, what the hypervisor took included.
pub(crate) fn cores_busy_s(cores: &[usize]) -> Option<f64> {
    busy_of(&fs::read_to_string("/proc/stat").ok()?, cores)
}

/// The fields of a core's line: user, nice, system, idle, waiting for input or output, interrupts of two kinds, stolen.
fn busy_of(stat: &str, cores: &[usize]) -> Option<f64> {
    let per_s = rustix::param::clock_ticks_per_second() as f64;
    let mut ticks = 0.0;
    for core in cores {
        let name = format!("cpu{core} ");
        let line = stat.lines().find_map(|line| line.strip_prefix(&name))?;
        let fields: Vec<f64> = line.split_ascii_whitespace().filter_map(|field| field.parse().ok()).collect();
        ticks += [0, 1, 2, 5, 6, 7].iter().filter_map(|&field| fields.get(field)).sum::<f64>();
    }
    Some(ticks / per_s)
}

/// Resident memory of a process.
pub(crate) fn resident_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The 14th and 15th field of a `stat` file, in seconds. The second is a name in brackets that may hold anything.
fn user_and_system(stat: &str) -> Option<(f64, f64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let per_s = rustix::param::clock_ticks_per_second() as f64;
    let user: f64 = fields.nth(11)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user / per_s, system / per_s))
}

/// Seconds that a thread ran and that it was ready while something else ran.
fn scheduled(thread: &Path) -> Option<(f64, f64)> {
    let text = fs::read_to_string(thread.join("schedstat")).ok()?;
    let mut fields = text.split_ascii_whitespace().map(|field| field.parse::<f64>().ok());
    Some((fields.next()?? / 1e9, fields.next()?? / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 0 0";
        let (user_s, system_s) = user_and_system(stat).unwrap();
        assert_eq!(user_s / system_s, 5.0);
    }

    #[test]
    fn this_process_is_seen() {
        let process = std::process::id();
        assert!(CpuTime::of(process).is_some());
        assert!(CpuTime::own().is_some());
        assert!(resident_bytes(process).unwrap() > 100_000);
    }

    #[test]
    fn the_split_is_scaled_to_the_exact_sum() {
        let earlier = CpuTime::default();
        let later = CpuTime { user_s: 0.1, system_s: 0.3, running_s: 0.8, waiting_s: 0.1 };
        let usage = later.since(&earlier, 1.0);
        assert!((usage.cpu_user_s - 0.2).abs() < 1e-9 && (usage.cpu_system_s - 0.6).abs() < 1e-9);
        assert!((usage.busy - 0.8).abs() < 1e-9 && (usage.waited - 0.1).abs() < 1e-9);
    }

    #[test]
    fn idle_cores_are_not_busy_and_stolen_time_is_not_ours() {
        let stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 100 50 4 5 6 0 0\ncpu1 10 0 0 0 0 0 0 0 0 0\n";
        let per_s = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(busy_of(stat, &[0]), Some(21.0 / per_s));
        assert_eq!(busy_of(stat, &[0, 1]), Some(31.0 / per_s));
        assert_eq!(busy_of(stat, &[2]), None);
    }
}
