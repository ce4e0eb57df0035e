//! A socket with its session: one task that reads, writes and keeps the time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream, future};
use moim_wire::{Encoder, Envelope, Frame, Header, Opcode};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Socket;
use super::farewell::Farewell;
use super::greeting::{Greeted, whole_frame};
use super::inbound::{Inbound, judge};
use super::outbox::{Ending, Outbox, Taken};
use super::outgoing::Fragments;
use super::rate::Rate;
use crate::app::App;
use crate::stats::Counters;
use crate::trunk::{Attached, Weight};

/// Pings that may stay unanswered.
const PINGS_MISSED_MAX: u32 = 2;
const BUSY_RETRY_AFTER_MS: u32 = 200;

/// A socket whose session was asked for, until its end.
pub(super) struct Session<'a> {
    socket: &'a mut Socket,
    outbox: Arc<Outbox>,
    attached: Attached,
    counters: &'a Counters,
    rest: Bytes,
    writing: Fragments,
    flushing: bool,
    pings: Interval,
    ping_due: bool,
    pings_missed: u32,
    heard: bool,
    rate: Rate,
}

/// What wakes the session's task.
enum Event {
    Message(Message),
    Broken(Error),
    Left,
    Ended(Ending),
    PingDue,
}

impl<'a> Session<'a> {
    pub(super) fn new(app: &'a App, socket: &'a mut Socket, greeted: Greeted) -> Self {
        let limits = &app.config.limits;
        let now = Instant::now();
        let mut pings = interval_at(now + limits.ping_interval, limits.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            outbox: greeted.outbox,
            attached: greeted.attached,
            counters: &app.counters,
            rest: greeted.rest,
            writing: Fragments::default(),
            flushing: false,
            pings,
            ping_due: false,
            pings_missed: 0,
            heard: true,
            rate: Rate::new(limits.frames_per_second, limits.frames_burst, now),
        }
    }

    /// Runs until the socket is to end; detaches the session.
    pub(super) async fn run(mut self) -> Farewell {
        let rest = std::mem::take(&mut self.rest);
        if let Err(farewell) = self.take_frames(rest) {
            return farewell;
        }
        loop {
            let event = future::poll_fn(|cx| self.poll(cx)).await;
            if let Err(farewell) = self.take_event(event) {
                return farewell;
            }
        }
    }

    /// Writes and reads side by side, so that a browser that does not read is still heard.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.outbox.register(cx);
        if self.outbox.is_hopeless() {
            return Poll::Ready(Event::Ended(Ending::TooSlow));
        }
        match self.poll_write(cx) {
            Poll::Ready(Ok(ending)) => return Poll::Ready(Event::Ended(ending)),
            Poll::Ready(Err(error)) => return Poll::Ready(Event::Broken(error)),
            Poll::Pending => {}
        }
        match Pin::new(&mut *self.socket).poll_next(cx) {
            Poll::Ready(Some(Ok(message))) => return Poll::Ready(Event::Message(message)),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Event::Broken(error)),
            Poll::Ready(None) => return Poll::Ready(Event::Left),
            Poll::Pending => {}
        }
        self.pings.poll_tick(cx).map(|_| Event::PingDue)
    }

    /// Writes what waits; ready when nothing more will come.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<Ending, Error>> {
        loop {
            if self.flushing {
                ready!(Pin::new(&mut *self.socket).poll_flush(cx))?;
                self.flushing = false;
            }
            let next = if std::mem::take(&mut self.ping_due) {
                Some(Message::Ping(Bytes::new()))
            } else {
                self.writing.next()
            };
            if let Some(message) = next {
                Pin::new(&mut *self.socket).start_send(message)?;
                self.flushing = true;
                continue;
            }
            match ready!(self.outbox.poll_take()) {
                Taken::Frames(frames) => self.writing = Fragments::new(frames),
                Taken::Ended(ending) => return Poll::Ready(Ok(ending)),
            }
        }
    }

    fn take_event(&mut self, event: Event) -> Result<(), Farewell> {
        match event {
            Event::Message(message) => {
                self.heard = true;
                self.take_message(message)
            }
            Event::Broken(error) => Err(Farewell::of_error(&error)),
            Event::Left => Err(Farewell::Left),
            Event::Ended(ending) => Err(Farewell::Ended(ending)),
            Event::PingDue => self.ping(),
        }
    }

    fn take_message(&mut self, message: Message) -> Result<(), Farewell> {
        match message {
            Message::Binary(bytes) => self.take_frames(bytes),
            Message::Text(_) => Err(Farewell::Text),
            Message::Close(_) => Err(Farewell::Left),
            // The WebSocket layer answers pings by itself.
            _ => self.rate.take(Instant::now()).map_err(|_| Farewell::Flood),
        }
    }

    /// A message holds any number of whole frames.
    fn take_frames(&mut self, mut bytes: Bytes) -> Result<(), Farewell> {
        while !bytes.is_empty() {
            let frame = whole_frame(&bytes)?;
            self.take_frame(frame)?;
            let length = frame.bytes.len();
            bytes.advance(length);
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: Frame<'_>) -> Result<(), Farewell> {
        let verdict = judge(frame.header.opcode);
        if let Err(retry_after_ms) = self.rate.take(Instant::now()) {
            self.counters.frames_rate_limited.one();
            if verdict == Inbound::Forward(Weight::Request) {
                let code = moim_wire::ErrorCode::RateLimited;
                self.answer(frame, |encoder, out, envelope| {
                    encoder.error(out, envelope, code, "too many frames in too short a time", retry_after_ms);
                });
            }
            return Ok(());
        }
        match verdict {
            Inbound::Forward(weight) => self.forward(weight, frame),
            Inbound::Ping => self.pong(frame),
            Inbound::Ignore => {}
            Inbound::Goodbye => return Err(Farewell::TookLeave),
            Inbound::Refuse(code, why) => {
                self.answer(frame, |encoder, out, envelope| encoder.error(out, envelope, code, why, 0));
            }
        }
        Ok(())
    }

    /// Typing and read marks are lost when the way is full; of a request the browser is told.
    fn forward(&self, weight: Weight, frame: Frame<'_>) {
        match (self.attached.forward(weight, frame), weight) {
            (Ok(()), _) => self.counters.frames_in.one(),
            (Err(_), Weight::Ephemeral) => self.counters.frames_shed_in.one(),
            (Err(_), _) => {
                self.counters.frames_busy.one();
                self.answer(frame, |encoder, out, envelope| {
                    encoder.busy(out, envelope, "the way to the engine is full", BUSY_RETRY_AFTER_MS);
                });
            }
        }
    }

    /// PONG has the body of its PING.
    fn pong(&self, ping: Frame<'_>) {
        let header = Header { opcode: Opcode::Pong as u8, ..ping.header };
        let mut frame = Vec::with_capacity(ping.bytes.len());
        header.write(&mut frame);
        frame.extend_from_slice(ping.body());
        self.outbox.answer(frame.into());
    }

    fn answer(&self, frame: Frame<'_>, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope)) {
        let mut out = Vec::new();
        encode(&mut Encoder::new(), &mut out, Envelope { request: frame.header.request, session: 0 });
        self.outbox.answer(out.into());
    }

    /// Whatever the browser sends shows that it lives, an answer to the ping among it.
    fn ping(&mut self) -> Result<(), Farewell> {
        if std::mem::take(&mut self.heard) {
            self.pings_missed = 0;
        } else {
            self.pings_missed += 1;
            if self.pings_missed >= PINGS_MISSED_MAX {
                return Err(Farewell::Dead);
            }
        }
        self.ping_due = true;
        Ok(())
    }
}
