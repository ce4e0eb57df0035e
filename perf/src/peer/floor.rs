//! The floor: an io_uring loop of this project's own that copies frames and does nothing else.

use std::path::Path;
use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Host, Peer, PeerError, Server};

pub(super) fn start(program: &Path, host: &Host) -> Result<Server, PeerError> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command.arg(address.to_string());
    let launch = Launch {
        peer: Peer::Floor,
        command,
        address,
        metrics: None,
        version: Peer::Floor.version(program),
        durability: "none: nothing is stored".into(),
        seats: None,
        folder: fresh_folder(host)?,
    };
    Server::launch(launch, host)
}
