//! A small disk of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Set in a process that runs where it may mount.
const MAY_MOUNT: &str = "MOIM_TEST_MAY_MOUNT";

/// A file system of a few MiB in memory; gone when dropped.
pub(crate) struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Runs `test`, named so by the harness, with a disk of that size: here where mounting is allowed, otherwise in a
    /// child process with a user namespace of its own.
    pub(crate) fn with(mib: u32, test_name: &str, test: impl FnOnce(&SmallDisk)) {
        match Self::mount(mib) {
            Ok(disk) => test(&disk),
            Err(why) => {
                assert!(
                    std::env::var_os(MAY_MOUNT).is_none(),
                    "cannot mount a tmpfs in a user namespace either: {why}"
                );
                run_in_namespace(test_name, &why);
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes what space is left but for `left_bytes`, until the guard is dropped.
    pub(crate) fn fill_but(&self, left_bytes: u64) -> Filler {
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        let free = || rustix::fs::statvfs(self.path()).map(|stat| stat.f_bavail * stat.f_frsize).unwrap();
        while free() > left_bytes && file.write_all(&[1; 4096]).is_ok() {}
        Filler { path }
    }

    fn mount(mib: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self { folder }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a failed test leaves its engine running on it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// A file in the way.
pub(crate) struct Filler {
    path: std::path::PathBuf,
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn run_in_namespace(test_name: &str, why: &str) {
    let executable = std::env::current_exe().unwrap();
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(executable)
        .args(["--exact", test_name, "--nocapture"])
        .env(MAY_MOUNT, "1")
        .status();
    let may =
        "this test needs a small disk: run it as root, or where `unshare --user --map-root-user --mount` is allowed";
    assert!(status.is_ok_and(|status| status.success()), "{test_name} failed, or could not mount ({why}); {may}");
}
