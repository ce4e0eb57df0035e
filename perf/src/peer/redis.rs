//! Redis: publish/subscribe alone, nothing persisted, no client cut off for reading slowly.

use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Peer, PeerError, Server, Stage, program};

pub(super) fn start(stage: &Stage) -> Result<Server, PeerError> {
    let redis = program::installed("redis", "redis-server")?;
    let (address, folder) = (free_address()?, fresh_folder(stage)?);
    let mut command = Command::new(&redis);
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
        version: program::version(&redis, "--version"),
        durability: "none: publish/subscribe is not stored".into(),
        seats: None,
        folder,
    };
    Server::launch(launch, stage)
}
