//! Finding and asking programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, PeerError};

/// Where distributions put servers, which not everybody's PATH names.
const SERVER_FOLDERS: &str = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin";

/// A program of the system.
pub(super) fn installed(peer: Peer, program: &str) -> Result<PathBuf, PeerError> {
    let path = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&format!("{path}:{SERVER_FOLDERS}"))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| PeerError::Missing { peer: peer.name(), program: program.to_owned() })
}

/// A program that this project builds.
pub(super) fn built(peer: Peer, program: &Path) -> Result<PathBuf, PeerError> {
    if program.is_file() {
        return Ok(program.to_owned());
    }
    Err(PeerError::Missing { peer: peer.name(), program: program.display().to_string() })
}

/// The first line that a program says when it is started with that argument.
pub(super) fn first_line(program: &Path, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("unknown version").trim().to_owned()
}
