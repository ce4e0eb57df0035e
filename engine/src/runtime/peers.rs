//! What other shards send.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::{Core, CoreCell};
use crate::mesh::Item;
use crate::router::ShardId;

/// Items carried out before other tasks get their turn.
const ITEMS_IN_A_ROW: usize = 1024;
const UNCLOG_INTERVAL: Duration = Duration::from_millis(1);

/// Carries out what arrives, for ever.
pub(super) async fn receive(core: CoreCell) {
    loop {
        poll_fn(|context| {
            let mut core = core.borrow_mut();
            if core.receive_some() {
                return Poll::Ready(());
            }
            core.port.register(context.waker());
            // What arrived before the registration woke nobody.
            if core.receive_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        glommio::executor().yield_now().await;
    }
}

/// Moves on what waits for room in other shards' queues, also when this shard has nothing else to do.
pub(super) async fn unclog(core: CoreCell) {
    let signals = Rc::clone(&core.borrow().signals);
    loop {
        signals.clogged.wait().await;
        glommio::timer::sleep(UNCLOG_INTERVAL).await;
        let mut core = core.borrow_mut();
        core.signal_work();
        // Input that waited for this.
        core.look_at_sockets();
    }
}

impl Core {
    /// Carries out what is there; false when there is nothing.
    fn receive_some(&mut self) -> bool {
        self.look_at_clock();
        for nth in 0..ITEMS_IN_A_ROW {
            let Some((from, item)) = self.port.receive() else { return nth > 0 };
            self.take_item(from, item);
            self.port.carried_out();
        }
        true
    }

    fn take_item(&mut self, from: ShardId, item: Item) {
        match item {
            Item::Peer(message) => self.happen(|shard, now_ms, effects| shard.peer(now_ms, from, message, effects)),
            Item::Revoke { user, login } => self.revoke(user, login),
        }
    }
}
