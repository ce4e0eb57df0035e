//! A CQL server of a test's own, which may be killed: one at a time, since each takes a gigabyte.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub(crate) struct Node {
    folder: TempDir,
    port: u16,
    wants_passwords: bool,
    _turn: MutexGuard<'static, ()>,
}

impl Node {
    /// A node that is not started yet. `None`, told, where there is none to start: without the jars of one, or where the
    /// tests are run on a server that is not ours.
    pub(crate) fn new(test: &str) -> Option<Self> {
        if std::env::var_os("MOIM_TEST_CQL_NODES").is_none() {
            eprintln!("skipped: {test}, because MOIM_TEST_CQL_NODES does not allow nodes of its own");
            return None;
        }
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        Some(Self { folder, port, wants_passwords: false, _turn: turn })
    }

    pub(crate) fn with_passwords(mut self) -> Self {
        self.wants_passwords = true;
        self
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it on what is in its folder; returns when it answers.
    pub(crate) fn start(&self) {
        let mut command = Command::new(script());
        command.arg("start").arg(self.folder.path()).arg(self.port.to_string());
        if self.wants_passwords {
            command.env("CQL_AUTH", "1");
        }
        let started = command.output().unwrap();
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    }

    /// Ends it as a power cut would; returns when it is gone.
    pub(crate) fn kill(&self) {
        let Some(pid) = self.pid() else { return };
        if kill_process(pid, Signal::KILL).is_ok() {
            while is_there(pid) {
                std::thread::yield_now();
            }
        }
    }

    pub(crate) fn stop_moving(&self) {
        kill_process(self.pid().unwrap(), Signal::STOP).unwrap();
    }

    pub(crate) fn go_on(&self) {
        kill_process(self.pid().unwrap(), Signal::CONT).unwrap();
    }

    fn pid(&self) -> Option<Pid> {
        let written = std::fs::read_to_string(self.folder.path().join("pid")).ok()?;
        Pid::from_raw(written.trim().parse().unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a process still has its memory and its sockets: one that waits for its parent to ask for it has not.
fn is_there(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops/testing/cassandra.sh")
}

/// A port that is free, and the next one, too: the node takes both. None of those that the system gives to who connects:
/// one that knocks at a port where nobody listens may be given that very port, and so connect to itself.
fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + (std::process::id() % 5_000) as u16 * 2;
    (first..32_000).step_by(2).find(|&port| is_free(port) && is_free(port + 1)).expect("two free ports")
}
