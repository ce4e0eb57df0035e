//! One standing trunk connection: its sessions, its requests and its outgoing bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{DecodeError, Decoder, Encoder, Envelope, FLAG_SESSION, Frame, Header, Opcode, schema};

use super::outgoing::{Full, Outgoing, Weight};
use super::requests::{RequestError, Requests};
use super::routes::{NoSession, Routes};
use crate::config::Limits;
use crate::stats::Counters;
use crate::websocket::outbox::{Ending, Outbox};

/// A trunk connection from its WELCOME to its loss.
pub(crate) struct Link {
    routes: Mutex<Routes>,
    requests: Requests,
    pub(super) outgoing: Outgoing,
    engine_timeout: Duration,
}

/// What ATTACH tells the engine about a browser.
#[derive(Clone, Debug)]
pub(crate) struct Introduction {
    /// Of the HELLO; WELCOME answers it.
    pub(crate) request: u32,
    /// The engine checks it; the bridge does not look inside.
    pub(crate) token: String,
    /// 0: this session will not send.
    pub(crate) device: u32,
    /// Of the browser, not of the bridge.
    pub(crate) address: String,
    /// The bridge itself speaks, and may say File; no browser's frames go here.
    pub(crate) says_files: bool,
}

/// A device for a session that keeps none: its sequences begin anew, so it must be another each time.
pub(crate) fn random_device() -> Result<u32, getrandom::Error> {
    getrandom::u32().map(|number| number.max(1))
}

/// A session on a trunk. Dropping it detaches.
pub(crate) struct Attached {
    link: Arc<Link>,
    session: u32,
}

/// What the engine said about the trunk as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing that concerns the connection.
    Nothing,
    /// GOODBYE: the engine ends the trunk.
    Goodbye,
}

impl Link {
    pub(super) fn new(limits: &Limits, counters: Arc<Counters>) -> Self {
        Self {
            routes: Mutex::new(Routes::new(limits.trunk_sessions_max, counters)),
            requests: Requests::new(limits.trunk_requests_max),
            outgoing: Outgoing::new(limits.trunk_bytes_max),
            engine_timeout: limits.engine_timeout,
        }
    }

    /// Begins a session whose frames go to `outbox`; WELCOME or GOODBYE will be the first.
    pub(super) fn attach(
        self: &Arc<Self>,
        introduction: &Introduction,
        outbox: Arc<Outbox>,
    ) -> Result<Attached, NoSession> {
        // Held until ATTACH is queued: the engine takes rising sessions alone.
        let mut routes = self.routes();
        let session = routes.enter(outbox)?;
        let Introduction { request, token, device, address, says_files } = introduction;
        self.push_control(Opcode::Attach, Envelope { request: *request, session }, |b| {
            let token = b.create_string(token);
            let address = b.create_string(address);
            let (token, address, says_files) = (Some(token), Some(address), *says_files);
            let args = schema::AttachArgs { token, user: 0, device: *device, address, says_files };
            schema::Attach::create(b, &args)
        });
        drop(routes);
        Ok(Attached { link: self.clone(), session })
    }

    /// Asks the engine to sequence a room's changes up to `change`.
    pub(super) async fn sync(&self, room: u32, change: u64) -> Result<(), RequestError> {
        self.ask(Opcode::Sync, |b| schema::Sync::create(b, &schema::SyncArgs { room, change })).await
    }

    /// Asks the engine to end the sessions of a login; login 0: of all the user's logins.
    pub(super) async fn revoke(&self, user: u32, login: u64) -> Result<(), RequestError> {
        self.ask(Opcode::Revoke, |b| schema::Revoke::create(b, &schema::RevokeArgs { user, login })).await
    }

    /// How many sessions it carries, to choose the emptiest by.
    pub(super) fn sessions(&self) -> usize {
        self.routes().sessions()
    }

    /// Queues a PING of the trunk itself.
    pub(super) fn ping(&self) {
        self.push_control(Opcode::Ping, Envelope::default(), |b| {
            schema::Ping::create(b, &schema::PingArgs { stamp: 0 })
        });
    }

    /// Takes what the trunk's reader read. The order within it is the order of truth, so it is taken in one go, and
    /// what browsers get of it waits for [`flush_some`](Self::flush_some).
    pub(super) fn receive(&self, decoder: &mut Decoder, input: &[u8]) -> Result<Said, DecodeError> {
        let mut routes = self.routes();
        let mut said = Said::Nothing;
        decoder.feed(input, |frame| match (frame.header.session, frame.opcode()) {
            (0, Some(Opcode::Pong | Opcode::Welcome)) => {}
            (0, Some(Opcode::Ping)) => self.pong(frame),
            (0, Some(Opcode::Done | Opcode::Error | Opcode::Busy)) => {
                // An answer that comes after its time-out finds nobody.
                self.requests.answer(frame);
            }
            (0, Some(Opcode::Goodbye)) => {
                routes.deliver_to_all(frame);
                said = Said::Goodbye;
            }
            _ => routes.deliver(frame),
        })?;
        Ok(said)
    }

    /// Writes to some browsers what they got. False where others wait.
    pub(super) fn flush_some(&self) -> bool {
        self.routes().flush_some()
    }

    /// Ends all sessions and requests; nothing can begin here any more.
    pub(super) fn lose(&self, ending: Ending) {
        self.routes().lose(ending);
        self.requests.lose();
    }

    /// Sends a request of the bridge itself and waits for its answer, though not for long.
    async fn ask<T>(&self, opcode: Opcode, build: impl FnOnce(&mut Builder) -> Offset<T>) -> Result<(), RequestError> {
        let (request, answered) = self.requests.begin()?;
        self.push_control(opcode, Envelope { request, session: 0 }, build);
        match tokio::time::timeout(self.engine_timeout, answered).await {
            Ok(answer) => answer.unwrap_or(Err(RequestError::Lost)),
            Err(_) => {
                self.requests.forget(request);
                Err(RequestError::Late)
            }
        }
    }

    fn push_control<T>(&self, opcode: Opcode, envelope: Envelope, build: impl FnOnce(&mut Builder) -> Offset<T>) {
        // Frames of this weight are always taken.
        let _ = self.outgoing.push(Weight::Control, |out| Encoder::new().frame(out, opcode, envelope, build));
    }

    fn pong(&self, ping: Frame<'_>) {
        let header = Header { opcode: Opcode::Pong as u8, ..ping.header };
        let _ = self.outgoing.push(Weight::Control, |out| {
            header.write(out);
            out.extend_from_slice(ping.body());
        });
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attached {
    /// The session's number on its trunk.
    pub(crate) fn session(&self) -> u32 {
        self.session
    }

    /// Passes a browser's frame on, re-stamped with the session. Its body is the engine's to judge.
    pub(crate) fn forward(&self, weight: Weight, frame: Frame<'_>) -> Result<(), Full> {
        let header = Header {
            // A frame of a browser is bounded by REQUEST_BYTES_MAX, far below 2^32.
            length: (moim_wire::SESSION_HEADER_BYTES + frame.body().len()) as u32,
            flags: frame.header.flags | FLAG_SESSION,
            session: self.session,
            ..frame.header
        };
        self.link.outgoing.push(weight, |out| {
            header.write(out);
            out.extend_from_slice(frame.body());
        })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // A session that GOODBYE or the loss of the trunk has ended is not detached once more.
        if self.link.routes().leave(self.session).is_some() {
            let envelope = Envelope { request: 0, session: self.session };
            self.link
                .push_control(Opcode::Detach, envelope, |b| schema::Detach::create(b, &schema::DetachArgs { code: 0 }));
        }
    }
}

/// A decoder for what the engine sends.
pub(super) const fn decoder() -> Decoder {
    Decoder::new(FRAME_BYTES_MAX)
}

type Builder = flatbuffers::FlatBufferBuilder<'static>;
type Offset<T> = flatbuffers::WIPOffset<T>;
