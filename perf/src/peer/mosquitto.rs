//! Mosquitto: quality of service 0, nothing persisted, queues without bounds so that it drops nothing.

use std::path::Path;
use std::process::Command;

use super::server::{Launch, free_address, fresh_folder, io};
use super::{Host, Peer, PeerError, Server};

pub(super) fn start(program: &Path, host: &Host) -> Result<Server, PeerError> {
    let (address, folder) = (free_address()?, fresh_folder(host)?);
    let config = folder.path().join("mosquitto.conf");
    let text = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n\
         max_queued_messages 0\nmax_queued_bytes 0\nmax_connections -1\nsys_interval 0\nlog_type error\n",
        address.port()
    );
    std::fs::write(&config, text).map_err(io("writing the configuration of mosquitto"))?;
    let mut command = Command::new(program);
    command.arg("-c").arg(config);
    let launch = Launch {
        peer: Peer::Mosquitto,
        command,
        address,
        metrics: None,
        version: Peer::Mosquitto.version(program),
        durability: "none: quality of service 0 is not stored".into(),
        seats: None,
        folder,
    };
    Server::launch(launch, host)
}
