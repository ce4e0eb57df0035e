//! The floor: an io_uring loop of this project's own that copies frames and does nothing else.

use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Peer, PeerError, Server, Stage, program};

pub(super) fn start(stage: &Stage) -> Result<Server, PeerError> {
    let floor = program::built("floor", &stage.peers_folder.join("floor"))?;
    let address = free_address()?;
    let mut command = Command::new(&floor);
    command.arg(address.to_string());
    let launch = Launch {
        peer: Peer::Floor,
        command,
        address,
        metrics: None,
        version: program::version(&floor, "--version"),
        durability: "none: nothing is stored".into(),
        seats: None,
        folder: fresh_folder(stage)?,
    };
    Server::launch(launch, stage)
}
