//! What the runtime itself answers, without asking the state machine.

use moim_persistence::Error as StoreError;
use moim_wire::{Encoder, Envelope, ErrorCode, Opcode, schema};

use super::Core;
use super::store::refusal;
use crate::shard::{ConnectionKey, Refusal};
use crate::stats::add;

/// When to ask again with answers still unread.
const UNREAD_RETRY_MS: u32 = 200;

impl Core {
    pub(super) fn pong(&mut self, key: ConnectionKey, envelope: Envelope, stamp: u64) {
        self.put(key, |encoder, out| {
            encoder.frame(out, Opcode::Pong, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp }));
        });
    }

    /// Output built by `build` for one connection.
    pub(super) fn put(&mut self, key: ConnectionKey, build: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut frame = Vec::new();
        build(&mut self.encoder, &mut frame);
        self.connections.put(key, &frame);
        self.signal_work();
    }

    pub(super) fn refuse(
        &mut self,
        key: ConnectionKey,
        envelope: Envelope,
        code: ErrorCode,
        message: &str,
        retry: u32,
    ) {
        self.refused += 1;
        self.put(key, |encoder, out| encoder.error(out, envelope, code, message, retry));
    }

    pub(super) fn busy(&mut self, key: ConnectionKey, envelope: Envelope, message: &str) {
        self.answered_busy += 1;
        self.put(key, |encoder, out| encoder.busy(out, envelope, message, UNREAD_RETRY_MS));
    }

    pub(super) fn refuse_stored(&mut self, key: ConnectionKey, envelope: Envelope, error: &StoreError) {
        let refusal = refusal(error);
        self.refuse(key, envelope, refusal.code, &refusal.message, refusal.retry_after_ms);
    }

    /// Tells a trunk that one of its sessions is over.
    pub(super) fn end_session_for(
        &mut self,
        key: ConnectionKey,
        envelope: Envelope,
        code: ErrorCode,
        message: &str,
        retry: u32,
    ) {
        self.put(key, |encoder, out| encoder.goodbye(out, envelope, Some(code), message, retry));
    }

    /// Ends a connection whose token a store did not accept, or could not look at.
    pub(super) fn end_refused(&mut self, key: ConnectionKey, error: &StoreError) {
        let Refusal { code, message, retry_after_ms } = refusal(error);
        add(&self.stats.disconnected, 1);
        self.say_goodbye(key, Some(code), &message, retry_after_ms);
    }

    /// Ends a connection for what it sent, or did not.
    pub(super) fn end_for(&mut self, key: ConnectionKey, code: ErrorCode, message: &str) {
        add(&self.stats.disconnected, 1);
        self.say_goodbye(key, Some(code), message, 0);
    }
}
