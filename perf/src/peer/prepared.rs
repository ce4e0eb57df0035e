//! Users and rooms of Moim, made once in bulk by the server's own binary and copied for each run: making ten thousand
//! users takes many times as long as a run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::server::{io as failed, tail};
use super::{Host, PeerError};
use crate::core::run_on;
use crate::load::Layout;

/// Tokens live for a day; those of a preparation older than this may end within a run.
const AGE_MAX: Duration = Duration::from_secs(12 * 3600);
const FOLDER: &str = "prepared";
const DATA: &str = "data";
const MEMORY: &str = "/dev/shm";
const SEATS: &str = "seats.jsonl";

/// A run's own copy.
pub(super) struct Prepared {
    pub(super) data: PathBuf,
    /// The users with their tokens and rooms, as `moim mock` wrote them.
    pub(super) seats: PathBuf,
}

/// Copies users and rooms for a layout into `folder`, making them first where that was not done before.
pub(super) fn copy_into(folder: &Path, moim: &Path, layout: &Layout, host: &Host) -> Result<Prepared, PeerError> {
    let all = host.data.join(FOLDER);
    fs::create_dir_all(&all).map_err(failed("creating the folder of preparations"))?;
    forget_old(&all);
    let made = all.join(name(moim, layout).map_err(failed("looking at Moim's binary"))?);
    if !made.is_dir() {
        make(&made, moim, layout, host)?;
    }
    let prepared = Prepared { data: folder.join(DATA), seats: folder.join(SEATS) };
    copy(&made.join(DATA), &prepared.data).map_err(failed("copying the prepared data"))?;
    fs::copy(made.join(SEATS), &prepared.seats).map_err(failed("copying the seats file"))?;
    Ok(prepared)
}

/// Tells layouts, and binaries that may write other data, apart.
fn name(moim: &Path, layout: &Layout) -> io::Result<String> {
    let binary = moim.metadata()?;
    let changed_s = binary.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(format!("{}x{}-{:x}-{changed_s:x}", layout.rooms, layout.members, binary.len()))
}

/// Made elsewhere and moved to its place whole, so that one that was broken off is not taken for done.
fn make(made: &Path, moim: &Path, layout: &Layout, host: &Host) -> Result<(), PeerError> {
    let folder = workshop(host).map_err(failed("creating the folder of a preparation"))?;
    let log = folder.path().join("log");
    let file = File::create(&log).map_err(failed("creating the log of the preparation"))?;
    let same = file.try_clone().map_err(failed("sharing the log of the preparation"))?;
    let mut command = Command::new(moim);
    command
        .arg("mock")
        .arg("--data")
        .arg(folder.path().join(DATA))
        .args(["--set", "trial.enabled=true"])
        .args(["--users", &layout.connections().to_string()])
        .args(["--rooms", &layout.rooms.to_string()])
        .args(["--members", &layout.members.to_string()])
        .arg("--seats")
        .arg(folder.path().join(SEATS))
        .stdout(file)
        .stderr(same);
    let status = run_on(&host.server_cores, || command.status()).map_err(failed("starting the preparation"))?;
    if !status.success() {
        return Err(PeerError::Preparation {
            program: "moim mock".into(),
            status: status.to_string(),
            log: tail(&log),
        });
    }
    let beside = made.with_extension("copying");
    let moved = copy(folder.path(), &beside).and_then(|()| fs::rename(&beside, made));
    moved.map_err(failed("keeping the preparation"))
}

/// In memory where that can be: every user is committed, and thousands of syncs would take minutes.
fn workshop(host: &Host) -> io::Result<TempDir> {
    let folder = || tempfile::Builder::new();
    folder().prefix("moim-perf-").tempdir_in(MEMORY).or_else(|_| folder().prefix("making-").tempdir_in(&host.data))
}

/// Removes preparations whose tokens may end soon. One that cannot be removed is in nobody's way.
fn forget_old(all: &Path) {
    let is_old = |path: &Path| {
        let made = path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(UNIX_EPOCH);
        SystemTime::now().duration_since(made).is_ok_and(|age| age > AGE_MAX)
    };
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        if is_old(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_folders_and_rights_of_the_original() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("inner")).unwrap();
        fs::write(from.join("inner/secret"), "s").unwrap();
        fs::set_permissions(from.join("inner/secret"), fs::Permissions::from_mode(0o600)).unwrap();
        copy(&from, &to).unwrap();
        let copied = to.join("inner/secret");
        assert_eq!(fs::read_to_string(&copied).unwrap(), "s");
        assert_eq!(copied.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
