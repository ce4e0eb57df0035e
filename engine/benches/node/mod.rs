//! A shard with sessions in this process and made-up stores: what a shard costs without sockets, disk and clients.

use std::borrow::Cow;
use std::collections::VecDeque;

use bytes::Bytes;
use moim_engine::Limits;
use moim_engine::router::ShardId;
use moim_engine::shard::{
    Caller, ConnectionKey, Effect, Effects, LoadedRoom, PeerMessage, Request, SendRequest, SessionKey, Shard,
    StoreAnswer, StoreRequest,
};
use moim_persistence::RoomSnapshot;
use moim_wire::schema::{Kind, Role};
use moim_wire::{DeviceId, Frame, MessageId, Opcode, RoomId, Sequence, UserId, limits};

/// Output is kept to this size and forgotten, as a socket would take it.
const OUTPUT_BYTES: usize = 64 * 1024;
/// The clock stands still: ids rise all the same.
pub(crate) const NOW_MS: u64 = 1_750_000_000_000;

/// Rooms of equal size. User `room * members + n + 1` is member `n` of room `room`, and has session `user - 1`.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) rooms: u32,
    pub(crate) members: u32,
}

impl Layout {
    pub(crate) fn sessions(self) -> u32 {
        self.rooms * self.members
    }

    fn room_of(self, session: u32) -> RoomId {
        RoomId(session / self.members + 1)
    }

    fn load(self, room: RoomId) -> LoadedRoom {
        let first = (room.0 - 1) * self.members + 1;
        let member = |user| (UserId(user), Role::Member, MessageId::ZERO);
        let snapshot = RoomSnapshot {
            name: "moim".into(),
            deleted: false,
            last_change: 0,
            members: (first..first + self.members).map(member).collect(),
            changes: Vec::new(),
        };
        LoadedRoom { snapshot, recent: Bytes::new(), newest: MessageId::ZERO, sequenced_change: 0 }
    }
}

/// A shard and what was counted at its sessions.
pub(crate) struct Node {
    pub(crate) shard: Shard,
    pub(crate) opened: u32,
    pub(crate) acknowledged: u64,
    /// Sessions, once for each acknowledgement since they were last taken.
    pub(crate) answered: Vec<u32>,
    /// For other shards.
    pub(crate) outgoing: Vec<(ShardId, PeerMessage)>,
    id: ShardId,
    layout: Layout,
    effects: Effects,
    answers: VecDeque<StoreAnswer>,
    output: Vec<u8>,
}

impl Node {
    pub(crate) fn new(id: ShardId, shards: u16, layout: Layout) -> Self {
        Self {
            shard: Shard::new(id, shards, Limits::default(), 7, 0),
            opened: 0,
            acknowledged: 0,
            answered: Vec::new(),
            outgoing: Vec::new(),
            id,
            layout,
            effects: Effects::default(),
            answers: VecDeque::new(),
            output: Vec::with_capacity(2 * OUTPUT_BYTES),
        }
    }

    /// A session comes and follows its room.
    pub(crate) fn come(&mut self, session: u32) {
        self.shard.attach(key(session), Caller { user: UserId(session + 1), device: DeviceId(1) });
        let room = self.layout.room_of(session);
        self.request(session, Request::Open { room, last_seen: MessageId::ZERO });
    }

    /// A session says something.
    pub(crate) fn say(&mut self, session: u32, sequence: u32, text: &str) {
        let (room, sequence) = (self.layout.room_of(session), Sequence(sequence));
        let send = SendRequest { room, sequence, kind: Kind::Talk, reference: 0, text: Cow::Borrowed(text) };
        self.request(session, Request::Send(send));
    }

    fn request(&mut self, session: u32, request: Request<'_>) {
        self.happen(|shard, effects| shard.request(NOW_MS, key(session), 1, request, effects));
    }

    /// Lets something happen to the shard, to the end of what comes of it.
    pub(crate) fn happen(&mut self, event: impl FnOnce(&mut Shard, &mut Effects)) {
        event(&mut self.shard, &mut self.effects);
        self.apply();
    }

    /// A batch is in the journal.
    pub(crate) fn committed(&mut self, position: u64) {
        self.happen(|shard, effects| shard.committed(NOW_MS, position, effects));
    }

    fn apply(&mut self) {
        loop {
            while let Some(effect) = self.effects.list.pop_front() {
                self.carry_out(effect);
            }
            self.effects.clear();
            let Some(answer) = self.answers.pop_front() else { return };
            self.shard.store_answer(NOW_MS, answer, &mut self.effects);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Reply(to, range) => {
                let start = self.output.len();
                self.output.extend_from_slice(&self.effects.frames[range]);
                self.read(to.connection.slot, start);
            }
            Effect::Fanout(room, frames) => {
                for _ in self.shard.audience(room) {
                    self.output.extend_from_slice(&frames.bytes);
                }
            }
            Effect::Peer(to, message) if to == self.id => {
                self.shard.peer(NOW_MS, self.id, message, &mut self.effects);
            }
            Effect::Peer(to, message) => self.outgoing.push((to, message)),
            Effect::Store(request) => self.answers.extend(self.answer(&request)),
        }
        if self.output.len() > OUTPUT_BYTES {
            self.output.clear();
        }
    }

    /// What a session is answered.
    fn read(&mut self, session: u32, start: usize) {
        let mut rest = &self.output[start..];
        while let Ok(Some(frame)) = Frame::first(rest, limits::FRAME_BYTES_MAX) {
            rest = &rest[frame.bytes.len()..];
            match frame.opcode() {
                Some(Opcode::Ack) => {
                    self.acknowledged += 1;
                    self.answered.push(session);
                }
                Some(Opcode::Opened) => self.opened += 1,
                Some(Opcode::Message | Opcode::Presence) => {}
                other => panic!("session {session} is answered {other:?}: nothing of that belongs to this load"),
            }
        }
    }

    fn answer(&self, request: &StoreRequest) -> Option<StoreAnswer> {
        match *request {
            StoreRequest::LoadRoom(room) => Some(StoreAnswer::Room(room, Ok(Box::new(self.layout.load(room))))),
            StoreRequest::LoadDevice(room, caller) => Some(StoreAnswer::Device(room, caller, Ok(Vec::new()))),
            _ => None,
        }
    }
}

fn key(session: u32) -> SessionKey {
    SessionKey { connection: ConnectionKey { slot: session, generation: 0 }, session: 0 }
}
