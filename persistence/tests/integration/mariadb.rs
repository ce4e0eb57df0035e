//! A MariaDB of a test's own, to be killed, stopped and started again; and a wire to it that can be cut.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A server that has not come up after this time has failed.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct MariaDb {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl MariaDb {
    /// Starts one, or says why the test is skipped. Continuous integration has it.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let paths = std::env::var("PATH").unwrap_or_default();
        let is_here = paths.split(':').chain(["/usr/sbin"]).any(|path| Path::new(path).join("mariadbd").exists());
        assert!(is_here || std::env::var_os("CI").is_none(), "MariaDB is not here");
        if !is_here {
            eprintln!("skipped: {test}, because MariaDB is not here");
            return None;
        }
        let mut server = Self { folder: tempfile::tempdir().unwrap(), port: free_port(), child: None };
        server.start_again();
        Some(server)
    }

    /// Starts it on its folder and port, and waits until it takes connections.
    pub(crate) fn start_again(&mut self) {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ops/testing/mariadb.sh");
        let mut command = Command::new(script);
        command.arg("run").arg(self.folder.path()).arg(self.port.to_string()).process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let child = self.child.insert(child);
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "MariaDB did not start in time");
            if let Some(ended) = child.try_wait().unwrap() {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                let log = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
                panic!("MariaDB did not start ({ended}): {said} {log}");
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Ends it as a power cut of its process would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The script has become the server: there is no process between.
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops it where it is; it answers nothing and closes nothing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn url(&self) -> String {
        url(self.address())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), signal).unwrap();
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The database that the script makes, as reached at `address`.
pub(crate) fn url(address: SocketAddr) -> String {
    format!("mysql://moim:moim-test@{address}/moim")
}

/// A port of this machine that nobody listens on.
pub(crate) fn free_port() -> u16 {
    // Below those that the system gives to connections: one of them would have it between two starts of a server.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 12_000 + (std::process::id() % 4_000) as u16;
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed)).take(1_000);
    ports.find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).expect("one of a thousand ports is free")
}
