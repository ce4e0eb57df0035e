//! A small server with one room that keeps the protocol's promises while it breaks everything else: connections, pages,
//! patience. After every SEND somebody else speaks too.

use moim_wire::schema::{self, Kind, Role};
use moim_wire::{Envelope, ErrorCode, MessageFields, MessageId, Opcode};

use crate::peer::{Heard, Line, Peer, ROOM, ack, id, opened, page};

/// Missed messages that OPEN hands over by itself here, so that a few are a GAP already.
const CATCH_UP_MAX: usize = 3;
/// Messages on a page here.
const PAGE_MAX: usize = 2;

/// What goes wrong at a step. Every frame read and every frame written is one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection ends before the frame is written, or after it was read and before it is looked at.
    Break,
    /// A MESSAGE is written twice.
    Twice,
    /// A live MESSAGE is not written, though one after it is.
    Withhold,
    /// A request is answered BUSY.
    Busy,
    /// A request is refused for a reason that passes.
    Trouble,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: MessageId,
    prev_id: MessageId,
    user: u32,
    device: u32,
    sequence: u32,
    pub(crate) text: String,
}

pub(crate) struct Model<F> {
    pub(crate) peer: Peer,
    pub(crate) stored: Vec<Stored>,
    /// Gives the fault of a step.
    faults: F,
    pub(crate) step: usize,
    following: bool,
    /// Whether a new message below the device's newest sequence is taken or refused: servers may do either.
    takes_late: bool,
}

struct Broken;

impl<F: FnMut(usize) -> Fault> Model<F> {
    pub(crate) fn new(peer: Peer, takes_late: bool, faults: F) -> Self {
        Self { peer, stored: Vec::new(), faults, step: 0, following: false, takes_late }
    }

    /// Serves one connection after the other, for ever.
    pub(crate) async fn serve(&mut self) {
        loop {
            self.following = false;
            let mut line = self.peer.welcome().await;
            while let Some(heard) = line.hear().await {
                if heard.opcode == Opcode::Goodbye || self.on_frame(&mut line, &heard).await.is_err() {
                    break;
                }
            }
        }
    }

    fn fault(&mut self) -> Fault {
        self.step += 1;
        (self.faults)(self.step)
    }

    async fn on_frame(&mut self, line: &mut Line, heard: &Heard) -> Result<(), Broken> {
        match self.fault() {
            Fault::Break => return Err(Broken),
            Fault::Busy => {
                line.busy(heard).await;
                return Ok(());
            }
            Fault::Trouble if heard.opcode != Opcode::Send => {
                line.error(heard, ErrorCode::StoreUnavailable).await;
                return Ok(());
            }
            _ => {}
        }
        match heard.opcode {
            Opcode::Open => self.on_open(line, heard).await,
            Opcode::Send => self.on_send(line, heard).await,
            Opcode::History => self.on_history(line, heard).await,
            Opcode::Close => Ok(()),
            other => panic!("{} is not in the script", other.name()),
        }
    }

    fn newest(&self) -> MessageId {
        self.stored.last().map_or(MessageId::ZERO, |message| message.id)
    }

    fn store(&mut self, user: u32, device: u32, sequence: u32, text: &str) -> Stored {
        let (id, prev_id) = (id(self.stored.len() as u64 + 1), self.newest());
        self.stored.push(Stored { id, prev_id, user, device, sequence, text: text.to_owned() });
        self.stored[self.stored.len() - 1].clone()
    }

    async fn on_open(&mut self, line: &mut Line, heard: &Heard) -> Result<(), Broken> {
        let last_seen = MessageId(heard.read::<schema::Open<'_>>().last_seen());
        let newest = self.newest();
        self.write(line, |e, out| opened(e, out, heard.answer(), newest)).await?;
        self.following = true;
        if last_seen == MessageId::ZERO {
            return Ok(());
        }
        let missed: Vec<Stored> = self.stored.iter().filter(|message| message.id > last_seen).cloned().collect();
        if missed.len() > CATCH_UP_MAX {
            let args = schema::GapArgs { room: ROOM.0, after: last_seen.0, newest_id: newest.0 };
            let gap = |e: &mut moim_wire::Encoder, out: &mut Vec<u8>| {
                e.frame(out, Opcode::Gap, Envelope::default(), |b| schema::Gap::create(b, &args));
            };
            return self.write(line, gap).await;
        }
        for message in missed {
            self.write(line, |e, out| write_message(e, out, &message)).await?;
        }
        Ok(())
    }

    async fn on_send(&mut self, line: &mut Line, heard: &Heard) -> Result<(), Broken> {
        let send = heard.read::<schema::Send<'_>>();
        let (sequence, device) = (send.sequence(), 99);
        let mut newest_first = self.stored.iter().rev().filter(|message| message.user == 12);
        if let Some(known) = newest_first.clone().take(64).find(|message| message.sequence == sequence) {
            let known = known.id;
            return self.write(line, |e, out| ack(e, out, heard.answer(), sequence, known, true)).await;
        }
        let is_late = newest_first.next().is_some_and(|newest| newest.sequence > sequence);
        if is_late && !self.takes_late {
            line.error(heard, ErrorCode::SequenceTooOld).await;
            return Ok(());
        }
        let own = self.store(12, device, sequence, send.text());
        let other = self.store(15, 1, self.stored.len() as u32, "and I say");
        let acked = own.id;
        self.write(line, |e, out| ack(e, out, heard.answer(), sequence, acked, false)).await?;
        if !self.following {
            return Ok(());
        }
        for message in [&own, &other] {
            match self.fault() {
                Fault::Break => return Err(Broken),
                Fault::Withhold if *message == own => {}
                Fault::Twice => {
                    line.say(|e, out| {
                        write_message(e, out, message);
                        write_message(e, out, message);
                    })
                    .await;
                }
                _ => line.say(|e, out| write_message(e, out, message)).await,
            }
        }
        Ok(())
    }

    async fn on_history(&mut self, line: &mut Line, heard: &Heard) -> Result<(), Broken> {
        let after = MessageId(heard.read::<schema::History<'_>>().after());
        let above: Vec<&Stored> = self.stored.iter().filter(|message| message.id > after).collect();
        let mut frames = Vec::new();
        for message in above.iter().take(PAGE_MAX) {
            write_message(&mut line.encoder, &mut frames, message);
        }
        let (count, more) = (above.len().min(PAGE_MAX), above.len() > PAGE_MAX);
        self.write(line, |e, out| page(e, out, heard.answer(), &frames, count, more)).await
    }

    /// Writes a frame, unless the step's fault is a break.
    async fn write(
        &mut self,
        line: &mut Line,
        build: impl FnOnce(&mut moim_wire::Encoder, &mut Vec<u8>),
    ) -> Result<(), Broken> {
        if self.fault() == Fault::Break {
            return Err(Broken);
        }
        line.say(build).await;
        Ok(())
    }
}

fn write_message(e: &mut moim_wire::Encoder, out: &mut Vec<u8>, message: &Stored) {
    let Stored { id, prev_id, user, device, sequence, text } = message;
    let head = schema::MessageHead::new(id.0, prev_id.0, ROOM.0, *user, *device, *sequence);
    let fields = MessageFields { head, text, reference: 0, kind: Kind::Talk, role: Role::Member };
    e.message(out, Envelope::default(), &fields);
}
