//! What a browser's frames do: the first begins its session, the others go to the engine or are answered here.

use std::sync::Arc;

use bytes::Bytes;
use moim_wire::{Encoder, Envelope, ErrorCode, Frame, Header, Opcode};
use tokio::time::Instant;

use super::decoder::Arrival;
use super::farewell::Farewell;
use super::greeting::{Visitor, read_hello, whole_frame};
use super::inbound::{Inbound, judge};
use super::outbox::{Ending, Outbox};
use super::rate::Rate;
use crate::app::App;
use crate::trunk::{Attached, NoSession, Weight};

const BUSY_RETRY_AFTER_MS: u32 = 200;

/// A browser's side of its session. Dropping it detaches.
pub(super) struct Conversation {
    stage: Stage,
    outbox: Arc<Outbox>,
    rate: Rate,
}

enum Stage {
    HelloExpected(Box<Visitor>),
    Attached(Attached),
}

impl Conversation {
    pub(super) fn new(app: &App, outbox: Arc<Outbox>, visitor: Visitor) -> Self {
        let limits = &app.config.limits;
        let rate = Rate::new(limits.frames_per_second, limits.frames_burst, Instant::now());
        Self { stage: Stage::HelloExpected(Box::new(visitor)), outbox, rate }
    }

    /// Whether HELLO has come.
    pub(super) const fn is_attached(&self) -> bool {
        matches!(self.stage, Stage::Attached(_))
    }

    pub(super) fn take(&mut self, app: &App, arrival: Arrival<'_>, now: Instant) -> Result<(), Farewell> {
        match arrival {
            Arrival::Message(frames) => self.take_frames(app, frames, now),
            Arrival::Control => self.rate.take(now).map_err(|_| Farewell::Flood),
        }
    }

    /// A message holds any number of whole frames.
    fn take_frames(&mut self, app: &App, mut frames: &[u8], now: Instant) -> Result<(), Farewell> {
        while !frames.is_empty() || !self.is_attached() {
            let frame = whole_frame(frames)?;
            match &self.stage {
                Stage::HelloExpected(visitor) => {
                    self.stage = Stage::Attached(attach(app, &self.outbox, visitor, frame)?);
                }
                Stage::Attached(attached) => take_frame(app, attached, &self.outbox, &mut self.rate, frame, now)?,
            }
            frames = &frames[frame.bytes.len()..];
        }
        Ok(())
    }
}

fn attach(app: &App, outbox: &Arc<Outbox>, visitor: &Visitor, hello: Frame<'_>) -> Result<Attached, Farewell> {
    let introduction = read_hello(hello, visitor)?;
    app.trunks.attach(&introduction, outbox).map_err(|error| match error {
        NoSession::Full => Farewell::Full,
        NoSession::Lost => Farewell::Ended(Ending::NoTrunk),
    })
}

fn take_frame(
    app: &App,
    attached: &Attached,
    outbox: &Outbox,
    rate: &mut Rate,
    frame: Frame<'_>,
    now: Instant,
) -> Result<(), Farewell> {
    let verdict = judge(frame.header.opcode);
    if let Err(retry_after_ms) = rate.take(now) {
        app.counters.frames_rate_limited.one();
        if verdict == Inbound::Forward(Weight::Request) {
            answer(outbox, frame, |encoder, out, envelope| {
                let why = "too many frames in too short a time";
                encoder.error(out, envelope, ErrorCode::RateLimited, why, retry_after_ms);
            });
        }
        return Ok(());
    }
    match verdict {
        Inbound::Forward(weight) => forward(app, attached, outbox, weight, frame),
        Inbound::Ping => pong(outbox, frame),
        Inbound::Ignore => {}
        Inbound::Goodbye => return Err(Farewell::TookLeave),
        Inbound::Refuse(code, why) => {
            answer(outbox, frame, |encoder, out, envelope| encoder.error(out, envelope, code, why, 0));
        }
    }
    Ok(())
}

/// Typing and read marks are lost when the way is full; of a request the browser is told.
fn forward(app: &App, attached: &Attached, outbox: &Outbox, weight: Weight, frame: Frame<'_>) {
    match (attached.forward(weight, frame), weight) {
        (Ok(()), _) => app.counters.frames_in.one(),
        (Err(_), Weight::Ephemeral) => app.counters.frames_shed_in.one(),
        (Err(_), _) => {
            app.counters.frames_busy.one();
            answer(outbox, frame, |encoder, out, envelope| {
                encoder.busy(out, envelope, "the way to the engine is full", BUSY_RETRY_AFTER_MS);
            });
        }
    }
}

/// PONG has the body of its PING.
fn pong(outbox: &Outbox, ping: Frame<'_>) {
    let header = Header { opcode: Opcode::Pong as u8, ..ping.header };
    let mut frame = Vec::with_capacity(ping.bytes.len());
    header.write(&mut frame);
    frame.extend_from_slice(ping.body());
    outbox.answer(Bytes::from(frame));
}

fn answer(outbox: &Outbox, frame: Frame<'_>, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope)) {
    let mut out = Vec::new();
    encode(&mut Encoder::new(), &mut out, Envelope { request: frame.header.request, session: 0 });
    outbox.answer(Bytes::from(out));
}
