//! What a command makes the connection say, and what a frame makes it do.

use std::sync::atomic::Ordering;

use moim_wire::body;
use moim_wire::schema;
use moim_wire::{Encoder, Envelope, Frame, MessageId, Opcode, RoomId, SendFields, Sequence, UserId};
use tokio::time::Instant;

use crate::command::{Command, Open, Outgoing};
use crate::connection::{Connection, End};
use crate::error::{Error, Refusal};
use crate::follow::Incoming;
use crate::message::{Message, RoomInfo};
use crate::outbox::Sent;
use crate::pending::{Pending, Waiting};
use crate::request::{self, Answer, malformed};
use crate::stats::count;

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Broken(Some(error))
    }
}

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

    fn flush(&mut self, room: RoomId) {
        let mut send = sender(&mut self.encoder, &mut self.out, &mut self.pending);
        self.outbox.flush(room, &mut send);
    }

    fn write_close(&mut self, room: RoomId) {
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
                let number = self.pending.add(Waiting::Request(reply));
                request.write(&mut self.encoder, &mut self.out, number);
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

    pub(crate) fn on_frame(&mut self, frame: Frame<'_>, now: Instant) -> Result<(), End> {
        match frame.opcode() {
            Some(Opcode::Message) => {
                let message = Message::read(frame.body()).map_err(malformed)?;
                self.deliver(message.room, Incoming::Message(message));
            }
            Some(Opcode::Gap) => {
                let gap = body::read::<schema::Gap<'_>>(frame.body()).map_err(malformed)?;
                self.deliver(RoomId(gap.room()), Incoming::Gap { newest_id: MessageId(gap.newest_id()) });
            }
            Some(Opcode::ReadMark) => {
                let mark = body::read::<schema::ReadMark<'_>>(frame.body()).map_err(malformed)?;
                let (user, up_to) = (UserId(mark.user()), MessageId(mark.up_to()));
                self.deliver(RoomId(mark.room()), Incoming::ReadMark { user, up_to });
            }
            Some(Opcode::Typing) => {
                let typing = body::read::<schema::Typing<'_>>(frame.body()).map_err(malformed)?;
                self.deliver(RoomId(typing.room()), Incoming::Typing { user: UserId(typing.user()) });
            }
            Some(Opcode::Presence) => {
                let presence = body::read::<schema::Presence<'_>>(frame.body()).map_err(malformed)?;
                let (user, online) = (UserId(presence.user()), presence.online());
                self.deliver(RoomId(presence.room()), Incoming::Presence { user, online });
            }
            Some(Opcode::Closed) => self.on_closed(frame)?,
            Some(Opcode::Ack) => self.on_ack(frame.body())?,
            Some(Opcode::Ping) => self.on_ping(frame)?,
            Some(Opcode::Goodbye) => return Err(End::Goodbye(request::goodbye(frame.body())?)),
            _ => self.on_answer(frame, now)?,
        }
        Ok(())
    }

    fn deliver(&mut self, room: RoomId, item: Incoming) {
        if !self.follows.deliver(room, item, &self.published.counters) {
            self.write_close(room);
        }
    }

    /// CLOSED as the answer to a CLOSE needs nothing; unasked, it ends the room's follow.
    fn on_closed(&mut self, frame: Frame<'_>) -> Result<(), End> {
        let (room, refusal) = request::closed(frame.body())?;
        if frame.header.request == 0 {
            self.follows.end(room, Error::Refused(refusal));
        }
        Ok(())
    }

    fn on_ack(&mut self, bytes: &[u8]) -> Result<(), End> {
        let ack = body::read::<schema::Ack<'_>>(bytes).map_err(malformed)?;
        let room = RoomId(ack.room());
        let sent = Sent { id: MessageId(ack.id()), prev_id: MessageId(ack.prev_id()), duplicate: ack.duplicate() };
        if let Some(request) = self.outbox.acked(room, Sequence(ack.sequence()), sent) {
            self.pending.take(request);
            self.flush(room);
        }
        Ok(())
    }

    fn on_ping(&mut self, frame: Frame<'_>) -> Result<(), End> {
        let stamp = body::read::<schema::Ping<'_>>(frame.body()).map_err(malformed)?.stamp();
        let envelope = Envelope { request: frame.header.request, session: 0 };
        self.encoder
            .frame(&mut self.out, Opcode::Pong, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp }));
        Ok(())
    }

    /// Whatever answers a request; what nobody waits for, and operations of a newer minor version, are passed over.
    fn on_answer(&mut self, frame: Frame<'_>, now: Instant) -> Result<(), End> {
        let Some(waiting) = self.pending.take(frame.header.request) else { return Ok(()) };
        match frame.opcode() {
            Some(Opcode::Error) => self.on_refusal(waiting, request::refusal(frame.body())?, now),
            Some(Opcode::Busy) => {
                count(&self.published.counters.busy);
                let retry_after = request::busy(frame.body())?;
                match waiting {
                    Waiting::Send(room, sequence) => self.outbox.busy(room, sequence, retry_after, now),
                    Waiting::Open(room, follow) => self.follows.refused(room, follow, Error::Busy { retry_after }),
                    Waiting::Request(reply) => drop(reply.send(Err(Error::Busy { retry_after }))),
                }
            }
            opcode => match waiting {
                Waiting::Request(reply) => {
                    drop(reply.send(Ok(Answer { opcode, body: frame.body().to_vec() })));
                }
                Waiting::Open(room, follow) if opcode == Some(Opcode::Opened) => {
                    let info = RoomInfo::read(frame.body()).map_err(malformed)?;
                    if !self.follows.opened(room, follow, info) {
                        self.write_close(room);
                    }
                }
                Waiting::Open(..) | Waiting::Send(..) => {
                    let got = opcode.map_or("an unknown operation", Opcode::name);
                    return Err(Error::Protocol(format!("{got} came as the answer to OPEN or SEND")).into());
                }
            },
        }
        Ok(())
    }

    fn on_refusal(&mut self, waiting: Waiting, refusal: Refusal, now: Instant) {
        match waiting {
            Waiting::Send(room, sequence) => {
                self.outbox.refused(room, sequence, refusal, now);
                self.flush(room);
            }
            Waiting::Open(room, follow) => self.follows.refused(room, follow, Error::Refused(refusal)),
            Waiting::Request(reply) => drop(reply.send(Err(Error::Refused(refusal)))),
        }
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
