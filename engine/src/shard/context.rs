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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use bytes::Bytes;
    use moim_persistence::{RoomChange, RoomSnapshot};
    use moim_wire::limits::FRAME_BYTES_MAX;
    use moim_wire::schema::{Kind, Role};
    use moim_wire::{DeviceId, Frame, MessageId, Opcode, Sequence};

    use super::super::event::{Caller, LoadedRoom, Request, SendRequest, SessionKey, StoreAnswer};
    use super::super::{Shard, StoreRequest};
    use super::*;

    const ROOM: RoomId = RoomId(7);
    const MINJI: Caller = Caller { user: UserId(12), device: DeviceId(5) };

    /// A shard with one room in memory, in which Minji may speak.
    fn shard() -> Shard {
        let mut shard = Shard::new(ShardId(0), 1, Limits::default(), 1, 0);
        shard.attach(SessionKey::default(), MINJI);
        let mut effects = Effects::default();
        shard.request(
            1,
            SessionKey::default(),
            1,
            Request::Open { room: ROOM, last_seen: MessageId::ZERO },
            &mut effects,
        );
        let snapshot = RoomSnapshot {
            name: "모임".to_owned(),
            deleted: false,
            last_change: 0,
            members: vec![(MINJI.user, Role::Member, MessageId::ZERO)],
            changes: Vec::new(),
        };
        let loaded = LoadedRoom { snapshot, recent: Bytes::new(), newest: MessageId::ZERO, sequenced_change: 0 };
        shard.store_answer(1, StoreAnswer::Room(ROOM, Ok(Box::new(loaded))), &mut Effects::default());
        shard
    }

    /// The operations that answer Minji when she sends, once all that was accepted is in the journal.
    fn send(shard: &mut Shard, sequence: u32) -> Vec<Opcode> {
        let text = Cow::Borrowed("안녕");
        let send = SendRequest { room: ROOM, sequence: Sequence(sequence), kind: Kind::Talk, reference: 0, text };
        let mut effects = Effects::default();
        shard.request(2, SessionKey::default(), sequence, Request::Send(send), &mut effects);
        let asked = matches!(effects.list.front(), Some(Effect::Store(StoreRequest::LoadDevice(..))));
        if asked {
            effects.list.clear();
            shard.store_answer(2, StoreAnswer::Device(ROOM, MINJI, Ok(Vec::new())), &mut effects);
        }
        if let Some(batch) = shard.seal() {
            drop(batch);
            let position = shard.position();
            shard.committed(3, position, &mut effects);
        }
        let replies = effects.list.iter().filter_map(|effect| match effect {
            Effect::Reply(_, range) => Some(&effects.frames[range.clone()]),
            _ => None,
        });
        replies.map(|bytes| Frame::first(bytes, FRAME_BYTES_MAX).unwrap().unwrap().opcode().unwrap()).collect()
    }

    #[test]
    fn while_another_shard_is_behind_sends_are_answered_busy_and_afterwards_taken() {
        let mut shard = shard();
        assert_eq!(send(&mut shard, 1), [Opcode::Ack]);
        shard.set_peer_behind(true);
        assert_eq!(send(&mut shard, 2), [Opcode::Busy]);
        assert_eq!(send(&mut shard, 1), [Opcode::Ack], "what was taken before is acknowledged again");
        assert!(!shard.has_batch(), "nothing of it was taken");
        shard.set_peer_behind(false);
        assert_eq!(send(&mut shard, 2), [Opcode::Ack], "the same send again");
    }

    #[test]
    fn announced_changes_are_read_by_the_rooms_owner_whichever_shard_that_is() {
        let room_of = |owner| (1..).map(RoomId).find(|&room| crate::router::owner(room, 2) == ShardId(owner)).unwrap();
        let mut shards = [0, 1].map(|id| Shard::new(ShardId(id), 2, Limits::default(), 1, 0));
        for owner in [0, 1] {
            let (room, mut effects) = (room_of(owner), Effects::default());
            shards[0].announce_changes(room, &mut effects);
            let Some(Effect::Peer(to, message)) = effects.list.pop_front() else { panic!("{effects:?}") };
            assert_eq!(to, ShardId(owner));
            shards[usize::from(owner)].peer(1, ShardId(0), message, &mut effects);
            let read = &effects.list[0];
            assert!(matches!(read, Effect::Store(StoreRequest::LoadRoom(read)) if *read == room), "{read:?}");
        }
    }

    #[test]
    fn announced_changes_of_a_room_in_memory_are_sequenced_without_an_answer_to_anybody() {
        let (mut shard, mut effects) = (shard(), Effects::default());
        shard.announce_changes(ROOM, &mut effects);
        let Some(Effect::Peer(_, message)) = effects.list.pop_front() else { panic!("{effects:?}") };
        shard.peer(4, ShardId(0), message, &mut effects);
        assert!(matches!(effects.list.pop_front(), Some(Effect::Store(StoreRequest::ReadChanges(ROOM, 0)))));
        let change = RoomChange {
            change: 1,
            kind: Kind::Money,
            actor: MINJI.user,
            subject: 43,
            role: Role::Member,
            text: "{}".to_owned(),
        };
        shard.store_answer(5, StoreAnswer::Changes(ROOM, Ok(vec![change])), &mut effects);
        assert!(shard.has_batch() && effects.list.is_empty(), "{effects:?}");
    }
}
