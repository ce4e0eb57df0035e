//! The library below Centrifugo, in a small program of this project's own.

use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Peer, PeerError, Server, Stage, program};

pub(super) fn start(stage: &Stage) -> Result<Server, PeerError> {
    let centrifuge = program::built("centrifuge", &stage.peers_folder.join("centrifuge"))?;
    let address = free_address()?;
    let mut command = Command::new(&centrifuge);
    command.args(["-listen", &address.to_string()]);
    let launch = Launch {
        peer: Peer::Centrifuge,
        command,
        address,
        metrics: None,
        version: program::version(&centrifuge, "-version"),
        durability: "none: channels without history".into(),
        seats: None,
        folder: fresh_folder(stage)?,
    };
    Server::launch(launch, stage)
}
