//! What a room's operations may use besides the room itself.

use moim_wire::{Encoder, Envelope, ErrorCode, RoomId, UserId};

use super::commit::Batch;
use super::effect::{Effect, Effects};
use super::event::{Origin, PeerMessage};
use super::outbox::Outbox;
use super::tickets::Tickets;
use super::{Counters, Limits};
use crate::journal::Behind;
use crate::router::ShardId;

/// The shard around a room. The clock is the event's: a shard reads none.
pub(super) struct Context<'a> {
    pub(super) shard: ShardId,
    pub(super) now_ms: u64,
    pub(super) limits: &'a Limits,
    pub(super) encoder: &'a mut Encoder,
    pub(super) effects: &'a mut Effects,
    pub(super) batch: &'a mut Batch,
    pub(super) tickets: &'a mut Tickets,
    pub(super) counters: &'a mut Counters,
    /// Members whose read mark is to be stored.
    pub(super) marks: &'a mut Vec<(RoomId, UserId)>,
    /// Changes that are in the journal.
    pub(super) outbox: &'a mut Outbox,
    pub(super) gate: Gate,
}

/// Whether new messages are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// They are.
    #[default]
    Open,
    /// The journal holds as much for the message store as it may.
    StoreBehind(Behind),
    /// The journal's disk is full, or nearly.
    StorageFull,
    /// Another shard does not take what it is sent.
    PeerBehind,
}

impl Context<'_> {
    /// Frames for the session that asked, wherever its connection is.
    pub(super) fn reply(&mut self, origin: &Origin, build: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope)) {
        let envelope = Envelope { request: origin.request, session: origin.session.session };
        if origin.shard == self.shard {
            let encoder = &mut *self.encoder;
            self.effects.reply(origin.session, |out| build(encoder, out, envelope));
        } else {
            let mut frames = Vec::new();
            build(self.encoder, &mut frames, envelope);
            let message = PeerMessage::Reply { to: origin.session, frames };
            self.effects.push(Effect::Peer(origin.shard, message));
        }
    }

    pub(super) fn done(&mut self, origin: &Origin) {
        self.reply(origin, |encoder, out, envelope| encoder.done(out, envelope, 0));
    }

    pub(super) fn refuse(&mut self, origin: &Origin, code: ErrorCode, message: &str) {
        self.refuse_for(origin, code, message, 0);
    }

    pub(super) fn refuse_for(&mut self, origin: &Origin, code: ErrorCode, message: &str, retry_after_ms: u32) {
        self.counters.refused += 1;
        self.reply(origin, |encoder, out, envelope| encoder.error(out, envelope, code, message, retry_after_ms));
    }

    pub(super) fn busy(&mut self, origin: &Origin, message: &str) {
        self.counters.busy += 1;
        self.reply(origin, |encoder, out, envelope| encoder.busy(out, envelope, message, BUSY_RETRY_MS));
    }
}

/// When a request that was answered BUSY should be tried again.
const BUSY_RETRY_MS: u32 = 100;
