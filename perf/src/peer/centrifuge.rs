//! The library below Centrifugo, in a small program of this project's own.

use std::path::Path;
use std::process::Command;

use super::server::{Launch, free_address, fresh_folder};
use super::{Host, Peer, PeerError, Server};

pub(super) fn start(program: &Path, host: &Host) -> Result<Server, PeerError> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command.args(["-listen", &address.to_string()]);
    let launch = Launch {
        peer: Peer::Centrifuge,
        command,
        address,
        metrics: None,
        version: Peer::Centrifuge.version(program),
        durability: "none: channels without history".into(),
        seats: None,
        folder: fresh_folder(host)?,
    };
    Server::launch(launch, host)
}
