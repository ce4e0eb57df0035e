//! One shard's thread: its sessions, its state machine, its journal and its end of the mesh.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use moim_engine::mesh::{Item, Port};
use moim_engine::router::ShardId;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::journal::Journal;
use crate::node::{NOW_MS, Node};
use crate::options::Options;
use crate::{Shared, window};

/// Sends under way of each session.
const WINDOW: usize = 8;
/// Items of the mesh carried out before own sessions get their turn, and the other way round.
const IN_A_ROW: usize = 1_024;
/// Nothing arrives without a wake-up; this bounds a wait all the same, so that the end is not overslept.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// Wakes a parked thread when something arrives from another shard.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

struct ShardThread {
    node: Node,
    port: Port,
    journal: Journal,
    waker: Waker,
    /// Sessions that may say something, once for each send.
    idle: Vec<u32>,
    /// The next sequence of each session.
    sequences: Vec<u32>,
    text: String,
}

/// Keeps the calling thread on the shard's core; where there are fewer cores they share them.
pub(crate) fn stay_on(id: ShardId) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(usize::from(id.0) % cores);
    sched_setaffinity(None, &set).expect("the shard's core is there");
}

pub(crate) fn run(id: ShardId, options: &Options, shared: &Shared) {
    // Cores are counted before this thread is bound to one.
    let journal = Journal::start(id, &options.data, thread::current()).expect("the journal's file can be written");
    stay_on(id);
    let mine = |session: &u32| session % u32::from(options.shards) == u32::from(id.0);
    let sessions: Vec<u32> = (0..options.layout.sessions()).filter(mine).collect();
    let mut this = ShardThread {
        node: Node::new(id, options.shards, options.layout),
        port: Port::new(shared.mesh.clone(), id),
        journal,
        waker: Arc::new(Unpark(thread::current())).into(),
        idle: Vec::new(),
        sequences: vec![1; options.layout.sessions() as usize],
        text: "x".repeat(options.text_bytes),
    };
    this.let_in(&sessions, options, shared);
    shared.ready.wait();
    this.idle = sessions.iter().flat_map(|&session| [session; WINDOW]).collect();
    let (begin, end) = window(options.seconds);
    this.work_until(begin);
    let before = this.node.acknowledged;
    this.work_until(end);
    shared.acknowledged.fetch_add(this.node.acknowledged - before, Ordering::AcqRel);
    // The others may still wait for what this shard owes them; the end of the process ends the rest.
    shared.ready.wait();
}

impl ShardThread {
    /// All sessions come and follow their rooms, those of other shards too.
    fn let_in(&mut self, sessions: &[u32], options: &Options, shared: &Shared) {
        let mut counted = 0;
        sessions.iter().for_each(|&session| self.node.come(session));
        while shared.opened.load(Ordering::Acquire) < options.layout.sessions() {
            if !self.take_turn() {
                self.wait();
            }
            shared.opened.fetch_add(self.node.opened - counted, Ordering::AcqRel);
            counted = self.node.opened;
        }
    }

    fn work_until(&mut self, end: Instant) {
        while Instant::now() < end {
            if !self.take_turn() {
                self.wait();
            }
        }
    }

    /// Does some of everything that is there to do; false where there is nothing.
    fn take_turn(&mut self) -> bool {
        let mut is_busy = self.receive();
        if let Some(position) = self.journal.committed() {
            self.node.committed(position);
            is_busy = true;
        }
        self.idle.append(&mut self.node.answered);
        // As in the engine: no more input while queues to other shards are full.
        if !self.port.is_clogged() {
            is_busy |= !self.idle.is_empty();
            self.say_some();
        }
        if !self.journal.is_writing
            && let Some(batch) = self.node.shard.seal()
        {
            self.journal.write(batch);
        }
        for (to, message) in self.node.outgoing.drain(..) {
            self.port.send(to, Item::Peer(message));
        }
        self.port.wake();
        is_busy
    }

    fn receive(&mut self) -> bool {
        for nth in 0..IN_A_ROW {
            let Some((from, item)) = self.port.receive() else { return nth > 0 };
            if let Item::Peer(message) = item {
                self.node.happen(|shard, effects| shard.peer(NOW_MS, from, message, effects));
            }
            self.port.carried_out();
        }
        true
    }

    fn say_some(&mut self) {
        let rest = self.idle.len().saturating_sub(IN_A_ROW);
        for session in self.idle.drain(rest..) {
            let sequence = &mut self.sequences[session as usize];
            self.node.say(session, *sequence, &self.text);
            *sequence += 1;
        }
    }

    fn wait(&mut self) {
        self.port.register(&self.waker);
        // What arrived before the registration woke nobody.
        if !self.receive() {
            thread::park_timeout(WAIT_MAX);
        }
    }
}
