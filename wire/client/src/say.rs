//! What the connection says: what commands ask for, what a new connection takes up, and its own frames.

use std::sync::atomic::Ordering;

use moim_wire::schema;
use moim_wire::{Encoder, Envelope, MessageId, Opcode, RoomId, SendFields, Sequence};
use tokio::time::Instant;

use crate::command::{Command, Open, Outgoing};
use crate::connection::{Connection, End};
use crate::error::Error;
use crate::pending::{Pending, Waiting};

/// Writes SEND frames and enters their requests.
fn sender<'a>(
    encoder: &'a mut Encoder,
    out: &'a mut Vec<u8>,
    pending: &'a mut Pending,
) -> impl FnMut(Sequence, &Outgoing) -> u32 + 'a {
    |sequence, outgoing| {
        let request = pending.add(Waiting::Send(outgoing.room, sequence));
        let fields = SendFields {
            room: outgoing.room.0,
            sequence: sequence.0,
            text: &outgoing.text,
            kind: outgoing.kind,
            reference: outgoing.reference,
        };
        encoder.send(out, Envelope { request, session: 0 }, &fields);
        request
    }
}

impl Connection {
    /// On a new connection: opens the rooms asked for, resends what is uncertain, says what waited.
    pub(crate) fn take_up(&mut self) {
        for (room, follow) in self.follows.wanted() {
            write_open(&mut self.encoder, &mut self.out, &mut self.pending, room, follow.number, follow.last_seen);
        }
        let mut send = sender(&mut self.encoder, &mut self.out, &mut self.pending);
        let resends = self.outbox.resume(&mut send);
        self.published.counters.resends.fetch_add(resends, Ordering::Relaxed);
    }

    /// Writes the sends whose wait is over.
    pub(crate) fn write_due(&mut self, now: Instant) {
        let mut send = sender(&mut self.encoder, &mut self.out, &mut self.pending);
        self.outbox.write_due(now, &mut send);
    }

    pub(crate) fn write_ping(&mut self) {
        let envelope = Envelope { request: self.pending.number(), session: 0 };
        self.encoder
            .frame(&mut self.out, Opcode::Ping, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp: 0 }));
    }

    /// Writes what a room's sends have waited for.
    pub(crate) fn flush(&mut self, room: RoomId) {
        let mut send = sender(&mut self.encoder, &mut self.out, &mut self.pending);
        self.outbox.flush(room, &mut send);
    }

    pub(crate) fn write_close(&mut self, room: RoomId) {
        let envelope = Envelope { request: self.pending.number(), session: 0 };
        self.encoder.frame(&mut self.out, Opcode::Close, envelope, |b| {
            schema::Close::create(b, &schema::CloseArgs { room: room.0 })
        });
    }

    /// Enters a follow. `Some(true)`: it took the place of one that nobody reads any more. `None`: refused.
    pub(crate) fn insert_follow(&mut self, open: Open) -> Option<bool> {
        let room = open.room;
        match self.follows.insert(open) {
            Ok(replaced) => Some(replaced),
            Err(reply) => {
                let _ = reply.send(Err(Error::AlreadyOpen(room)));
                None
            }
        }
    }

    pub(crate) fn on_command(&mut self, command: Command) -> Result<(), End> {
        match command {
            Command::Request { request, reply } => {
                let (begin, number) = (self.out.len(), self.pending.number());
                request.write(&mut self.encoder, &mut self.out, number);
                let (bytes, bytes_max) = (self.out.len() - begin, self.published.session.borrow().frame_bytes_max);
                if bytes > bytes_max {
                    // Said, it would end the session and everything that waits in it.
                    self.out.truncate(begin);
                    // A caller who has gone needs no answer.
                    let _ = reply.send(Err(Error::RequestTooLong { bytes, bytes_max }));
                } else {
                    self.pending.insert(number, Waiting::Request(reply));
                }
            }
            Command::Remark(remark) => remark.write(&mut self.encoder, &mut self.out),
            Command::Send(outgoing) => {
                let room = outgoing.room;
                self.outbox.push(outgoing);
                self.flush(room);
            }
            Command::Open(open) => {
                let (room, number, last_seen) = (open.room, open.follow, open.last_seen);
                if let Some(replaced) = self.insert_follow(open) {
                    if replaced {
                        self.write_close(room);
                    }
                    write_open(&mut self.encoder, &mut self.out, &mut self.pending, room, number, last_seen);
                }
            }
            Command::Close { room, follow } => {
                if self.follows.close(room, follow) {
                    self.write_close(room);
                }
            }
            Command::Shutdown { reply } => return Err(End::Closed(Some(reply))),
        }
        Ok(())
    }
}

fn write_open(
    encoder: &mut Encoder,
    out: &mut Vec<u8>,
    pending: &mut Pending,
    room: RoomId,
    follow: u64,
    last_seen: MessageId,
) {
    let request = pending.add(Waiting::Open(room, follow));
    encoder.frame(out, Opcode::Open, Envelope { request, session: 0 }, |b| {
        schema::Open::create(b, &schema::OpenArgs { room: room.0, last_seen: last_seen.0 })
    });
}
