//! A server in a process of its own, to be killed as a power cut would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Options, Server};

/// Data folder of the server that a process is to be.
const DATA: &str = "MOIM_TEST_CHILD_DATA";
const SERVES: &str = "support::child::a_process_told_to_serves_until_it_is_killed";
const LISTENS: &str = "child listens on ";

/// Small segments, so that a burst fills several.
pub(crate) fn options() -> Options {
    let mut options = Options { shards: 1, segment_bytes: 256 * 1024, ..Options::default() };
    options.limits.batch_bytes_max = 64 * 1024;
    options
}

/// Not a test by itself: what the other process runs.
#[test]
fn a_process_told_to_serves_until_it_is_killed() {
    let Some(data) = std::env::var_os(DATA) else { return };
    let server = Server::start(Path::new(&data), &options());
    let mut out = std::io::stdout();
    writeln!(out, "\n{LISTENS}{}", server.engine.address()).unwrap();
    out.flush().unwrap();
    // Until the one who started it is gone, if it is not killed before.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    server.stop();
}

pub(crate) struct ChildServer {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ChildServer {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", SERVES, "--nocapture"])
            .env(DATA, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test's own binary runs");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix(LISTENS)?.parse().ok());
        let address = addresses.next().expect("the child says where it listens");
        Self { child, address }
    }

    /// kill -9, and nothing of it runs any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
