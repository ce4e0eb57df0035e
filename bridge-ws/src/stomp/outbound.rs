//! What the engine says to a session, as its client is told.

use std::sync::Arc;

use bytes::Bytes;
use moim_persistence::Error as StoreError;
use moim_wire::body::BodyError;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, Frame, Opcode, RoomId, body};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::body::{live, past};
use super::codec::{Command, encode};
use super::connect::VERSION;
use super::crowd::marks;
use super::destination;
use super::farewell::{Farewell, Refusal, receipt};
use super::page::Page;
use super::requests::{Asked, Pending};
use super::rooms::{Followed, Verdict};
use super::session::{Session, Work, Worked};
use crate::content::Shown;

const JSON: &str = "application/json;charset=UTF-8";
const SERVER: &str = concat!("moim/", env!("CARGO_PKG_VERSION"));

impl Session<'_> {
    /// Takes the next frame of the engine's.
    pub(super) fn take_native(&mut self, bytes: &Bytes) -> Result<(), Farewell> {
        let Ok(Some(frame)) = Frame::first(bytes, FRAME_BYTES_MAX) else { return Ok(()) };
        self.take(frame, bytes).unwrap_or_else(|error| self.stray(frame.header.opcode, &error))
    }

    fn take(&mut self, frame: Frame<'_>, bytes: &Bytes) -> Result<Result<(), Farewell>, BodyError> {
        let (request, said) = (frame.header.request, frame.body());
        Ok(match frame.opcode() {
            Some(Opcode::Welcome) => self.welcomed(&body::read::<schema::Welcome<'_>>(said)?),
            Some(Opcode::Goodbye) => Err(said_goodbye(&body::read::<schema::Goodbye<'_>>(said)?).into()),
            Some(Opcode::Opened) => self.opened(request, &body::read::<schema::Opened<'_>>(said)?),
            Some(Opcode::Closed) => self.closed(request, &body::read::<schema::Closed<'_>>(said)?),
            Some(Opcode::Ack) => self.stored(request),
            Some(Opcode::Error) => self.refused(request, &body::read::<schema::Error<'_>>(said)?),
            Some(Opcode::Busy) => {
                let busy = body::read::<schema::Busy<'_>>(said)?;
                self.try_again(request, busy.retry_after_ms()).map_err(Farewell::from)
            }
            Some(Opcode::Message) => self.live(&body::read::<schema::Message<'_>>(said)?, bytes),
            Some(Opcode::Gap) => self.gap(&body::read::<schema::Gap<'_>>(said)?),
            Some(Opcode::HistoryPage) => self.page_came(request, &body::read::<schema::HistoryPage<'_>>(said)?, bytes),
            // Marks, typing and presence are not told in the original's words.
            _ => Ok(()),
        })
    }

    fn stray(&self, opcode: u8, error: &BodyError) -> Result<(), Farewell> {
        self.app.counters.frames_stray.one();
        tracing::warn!(opcode, %error, "a frame of the engine's cannot be read");
        Ok(())
    }

    fn welcomed(&mut self, welcome: &schema::Welcome<'_>) -> Result<(), Farewell> {
        self.user = welcome.user();
        let heartbeat_ms = self.app.config.limits.stomp_heartbeat.as_millis();
        let heartbeat = format!("{heartbeat_ms},{heartbeat_ms}");
        let session = format!("{:08x}", self.attached.session());
        let headers =
            [("version", VERSION), ("heart-beat", &heartbeat), ("server", SERVER), ("session", session.as_str())];
        let mut frame = String::new();
        encode(&mut frame, Command::Connected, &headers, "");
        self.ready.push_back(Message::text(frame));
        Ok(())
    }

    fn opened(&mut self, request: u32, opened: &schema::Opened<'_>) -> Result<(), Farewell> {
        self.requests.answered(request);
        for id in self.rooms.opened(opened.room(), opened.newest_id()) {
            self.ready.push_back(Message::text(receipt(&id)));
        }
        Ok(())
    }

    /// An answer to CLOSE, or the end of the client's rights in the room: its other rooms go on.
    fn closed(&mut self, request: u32, closed: &schema::Closed<'_>) -> Result<(), Farewell> {
        if request == 0 {
            self.rooms.closed(closed.room());
        } else {
            self.requests.answered(request);
        }
        Ok(())
    }

    /// A send is stored for good, and whoever asks for the history finds it.
    fn stored(&mut self, request: u32) -> Result<(), Farewell> {
        if let Some(Pending { asked: Asked::Send { receipt: Some(id), .. }, .. }) = self.requests.answered(request) {
            self.ready.push_back(Message::text(receipt(&id)));
        }
        Ok(())
    }

    /// A STOMP client is told by ERROR, which ends its connection; so what may succeed later is tried again first.
    fn refused(&mut self, request: u32, error: &schema::Error<'_>) -> Result<(), Farewell> {
        let code = ErrorCode::from_u16(error.code());
        if matches!(code, Some(ErrorCode::RateLimited | ErrorCode::StoreUnavailable)) {
            return Ok(self.try_again(request, error.retry_after_ms())?);
        }
        let Some(Pending { asked, .. }) = self.requests.answered(request) else { return Ok(()) };
        let why = error.message().unwrap_or_default();
        let name = code.map_or("Error", ErrorCode::name);
        match asked {
            Asked::Open { room } => {
                let message = format!("{name}: {}: {why}", destination::of_room(room));
                Err(Refusal::of_receipt(self.rooms.refused(room).into_iter().next(), message).into())
            }
            Asked::Send { receipt, .. } => Err(Refusal::of_receipt(receipt, format!("{name}: {why}")).into()),
            // CLOSED said so, or will.
            Asked::History { room, .. } if is_over(code) => {
                self.rooms.closed(room);
                Ok(())
            }
            Asked::History { .. } => {
                Err(Refusal::of_server(format!("{name}: what was missed cannot be fetched: {why}"), CloseCode::Again)
                    .into())
            }
            Asked::Close { .. } => Ok(()),
        }
    }

    fn live(&mut self, message: &schema::Message<'_>, bytes: &Bytes) -> Result<(), Farewell> {
        let head = message.head();
        let (room, id) = (head.room(), head.id());
        if matches!(message.kind(), Kind::MemberJoined | Kind::MemberLeft | Kind::MemberRemoved | Kind::RoomDeleted) {
            self.app.stomp.crowd.forget(RoomId(room));
        }
        let Some(followed) = self.rooms.get_mut(room) else { return Ok(()) };
        match followed.live(head.prev_id(), id) {
            Verdict::Fetch(after) => self.fetch(room, after),
            Verdict::PassOver => Ok(()),
            Verdict::Show => {
                if Shown::of(message) == Shown::Nothing {
                    return Ok(());
                }
                let shared = self.app.stomp.bodies.of(room, id);
                match shared.get() {
                    Some(text) => self.show(room, id, text),
                    None => {
                        let encoding = live(self.app.clone(), shared, bytes.clone());
                        self.work = Some(Work::Body { room, id, encoding });
                    }
                }
                Ok(())
            }
        }
    }

    fn gap(&mut self, gap: &schema::Gap<'_>) -> Result<(), Farewell> {
        let room = gap.room();
        match self.rooms.get_mut(room).map(|followed| followed.gap(gap.newest_id())) {
            Some(Verdict::Fetch(after)) => self.fetch(room, after),
            _ => Ok(()),
        }
    }

    /// Asks the history for what the client missed.
    fn fetch(&mut self, room: u32, after: u64) -> Result<(), Farewell> {
        self.app.counters.stomp_fills.one();
        Ok(self.ask(Pending { asked: Asked::History { room, after }, tries: 0 })?)
    }

    fn page_came(&mut self, request: u32, page: &schema::HistoryPage<'_>, bytes: &Bytes) -> Result<(), Farewell> {
        self.requests.answered(request);
        if self.rooms.get(page.room()).is_none() {
            return Ok(());
        }
        let frames = bytes.slice_ref(page.frames().bytes());
        self.page = Some(Page::new(page.room(), frames));
        let (rooms, room) = (self.app.persistence.accounts().rooms(), RoomId(page.room()));
        self.work = Some(Work::Marks(Box::pin(async move { marks(&rooms, room).await })));
        Ok(())
    }

    /// Takes the next message of the page that is being shown.
    pub(super) fn show_fetched(&mut self, bytes: &Bytes) {
        let Ok(Some(frame)) = Frame::first(bytes, FRAME_BYTES_MAX) else { return };
        let Ok(message) = body::read::<schema::Message<'_>>(frame.body()) else { return };
        let (room, id) = (message.head().room(), message.head().id());
        let verdict = self.rooms.get_mut(room).map(|followed| followed.fetched(id));
        let marks = self.page.as_ref().and_then(|page| page.marks.clone());
        if let (Some(Verdict::Show), Some(marks), true) = (verdict, marks, Shown::of(&message) != Shown::Nothing) {
            let encoding = past(self.app.clone(), marks, bytes.clone());
            self.work = Some(Work::Body { room, id, encoding });
        }
    }

    pub(super) fn page_done(&mut self) -> Result<(), Farewell> {
        let Some(Page { room, .. }) = self.page.take() else { return Ok(()) };
        match self.rooms.get_mut(room).map(Followed::page_done) {
            Some(Verdict::Fetch(after)) => self.fetch(room, after),
            _ => Ok(()),
        }
    }

    pub(super) fn take_worked(&mut self, worked: Result<Worked, StoreError>) -> Result<(), Farewell> {
        match worked {
            Ok(Worked::Body { room, id, body }) => self.show(room, id, &body),
            Ok(Worked::Marks(marks)) => {
                if let Some(page) = &mut self.page {
                    page.marks = Some(Arc::new(marks));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a STOMP session ends: the store of people and rooms does not answer");
                let message = "the server cannot look up who wrote this; connect again later";
                return Err(Refusal::of_server(message, CloseCode::Again).into());
            }
        }
        Ok(())
    }

    /// Writes a message for each of the client's subscriptions to its room.
    fn show(&mut self, room: u32, id: u64, body: &str) {
        let Some(followed) = self.rooms.get(room) else { return };
        let (destination, message_id) = (destination::of_room(room), format!("{room}-{id}"));
        for subscription in &followed.subscriptions {
            let mut headers = vec![
                ("subscription", subscription.id.as_str()),
                ("message-id", message_id.as_str()),
                ("destination", destination.as_str()),
                ("content-type", JSON),
            ];
            if subscription.acknowledges {
                headers.push(("ack", message_id.as_str()));
            }
            let mut frame = String::new();
            encode(&mut frame, Command::Message, &headers, body);
            self.ready.push_back(Message::text(frame));
            self.app.counters.stomp_messages.one();
        }
    }
}

/// Whether the caller has no rights in the room, rather than the engine a fault.
const fn is_over(code: Option<ErrorCode>) -> bool {
    matches!(code, Some(ErrorCode::NotAMember | ErrorCode::NoSuchRoom | ErrorCode::RoomDeleted))
}

/// The engine ends the session, as when its token has ended.
fn said_goodbye(goodbye: &schema::Goodbye<'_>) -> Refusal {
    let code = ErrorCode::from_u16(goodbye.code());
    let close = match code {
        Some(ErrorCode::ShuttingDown) => CloseCode::Restart,
        Some(ErrorCode::TooManySessions | ErrorCode::SlowReader | ErrorCode::StoreUnavailable) => CloseCode::Again,
        _ => CloseCode::Policy,
    };
    let name = code.map_or("Goodbye", ErrorCode::name);
    Refusal::of_server(format!("{name}: {}", goodbye.message().unwrap_or_default()), close)
}
