//! NATS: core subjects alone, one core by its affinity, no client cut off for reading slowly within a minute.

use std::path::Path;
use std::process::Command;

use super::server::{Launch, free_address, fresh_folder, io};
use super::{Host, Peer, PeerError, Server};

pub(super) fn start(program: &Path, host: &Host) -> Result<Server, PeerError> {
    let (address, folder) = (free_address()?, fresh_folder(host)?);
    let config = folder.path().join("nats.conf");
    let text = format!(
        "host: 127.0.0.1\nport: {}\nmax_connections: 20000\nmax_pending: 1GB\nwrite_deadline: \"60s\"\n",
        address.port()
    );
    std::fs::write(&config, text).map_err(io("writing the configuration of NATS"))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config);
    let launch = Launch {
        peer: Peer::Nats,
        command,
        address,
        metrics: None,
        version: Peer::Nats.version(program),
        durability: "none: core subjects are not stored".into(),
        seats: None,
        folder,
    };
    Server::launch(launch, host)
}
