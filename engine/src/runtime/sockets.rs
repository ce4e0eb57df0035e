//! Driving the ring of the shard's sockets: everything that is ready is taken, then each connection with output gets one
//! send.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::Rc;

use glommio::io::PollableFd;

use super::{Core, CoreCell};
use crate::shard::ConnectionKey;
use crate::socket::{Completed, Piece};

/// Completions carried out before other tasks get their turn.
const COMPLETIONS_IN_A_ROW: usize = 4_096;

/// The ring's bell as glommio waits for it.
struct Bell(OwnedFd);

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Carries out what connections say and what became of their output, for ever.
pub(super) async fn drive(core: CoreCell) {
    let bell = core.borrow().connections.ring.bell().try_clone_to_owned();
    let bell = bell.map(Bell).map_err(|error| error.to_string());
    let bell = match bell.and_then(|bell| PollableFd::new(bell).map_err(|error| error.to_string())) {
        Ok(bell) => bell,
        Err(error) => return tracing::error!(%error, "the sockets cannot be waited for"),
    };
    loop {
        if core.borrow_mut().look_at_sockets() {
            glommio::executor().yield_now().await;
            continue;
        }
        core.borrow_mut().connections.ring.listen();
        // What completed before that rang for nobody.
        if !core.borrow_mut().look_at_sockets() && bell.readable().await.is_err() {
            return;
        }
        core.borrow_mut().connections.ring.mute();
    }
}

/// Flushes what is dirty whenever something is, after everything that was ready before.
pub(super) async fn flush(core: CoreCell) {
    let signals = Rc::clone(&core.borrow().signals);
    loop {
        signals.output.wait().await;
        core.borrow_mut().flush_dirty();
        if signals.output.is_raised() {
            // What it saw has answers already: others get their turn before it goes on.
            glommio::executor().yield_now().await;
        }
    }
}

/// What completed and was not carried out yet: input waits here while the mesh is clogged.
#[derive(Default)]
pub(crate) struct Inbox {
    looked: Vec<Completed>,
    /// With whose it is: by its turn the slot may be another connection's.
    waiting: VecDeque<(ConnectionKey, Completed)>,
}

impl Core {
    /// Takes what has completed; false when nothing had.
    pub(super) fn look_at_sockets(&mut self) -> bool {
        let mut looked = std::mem::take(&mut self.inbox.looked);
        let mut taken = 0;
        self.look_at_clock();
        while taken < COMPLETIONS_IN_A_ROW {
            if let Err(error) = self.connections.ring.look(&mut looked) {
                tracing::error!(shard = %self.id, %error, "io_uring does not answer; trying again");
            }
            if looked.is_empty() && (self.inbox.waiting.is_empty() || self.port.is_clogged()) {
                break;
            }
            taken += looked.len().max(1);
            self.carry_out_completed(&mut looked);
        }
        self.inbox.looked = looked;
        self.signal_work();
        taken > 0
    }

    /// In order, for each connection. While the mesh is clogged output goes on and input waits: the buffers that it
    /// holds are all there are, so the kernel takes no more.
    fn carry_out_completed(&mut self, looked: &mut Vec<Completed>) {
        while !self.port.is_clogged()
            && let Some((key, completed)) = self.inbox.waiting.pop_front()
        {
            if self.connections.key_at(key.slot) == Some(key) {
                self.carry_out_one(completed);
            } else if let Completed::Received { piece, .. } = completed {
                self.connections.ring.give_back(piece);
            }
        }
        for completed in looked.drain(..) {
            let is_output = matches!(completed, Completed::Sent { .. });
            let goes_on = is_output || self.inbox.waiting.is_empty() && !self.port.is_clogged();
            match self.connections.key_at(completed.slot()) {
                Some(key) if !goes_on => self.inbox.waiting.push_back((key, completed)),
                _ => self.carry_out_one(completed),
            }
        }
    }

    fn carry_out_one(&mut self, completed: Completed) {
        match completed {
            Completed::Received { slot, piece } => self.take_piece(slot, piece),
            Completed::Sent { slot, bytes, output } => {
                let now_s = self.now_s;
                if self.connections.sent(slot, bytes, output, now_s) {
                    self.disconnect_slot(slot);
                }
            }
            Completed::Ended { slot } | Completed::Broken { slot } => self.disconnect_slot(slot),
        }
    }

    fn disconnect_slot(&mut self, slot: u32) {
        if let Some(key) = self.connections.key_at(slot) {
            self.disconnect(key);
        }
    }

    fn take_piece(&mut self, slot: u32, piece: Piece) {
        match self.connections.key_at(slot) {
            Some(key) if !self.is_stopping => self.take_input(key, &piece),
            _ => {}
        }
        self.connections.ring.give_back(piece);
    }

    fn take_input(&mut self, key: ConnectionKey, piece: &Piece) {
        // The core is borrowed for what the bytes bring about: they are copied once, into memory that stays warm.
        let mut input = std::mem::take(&mut self.input);
        input.clear();
        input.extend_from_slice(self.connections.ring.bytes(piece));
        crate::stats::add(&self.stats.received_bytes, input.len() as u64);
        self.take_bytes(key, &input);
        self.input = input;
        self.connections.hold_back_if_behind(key);
    }

    /// Flushes each connection with output once.
    pub(super) fn flush_dirty(&mut self) {
        let now_s = self.now_s;
        // Most sends complete at once: seen here they need not wake the task that waits for the bell. Once more around
        // glommio's loop costs more than a small message.
        let is_awaited = self.connections.ring.mute();
        if let Err(error) = self.connections.flush(now_s) {
            tracing::error!(shard = %self.id, %error, "io_uring takes no sends; trying again");
        }
        if is_awaited {
            self.look_at_sockets();
            self.connections.ring.unmute();
        }
    }
}
