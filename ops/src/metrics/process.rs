//! What the system knows of this process.

use std::fs;

use super::exposition::{Page, Type};

/// Clock ticks a second in `/proc/PID/stat`: fixed by the kernel's interface, whatever the kernel's own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn write(page: &mut Page) {
    if let Some(bytes) = resident_bytes() {
        page.sample(Type::Gauge, "moim_process_resident_bytes", "Memory of the process that is in RAM.", bytes);
    }
    if let Some(seconds) = cpu_seconds() {
        page.sample(Type::Counter, "moim_process_cpu_seconds_total", "CPU time of all threads.", seconds);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        page.sample(Type::Gauge, "moim_process_open_fds", "Open files and sockets.", entries.count());
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(limit) = limit {
        page.sample(Type::Gauge, "moim_process_max_fds", "As many files and sockets may be open.", limit);
    }
}

fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in the second field may hold blanks and brackets; fields are counted from its end.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_tells_its_memory_files_and_time() {
        let mut page = Page::default();
        write(&mut page);
        let text = page.into_text();
        for name in ["resident_bytes", "cpu_seconds_total", "open_fds"] {
            assert!(text.contains(&format!("moim_process_{name} ")), "{text}");
        }
        assert!(resident_bytes().unwrap() > 1 << 20);
    }
}
