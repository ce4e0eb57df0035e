//! From a message accepted to a message shown: the batch under construction, batches on their way to the disk, and
//! what the message store has not confirmed yet.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use moim_wire::schema;
use moim_wire::{Encoder, ErrorCode, MessageId, Opcode, RoomId, Sequence, UserId};

use super::context::Context;
use super::effect::{Effect, StoreRequest};
use super::event::{Class, Origin, PeerMessage};
use super::room::Room;
use super::{Map, Slot};
use crate::router::ShardId;

/// What may wait for the journal: the messages of the largest batches, and resends of them.
const PENDING_MAX: usize = 500_000;

/// What an ACK says and to whom.
#[derive(Debug)]
pub(super) struct AckTo {
    pub(super) origin: Origin,
    pub(super) sequence: Sequence,
    pub(super) prev_id: MessageId,
    pub(super) duplicate: bool,
}

/// What happens when a batch is synced.
#[derive(Debug)]
pub(super) enum Pending {
    /// A message is shown, and acknowledged where somebody sent it. `reader` has read up to it: who speaks has read what
    /// he answers to, and who joins owes nothing that was said before.
    Message { room: RoomId, id: MessageId, frame: Range<usize>, reader: Option<UserId>, ack: Option<AckTo> },
    /// A resend of a message of this batch or one before it is acknowledged.
    Resent { room: RoomId, id: MessageId, ack: AckTo },
    /// A change is sequenced for good.
    Change { room: RoomId, change: u32 },
    /// Followers are put out, after they were shown what is before this.
    Evict { room: RoomId, user: Option<UserId>, code: ErrorCode },
}

/// Messages accepted since the last batch was sealed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<u8>,
    pub(super) pending: Vec<Pending>,
    records: u64,
    in_flight: VecDeque<InFlight>,
    /// Position after the last message accepted.
    position: u64,
}

#[derive(Debug)]
struct InFlight {
    frames: Bytes,
    pending: Vec<Pending>,
    position: u64,
}

/// A batch for the journal.
#[derive(Clone, Debug)]
pub struct SealedBatch {
    /// MESSAGE frames back to back, at least one.
    pub frames: Bytes,
    /// Position before the first of them.
    pub first: u64,
    /// Position after the last of them.
    pub last: u64,
}

impl Batch {
    pub(super) fn starting_at(position: u64) -> Self {
        Self { position, ..Self::default() }
    }

    /// Counts a message whose frame was appended to `frames`.
    pub(super) fn push_message(&mut self, pending: Pending) {
        self.pending.push(pending);
        self.records += 1;
        self.position += 1;
    }

    /// Lets `pending` happen with the newest message that is not synced yet. `Err` gives it back when all are.
    pub(super) fn push_behind(&mut self, pending: Pending) -> Result<(), Pending> {
        if self.records > 0 {
            self.pending.push(pending);
            return Ok(());
        }
        match self.in_flight.back_mut() {
            Some(batch) => {
                batch.pending.push(pending);
                Ok(())
            }
            None => Err(pending),
        }
    }

    /// Whether so much waits for the journal that resends may not add to it.
    pub(super) fn is_crowded(&self) -> bool {
        let in_flight: usize = self.in_flight.iter().map(|batch| batch.pending.len()).sum();
        in_flight + self.pending.len() >= PENDING_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
    }

    pub(super) fn is_committing(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn seal(&mut self) -> Option<SealedBatch> {
        if self.is_empty() {
            return None;
        }
        let capacity = self.frames.len();
        let frames = Bytes::from(std::mem::replace(&mut self.frames, Vec::with_capacity(capacity)));
        let pending = Vec::with_capacity(self.pending.len());
        let pending = std::mem::replace(&mut self.pending, pending);
        let first = self.position - std::mem::take(&mut self.records);
        self.in_flight.push_back(InFlight { frames: frames.clone(), pending, position: self.position });
        Some(SealedBatch { frames, first, last: self.position })
    }

    fn take_committed(&mut self, position: u64) -> Option<InFlight> {
        if self.in_flight.front()?.position > position { None } else { self.in_flight.pop_front() }
    }
}

/// Messages of one batch that are in memory.
#[derive(Debug)]
struct Retained {
    bytes: usize,
    position: u64,
    messages: Vec<(RoomId, MessageId)>,
}

/// Committed messages in memory: first those that the store has not confirmed, then those kept for resuming clients.
#[derive(Debug, Default)]
pub(super) struct Retention {
    unconfirmed: VecDeque<Retained>,
    unconfirmed_bytes: usize,
    cached: VecDeque<Retained>,
    cached_bytes: usize,
}

impl Retention {
    pub(super) fn unconfirmed_bytes(&self) -> usize {
        self.unconfirmed_bytes
    }

    pub(super) fn cached_bytes(&self) -> usize {
        self.cached_bytes
    }

    /// Messages that were read from the store, so that they count towards the bound like others.
    pub(super) fn cache(&mut self, bytes: usize, messages: Vec<(RoomId, MessageId)>) {
        self.cached_bytes += bytes;
        self.cached.push_back(Retained { bytes, position: 0, messages });
    }

    fn confirm(&mut self, position: u64, rooms: &mut Map<RoomId, Slot>) {
        while self.unconfirmed.front().is_some_and(|batch| batch.position <= position)
            && let Some(batch) = self.unconfirmed.pop_front()
        {
            for &(room, id) in &batch.messages {
                if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                    room.confirmed = room.confirmed.max(id);
                }
            }
            self.unconfirmed_bytes -= batch.bytes;
            self.cached_bytes += batch.bytes;
            self.cached.push_back(batch);
        }
    }

    pub(super) fn evict(&mut self, bytes_max: usize, rooms: &mut Map<RoomId, Slot>) {
        while self.cached_bytes > bytes_max
            && let Some(batch) = self.cached.pop_front()
        {
            for (room, id) in batch.messages {
                if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                    room.forget_up_to(id);
                }
            }
            self.cached_bytes -= batch.bytes;
        }
    }
}

/// The journal has synced everything up to `position`: now, not before, it is acknowledged and shown.
pub(super) fn committed(
    position: u64,
    rooms: &mut Map<RoomId, Slot>,
    retention: &mut Retention,
    context: &mut Context<'_>,
) {
    while let Some(batch) = context.batch.take_committed(position) {
        let mut messages = Vec::with_capacity(batch.pending.len());
        for pending in batch.pending {
            if let Pending::Message { room, id, .. } = &pending {
                messages.push((*room, *id));
            }
            happen(pending, &batch.frames, rooms, context);
        }
        let bytes = batch.frames.len();
        retention.unconfirmed_bytes += bytes;
        retention.unconfirmed.push_back(Retained { bytes, position: batch.position, messages });
    }
}

/// The message store has everything up to `position`.
pub(super) fn confirmed(
    position: u64,
    rooms: &mut Map<RoomId, Slot>,
    retention: &mut Retention,
    recent_bytes_max: usize,
) {
    retention.confirm(position, rooms);
    retention.evict(recent_bytes_max, rooms);
}

fn happen(pending: Pending, frames: &Bytes, rooms: &mut Map<RoomId, Slot>, context: &mut Context<'_>) {
    match pending {
        Pending::Message { room: room_id, id, frame, reader, ack } => {
            let frame = frames.slice(frame);
            if let Some(ack) = ack {
                acknowledge(room_id, id, &ack, context);
            }
            if let Some(Slot::Ready(room)) = rooms.get_mut(&room_id) {
                deliver(room, &frame, Class::Sequenced, context);
                room.remember(id, frame);
                if let Some(user) = reader {
                    room.raise_mark(user, id, context);
                }
            }
        }
        Pending::Resent { room, id, ack } => acknowledge(room, id, &ack, context),
        Pending::Change { room, change } => {
            if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                room.change_committed(change, context);
            }
        }
        Pending::Evict { room, user, code } => {
            if let Some(Slot::Ready(room)) = rooms.get(&room) {
                for shard in following_shards(room) {
                    let message = PeerMessage::Evict { room: room.id, user, code };
                    context.effects.push(Effect::Peer(shard, message));
                }
            }
        }
    }
}

/// A frame for everybody who follows the room: once for each shard that has followers.
pub(super) fn deliver(room: &Room, frame: &Bytes, class: Class, context: &mut Context<'_>) {
    for shard in following_shards(room) {
        context.effects.push(if shard == context.shard {
            Effect::Fanout(room.id, frame.clone(), class)
        } else {
            Effect::Peer(shard, PeerMessage::Deliver { room: room.id, frame: frame.clone(), class })
        });
    }
}

fn following_shards(room: &Room) -> impl Iterator<Item = ShardId> {
    let shards = room.followers_of.iter().enumerate();
    shards.filter(|&(_, &followers)| followers > 0).map(|(shard, _)| ShardId(shard as u16))
}

pub(super) fn acknowledge(room: RoomId, id: MessageId, ack: &AckTo, context: &mut Context<'_>) {
    context.counters.acknowledged += 1;
    context.reply(&ack.origin, |encoder: &mut Encoder, out, envelope| {
        encoder.frame(out, Opcode::Ack, envelope, |b| {
            schema::Ack::create(
                b,
                &schema::AckArgs {
                    room: room.0,
                    sequence: ack.sequence.0,
                    id: id.0,
                    prev_id: ack.prev_id.0,
                    duplicate: ack.duplicate,
                },
            )
        });
    });
}

/// Tells the store that changes need not wait any more.
pub(super) fn changes_sequenced(room: RoomId, up_to: u32, context: &mut Context<'_>) {
    context.effects.push(Effect::Store(StoreRequest::ChangesSequenced(room, up_to)));
}
