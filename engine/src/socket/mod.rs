//! Bytes in and out. Input is drained first, then each connection with output is flushed once.

#[expect(unsafe_code, reason = "memory shared with the kernel")]
mod buffers;
mod connection;
mod listen;
mod output;
#[expect(unsafe_code, reason = "submissions name memory that must stay until they complete")]
mod ring;
mod table;

pub(crate) use connection::{Carried, Connection, Stage, Standing};
pub(crate) use listen::{accept_all, bind, check_free, stop_listening};
pub(crate) use ring::{Completed, Piece, Ring};
pub(crate) use table::Connections;

/// Places beyond the most connections: for those that are told so, and for those that are being closed.
const PLACES_BEYOND: usize = 256;

/// A ring for so many connections, or for as many as the process may have open files.
pub(crate) fn ring_for(connections_max: usize) -> std::io::Result<Ring> {
    let files_max = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files_max = files_max.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    Ring::new((connections_max + PLACES_BEYOND).min(files_max))
}
