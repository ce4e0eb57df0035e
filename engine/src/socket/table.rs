//! A shard's connections: found by their slot in the ring, told what came, flushed once for all that gathered.

use std::collections::HashMap;
use std::io;
use std::net::TcpStream;

use moim_wire::{Encoder, Envelope, ErrorCode, Frame, MessageId, RoomId, body, limits, schema};

use super::connection::Connection;
use super::output::{Output, Pool};
use super::ring::Ring;
use crate::config::Limits;
use crate::shard::{Class, ConnectionKey, RoomFrames, put_gap};

/// Times its bound that answers may wait for a native connection before it is parted with. Requests that were under way
/// when the bound was passed find room here.
const UNREAD_FACTOR: usize = 8;
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
    pub(crate) ring: Ring,
    slots: Vec<Option<Connection>>,
    count: usize,
    generation: u32,
    dirty: Vec<u32>,
    pool: Pool,
    limits: Limits,
    encoder: Encoder,
    pub(crate) usage: Usage,
}

impl Connections {
    pub(crate) fn new(ring: Ring, limits: Limits) -> Self {
        Self {
            ring,
            slots: Vec::new(),
            count: 0,
            generation: 0,
            dirty: Vec::new(),
            pool: Pool::default(),
            limits,
            encoder: Encoder::new(),
            usage: Usage::default(),
        }
    }

    /// Takes a connection in, which `make` makes of its generation. `None` when the ring has no place for it.
    pub(crate) fn open(&mut self, stream: &TcpStream, make: impl FnOnce(u32) -> Connection) -> Option<ConnectionKey> {
        let slot = self.ring.open(stream)?;
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        if slot as usize >= self.slots.len() {
            self.slots.resize_with(slot as usize + 1, || None);
        }
        self.slots[slot as usize] = Some(make(generation));
        self.count += 1;
        Some(ConnectionKey { slot, generation })
    }

    pub(crate) fn get_mut(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        let connection = self.slots.get_mut(key.slot as usize)?.as_mut();
        connection.filter(|connection| connection.generation == key.generation)
    }

    /// The connection in a slot of the ring.
    pub(crate) fn key_at(&self, slot: u32) -> Option<ConnectionKey> {
        let connection = self.slots.get(slot as usize)?.as_ref()?;
        Some(ConnectionKey { slot, generation: connection.generation })
    }

    pub(crate) fn is_closing(&mut self, key: ConnectionKey) -> bool {
        self.get_mut(key).is_some_and(|connection| connection.closing)
    }

    pub(crate) fn remove(&mut self, key: ConnectionKey) -> Option<Connection> {
        self.get_mut(key)?;
        let mut connection = self.slots[key.slot as usize].take()?;
        self.count -= 1;
        self.ring.close(key.slot);
        self.pool.give_back(std::mem::take(&mut connection.waiting));
        Some(connection)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn keys(&self) -> Vec<ConnectionKey> {
        (0..self.slots.len() as u32).filter_map(|slot| self.key_at(slot)).collect()
    }

    /// Bytes that wait to be sent, of all connections.
    pub(crate) fn queued(&self) -> usize {
        self.slots.iter().flatten().map(Connection::queued).sum()
    }

    /// Whether somebody must flush.
    pub(crate) fn has_dirty(&mut self) -> bool {
        !self.dirty.is_empty() || self.ring.has_submissions()
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
        self.append(key, |connection, pool| connection.append(bytes, || pool.take()));
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

    fn append(&mut self, key: ConnectionKey, append: impl FnOnce(&mut Connection, &mut Pool)) {
        if let Some(Some(connection)) = self.slots.get_mut(key.slot as usize)
            && connection.generation == key.generation
            && !connection.closing
        {
            append(connection, &mut self.pool);
            if !std::mem::replace(&mut connection.dirty, true) {
                self.dirty.push(key.slot);
            }
        }
    }

    /// Frames of a room, back to back. Where too much waits already they are left out: messages leave a GAP, anything
    /// else nothing.
    pub(crate) fn put_room_frames(&mut self, key: ConnectionKey, room: RoomId, frames: &RoomFrames) {
        let limits = self.limits;
        let Some(connection) = self.get_mut(key) else { return };
        if connection.queued() > 0 || connection.gaps.is_some() {
            let bytes_max = connection.queue_bytes_max(&limits);
            if self.leave_out(key, room, frames, bytes_max) {
                return;
            }
        }
        self.usage.delivered += u64::from(frames.count);
        self.append(key, |connection, pool| connection.append_shared(&frames.bytes, || pool.take()));
    }

    fn leave_out(&mut self, key: ConnectionKey, room: RoomId, frames: &RoomFrames, bytes_max: usize) -> bool {
        let Some(connection) = self.get_mut(key) else { return true };
        let queued = connection.queued();
        let has_gap = connection.gaps.as_ref().is_some_and(|gaps| gaps.contains_key(&room));
        let is_left_out = match frames.class {
            Class::Sheddable => has_gap || queued > bytes_max / 2,
            Class::Sequenced => has_gap || queued + frames.bytes.len() > bytes_max,
        };
        if is_left_out {
            if frames.class == Class::Sequenced {
                let (before, newest) = ends(&frames.bytes);
                let gaps = connection.gaps.get_or_insert_with(|| Box::new(HashMap::new()));
                gaps.entry(room).and_modify(|gap| gap.1 = newest).or_insert((before, newest));
            }
            self.usage.shed += u64::from(frames.count);
        }
        is_left_out
    }

    /// Starts a send for each connection whose output gathered and of which none is under way, and hands all of them to
    /// the kernel at once.
    pub(crate) fn flush(&mut self, now_s: u32) -> io::Result<()> {
        for slot in self.dirty.drain(..) {
            let Some(Some(connection)) = self.slots.get_mut(slot as usize) else { continue };
            connection.dirty = false;
            if !connection.is_sending() && !connection.waiting.is_empty() {
                let output = std::mem::take(&mut connection.waiting);
                connection.sending_bytes = output.len();
                connection.progress_s = now_s;
                self.usage.flushes += 1;
                self.ring.send(slot, output);
            }
        }
        self.ring.submit()
    }

    /// Bytes of a slot's connection have left. True when it is to be closed and nothing of it waits any more.
    pub(crate) fn sent(&mut self, slot: u32, bytes: usize, output: Option<Output>, now_s: u32) -> bool {
        self.usage.sent_bytes += bytes as u64;
        if let Some(output) = output {
            self.pool.give_back(output);
        }
        let Some(Some(connection)) = self.slots.get_mut(slot as usize) else { return false };
        connection.progress_s = now_s;
        connection.sending_bytes -= bytes;
        if connection.is_sending() {
            return false;
        }
        if connection.waiting.is_empty() {
            self.rest(slot);
        } else if !std::mem::replace(&mut connection.dirty, true) {
            self.dirty.push(slot);
        }
        self.slots[slot as usize].as_ref().is_some_and(|connection| connection.closing && connection.queued() == 0)
    }

    /// Nothing waits any more: what was left out is told, and the connection is read again.
    fn rest(&mut self, slot: u32) {
        let Some(Some(connection)) = self.slots.get_mut(slot as usize) else { return };
        if std::mem::take(&mut connection.held_back) {
            self.ring.resume(slot);
        }
        let key = ConnectionKey { slot, generation: connection.generation };
        if let Some(gaps) = connection.gaps.take() {
            let mut frames = Vec::new();
            for (room, (after, newest)) in *gaps {
                self.usage.gaps += 1;
                put_gap(&mut frames, room.0, after, newest, 0, &mut self.encoder);
            }
            self.put(key, &frames);
        }
    }

    /// Once a second: gives up memory that no output needed. True when the allocator should let go of it.
    pub(crate) fn trim(&mut self) -> bool {
        self.pool.trim()
    }

    /// A connection of which too much waits to be read is not listened to until it has read all.
    pub(crate) fn hold_back_if_behind(&mut self, key: ConnectionKey) {
        let limits = self.limits;
        let Some(connection) = self.get_mut(key) else { return };
        if connection.is_behind(&limits) && !std::mem::replace(&mut connection.held_back, true) {
            self.ring.hold(key.slot);
        }
    }

    /// Says `farewell` and closes once it is sent.
    pub(crate) fn close(&mut self, key: ConnectionKey, farewell: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut frame = Vec::new();
        farewell(&mut self.encoder, &mut frame);
        self.append(key, |connection, pool| connection.append(&frame, || pool.take()));
        if let Some(connection) = self.get_mut(key) {
            connection.closing = true;
        }
    }
}

/// The message before the first of these MESSAGE frames, and the last one.
fn ends(frames: &[u8]) -> (MessageId, MessageId) {
    let mut ends: Option<(MessageId, MessageId)> = None;
    let mut rest = frames;
    while let Ok(Some(frame)) = Frame::first(rest, limits::FRAME_BYTES_MAX) {
        rest = &rest[frame.bytes.len()..];
        let Ok(message) = body::read::<schema::Message<'_>>(frame.body()) else { continue };
        let (id, prev_id) = (MessageId(message.head().id()), MessageId(message.head().prev_id()));
        ends = Some((ends.map_or(prev_id, |(before, _)| before), id));
    }
    ends.unwrap_or_default()
}
