//! A server's process: started on its cores, watched until it answers, stopped at the end.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Host, Peer, PeerError};
use crate::core::run_on;

const START_MAX: Duration = Duration::from_secs(20);
const STOP_MAX: Duration = Duration::from_secs(10);
const LOG_LINES: usize = 20;

/// A server that a load can be put on.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Where `/metrics` answers, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) version: String,
    /// What it has stored before it acknowledges and delivers.
    pub(crate) durability: String,
    process: Option<u32>,
    child: Option<Child>,
    seats: Option<PathBuf>,
    /// Configuration, data and log; removed at the end.
    _folder: Option<TempDir>,
}

/// What starts.
pub(super) struct Launch {
    pub(super) peer: Peer,
    pub(super) command: Command,
    pub(super) address: SocketAddr,
    pub(super) metrics: Option<SocketAddr>,
    pub(super) version: String,
    pub(super) durability: String,
    pub(super) seats: Option<PathBuf>,
    pub(super) folder: TempDir,
}

impl Server {
    /// Starts a server on its cores and waits until it takes connections.
    pub(super) fn launch(launch: Launch, host: &Host) -> Result<Self, PeerError> {
        let Launch { peer, mut command, address, metrics, version, durability, seats, folder } = launch;
        let log = folder.path().join("log");
        let file = File::create(&log).map_err(io("creating the server's log"))?;
        let copy = file.try_clone().map_err(io("sharing the server's log"))?;
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let child = run_on(&host.server_cores, || command.spawn()).map_err(io("starting the server"))?;
        let mut server = Self {
            address,
            metrics,
            version,
            durability,
            process: Some(child.id()),
            child: Some(child),
            seats,
            _folder: Some(folder),
        };
        match server.answers() {
            Ok(()) => Ok(server),
            Err(why) => Err(PeerError::NotStarted { peer: peer.name(), why, log: tail(&log) }),
        }
    }

    /// A server that somebody else started.
    pub(super) fn foreign(peer: Peer, address: SocketAddr, process: Option<u32>) -> Self {
        Self {
            address,
            metrics: None,
            version: format!("{} that runs at {address}", peer.name()),
            durability: "as that server is configured".into(),
            process,
            child: None,
            seats: None,
            _folder: None,
        }
    }

    /// Takes users from a file instead of those that the preparation made.
    pub(crate) fn with_seats(mut self, seats: Option<PathBuf>) -> Self {
        if seats.is_some() {
            self.seats = seats;
        }
        self
    }

    pub(super) fn seats(&self) -> Option<&Path> {
        self.seats.as_deref()
    }

    /// The process, where it is on this machine and known.
    pub(crate) const fn process(&self) -> Option<u32> {
        self.process
    }

    fn answers(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            if TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.exited() {
                return Err(format!("it ended with {status}"));
            }
            if begun.elapsed() > START_MAX {
                return Err(format!("nothing answers at {} after {} s", self.address, START_MAX.as_secs()));
            }
            pause();
        }
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok()?
    }
}

impl Drop for Server {
    /// Asks the server to stop, and ends it where it does not.
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if let Some(process) = Pid::from_raw(child.id().cast_signed()) {
            // One that is gone already needs no signal.
            let _ = kill_process(process, Signal::TERM);
        }
        let begun = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && begun.elapsed() < STOP_MAX {
            pause();
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "no event tells that another process listens; no load runs meanwhile")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// A port of this machine that nobody listens on.
pub(super) fn free_address() -> Result<SocketAddr, PeerError> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(io("looking for a free port"))?;
    listener.local_addr().map_err(io("looking for a free port"))
}

/// A folder of the server's own on the disk that data is to lie on.
pub(super) fn fresh_folder(host: &Host) -> Result<TempDir, PeerError> {
    std::fs::create_dir_all(&host.data).map_err(io("creating the data folder"))?;
    tempfile::Builder::new().prefix("moim-perf-").tempdir_in(&host.data).map_err(io("creating the server's folder"))
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// Says what was being done when something of the machine failed.
pub(super) fn io(what: &str) -> impl FnOnce(std::io::Error) -> PeerError {
    let what = what.to_owned();
    move |error| PeerError::Io { what, error }
}
