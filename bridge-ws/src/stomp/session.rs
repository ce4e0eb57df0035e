//! A STOMP socket with its session: one task that reads, writes and keeps the time. What comes from the client is in
//! `inbound`, what comes from the engine in `outbound`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use moim_persistence::Error as StoreError;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Socket;
use super::body::Encoding;
use super::codec::Decoder;
use super::farewell::{Farewell, receipt};
use super::heartbeat::{Due, Offer, Pulse};
use super::page::{Page, first_frame};
use super::requests::Requests;
use super::rooms::Rooms;
use crate::app::App;
use crate::marks::Marks;
use crate::trunk::Attached;
use crate::websocket::outbox::{Ending, Outbox, Taken};
use crate::websocket::rate::Rate;

/// Frames written for the client that wait for its socket; with more nothing is read from it.
const READY_MAX: usize = 64;

/// A session that was asked for, until its end.
pub(super) struct Session<'a> {
    pub(super) app: &'a Arc<App>,
    socket: &'a mut Socket,
    outbox: Arc<Outbox>,
    pub(super) attached: Attached,
    pub(super) decoder: Decoder,
    /// 0 until the engine has welcomed the session.
    pub(super) user: u32,
    pub(super) rooms: Rooms,
    pub(super) requests: Requests,
    /// Frames of the engine's that are not looked at yet.
    native: Bytes,
    pub(super) page: Option<Page>,
    pub(super) work: Option<Work>,
    pub(super) ready: VecDeque<Message>,
    unflushed: bool,
    pub(super) pulse: Pulse,
    rate: Rate,
    /// Until when nothing is read from a client that is too fast.
    paused: Option<Instant>,
    /// When the task must look again by itself.
    alarm: Option<Pin<Box<Sleep>>>,
    read_first: bool,
    /// A message came of which no frame was taken yet.
    fresh: bool,
    /// Frames of the client's were left in the decoder for later.
    held: bool,
    pub(super) parting: Option<Parting>,
}

/// How far a DISCONNECT is carried out.
pub(super) enum Parting {
    /// What was asked before it is to be settled first; then it gets its receipt.
    Asked(Option<String>),
    /// The end comes when everything is written.
    Confirmed,
}

/// What a session begins with.
pub(super) struct Begun {
    pub(super) outbox: Arc<Outbox>,
    pub(super) attached: Attached,
    pub(super) decoder: Decoder,
    pub(super) offer: Offer,
}

/// What must be done before the next message can be shown.
pub(super) enum Work {
    Body { room: u32, id: u64, encoding: Encoding },
    Marks(Pin<Box<dyn Future<Output = Result<Marks, StoreError>> + Send>>),
}

/// What came of it.
pub(super) enum Worked {
    Body { room: u32, id: u64, body: Arc<str> },
    Marks(Marks),
}

/// What wakes the session's task.
enum Event {
    Message(Message),
    Broken(Error),
    Left,
    Ended(Ending),
    Native(Bytes),
    Fetched(Bytes),
    PageDone,
    Worked(Result<Worked, StoreError>),
    Due(Due),
    /// It is time to look again.
    Again,
    /// DISCONNECT is carried out.
    Parted,
}

impl<'a> Session<'a> {
    pub(super) fn new(app: &'a Arc<App>, socket: &'a mut Socket, begun: Begun) -> Self {
        let limits = &app.config.limits;
        let Begun { outbox, attached, decoder, offer } = begun;
        let (sends, hears) = offer.agree(limits.stomp_heartbeat);
        Self {
            app,
            socket,
            outbox,
            attached,
            decoder,
            user: 0,
            rooms: Rooms::default(),
            requests: Requests::default(),
            native: Bytes::new(),
            page: None,
            work: None,
            ready: VecDeque::new(),
            unflushed: false,
            pulse: Pulse::new(sends, hears, limits.ping_interval),
            rate: Rate::new(limits.frames_per_second, limits.frames_burst, Instant::now()),
            paused: None,
            alarm: None,
            read_first: false,
            fresh: false,
            held: false,
            parting: None,
        }
    }

    /// Runs until the socket is to end; detaches the session.
    pub(super) async fn run(mut self) -> Farewell {
        loop {
            if let Err(farewell) = self.take_frames() {
                return farewell;
            }
            self.set_alarm();
            let event = poll_fn(|cx| self.poll(cx)).await;
            if let Err(farewell) = self.take_event(event) {
                return farewell;
            }
        }
    }

    /// Takes the client's frames as long as there is room for what they ask.
    fn take_frames(&mut self) -> Result<(), Farewell> {
        while self.listens() {
            let Some(frame) = self.decoder.next()? else { break };
            // The first was counted with its message.
            if !std::mem::take(&mut self.fresh) {
                self.pace();
            }
            self.take_frame(&frame)?;
        }
        self.held = !self.listens();
        if let Some(Parting::Asked(asked)) = &mut self.parting
            && self.requests.is_settled()
        {
            let asked = asked.take();
            self.ready.extend(asked.as_deref().map(receipt).map(Message::text));
            self.parting = Some(Parting::Confirmed);
        }
        Ok(())
    }

    fn listens(&self) -> bool {
        self.user != 0
            && self.paused.is_none()
            && self.parting.is_none()
            && self.requests.has_room()
            && self.ready.len() < READY_MAX
    }

    /// Counts a frame or message; a client that is too fast is not listened to for a moment.
    fn pace(&mut self) {
        let now = Instant::now();
        if let Err(wait_ms) = self.rate.take(now) {
            self.app.counters.frames_rate_limited.one();
            self.paused = Some(now + std::time::Duration::from_millis(wait_ms.into()));
        }
    }

    fn set_alarm(&mut self) {
        let at = [self.paused, self.requests.again_at()].into_iter().flatten().min();
        self.alarm = at.map(|at| Box::pin(sleep_until(at)));
    }

    /// Writes and reads side by side, so that a client that does not read is still heard.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.outbox.register(cx);
        if self.outbox.is_hopeless() {
            return Poll::Ready(Event::Ended(Ending::TooSlow));
        }
        // A flood of messages must not keep the client from being heard.
        if std::mem::take(&mut self.read_first)
            && let Poll::Ready(event) = self.poll_read(cx)
        {
            return Poll::Ready(event);
        }
        match self.poll_write(cx) {
            Poll::Ready(Ok(event)) => return Poll::Ready(event),
            Poll::Ready(Err(error)) => return Poll::Ready(Event::Broken(error)),
            Poll::Pending => {}
        }
        if self.held && self.listens() {
            return Poll::Ready(Event::Again);
        }
        if let Poll::Ready(event) = self.poll_read(cx) {
            return Poll::Ready(event);
        }
        if let Some(alarm) = &mut self.alarm
            && alarm.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Event::Again);
        }
        self.pulse.poll(cx).map(Event::Due)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if !self.listens() {
            if self.user == 0 || self.paused.is_some() || !self.requests.has_room() {
                // It is not the client that is silent.
                self.pulse.heard();
            }
            return Poll::Pending;
        }
        Pin::new(&mut *self.socket).poll_next(cx).map(|next| match next {
            Some(Ok(message)) => Event::Message(message),
            Some(Err(error)) => Event::Broken(error),
            None => Event::Left,
        })
    }

    /// Writes what is ready and finds what is next; pending while neither goes on.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Error>> {
        while !self.ready.is_empty() {
            ready!(Pin::new(&mut *self.socket).poll_ready(cx))?;
            if let Some(message) = self.ready.pop_front() {
                Pin::new(&mut *self.socket).start_send(message)?;
                self.unflushed = true;
                self.pulse.wrote();
            }
        }
        let next = if matches!(self.parting, Some(Parting::Confirmed)) {
            Poll::Ready(Event::Parted)
        } else {
            self.poll_next_native(cx)
        };
        // Whatever may follow goes into the same write.
        if self.unflushed && matches!(next, Poll::Pending | Poll::Ready(Event::Ended(_) | Event::Parted)) {
            ready!(Pin::new(&mut *self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        self.read_first = next.is_ready();
        next.map(Ok)
    }

    /// What is to be shown next, once everything before it is written.
    fn poll_next_native(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(work) = &mut self.work {
            let worked = ready!(work.poll(cx));
            self.work = None;
            return Poll::Ready(Event::Worked(worked));
        }
        if let Some(page) = &mut self.page {
            return Poll::Ready(page.next().ok().flatten().map_or(Event::PageDone, Event::Fetched));
        }
        loop {
            if let Ok(Some(frame)) = first_frame(&mut self.native) {
                return Poll::Ready(Event::Native(frame));
            }
            match ready!(self.outbox.poll_take()) {
                Taken::Frames(frames) => self.native = frames,
                Taken::Ended(ending) => return Poll::Ready(Event::Ended(ending)),
            }
        }
    }

    fn take_event(&mut self, event: Event) -> Result<(), Farewell> {
        match event {
            Event::Message(message) => self.take_message(&message),
            Event::Broken(error) => Err(Farewell::of_error(&error)),
            Event::Left => Err(Farewell::Left),
            Event::Ended(ending) => Err(Farewell::Ended(ending)),
            Event::Native(frame) => self.take_native(&frame),
            Event::Fetched(frame) => {
                self.show_fetched(&frame);
                Ok(())
            }
            Event::PageDone => self.page_done(),
            Event::Worked(worked) => self.take_worked(worked),
            Event::Due(due) => self.take_due(due),
            Event::Parted => Err(Farewell::Parted),
            Event::Again => {
                self.paused = self.paused.filter(|until| *until > Instant::now());
                self.ask_again()
            }
        }
    }

    fn take_message(&mut self, message: &Message) -> Result<(), Farewell> {
        self.pulse.heard();
        self.fresh = true;
        match message {
            Message::Text(text) => self.decoder.push(text.as_bytes()),
            Message::Binary(bytes) => self.decoder.push(bytes),
            Message::Close(_) => return Err(Farewell::Left),
            // The WebSocket layer answers pings by itself.
            _ => {}
        }
        self.pace();
        Ok(())
    }

    fn take_due(&mut self, due: Due) -> Result<(), Farewell> {
        match due {
            // What is being written is a sign of life, too.
            Due::Beat if self.ready.is_empty() => self.ready.push_back(Message::text("\n")),
            Due::Ping if self.ready.len() < READY_MAX => self.ready.push_back(Message::Ping(Bytes::new())),
            Due::Dead => return Err(Farewell::Dead),
            Due::Beat | Due::Ping | Due::Nothing => {}
        }
        Ok(())
    }
}

impl Work {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Worked, StoreError>> {
        match self {
            Self::Body { room, id, encoding } => {
                let (room, id) = (*room, *id);
                encoding.as_mut().poll(cx).map_ok(|body| Worked::Body { room, id, body })
            }
            Self::Marks(marks) => marks.as_mut().poll(cx).map_ok(Worked::Marks),
        }
    }
}
