//! The bytes on their way to the engine: one buffer a trunk, written out as a whole.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How much a frame matters when the buffer fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Begins or ends a session, or is the bridge's own: always taken. Their number is bounded by that of the sessions.
    Control,
    /// A browser's request: taken until the buffer is full.
    Request,
    /// Typing and read marks: taken until the buffer is half full.
    Ephemeral,
}

/// The buffer is too full for a frame of that weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Buffer between the sessions and a trunk's writer.
pub(crate) struct Outgoing {
    buffer: Mutex<Vec<u8>>,
    written: Notify,
    bytes_max: usize,
}

impl Outgoing {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { buffer: Mutex::new(Vec::new()), written: Notify::new(), bytes_max }
    }

    /// Lets `write` append whole frames.
    pub(crate) fn push(&self, weight: Weight, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Full> {
        let mut buffer = self.lock();
        let room = match weight {
            Weight::Control => usize::MAX,
            Weight::Request => self.bytes_max,
            Weight::Ephemeral => self.bytes_max / 2,
        };
        if buffer.len() >= room {
            return Err(Full);
        }
        write(&mut buffer);
        drop(buffer);
        self.written.notify_one();
        Ok(())
    }

    /// Waits for bytes and swaps them into `out`, which is cleared first.
    pub(crate) async fn take(&self, out: &mut Vec<u8>) {
        out.clear();
        loop {
            mem::swap(&mut *self.lock(), out);
            if !out.is_empty() {
                return;
            }
            self.written.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // Whole frames are appended under the lock, so a panic elsewhere leaves the buffer whole.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_sheds_typing_first_then_requests_and_never_a_detach() {
        let outgoing = Outgoing::new(100);
        let put = |weight| outgoing.push(weight, |out| out.extend_from_slice(&[0; 50]));
        assert_eq!(put(Weight::Ephemeral), Ok(()));
        assert_eq!(put(Weight::Ephemeral), Err(Full));
        assert_eq!(put(Weight::Request), Ok(()));
        assert_eq!(put(Weight::Request), Err(Full));
        assert_eq!(put(Weight::Control), Ok(()));
    }
}
