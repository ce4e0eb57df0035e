//! What a sync costs on the disk that the server's data lies on. A durable server cannot acknowledge faster.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

const BLOCK_BYTES: usize = 4096;
const BLOCKS: usize = 1024;
const SYNCS: usize = 300;

/// Median time of writing 4 KiB into a file written beforehand and syncing it, microseconds.
pub(crate) fn sync_us(folder: &Path) -> io::Result<f64> {
    let file = tempfile::NamedTempFile::new_in(folder)?;
    prewrite(file.as_file())?;
    let device = OpenOptions::new().write(true).open(file.path())?;
    let block = vec![1u8; BLOCK_BYTES];
    let mut times_us = Vec::with_capacity(SYNCS);
    for number in 0..SYNCS {
        let begun = Instant::now();
        device.write_all_at(&block, (number % BLOCKS * BLOCK_BYTES) as u64)?;
        device.sync_data()?;
        times_us.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times_us.sort_by(f64::total_cmp);
    Ok(times_us[SYNCS / 2])
}

fn prewrite(file: &File) -> io::Result<()> {
    file.write_all_at(&vec![0; BLOCKS * BLOCK_BYTES], 0)?;
    file.sync_all()
}

/// Kind of the file system that a folder lies on. On one that keeps files in memory a sync costs nothing and proves
/// nothing.
pub(crate) fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let kind = kind_of(&mounts, &folder.to_string_lossy()).unwrap_or("a file system unknown");
    if matches!(kind, "tmpfs" | "ramfs") { format!("{kind} (in memory: NOT DURABLE)") } else { kind.to_owned() }
}

/// The kind of the mount with the longest path that holds the folder; of those with the same path the last.
fn kind_of<'a>(mounts: &'a str, folder: &str) -> Option<&'a str> {
    let mut best: Option<(&str, &str)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        let (Some(point), Some(kind)) = (fields.next(), fields.next()) else { continue };
        let holds = point == "/" || folder == point || folder.strip_prefix(point).is_some_and(|r| r.starts_with('/'));
        if holds && best.is_none_or(|(longest, _)| point.len() >= longest.len()) {
            best = Some((point, kind));
        }
    }
    best.map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_mount_counts() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/data xfs rw 0 0\n";
        assert_eq!(kind_of(mounts, "/tmp/data/x"), Some("xfs"));
        assert_eq!(kind_of(mounts, "/tmp/database"), Some("tmpfs"));
        assert_eq!(kind_of(mounts, "/home"), Some("ext4"));
    }

    #[test]
    fn a_sync_takes_time() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync_us(folder.path()).unwrap() > 0.0);
    }
}
