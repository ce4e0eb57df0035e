//! Bytes on their way to a connection.

use bytes::Bytes;

/// Output of a connection: bytes of its own, or a stretch of a batch that many connections are sent from one memory.
#[derive(Debug)]
pub(crate) enum Output {
    Own(Vec<u8>),
    Shared(Bytes),
}

impl Default for Output {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl Output {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

/// A buffer that grew above this is given back to the allocator.
const BUFFER_BYTES_KEPT: usize = 64 * 1024;
/// Bytes of empty buffers kept for the next output.
const POOL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Less than this is not worth the allocator's attention.
const GIVEN_UP_BYTES_MIN: usize = 256 * 1024;

/// Empty buffers of a shard: a connection holds one only while it has output.
#[derive(Default)]
pub(super) struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
    /// The fewest buffers that lay here since the last [`Self::trim`]: nobody needed them.
    unused: usize,
    /// Bytes given up that the allocator may still hold.
    given_up: usize,
}

impl Pool {
    pub(super) fn take(&mut self) -> Vec<u8> {
        let buffer = self.buffers.pop().unwrap_or_default();
        self.bytes -= buffer.capacity();
        self.unused = self.unused.min(self.buffers.len());
        buffer
    }

    /// Gives up what nobody needed since the last time: a burst's memory does not stay for ever. True when it was much and
    /// all is silent, so that the allocator may be asked to let go of it, too.
    pub(super) fn trim(&mut self) -> bool {
        let is_silent = self.unused == self.buffers.len();
        for buffer in self.buffers.drain(..self.unused) {
            self.bytes -= buffer.capacity();
            self.given_up += buffer.capacity();
        }
        self.unused = self.buffers.len();
        self.buffers.shrink_to(2 * self.unused);
        let is_much = is_silent && self.given_up >= GIVEN_UP_BYTES_MIN;
        if is_much {
            self.given_up = 0;
        }
        is_much
    }

    pub(super) fn give_back(&mut self, output: Output) {
        let Output::Own(mut buffer) = output else { return };
        let bytes = buffer.capacity();
        if bytes > 0 && bytes <= BUFFER_BYTES_KEPT && self.bytes + bytes <= POOL_BYTES_MAX {
            buffer.clear();
            self.bytes += bytes;
            self.buffers.push(buffer);
        }
    }
}
