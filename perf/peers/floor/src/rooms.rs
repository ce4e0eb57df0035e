//! Connections, rooms, and bytes on their way from one to the other.

use std::collections::HashMap;
use std::io;

use crate::ring::Ring;

const JOIN: u8 = 1;
const PUBLISH: u8 = 2;
const ECHO: u8 = 3;
/// Length, operation and room.
const HEADER_BYTES: usize = 9;
/// A buffer that a burst grew beyond this is given back.
const SPARE_BYTES_MAX: usize = 64 * 1024;

/// One client.
#[derive(Default)]
struct Connection {
    /// Output that gathers.
    waiting: Vec<u8>,
    /// Output under way. Neither moved nor changed while `is_sending`.
    sending: Vec<u8>,
    /// Of `sending`, bytes that have left.
    sent: usize,
    is_sending: bool,
    is_dirty: bool,
    is_gone: bool,
    /// Of a frame cut by the end of the input, what came.
    partial: Vec<u8>,
    room: Option<u32>,
}

/// All clients and their rooms.
#[derive(Default)]
pub(crate) struct Rooms {
    connections: Vec<Connection>,
    members: HashMap<u32, Vec<u32>>,
    /// Connections with output that is not under way.
    dirty: Vec<u32>,
}

impl Rooms {
    /// A new client in a slot that is free.
    pub(crate) fn open(&mut self, connection: u32) {
        let slot = connection as usize;
        if self.connections.len() <= slot {
            self.connections.resize_with(slot + 1, Connection::default);
        }
        self.connections[slot] = Connection::default();
    }

    /// Takes input of a client.
    pub(crate) fn feed(&mut self, connection: u32, input: &[u8]) {
        let slot = connection as usize;
        if self.connections[slot].partial.is_empty() {
            let taken = self.frames(connection, input);
            self.connections[slot].partial.extend_from_slice(&input[taken..]);
            return;
        }
        let mut joined = std::mem::take(&mut self.connections[slot].partial);
        joined.extend_from_slice(input);
        let taken = self.frames(connection, &joined);
        joined.drain(..taken);
        self.connections[slot].partial = joined;
    }

    /// A client left. True: the slot can be closed at once.
    pub(crate) fn leave(&mut self, connection: u32) -> bool {
        let leaver = &mut self.connections[connection as usize];
        leaver.is_gone = true;
        let is_idle = !leaver.is_sending;
        if let Some(members) = leaver.room.take().and_then(|room| self.members.get_mut(&room)) {
            members.retain(|member| *member != connection);
        }
        is_idle
    }

    /// A send ended, with the bytes that left or an error. True: the slot can be closed.
    pub(crate) fn sent(&mut self, connection: u32, result: i32) -> bool {
        let receiver = &mut self.connections[connection as usize];
        receiver.is_sending = false;
        if receiver.is_gone {
            return true;
        }
        // An error shows on the receiving side too, which ends the connection.
        let Ok(bytes) = usize::try_from(result) else { return false };
        receiver.sent += bytes;
        if receiver.sent < receiver.sending.len() || !receiver.waiting.is_empty() {
            mark(&mut self.dirty, connection, receiver);
        } else {
            receiver.sent = 0;
            receiver.sending.clear();
            if receiver.sending.capacity() > SPARE_BYTES_MAX {
                receiver.sending = Vec::new();
            }
        }
        false
    }

    /// Starts one send for each connection with output, unless one is under way.
    pub(crate) fn flush(&mut self, ring: &mut Ring) -> io::Result<()> {
        for connection in self.dirty.drain(..) {
            let receiver = &mut self.connections[connection as usize];
            receiver.is_dirty = false;
            if receiver.is_sending || receiver.is_gone {
                continue;
            }
            if receiver.sent >= receiver.sending.len() {
                receiver.sending.clear();
                receiver.sent = 0;
                std::mem::swap(&mut receiver.waiting, &mut receiver.sending);
                if receiver.sending.is_empty() {
                    continue;
                }
            }
            receiver.is_sending = true;
            // SAFETY: `sending` stays as it is while `is_sending`, and a slot is taken anew only after it was closed,
            // which waits for the send to end. Growing the list of connections moves the vector's head, not its bytes.
            unsafe { ring.send(connection, &receiver.sending[receiver.sent..])? };
        }
        Ok(())
    }

    /// Carries out the whole frames at the start of `input` and gives the bytes taken.
    fn frames(&mut self, from: u32, input: &[u8]) -> usize {
        let mut at = 0;
        while let Some(header) = input[at..].first_chunk::<HEADER_BYTES>() {
            let [l0, l1, l2, l3, operation, r0, r1, r2, r3] = *header;
            let length = 4 + u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            let Some(frame) = input.get(at..at + length) else { break };
            self.frame(from, operation, u32::from_le_bytes([r0, r1, r2, r3]), frame);
            at += length;
        }
        at
    }

    #[inline]
    fn frame(&mut self, from: u32, operation: u8, room: u32, frame: &[u8]) {
        match operation {
            PUBLISH => {
                for &member in self.members.get(&room).map_or(&[][..], Vec::as_slice) {
                    put(&mut self.dirty, &mut self.connections, member, frame);
                }
            }
            JOIN => {
                self.connections[from as usize].room = Some(room);
                self.members.entry(room).or_default().push(from);
            }
            ECHO => put(&mut self.dirty, &mut self.connections, from, frame),
            _ => {}
        }
    }
}

#[inline]
fn put(dirty: &mut Vec<u32>, connections: &mut [Connection], to: u32, frame: &[u8]) {
    let receiver = &mut connections[to as usize];
    receiver.waiting.extend_from_slice(frame);
    mark(dirty, to, receiver);
}

#[inline]
fn mark(dirty: &mut Vec<u32>, connection: u32, receiver: &mut Connection) {
    if !receiver.is_dirty {
        receiver.is_dirty = true;
        dirty.push(connection);
    }
}
