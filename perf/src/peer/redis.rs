//! Redis: publish/subscribe alone, nothing persisted, no client cut off for reading slowly.

use std::path::Path;
use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Host, Peer, PeerError, Server};

pub(super) fn start(program: &Path, host: &Host) -> Result<Server, PeerError> {
    let (address, folder) = (free_address()?, fresh_folder(host)?);
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
        .args(["--save", "", "--appendonly", "no", "--maxclients", "15000", "--tcp-backlog", "4096"])
        .args(["--client-output-buffer-limit", "pubsub 0 0 0"])
        .arg("--dir")
        .arg(folder.path());
    let launch = Launch {
        peer: Peer::Redis,
        command,
        address,
        metrics: None,
        version: Peer::Redis.version(program),
        durability: "none: publish/subscribe is not stored".into(),
        seats: None,
        folder,
    };
    Server::launch(launch, host)
}
