//! Mosquitto: quality of service 0, nothing persisted, queues without bounds so that it drops nothing.

use std::process::Command;

use super::server::{Launch, free_address, fresh_folder, io};
use super::{Peer, PeerError, Server, Stage, program};

pub(super) fn start(stage: &Stage) -> Result<Server, PeerError> {
    let mosquitto = program::installed("mosquitto", "mosquitto")?;
    let (address, folder) = (free_address()?, fresh_folder(stage)?);
    let config = folder.path().join("mosquitto.conf");
    let text = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n\
         max_queued_messages 0\nmax_queued_bytes 0\nmax_connections -1\nsys_interval 0\nlog_type error\n",
        address.port()
    );
    std::fs::write(&config, text).map_err(io("writing the configuration of mosquitto"))?;
    let mut command = Command::new(&mosquitto);
    command.arg("-c").arg(config);
    let launch = Launch {
        peer: Peer::Mosquitto,
        command,
        address,
        metrics: None,
        version: program::version(&mosquitto, "-h"),
        durability: "none: quality of service 0 is not stored".into(),
        seats: None,
        folder,
    };
    Server::launch(launch, stage)
}
