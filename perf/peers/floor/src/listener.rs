//! The listening socket.

use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, listen as start, socket, sockopt};

/// Connections that wait to be accepted; thousands come at once.
const BACKLOG: i32 = 4096;

/// Listens at an address. What is set here holds for all accepted connections.
pub(crate) fn listen(address: SocketAddrV4) -> std::io::Result<OwnedFd> {
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    sockopt::set_socket_reuseaddr(&listener, true)?;
    sockopt::set_tcp_nodelay(&listener, true)?;
    bind(&listener, &address)?;
    start(&listener, BACKLOG)?;
    Ok(listener)
}
