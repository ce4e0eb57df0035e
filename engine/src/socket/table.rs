//! A shard's connections, and the buffers that their output borrows.

use std::collections::HashMap;

use moim_wire::{Encoder, Envelope, ErrorCode, Frame, MessageId, RoomId, body, limits, schema};
use slab::Slab;

use super::connection::{Connection, Flushed};
use crate::config::Limits;
use crate::shard::{Class, ConnectionKey, put_gap};

/// Times its bound that answers may wait for a native connection before it is parted with. Requests that were under way
/// when the bound was passed find room here.
const UNREAD_FACTOR: usize = 8;
/// A buffer that grew above this is given back to the allocator.
const BUFFER_BYTES_KEPT: usize = 64 * 1024;
/// Bytes of empty buffers kept for the next output.
const POOL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Counts and sizes, for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) delivered: u64,
    pub(crate) shed: u64,
    pub(crate) gaps: u64,
    pub(crate) flushes: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) slow_readers: u64,
}

/// All connections of a shard.
pub(crate) struct Connections {
    slots: Slab<Connection>,
    generation: u32,
    dirty: Vec<ConnectionKey>,
    pool: Vec<Vec<u8>>,
    pool_bytes: usize,
    limits: Limits,
    encoder: Encoder,
    pub(crate) usage: Usage,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            dirty: Vec::new(),
            pool: Vec::new(),
            pool_bytes: 0,
            limits,
            encoder: Encoder::new(),
            usage: Usage::default(),
        }
    }

    pub(crate) fn insert(&mut self, make: impl FnOnce(u32) -> Connection) -> ConnectionKey {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let slot = self.slots.insert(make(generation)) as u32;
        ConnectionKey { slot, generation }
    }

    pub(crate) fn get_mut(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.slots.get_mut(key.slot as usize).filter(|connection| connection.generation == key.generation)
    }

    pub(crate) fn is_closing(&mut self, key: ConnectionKey) -> bool {
        self.get_mut(key).is_some_and(|connection| connection.closing)
    }

    pub(crate) fn remove(&mut self, key: ConnectionKey) -> Option<Connection> {
        self.get_mut(key)?;
        let mut connection = self.slots.remove(key.slot as usize);
        self.give_back(std::mem::take(&mut connection.out));
        connection.drained.raise();
        Some(connection)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn keys(&self) -> Vec<ConnectionKey> {
        let keys = self.slots.iter();
        keys.map(|(slot, connection)| ConnectionKey { slot: slot as u32, generation: connection.generation }).collect()
    }

    /// Bytes that wait to be sent, of all connections.
    pub(crate) fn queued(&self) -> usize {
        self.slots.iter().map(|(_, connection)| connection.queued()).sum()
    }

    /// Whether somebody must flush.
    pub(crate) fn has_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Output for one connection; what it has asked for and must get. A peer that does not read is not read from; a
    /// native client that asked for far too much before that was noticed is parted with.
    pub(crate) fn put(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let bytes_max = self.limits.session_queue_bytes_max * UNREAD_FACTOR;
        // Not counting these: one answer, however long, is nobody's fault.
        let is_too_much = |connection: &mut Connection| connection.queued() > bytes_max && !connection.is_trunk();
        if self.get_mut(key).is_some_and(is_too_much) {
            return self.part_with_slow_reader(key);
        }
        self.append(key, bytes);
    }

    fn part_with_slow_reader(&mut self, key: ConnectionKey) {
        if !self.is_closing(key) {
            self.usage.slow_readers += 1;
            let message = "too many answers wait to be read; ask for less at once";
            self.close(key, |encoder, out| {
                encoder.goodbye(out, Envelope::default(), Some(ErrorCode::SlowReader), message, 0);
            });
        }
    }

    fn append(&mut self, key: ConnectionKey, bytes: &[u8]) {
        if let Some(connection) = self.slots.get_mut(key.slot as usize)
            && connection.generation == key.generation
            && !connection.closing
        {
            if connection.out.capacity() == 0
                && let Some(buffer) = self.pool.pop()
            {
                self.pool_bytes -= buffer.capacity();
                connection.out = buffer;
            }
            connection.out.extend_from_slice(bytes);
            if !connection.dirty {
                connection.dirty = true;
                self.dirty.push(key);
            }
        }
    }

    /// A room's frame. Where too much waits already it is left out: a message leaves a GAP, anything else nothing.
    pub(crate) fn put_room_frame(&mut self, key: ConnectionKey, room: RoomId, frame: &[u8], class: Class) {
        let limits = self.limits;
        let Some(connection) = self.get_mut(key) else { return };
        if connection.queued() > 0 || connection.gaps.is_some() {
            let bytes_max = connection.queue_bytes_max(&limits);
            if self.leave_out(key, room, frame, class, bytes_max) {
                return;
            }
        }
        self.usage.delivered += 1;
        self.put(key, frame);
    }

    fn leave_out(&mut self, key: ConnectionKey, room: RoomId, frame: &[u8], class: Class, bytes_max: usize) -> bool {
        let Some(connection) = self.get_mut(key) else { return true };
        let queued = connection.queued();
        let has_gap = connection.gaps.as_ref().is_some_and(|gaps| gaps.contains_key(&room));
        match class {
            Class::Sheddable if has_gap || queued > bytes_max / 2 => {
                self.usage.shed += 1;
                true
            }
            Class::Sequenced if has_gap || queued + frame.len() > bytes_max => {
                let (id, prev_id) = ids(frame);
                let gaps = connection.gaps.get_or_insert_with(|| Box::new(HashMap::new()));
                gaps.entry(room).and_modify(|gap| gap.1 = id).or_insert((prev_id, id));
                self.usage.shed += 1;
                true
            }
            _ => false,
        }
    }

    /// Connections with output, since last asked.
    pub(crate) fn take_dirty(&mut self) -> Vec<ConnectionKey> {
        std::mem::take(&mut self.dirty)
    }

    /// Gives back the list that [`Self::take_dirty`] gave, so that it is not allocated anew.
    pub(crate) fn put_back(&mut self, mut dirty: Vec<ConnectionKey>) {
        dirty.clear();
        if self.dirty.is_empty() {
            self.dirty = dirty;
        }
    }

    /// Sends what waits. `None` where nothing may be sent now.
    pub(crate) fn flush(&mut self, key: ConnectionKey, is_writable: bool, now_s: u32) -> Option<Flushed> {
        let connection = self.get_mut(key)?;
        connection.dirty = false;
        if connection.blocked && !is_writable {
            return None;
        }
        let before = connection.sent;
        let flushed = connection.flush();
        connection.blocked = flushed == Flushed::Blocked;
        let sent = connection.sent - before;
        if sent > 0 {
            connection.progress_s = now_s;
        }
        self.usage.flushes += 1;
        self.usage.sent_bytes += sent as u64;
        if flushed == Flushed::All {
            self.rest(key);
        }
        Some(flushed)
    }

    /// Nothing waits any more: the buffer is given back, and what was left out is told.
    fn rest(&mut self, key: ConnectionKey) {
        let Some(connection) = self.get_mut(key) else { return };
        connection.sent = 0;
        let mut buffer = std::mem::take(&mut connection.out);
        let gaps = connection.gaps.take();
        connection.drained.raise();
        buffer.clear();
        self.give_back(buffer);
        if let Some(gaps) = gaps {
            let mut frames = Vec::new();
            for (room, (after, newest)) in *gaps {
                self.usage.gaps += 1;
                put_gap(&mut frames, room.0, after, newest, 0, &mut self.encoder);
            }
            self.put(key, &frames);
        }
    }

    fn give_back(&mut self, mut buffer: Vec<u8>) {
        let bytes = buffer.capacity();
        if bytes > 0 && bytes <= BUFFER_BYTES_KEPT && self.pool_bytes + bytes <= POOL_BYTES_MAX {
            buffer.clear();
            self.pool_bytes += bytes;
            self.pool.push(buffer);
        }
    }

    /// Says `farewell` and closes once it is sent.
    pub(crate) fn close(&mut self, key: ConnectionKey, farewell: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut frame = Vec::new();
        farewell(&mut self.encoder, &mut frame);
        self.append(key, &frame);
        if let Some(connection) = self.get_mut(key) {
            connection.closing = true;
            connection.drained.raise();
        }
    }
}

/// Id and predecessor of a MESSAGE frame.
fn ids(frame: &[u8]) -> (MessageId, MessageId) {
    let frame = Frame::first(frame, limits::FRAME_BYTES_MAX).ok().flatten();
    let message = frame.and_then(|frame| body::read::<schema::Message<'_>>(frame.body()).ok());
    message.map_or_else(Default::default, |m| (MessageId(m.head().id()), MessageId(m.head().prev_id())))
}
