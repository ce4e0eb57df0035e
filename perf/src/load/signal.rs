//! One task waits until what others change makes a condition true.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Rung by whoever changed something; one waiter at a time.
#[derive(Debug, Default)]
pub(super) struct Signal(RefCell<Option<Waker>>);

impl Signal {
    /// Lets the waiter look again.
    pub(super) fn ring(&self) {
        if let Some(waker) = self.0.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Returns when `condition` gives a value; it is looked at now and after each ring.
    pub(super) async fn wait<T>(&self, mut condition: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| match condition() {
            Some(value) => Poll::Ready(value),
            None => {
                *self.0.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}
