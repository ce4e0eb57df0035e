//! What a frame makes the connection do: a room's frames go to its stream, an answer to whoever waits for it.

use moim_wire::body;
use moim_wire::schema;
use moim_wire::{Envelope, Frame, MessageId, Opcode, RoomId, Sequence, UserId};
use tokio::time::Instant;

use crate::connection::{Connection, End};
use crate::error::{Error, Refusal};
use crate::follow::Incoming;
use crate::message::{Message, RoomInfo};
use crate::outbox::Sent;
use crate::pending::Waiting;
use crate::request::{self, Answer};
use crate::stats::count;

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Broken(Some(error))
    }
}

impl Connection {
    pub(crate) fn on_frame(&mut self, frame: Frame<'_>, now: Instant) -> Result<(), End> {
        match frame.opcode() {
            Some(Opcode::Message) => {
                let message = Message::read(frame.body()).map_err(Error::from)?;
                self.deliver(message.room, Incoming::Message(message));
            }
            Some(Opcode::Gap) => {
                let gap = body::read::<schema::Gap<'_>>(frame.body()).map_err(Error::from)?;
                self.deliver(RoomId(gap.room()), Incoming::Gap { newest_id: MessageId(gap.newest_id()) });
            }
            Some(Opcode::ReadMark) => {
                let mark = body::read::<schema::ReadMark<'_>>(frame.body()).map_err(Error::from)?;
                let (user, up_to) = (UserId(mark.user()), MessageId(mark.up_to()));
                self.deliver(RoomId(mark.room()), Incoming::ReadMark { user, up_to });
            }
            Some(Opcode::Typing) => {
                let typing = body::read::<schema::Typing<'_>>(frame.body()).map_err(Error::from)?;
                self.deliver(RoomId(typing.room()), Incoming::Typing { user: UserId(typing.user()) });
            }
            Some(Opcode::Presence) => {
                let presence = body::read::<schema::Presence<'_>>(frame.body()).map_err(Error::from)?;
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
        let ack = body::read::<schema::Ack<'_>>(bytes).map_err(Error::from)?;
        let room = RoomId(ack.room());
        let sent = Sent { id: MessageId(ack.id()), prev_id: MessageId(ack.prev_id()), duplicate: ack.duplicate() };
        if let Some(request) = self.outbox.acked(room, Sequence(ack.sequence()), sent) {
            self.pending.take(request);
            self.flush(room);
        }
        Ok(())
    }

    fn on_ping(&mut self, frame: Frame<'_>) -> Result<(), End> {
        let stamp = body::read::<schema::Ping<'_>>(frame.body()).map_err(Error::from)?.stamp();
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
                    let info = RoomInfo::read(frame.body()).map_err(Error::from)?;
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
