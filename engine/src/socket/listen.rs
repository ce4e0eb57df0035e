//! Each shard accepts on a socket of its own; the kernel spreads connections over them (SO_REUSEPORT).

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

const BACKLOG: i32 = 4096;

/// A listening socket that others may share the address with.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Fails where somebody listens already. The shards' sockets share their address, so binding them would not tell.
pub(crate) fn check_free(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// Takes no more connections: who knocks from here on is refused at once.
pub(crate) fn stop_listening(listener: &TcpListener) {
    // It can only fail where it is not listening any more.
    let _ = SockRef::from(listener).shutdown(Shutdown::Both);
}

/// Takes every connection that waits. A fault of one is that one's; what exhausts the process ends the round.
pub(crate) fn accept_all(listener: &TcpListener, mut take: impl FnMut(TcpStream, SocketAddr)) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                // Blocking: the ring waits for what is not ready, and gives up at once where it may not.
                if stream.set_nodelay(true).is_ok() {
                    take(stream, peer);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}
