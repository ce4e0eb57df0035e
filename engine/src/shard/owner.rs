//! The owner's half of the shard: from an event to the room that it is about.

use moim_wire::{DeviceId, ErrorCode, MessageId, RoomId, UserId};

use super::commit::{self, SealedBatch};
use super::context::{Context, Gate};
use super::dedup::DeviceWindow;
use super::effect::{Effect, Effects, StoreRequest};
use super::event::{Caller, ConnectionKey, LoadedRoom, Origin, Refusal, Request, StoreAnswer};
use super::room::{Parked, Room};
use super::tickets::Waiting;
use super::{Counters, Fullest, Gauges, Map, Shard, Slot, follow, load, read_mark};
use crate::journal::Behind;

/// When to ask again for a room whose store did not answer.
const ROOM_RETRY_MS: u32 = 1_000;

impl Shard {
    /// Rooms, and what is around them.
    pub(super) fn rooms_and_context<'a>(
        &'a mut self,
        now_ms: u64,
        effects: &'a mut Effects,
    ) -> (&'a mut Map<RoomId, Slot>, Context<'a>) {
        let gate = self.gate();
        let context = Context {
            shard: self.id,
            now_ms,
            limits: &self.limits,
            encoder: &mut self.encoder,
            effects,
            batch: &mut self.batch,
            tickets: &mut self.tickets,
            counters: &mut self.counters,
            marks: &mut self.marks,
            outbox: &mut self.outbox,
            gate,
        };
        (&mut self.rooms, context)
    }

    pub(super) fn context<'a>(&'a mut self, now_ms: u64, effects: &'a mut Effects) -> Context<'a> {
        self.rooms_and_context(now_ms, effects).1
    }

    fn gate(&self) -> Gate {
        match self.store_behind {
            _ if self.storage_full => Gate::StorageFull,
            Some(behind) => Gate::StoreBehind(behind),
            None if self.peer_behind => Gate::PeerBehind,
            None => Gate::Open,
        }
    }

    /// A request for a room that this shard owns.
    pub(super) fn own(
        &mut self,
        now_ms: u64,
        origin: Origin,
        caller: Caller,
        request: Request<'_>,
        effects: &mut Effects,
    ) {
        let id = request.room();
        let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
        match rooms.get_mut(&id) {
            Some(Slot::Ready(room)) => return carry_out(room, origin, caller, request, &mut context),
            // Nobody follows the room yet, and nobody waits for an answer.
            _ if matches!(request, Request::Typing { .. }) => return,
            None if matches!(request, Request::Close { .. }) => return follow::close(origin, id, &mut context),
            Some(Slot::Loading(parked)) => {
                if parked.len() >= context.limits.parked_max {
                    return context.busy(&origin, "the room is being loaded");
                }
                return parked.push(Parked { origin, caller, request: request.into_owned() });
            }
            None => {}
        }
        if !make_space(rooms, &mut context) {
            return context.busy(&origin, "as many rooms are in use as the server holds");
        }
        let parked = Parked { origin, caller, request: request.into_owned() };
        rooms.insert(id, Slot::Loading(vec![parked]));
        context.effects.push(Effect::Store(StoreRequest::LoadRoom(id)));
    }

    /// A store answered.
    pub fn store_answer(&mut self, now_ms: u64, answer: StoreAnswer, effects: &mut Effects) {
        self.take_answer(now_ms, answer, effects);
        self.outbox.tell(effects);
    }

    fn take_answer(&mut self, now_ms: u64, answer: StoreAnswer, effects: &mut Effects) {
        match answer {
            StoreAnswer::Room(room, Ok(loaded)) => self.room_loaded(now_ms, room, &loaded, effects),
            StoreAnswer::Room(room, Err(refusal)) => {
                if let Some(Slot::Loading(parked)) = self.rooms.remove(&room) {
                    refuse_all(parked, &refusal, &mut self.context(now_ms, effects));
                }
            }
            StoreAnswer::Device(room, caller, result) => self.device_loaded(now_ms, room, caller, result, effects),
            StoreAnswer::Changes(room, result) => {
                let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
                let Some(Slot::Ready(room)) = rooms.get_mut(&room) else { return };
                match result {
                    Ok(changes) => room.changes_read(&changes, &mut context),
                    // The poll for waiting changes asks again; who waits goes on waiting.
                    Err(_) => room.reading_changes = false,
                }
            }
            StoreAnswer::History(ticket, result) => {
                self.redeemed(
                    now_ms,
                    ticket,
                    result,
                    effects,
                    |room, waiting, (frames, more), context| match waiting {
                        Waiting::History { question, .. } => room.history_read(question, &frames, more, context),
                        Waiting::Withdrawal { origin, caller, send, .. } => {
                            room.withdrawn_read(origin, caller, send, &frames, context);
                        }
                        _ => {}
                    },
                );
            }
            StoreAnswer::Members(ticket, result) => {
                self.redeemed(now_ms, ticket, result, effects, |room, waiting, (entries, more), context| {
                    if let Waiting::Members { origin, user, .. } = waiting {
                        room.members_read(&origin, user, &entries, more, context);
                    }
                });
            }
            StoreAnswer::ChangesSequenced => self.outbox.told(),
            StoreAnswer::Changed(ticket, result) => {
                self.redeemed(now_ms, ticket, result, effects, |room, waiting, change, context| {
                    if let Waiting::Change { origin, .. } = waiting {
                        room.sync(origin, change, context);
                    }
                });
            }
        }
    }

    /// Brings a store's answer to the room that waits for it.
    fn redeemed<T>(
        &mut self,
        now_ms: u64,
        ticket: u64,
        result: Result<T, Refusal>,
        effects: &mut Effects,
        then: impl FnOnce(&mut Room, Waiting, T, &mut Context<'_>),
    ) {
        let Some(waiting) = self.tickets.redeem(ticket) else { return };
        let (room, origin) = (waiting.room(), waiting.origin());
        let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
        match (rooms.get_mut(&room), result) {
            (Some(Slot::Ready(room)), Ok(value)) => then(room, waiting, value, &mut context),
            (_, Err(refusal)) => refuse(&origin, &refusal, &mut context),
            _ => context.busy(&origin, "the room was let go meanwhile"),
        }
    }

    fn room_loaded(&mut self, now_ms: u64, id: RoomId, loaded: &LoadedRoom, effects: &mut Effects) {
        let Some(Slot::Loading(parked)) = self.rooms.remove(&id) else { return };
        let room = load::build(id, loaded, &mut self.retention, now_ms, self.seed);
        self.counters.rooms_loaded += 1;
        self.rooms.insert(id, Slot::Ready(Box::new(room)));
        self.retention.evict(self.limits.recent_bytes_max, &mut self.rooms);
        let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
        let Some(Slot::Ready(room)) = rooms.get_mut(&id) else { return };
        if loaded.snapshot.changes.first().is_some_and(|change| change.change <= room.last_change) {
            context.outbox.sequenced(id, room.last_change);
        }
        for change in &loaded.snapshot.changes {
            room.sequence(change, &mut context);
        }
        for Parked { origin, caller, request } in parked {
            carry_out(room, origin, caller, request, &mut context);
        }
    }

    fn device_loaded(
        &mut self,
        now_ms: u64,
        room: RoomId,
        caller: Caller,
        result: Result<Vec<(moim_wire::Sequence, moim_wire::MessageId)>, Refusal>,
        effects: &mut Effects,
    ) {
        let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
        let Some(Slot::Ready(room)) = rooms.get_mut(&room) else { return };
        match result {
            Ok(sends) => room.device_loaded(caller, DeviceWindow::restore(sends), &mut context),
            Err(refusal) => refuse_all(room.forget_device(caller), &refusal, &mut context),
        }
    }

    /// Changes wait in these rooms; those that this shard does not own are passed over.
    pub fn changes_wait(&mut self, now_ms: u64, waiting: &[RoomId], effects: &mut Effects) {
        for &id in waiting {
            if crate::router::owner(id, self.shards) != self.id {
                continue;
            }
            let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
            match rooms.get_mut(&id) {
                Some(Slot::Ready(room)) => room.read_changes(&mut context),
                Some(Slot::Loading(_)) => {}
                // Without space it is for the next poll.
                None => {
                    if make_space(rooms, &mut context) {
                        rooms.insert(id, Slot::Loading(Vec::new()));
                        context.effects.push(Effect::Store(StoreRequest::LoadRoom(id)));
                    }
                }
            }
        }
    }

    /// Everything accepted since the last time, for the journal; `None` when there is nothing.
    pub fn seal(&mut self) -> Option<SealedBatch> {
        self.batch.seal()
    }

    /// The messages that the batch withdraws which was sealed just now.
    pub fn take_withdrawn(&mut self) -> Vec<(RoomId, MessageId)> {
        std::mem::take(&mut self.batch.withdrawn)
    }

    /// The journal has synced (in relaxed mode: written) everything up to `position`.
    pub fn committed(&mut self, now_ms: u64, position: u64, effects: &mut Effects) {
        let mut retention = std::mem::take(&mut self.retention);
        let (rooms, mut context) = self.rooms_and_context(now_ms, effects);
        commit::committed(position, rooms, &mut retention, &mut context);
        self.retention = retention;
        self.outbox.tell(effects);
    }

    /// The journal's disk is full, or has space again.
    pub fn set_storage_full(&mut self, full: bool) {
        self.storage_full = full;
    }

    /// The journal holds as much for the message store as it may, which is so far behind; `None` when it may hold more.
    pub fn set_store_behind(&mut self, behind: Option<Behind>) {
        self.store_behind = behind;
    }

    /// Another shard is so far behind with what it is sent that nothing more should be brought about.
    pub fn set_peer_behind(&mut self, is_behind: bool) {
        self.peer_behind = is_behind;
    }

    /// Once a second: read marks that changed go to the store.
    pub fn tick(&mut self, effects: &mut Effects) {
        let marks = read_mark::take_marks(&mut self.marks, &mut self.rooms);
        if !marks.is_empty() {
            effects.push(Effect::Store(StoreRequest::ReadMarks(marks)));
        }
    }

    /// Local connections that carry followers of the room, each with the number of its sessions that do.
    pub fn audience(&self, room: RoomId) -> &[(ConnectionKey, u32)] {
        self.edge.connections(room)
    }

    /// Whether something waits to be sealed.
    pub fn has_batch(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Whether something sealed is not committed yet.
    pub fn is_committing(&self) -> bool {
        self.batch.is_committing()
    }

    /// Position after the newest message accepted.
    pub fn position(&self) -> u64 {
        self.batch.position()
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Sizes at this moment.
    pub fn gauges(&self) -> Gauges {
        Gauges {
            sessions: self.edge.session_count(),
            rooms: self.rooms.len(),
            tickets: self.tickets.len(),
            batch_bytes: self.batch.frames.len(),
            recent_bytes: self.retention.bytes(),
        }
    }

    /// The fullest queues. Looks at every room and session: for checks, not for a busy shard.
    pub fn fullest(&self) -> Fullest {
        let mut fullest = Fullest { rooms: self.edge.rooms_most(), ..Fullest::default() };
        for slot in self.rooms.values() {
            match slot {
                Slot::Loading(parked) => fullest.parked = fullest.parked.max(parked.len()),
                Slot::Ready(room) => room.count_fullest(&mut fullest),
            }
        }
        fullest
    }
}

/// Whether one room more may be held; rooms at rest make space for it.
fn make_space(rooms: &mut Map<RoomId, Slot>, context: &mut Context<'_>) -> bool {
    let rooms_max = context.limits.rooms_max;
    if rooms.len() >= rooms_max {
        context.counters.rooms_forgotten += load::forget_rooms(rooms, context.tickets, rooms_max * 9 / 10);
    }
    rooms.len() < rooms_max
}

/// A request on a room that is in memory.
fn carry_out(room: &mut Room, origin: Origin, caller: Caller, request: Request<'_>, context: &mut Context<'_>) {
    room.used_ms = context.now_ms;
    let needs_room = !matches!(request, Request::Sync { .. } | Request::Typing { .. } | Request::Close { .. });
    if room.deleted && needs_room {
        return context.refuse(&origin, ErrorCode::NoSuchRoom, "no such room");
    }
    match request {
        Request::Open { last_seen, .. } => room.open(origin, caller, last_seen, context),
        Request::Close { .. } => follow::close(origin, room.id, context),
        Request::Send(send) => room.send(origin, caller, send, context),
        Request::History { query, limit, .. } => room.history(origin, caller, query, limit, context),
        Request::Read { up_to, .. } => room.read(origin, caller, up_to, context),
        Request::Typing { .. } => room.typing(caller, context),
        Request::Join { password, .. } => room.join(origin, caller, password, context),
        Request::Leave { .. } => room.leave(origin, caller, context),
        Request::Members { after, limit, .. } => room.list_members(origin, caller, after, limit, context),
        Request::Sync { change, .. } => room.sync(origin, change, context),
    }
}

fn refuse(origin: &Origin, refusal: &Refusal, context: &mut Context<'_>) {
    let retry_after_ms = match refusal.code {
        ErrorCode::StoreUnavailable => refusal.retry_after_ms.max(ROOM_RETRY_MS),
        _ => refusal.retry_after_ms,
    };
    context.refuse_for(origin, refusal.code, &refusal.message, retry_after_ms);
}

fn refuse_all(parked: Vec<Parked>, refusal: &Refusal, context: &mut Context<'_>) {
    for Parked { origin, .. } in parked {
        refuse(&origin, refusal, context);
    }
}

/// The device that sequences changes.
pub(crate) const CHANGES: Caller = Caller { user: UserId(0), device: DeviceId(0) };
