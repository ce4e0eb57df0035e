//! Bytes in and out. Input is drained first, then each connection with output is flushed once.

mod connection;
mod listen;
mod table;

pub(crate) use connection::{Carried, Connection, Flushed, Stage, Standing};
pub(crate) use listen::{accept_all, bind, check_free, stop_listening};
pub(crate) use table::Connections;
