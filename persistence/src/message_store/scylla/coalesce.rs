//! Identical reads that come while one is under way get its answer.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt as _, Shared, WeakShared};

/// Reads under way by what they ask. As many as there are requests; each is removed with its answer.
pub(super) struct Coalesced<K, T: Clone> {
    under_way: Mutex<HashMap<K, WeakShared<BoxFuture<'static, T>>>>,
    joined: AtomicU64,
}

impl<K, T: Clone> Default for Coalesced<K, T> {
    fn default() -> Self {
        Self { under_way: Mutex::default(), joined: AtomicU64::new(0) }
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Coalesced<K, T> {
    /// The answer to `key`: of the read under way, or of `read`.
    pub(super) async fn read(&self, key: K, read: impl Future<Output = T> + Send + 'static) -> T {
        let (shared, is_first) = self.join(&key, read);
        let answer = shared.await;
        if is_first {
            self.under_way().remove(&key);
        }
        answer
    }

    /// Reads that got the answer of another.
    pub(super) fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }

    fn join(&self, key: &K, read: impl Future<Output = T> + Send + 'static) -> (Shared<BoxFuture<'static, T>>, bool) {
        let mut under_way = self.under_way();
        if let Some(shared) = under_way.get(key).and_then(WeakShared::upgrade) {
            self.joined.fetch_add(1, Ordering::Relaxed);
            return (shared, false);
        }
        let shared = read.boxed().shared();
        if let Some(weak) = shared.downgrade() {
            under_way.insert(key.clone(), weak);
        }
        (shared, true)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<K, WeakShared<BoxFuture<'static, T>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_asks_the_same_meanwhile_gets_the_same_answer_and_who_asks_later_a_new_one() {
        let reads = Coalesced::default();
        let (answer, answered) = oneshot::channel::<u32>();
        let first = reads.read("page", async move { answered.await.unwrap() });
        let second = reads.read("page", async { unreachable!("the first one is under way") });
        let other = reads.read("other page", async { 9 });
        tokio::pin!(first, second);
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(other.await, 9);
        answer.send(7).unwrap();
        assert_eq!((first.await, second.await), (7, 7));
        assert_eq!(reads.read("page", async { 8 }).await, 8);
        assert_eq!(reads.joined(), 1);
    }
}
