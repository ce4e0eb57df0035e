//! `floor ADDRESS`: rooms in a toy protocol and nothing else. No journal, no rights, no limits: what is left is what one
//! core spends on receiving, copying and sending. Everything ready is taken first, then each connection with output gets
//! one send.
//!
//! Frames are little-endian: `u32 length` of what follows, `u8 operation`, `u32 room`, payload. Operation 1 joins the
//! room and has no answer, 2 goes to every member of the room, its sender included, 3 comes back to its sender alone.

mod listener;
mod ring;
mod rooms;

use std::net::SocketAddrV4;
use std::process::ExitCode;

use ring::{Completed, Ring};
use rooms::Rooms;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "--version" {
        println!("floor {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Ok(address) = argument.parse::<SocketAddrV4>() else {
        eprintln!("usage: floor ADDRESS:PORT");
        return ExitCode::from(2);
    };
    let Err(error) = serve(address);
    eprintln!("floor: {error}");
    ExitCode::FAILURE
}

fn serve(address: SocketAddrV4) -> std::io::Result<std::convert::Infallible> {
    let listener = listener::listen(address)?;
    let mut ring = Ring::new()?;
    let mut rooms = Rooms::default();
    let mut completed = Vec::new();
    ring.accept(&listener)?;
    loop {
        ring.wait(&mut completed)?;
        for event in completed.drain(..) {
            take(event, &listener, &mut ring, &mut rooms)?;
        }
        rooms.flush(&mut ring)?;
    }
}

fn take(event: Completed, listener: &std::os::fd::OwnedFd, ring: &mut Ring, rooms: &mut Rooms) -> std::io::Result<()> {
    match event {
        Completed::Accepted { connection, more } => {
            if let Some(connection) = connection {
                rooms.open(connection);
                ring.receive(connection)?;
            }
            if !more {
                ring.accept(listener)?;
            }
        }
        Completed::Received { connection, buffer, length, more } => {
            rooms.feed(connection, ring.received(buffer, length));
            ring.give_back(buffer);
            if !more {
                ring.receive(connection)?;
            }
        }
        Completed::OutOfBuffers { connection } => ring.receive(connection)?,
        Completed::Gone { connection } => {
            if rooms.leave(connection) {
                ring.close(connection)?;
            }
        }
        Completed::Sent { connection, result } => {
            if rooms.sent(connection, result) {
                ring.close(connection)?;
            }
        }
        Completed::Nothing => {}
    }
    Ok(())
}
