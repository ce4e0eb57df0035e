//! Programs of this project that do one part of the work in their own process, without a server, sockets or this
//! generator around it, and say themselves how fast it went: what a whole server is held against.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::server::{fresh_folder, io};
use super::{Host, Peer, PeerError};
use crate::core::run_on;
use crate::workload::Workload;

/// How it went, as the program's last line says in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Alone {
    pub(crate) messages: u64,
    pub(crate) seconds: f64,
}

/// Runs the program to its end, on all cores that the workload gives a server.
pub(super) fn run(
    peer: Peer,
    program: &Path,
    more: &[&str],
    workload: &Workload,
    seconds: f64,
    host: &Host,
) -> Result<Alone, PeerError> {
    let folder = fresh_folder(host)?;
    let mut command = Command::new(program);
    command
        .args(["--rooms", &workload.rooms.to_string(), "--members", &workload.members.to_string()])
        .args(["--text-bytes", &workload.text_bytes.to_string(), "--seconds", &seconds.to_string()])
        .args(more)
        .arg("--data")
        .arg(folder.path())
        .stdin(Stdio::null());
    let output = run_on(&host.server_cores, || command.output()).map_err(io("starting the program"))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(PeerError::NotStarted { peer: peer.name(), why: format!("it ended with {}", output.status), log });
    }
    parse(&output.stdout).map_err(|why| PeerError::NotStarted { peer: peer.name(), why, log: String::new() })
}

fn parse(said: &[u8]) -> Result<Alone, String> {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().last().unwrap_or_default();
    let alone: Alone = serde_json::from_str(line).map_err(|error| format!("it said {line:?}: {error}"))?;
    if alone.seconds > 0.0 { Ok(alone) } else { Err(format!("it said {line:?}, which took no time")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_and_must_make_sense() {
        let said = b"warming up\n{\"messages\": 500, \"seconds\": 2.5, \"syncs\": 3}\n";
        assert_eq!(parse(said), Ok(Alone { messages: 500, seconds: 2.5 }));
        assert!(parse(b"").unwrap_err().contains("it said"));
        assert!(parse(b"{\"messages\": 500, \"seconds\": 0}").unwrap_err().contains("no time"));
    }
}
