//! From a message accepted to a message shown: the batch under construction, batches on their way to the disk, and
//! committed messages kept in memory.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use moim_wire::schema;
use moim_wire::{Encoder, Envelope, ErrorCode, MessageId, RoomId, Sequence, UserId};

use super::context::Context;
use super::effect::Effect;
use super::event::{Class, Origin, PeerMessage, RoomFrames};
use super::room::Room;
use super::{Map, Slot};
use crate::router::ShardId;

/// What may wait for the journal: the messages of the largest batches, and resends of them.
const PENDING_MAX: usize = 500_000;

/// Bytes of messages of one room that are shown in one piece, about; a slow reader is left out of whole pieces.
const RUN_BYTES_MAX: usize = 128 * 1024;

/// What an ACK says and to whom.
#[derive(Debug)]
pub(super) struct AckTo {
    pub(super) origin: Origin,
    pub(super) sequence: Sequence,
    pub(super) prev_id: MessageId,
    pub(super) duplicate: bool,
}

/// A message in the batch.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) room: RoomId,
    pub(super) id: MessageId,
    /// Its place in the batch's frames.
    pub(super) frame: Range<usize>,
    /// Who has read up to it: who speaks has read what he answers to, and who joins owes nothing that was said before.
    pub(super) reader: Option<UserId>,
    pub(super) ack: Option<AckTo>,
}

/// What happens when a batch is synced.
#[derive(Debug)]
pub(super) enum Pending {
    /// A message is shown, and acknowledged where somebody sent it.
    Message(Accepted),
    /// A resend of a message of this batch or one before it is acknowledged.
    Resent { room: RoomId, id: MessageId, ack: AckTo },
    /// A change is sequenced for good.
    Change { room: RoomId, change: u32 },
    /// A message is withdrawn by the one before this.
    Withdrawal { room: RoomId, by: MessageId, withdrawn: MessageId },
    /// Followers are put out, after they were shown what is before this.
    Evict { room: RoomId, user: Option<UserId>, code: ErrorCode },
}

impl Pending {
    fn message(&self) -> Option<&Accepted> {
        match self {
            Self::Message(accepted) => Some(accepted),
            _ => None,
        }
    }
}

/// Messages accepted since the last batch was sealed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<u8>,
    pub(super) pending: Vec<Pending>,
    /// Messages that these withdraw.
    pub(super) withdrawn: Vec<(RoomId, MessageId)>,
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
    pub(super) fn push_message(&mut self, accepted: Accepted) {
        self.pending.push(Pending::Message(accepted));
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
    /// Each with all that come before it in its room.
    messages: Vec<(RoomId, MessageId)>,
}

/// Committed messages in memory, for resuming clients and for history: the newest. The message store and the journal have
/// all of them.
#[derive(Debug, Default)]
pub(super) struct Retention {
    batches: VecDeque<Retained>,
    bytes: usize,
}

impl Retention {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts messages that rooms remember from here on.
    pub(super) fn add(&mut self, bytes: usize, messages: Vec<(RoomId, MessageId)>) {
        self.bytes += bytes;
        self.batches.push_back(Retained { bytes, messages });
    }

    pub(super) fn evict(&mut self, bytes_max: usize, rooms: &mut Map<RoomId, Slot>) {
        while self.bytes > bytes_max
            && let Some(batch) = self.batches.pop_front()
        {
            for (room, id) in batch.messages {
                if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                    room.forget_up_to(id);
                }
            }
            self.bytes -= batch.bytes;
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
    let bytes_max = RUN_BYTES_MAX.min(context.limits.session_queue_bytes_max / 8);
    while let Some(batch) = context.batch.take_committed(position) {
        let mut messages: Vec<(RoomId, MessageId)> = Vec::new();
        let mut rest = batch.pending.as_slice();
        while let Some(next) = rest.first() {
            let run = run_at_start(rest, bytes_max);
            if let Some(newest) = run.last().and_then(Pending::message) {
                messages.push((newest.room, newest.id));
                show(run, &batch.frames, rooms, context);
                rest = &rest[run.len()..];
            } else {
                happen(next, rooms, context);
                rest = &rest[1..];
            }
        }
        retention.add(batch.frames.len(), messages);
    }
    retention.evict(context.limits.recent_bytes_max, rooms);
}

/// Messages of one room that follow one another in a batch: they are shown in one piece.
fn run_at_start(pending: &[Pending], bytes_max: usize) -> &[Pending] {
    let Some(first) = pending.first().and_then(Pending::message) else { return &[] };
    let mut end = first.frame.end;
    let goes_on = |pending: &&Pending| {
        let next = pending
            .message()
            .filter(|next| next.room == first.room && next.frame.start == end && end - first.frame.start < bytes_max);
        next.inspect(|next| end = next.frame.end).is_some()
    };
    &pending[..1 + pending[1..].iter().take_while(goes_on).count()]
}

/// Acknowledges a run of messages and shows them.
fn show(run: &[Pending], frames: &Bytes, rooms: &mut Map<RoomId, Slot>, context: &mut Context<'_>) {
    let messages = || run.iter().filter_map(Pending::message);
    let (Some(first), Some(last)) = (messages().next(), messages().next_back()) else { return };
    acknowledge_all(first.room, messages().filter_map(|message| Some((message.id, message.ack.as_ref()?))), context);
    let Some(Slot::Ready(room)) = rooms.get_mut(&first.room) else { return };
    let bytes = frames.slice(first.frame.start..last.frame.end);
    deliver(room, &RoomFrames { bytes, count: run.len() as u32, class: Class::Sequenced }, context);
    let mut messages = messages().peekable();
    while let Some(message) = messages.next() {
        room.remember(message.id, frames.slice(message.frame.clone()));
        let is_raised_next = messages.peek().is_some_and(|next| next.reader == message.reader);
        if let Some(user) = message.reader
            && !is_raised_next
        {
            room.raise_mark(user, message.id, context);
        }
    }
}

fn happen(pending: &Pending, rooms: &mut Map<RoomId, Slot>, context: &mut Context<'_>) {
    match *pending {
        // Shown in runs.
        Pending::Message(_) => {}
        Pending::Resent { room, id, ref ack } => acknowledge(room, id, ack, context),
        Pending::Change { room, change } => {
            if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                room.change_committed(change, context);
            }
        }
        Pending::Withdrawal { room, by, withdrawn } => {
            if let Some(Slot::Ready(room)) = rooms.get_mut(&room) {
                room.withdrawn(by, withdrawn);
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

/// Frames for everybody who follows the room: once for each shard that has followers.
pub(super) fn deliver(room: &Room, frames: &RoomFrames, context: &mut Context<'_>) {
    for shard in following_shards(room) {
        context.effects.push(if shard == context.shard {
            Effect::Fanout(room.id, frames.clone())
        } else {
            Effect::Peer(shard, PeerMessage::Deliver { room: room.id, frames: frames.clone() })
        });
    }
}

fn following_shards(room: &Room) -> impl Iterator<Item = ShardId> {
    let shards = room.followers_of.iter().enumerate();
    shards.filter(|&(_, &followers)| followers > 0).map(|(shard, _)| ShardId(shard as u16))
}

pub(super) fn acknowledge(room: RoomId, id: MessageId, ack: &AckTo, context: &mut Context<'_>) {
    acknowledge_all(room, std::iter::once((id, ack)), context);
}

/// ACKs in order; those that follow one another to the same session in one piece.
fn acknowledge_all<'a>(room: RoomId, acks: impl Iterator<Item = (MessageId, &'a AckTo)>, context: &mut Context<'_>) {
    let mut acks = acks.peekable();
    let mut count = 0;
    while let Some((_, first)) = acks.peek() {
        let origin = first.origin;
        context.reply(&origin, |encoder: &mut Encoder, out, envelope| {
            while let Some((id, ack)) = acks.next_if(|(_, ack)| ack.origin.is_of_session(&origin)) {
                let (sequence, prev_id, duplicate) = (ack.sequence.0, ack.prev_id.0, ack.duplicate);
                let args = schema::AckArgs { room: room.0, sequence, id: id.0, prev_id, duplicate };
                encoder.ack(out, Envelope { request: ack.origin.request, ..envelope }, &args);
                count += 1;
            }
        });
    }
    context.counters.acknowledged += count;
}
