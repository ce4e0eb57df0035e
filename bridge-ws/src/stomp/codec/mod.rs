//! STOMP 1.2 frames from and to bytes. No I/O, no clock, nothing of the bridge: the fuzz target takes this folder alone.

mod decode;
mod encode;
mod escape;
mod frame;

pub(crate) use decode::{DecodeError, Decoder};
pub(crate) use encode::encode;
pub(crate) use frame::{Command, Frame};

#[cfg(test)]
mod any_bytes;
