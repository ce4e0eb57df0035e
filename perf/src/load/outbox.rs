//! Bytes on their way out of one connection. Whoever publishes appends; the connection's writer takes all that has
//! gathered in one piece, so that what comes while a write is under way leaves with the next. Bounded by the load itself:
//! a window in saturated load, the schedule's rate in open load.

use std::task::{Context, Poll, Waker};

/// Output of one connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    writer: Option<Waker>,
    is_closing: bool,
}

impl Outbox {
    /// Where to append; [`Self::flush`] afterwards.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Wakes the writer where there is something for it.
    pub(super) fn flush(&mut self) {
        if !self.bytes.is_empty()
            && let Some(writer) = self.writer.take()
        {
            writer.wake();
        }
    }

    /// Lets the writer end once everything is written.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    /// Exchanges the empty `batch` for what has gathered, as soon as there is something. False: closed, nothing more
    /// comes.
    pub(super) fn poll_batch(&mut self, context: &Context<'_>, batch: &mut Vec<u8>) -> Poll<bool> {
        if !self.bytes.is_empty() {
            std::mem::swap(batch, &mut self.bytes);
            return Poll::Ready(true);
        }
        if self.is_closing {
            return Poll::Ready(false);
        }
        self.writer = Some(context.waker().clone());
        Poll::Pending
    }
}
