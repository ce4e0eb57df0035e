//! One shard's thread: drives sockets, the state machine, the journal and the mesh. Everything here may wait and read
//! clocks; nothing here decides about rooms.

mod answer;
mod commit;
mod feed;
mod input;
mod joined;
mod money;
mod money_frame;
mod pace;
mod peers;
mod serve;
mod session;
mod signal;
mod sockets;
mod stop;
mod store;
mod tick;
mod write_behind;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) use serve::{Start, run};
pub(crate) use signal::Signal;
pub(crate) use stop::StopState;

use feed::Feed;
use moim_persistence::Persistence;
use moim_wire::{Encoder, ErrorCode};

use crate::config::{Config, Durability};
use crate::journal::Backlogs;
use crate::mesh::{Item, Port};
use crate::router::ShardId;
use crate::shard::{ConnectionKey, Effect, Effects, SessionKey, Shard};
use crate::socket::Connections;
use crate::stats::Shared;

/// When a client should come back after the server stopped.
const RESTART_HINT_MS: u32 = 1_000;

/// What wakes the thread's own tasks.
#[derive(Default)]
pub(crate) struct Signals {
    /// A batch has its first message.
    pub(crate) batch: Signal,
    /// A connection has output.
    pub(crate) output: Signal,
    /// The journal wants its next segment's file prepared.
    pub(crate) spare: Signal,
    /// Items wait for room in the queue to another shard.
    pub(crate) clogged: Signal,
}

/// Everything that a shard's thread owns. Borrowed between waits, never across one.
pub(crate) struct Core {
    pub(crate) id: ShardId,
    pub(crate) config: Rc<Config>,
    pub(crate) shard: Shard,
    effects: Effects,
    pub(crate) connections: Connections,
    pub(crate) port: Port,
    pub(crate) persistence: Persistence,
    pub(crate) signals: Rc<Signals>,
    pub(crate) stats: Arc<Shared>,
    /// Itself, for tasks that it spawns.
    this: std::rc::Weak<RefCell<Core>>,
    input: Vec<u8>,
    encoder: Encoder,
    /// What the sockets' ring brought.
    inbox: sockets::Inbox,
    started: Instant,
    /// Whole seconds since then, at the last look at the clock.
    now_s: u32,
    pub(crate) now_ms: u64,
    /// Requests that wait for a store.
    store_requests: usize,
    /// Newest login ended that was seen.
    revoked_cursor: u64,
    pub(crate) is_stopping: bool,
    /// What is on its way to the message store: of this shard's journal first, then of those that it took over.
    feeds: Vec<Rc<Feed>>,
    /// What the message store may not have, of all journals.
    backlogs: Arc<Backlogs>,
    /// Questions that the journal had a part in answering.
    backlog_reads: u64,
    /// Requests that the shard's state machine was not asked, by answer.
    refused: u64,
    answered_busy: u64,
    /// The journal could not be written.
    journal_failed: bool,
    disk_is_low: bool,
}

/// Items that wait for room in other shards' queues before new messages are answered BUSY.
const PEER_BEHIND_ITEMS: usize = 16_384;

/// The core, as the thread's tasks share it.
pub(crate) type CoreCell = Rc<RefCell<Core>>;

/// Starts a task. Not on this stack, as the executor would have it: the core is borrowed here.
fn spawn(task: impl Future<Output = ()> + 'static) {
    glommio::spawn_local(async move {
        glommio::executor().yield_now().await;
        task.await;
    })
    .detach();
}

impl Core {
    /// Reads the clock, once for all that is done next.
    pub(crate) fn look_at_clock(&mut self) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.now_ms = since_epoch.as_millis() as u64;
        self.now_s = self.started.elapsed().as_secs() as u32;
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.config.durability == Durability::Durable
    }

    /// Lets `event` happen to the shard and carries out what comes of it, to the end.
    pub(crate) fn happen(&mut self, event: impl FnOnce(&mut Shard, u64, &mut Effects)) {
        event(&mut self.shard, self.now_ms, &mut self.effects);
        self.apply();
    }

    fn apply(&mut self) {
        while let Some(effect) = self.effects.list.pop_front() {
            match effect {
                Effect::Reply(session, range) => {
                    self.connections.put(session.connection, &self.effects.frames[range]);
                }
                Effect::Fanout(room, frames) => {
                    for &(key, _) in self.shard.audience(room) {
                        self.connections.put_room_frames(key, room, &frames);
                    }
                }
                Effect::Peer(to, message) if to == self.id => {
                    self.shard.peer(self.now_ms, self.id, message, &mut self.effects);
                }
                Effect::Peer(to, message) => self.port.send(to, Item::Peer(message)),
                Effect::Store(request) => self.ask_store(request),
            }
        }
        self.effects.clear();
        self.signal_work();
    }

    fn signal_work(&mut self) {
        if self.connections.has_dirty() {
            self.signals.output.raise();
        }
        if self.shard.has_batch() {
            self.signals.batch.raise();
        }
        self.port.wake();
        let is_clogged = self.port.is_clogged();
        if is_clogged {
            self.signals.clogged.raise();
        }
        self.shard.set_peer_behind(is_clogged && self.port.waiting() >= PEER_BEHIND_ITEMS);
    }

    /// The connection is gone; so are its sessions.
    pub(crate) fn disconnect(&mut self, key: ConnectionKey) {
        if let Some(connection) = self.connections.remove(key) {
            // A trunk's own session, number 0, is none of those that it carries.
            let own = connection.is_trunk().then_some(0);
            for session in connection.session_numbers().into_iter().chain(own) {
                let key = SessionKey { connection: key, session };
                self.happen(|shard, _, effects| shard.detach(key, effects));
            }
        }
    }

    /// Ends a connection with a GOODBYE.
    pub(crate) fn say_goodbye(&mut self, key: ConnectionKey, code: Option<ErrorCode>, message: &str, retry_ms: u32) {
        self.connections.close(key, |encoder, out| {
            encoder.goodbye(out, moim_wire::Envelope::default(), code, message, retry_ms);
        });
        self.signal_work();
    }
}
