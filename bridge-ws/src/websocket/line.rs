//! The writing half of a browser's connection: it takes at once what the socket takes and remembers what that cut.

use std::io;
use std::task::{Context, Poll};

use tokio::net::tcp::OwnedWriteHalf;

/// Where messages go. Used under the lock of the outbox, so that nobody writes into another's message.
pub(super) struct Line {
    socket: OwnedWriteHalf,
    /// Whole messages, the first perhaps without its start.
    unsent: Vec<u8>,
}

impl Line {
    pub(super) const fn new(socket: OwnedWriteHalf) -> Self {
        Self { socket, unsent: Vec::new() }
    }

    pub(super) const fn is_clear(&self) -> bool {
        self.unsent.is_empty()
    }

    pub(super) const fn unsent_bytes(&self) -> usize {
        self.unsent.len()
    }

    /// How much of `bytes` the socket takes now. Only while the line is clear.
    pub(super) fn write_some(&self, bytes: &[u8]) -> usize {
        // A broken connection takes nothing; whoever reads from it learns why.
        self.socket.try_write(bytes).unwrap_or(0)
    }

    /// Appends whole messages, or the rest of one that was cut.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Lets `write` append whole messages.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.unsent);
    }

    /// Ready once nothing is left.
    pub(super) fn poll_clear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written = 0;
        let cleared = loop {
            if written == self.unsent.len() {
                break Poll::Ready(Ok(()));
            }
            match self.socket.try_write(&self.unsent[written..]) {
                Ok(0) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(taken) => written += taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match self.socket.as_ref().poll_write_ready(cx) {
                        Poll::Ready(Ok(())) => {}
                        other => break other,
                    }
                }
                Err(error) => break Poll::Ready(Err(error)),
            }
        };
        self.unsent.drain(..written);
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
        }
        cleared
    }
}
