//! What a client's frames ask, once its session stands.

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Encoder, Envelope, Frame as NativeFrame, Opcode, SendFields, schema};
use tokio_tungstenite::tungstenite::Message;

use super::codec::{Command, Frame};
use super::destination::{Target, room_of};
use super::farewell::{Farewell, Refusal, receipt};
use super::request::Request;
use super::requests::{Asked, Pending};
use super::rooms::{NoSubscription, Subscribed, Subscription};
use super::session::{Parting, Session};
use crate::trunk::Weight;

/// The way to the engine is full: try again after this time.
const FULL_RETRY_MS: u32 = 100;

impl Session<'_> {
    pub(super) fn take_frame(&mut self, frame: &Frame) -> Result<(), Farewell> {
        match frame.command {
            Command::Send => self.send(frame)?,
            Command::Subscribe => self.subscribe(frame)?,
            Command::Unsubscribe => self.unsubscribe(frame)?,
            // Every message is in the history whether it is acknowledged or not.
            Command::Ack | Command::Nack => {
                required(frame, "id")?;
                self.confirm(frame);
            }
            Command::Disconnect => self.parting = Some(Parting::Asked(frame.header("receipt").map(str::to_owned))),
            Command::Begin | Command::Commit | Command::Abort => {
                return Err(Refusal::of(frame, "this server knows no transactions").into());
            }
            Command::Connect | Command::Stomp => return Err(Refusal::of(frame, "the session stands already").into()),
            Command::Connected | Command::Message | Command::Receipt | Command::Error => {
                return Err(Refusal::of(frame, format!("{} is for servers to say", frame.command)).into());
            }
        }
        Ok(())
    }

    fn send(&mut self, frame: &Frame) -> Result<(), Refusal> {
        let destination = required(frame, "destination")?;
        let target = Target::of(destination)
            .ok_or_else(|| Refusal::of(frame, format!("nothing can be sent to \"{destination}\"")))?;
        if frame.header("transaction").is_some() {
            return Err(Refusal::of(frame, "this server knows no transactions"));
        }
        let request = Request::read(target, &frame.body, self.user).map_err(|wrong| Refusal::of(frame, wrong))?;
        self.ask(Pending {
            asked: Asked::Send { request, receipt: frame.header("receipt").map(str::to_owned) },
            tries: 0,
        })
    }

    fn subscribe(&mut self, frame: &Frame) -> Result<(), Refusal> {
        let (id, destination) = (required(frame, "id")?, required(frame, "destination")?);
        let room = room_of(destination)
            .ok_or_else(|| Refusal::of(frame, format!("nothing can be subscribed to at \"{destination}\"")))?;
        let acknowledges = match frame.header("ack").unwrap_or("auto") {
            "auto" => false,
            "client" | "client-individual" => true,
            other => return Err(Refusal::of(frame, format!("ack \"{other}\" is none of STOMP's modes"))),
        };
        let subscription = Subscription { id: id.to_owned(), acknowledges };
        let max = self.app.config.limits.stomp_subscriptions_max;
        match self.rooms.subscribe(room, subscription, frame.header("receipt"), max) {
            Ok(Subscribed::First) => self.ask(Pending { asked: Asked::Open { room }, tries: 0 }),
            Ok(Subscribed::Waiting) => Ok(()),
            Ok(Subscribed::Already) => {
                self.confirm(frame);
                Ok(())
            }
            Err(NoSubscription::IdTaken) => {
                Err(Refusal::of(frame, format!("the id \"{id}\" is another subscription's")))
            }
            Err(NoSubscription::TooMany) => Err(Refusal::of(frame, "more subscriptions than a session may have")),
        }
    }

    fn unsubscribe(&mut self, frame: &Frame) -> Result<(), Refusal> {
        let id = required(frame, "id")?;
        if let Some((room, receipts)) = self.rooms.unsubscribe(id) {
            for id in receipts {
                self.ready.push_back(Message::text(receipt(&id)));
            }
            self.ask(Pending { asked: Asked::Close { room }, tries: 0 })?;
        }
        self.confirm(frame);
        Ok(())
    }

    /// Gives the receipt that a frame asked for.
    fn confirm(&mut self, frame: &Frame) {
        if let Some(id) = frame.header("receipt") {
            self.ready.push_back(Message::text(receipt(id)));
        }
    }

    /// Passes a request to the engine.
    pub(super) fn ask(&mut self, pending: Pending) -> Result<(), Refusal> {
        let opcode = opcode(&pending.asked);
        let mut bytes = Vec::new();
        let request = self.requests.enter(pending);
        if let Some(pending) = self.requests.get(request) {
            write(&mut bytes, opcode, request, &pending.asked);
        }
        let Ok(Some(frame)) = NativeFrame::first(&bytes, FRAME_BYTES_MAX) else { return Ok(()) };
        if self.attached.forward(Weight::Request, frame).is_ok() {
            self.app.counters.frames_in.one();
            return Ok(());
        }
        self.app.counters.frames_busy.one();
        self.try_again(request, FULL_RETRY_MS)
    }

    /// What the engine was too busy for is asked again later.
    pub(super) fn try_again(&mut self, request: u32, after_ms: u32) -> Result<(), Refusal> {
        let Some(pending) = self.requests.answered(request) else { return Ok(()) };
        let receipt = pending.asked.receipt();
        self.requests
            .try_again(pending, after_ms)
            .map_err(|_| Refusal::of_receipt(receipt, "the server has too much to do; nothing of this was done"))
    }

    /// Asks what waited to be asked again.
    pub(super) fn ask_again(&mut self) -> Result<(), Farewell> {
        if self.requests.again_at().is_some_and(|at| at > tokio::time::Instant::now()) {
            return Ok(());
        }
        for pending in self.requests.take_again() {
            self.ask(pending)?;
        }
        Ok(())
    }
}

fn required<'a>(frame: &'a Frame, name: &str) -> Result<&'a str, Refusal> {
    frame.header(name).ok_or_else(|| Refusal::of(frame, format!("{} without the header {name}", frame.command)))
}

const fn opcode(asked: &Asked) -> Opcode {
    match asked {
        Asked::Open { .. } => Opcode::Open,
        Asked::Close { .. } => Opcode::Close,
        Asked::History { .. } => Opcode::History,
        Asked::Send { .. } => Opcode::Send,
    }
}

fn write(out: &mut Vec<u8>, opcode: Opcode, request: u32, asked: &Asked) {
    let (mut encoder, envelope) = (Encoder::new(), Envelope { request, session: 0 });
    match asked {
        &Asked::Open { room } => {
            encoder.frame(out, opcode, envelope, |b| schema::Open::create(b, &schema::OpenArgs { room, last_seen: 0 }));
        }
        &Asked::Close { room } => {
            encoder.frame(out, opcode, envelope, |b| schema::Close::create(b, &schema::CloseArgs { room }));
        }
        &Asked::History { room, after } => encoder.frame(out, opcode, envelope, |b| {
            let limit = moim_wire::limits::HISTORY_LIMIT_MAX as u16;
            schema::History::create(b, &schema::HistoryArgs { room, before: 0, after, limit })
        }),
        Asked::Send { request: Request { room, kind, text, reference }, .. } => {
            let fields = SendFields { room: *room, sequence: request, text, kind: *kind, reference: *reference };
            encoder.send(out, envelope, &fields);
        }
    }
}
