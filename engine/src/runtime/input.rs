//! What connections say: bytes to frames to operations, sessions' beginnings and ends.

use std::io::{self, Read as _};
use std::rc::Rc;

use glommio::io::PollableFd;
use moim_persistence::{Error as StoreError, Identity};
use moim_wire::{Decoder, DeviceId, Envelope, ErrorCode, Frame, MINOR, Opcode, RoomId, UserId, limits, schema};

use super::{Core, CoreCell, INPUT_BYTES};
use crate::dispatch::{Operation, Refused, parse};
use crate::mesh::Item;
use crate::session::{Rate, Session};
use crate::shard::{ConnectionKey, Request, SessionKey};
use crate::socket::{Carried, Stage, Standing};

/// Capability of HELLO: the connection is a bridge's trunk.
const CAPABILITY_TRUNK: u64 = 1;
/// Times that a connection is read before others get their turn.
const READS_IN_A_ROW: usize = 4;
/// When to ask again with answers still unread.
const UNREAD_RETRY_MS: u32 = 200;
const NO_SESSION: &str = "no such session, or its WELCOME is still to come";

/// What a read found.
enum Input {
    More,
    Drained,
    Gone,
}

/// Reads one connection to its end.
pub(super) async fn read(core: CoreCell, key: ConnectionKey, socket: Rc<PollableFd<std::net::TcpStream>>) {
    while socket.readable().await.is_ok() {
        {
            let mut core = core.borrow_mut();
            if core.is_stopping || !core.read_ready(key, &socket) {
                break;
            }
            core.signal_work();
        }
        hold_back(&core, key).await;
    }
    let mut core = core.borrow_mut();
    if !core.is_stopping {
        core.disconnect(key);
        core.signal_work();
    }
}

/// Waits for as long as the connection may not be read.
async fn hold_back(core: &CoreCell, key: ConnectionKey) {
    loop {
        let held_back = core.borrow_mut().hold_back(key);
        match held_back {
            HoldBack::No => return,
            HoldBack::Output(drained) => drained.wait().await,
            HoldBack::Mesh => glommio::timer::sleep(std::time::Duration::from_millis(1)).await,
        }
    }
}

/// Why a connection is not read for a while.
enum HoldBack {
    No,
    Output(Rc<super::Signal>),
    Mesh,
}

impl Core {
    /// Takes what is there; false when the connection is at its end.
    fn read_ready(&mut self, key: ConnectionKey, socket: &PollableFd<std::net::TcpStream>) -> bool {
        self.look_at_clock();
        for _ in 0..READS_IN_A_ROW {
            match self.read_once(key, socket) {
                Input::More => {}
                Input::Drained => return true,
                Input::Gone => return false,
            }
        }
        true
    }

    fn read_once(&mut self, key: ConnectionKey, socket: &PollableFd<std::net::TcpStream>) -> Input {
        let mut input = std::mem::take(&mut self.input);
        input.resize(INPUT_BYTES, 0);
        let result = socket.get_ref().read(&mut input);
        let outcome = match result {
            Ok(0) => Input::Gone,
            Ok(bytes) => {
                crate::stats::add(&self.stats.received_bytes, bytes as u64);
                match (self.take_bytes(key, &input[..bytes]), bytes < INPUT_BYTES) {
                    (false, _) => Input::Gone,
                    (true, true) => Input::Drained,
                    (true, false) => Input::More,
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Input::Drained
            }
            Err(_) => Input::Gone,
        };
        self.input = input;
        outcome
    }

    /// Hands the bytes to the connection's decoder; false when the connection is no more.
    fn take_bytes(&mut self, key: ConnectionKey, bytes: &[u8]) -> bool {
        let now_s = self.now_s();
        let Some(connection) = self.connections.get_mut(key) else { return false };
        if connection.is_closing() {
            return true;
        }
        let mut decoder = std::mem::replace(&mut connection.decoder, Decoder::new(0));
        let result = decoder.feed(bytes, |frame| self.take_frame(key, &frame, now_s));
        let Some(connection) = self.connections.get_mut(key) else { return false };
        connection.keep_decoder(decoder);
        if let Err(error) = result
            && !connection.is_closing()
        {
            crate::stats::add(&self.stats.disconnected, 1);
            self.say_goodbye(key, Some(error.code()), &error.to_string(), 0);
        }
        true
    }

    /// Whether the connection must wait before more of it is read.
    fn hold_back(&mut self, key: ConnectionKey) -> HoldBack {
        if self.port.is_clogged() {
            return HoldBack::Mesh;
        }
        let limits = &self.config.limits;
        match self.connections.get_mut(key) {
            Some(connection) if connection.is_behind(limits) => HoldBack::Output(Rc::clone(&connection.drained)),
            _ => HoldBack::No,
        }
    }

    fn take_frame(&mut self, key: ConnectionKey, frame: &Frame<'_>, now_s: u32) {
        match self.connections.get_mut(key) {
            // What is said after a GOODBYE is not heard.
            Some(connection) if !connection.is_closing() => connection.hear(now_s),
            _ => return,
        }
        let envelope = Envelope { request: frame.header.request, session: frame.header.session };
        match parse(frame) {
            Ok(operation) => self.carry_out(key, envelope, operation),
            Err(refused) => self.refuse_frame(key, envelope, &refused),
        }
    }

    fn refuse_frame(&mut self, key: ConnectionKey, envelope: Envelope, refused: &Refused) {
        let Refused { code, message } = refused;
        let Some(connection) = self.connections.get_mut(key) else { return };
        match (code, connection.standing()) {
            // Of a trunk's sessions the one that sent it ends, not all.
            (ErrorCode::Malformed, Standing::Trunk) if envelope.session != 0 => {
                let session = SessionKey { connection: key, session: envelope.session };
                self.end_session(session, *code, message);
            }
            (ErrorCode::Malformed, _) => self.end_for(key, *code, message),
            (_, Standing::New | Standing::Busy) => self.end_for(key, ErrorCode::HelloExpected, message),
            _ => self.refuse(key, envelope, *code, message, 0),
        }
    }

    fn carry_out(&mut self, key: ConnectionKey, envelope: Envelope, operation: Operation<'_>) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        match (connection.standing(), operation) {
            (_, Operation::Ping(stamp)) => self.pong(key, envelope, stamp),
            (_, Operation::Pong) => {}
            (_, Operation::Goodbye) if envelope.session == 0 => self.say_goodbye(key, None, "", 0),
            (Standing::New, Operation::Hello(hello)) => self.hello(key, envelope, &hello),
            (Standing::New, Operation::Login(login)) => self.login(key, envelope, &login),
            (Standing::New | Standing::Busy, _) => {
                self.end_for(key, ErrorCode::HelloExpected, "say HELLO and wait for WELCOME");
            }
            (_, Operation::Room(_) | Operation::Rooms { .. }) if self.is_behind(key) => {
                self.busy(key, envelope, "answers to earlier requests wait to be read");
            }
            (_, Operation::Room(request)) => self.room_request(key, envelope, request),
            (_, Operation::Close(room)) => self.close_room(key, envelope, room),
            (_, Operation::Rooms { after, limit }) => self.list_rooms(key, envelope, after, limit),
            (Standing::Trunk, Operation::Attach(attach)) => self.attach(key, envelope, &attach),
            (Standing::Trunk, Operation::Detach | Operation::Goodbye) => self.detach(key, envelope.session),
            (Standing::Trunk, Operation::Revoke { user, login }) => {
                self.revoke(user, login);
                self.port.broadcast(|| Item::Revoke { user, login });
                self.put(key, |encoder, out| encoder.done(out, envelope, 0));
            }
            _ => self.refuse(key, envelope, ErrorCode::NotAllowedHere, "not for this kind of session", 0),
        }
    }

    fn close_room(&mut self, key: ConnectionKey, envelope: Envelope, room: RoomId) {
        if self.connections.get_mut(key).and_then(|c| c.session_mut(envelope.session)).is_none() {
            return self.refuse(key, envelope, ErrorCode::HelloExpected, NO_SESSION, 0);
        }
        let session = SessionKey { connection: key, session: envelope.session };
        self.happen(|shard, _, effects| shard.close(session, envelope.request, room, effects));
    }

    fn room_request(&mut self, key: ConnectionKey, envelope: Envelope, request: Request<'_>) {
        let now_ms = self.now_ms;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let is_trunks_own = connection.is_trunk() && envelope.session == 0;
        if matches!(request, Request::Sync { .. }) != is_trunks_own {
            return self.refuse(key, envelope, ErrorCode::NotAllowedHere, "not for this kind of session", 0);
        }
        let session_key = SessionKey { connection: key, session: envelope.session };
        if !is_trunks_own {
            let Some(session) = connection.session_mut(envelope.session) else {
                return self.refuse(key, envelope, ErrorCode::HelloExpected, NO_SESSION, 0);
            };
            if session.has_expired(now_ms) {
                return self.end_session(session_key, ErrorCode::TokenExpired, "the token has ended; log in again");
            }
            if let Request::Send(_) = request
                && let Err(retry_ms) = session.take_send(now_ms)
            {
                return self.refuse(
                    key,
                    envelope,
                    ErrorCode::RateLimited,
                    "too many sends in too short a time",
                    retry_ms,
                );
            }
        }
        self.happen(|shard, now_ms, effects| shard.request(now_ms, session_key, envelope.request, request, effects));
    }

    fn hello(&mut self, key: ConnectionKey, envelope: Envelope, hello: &schema::Hello<'_>) {
        let token = hello.token().unwrap_or_default();
        let minor = hello.minor();
        if hello.capabilities() & CAPABILITY_TRUNK != 0 {
            if !is_same_secret(token, &self.config.trunk_secret) {
                return self.end_for(key, ErrorCode::TokenInvalid, "the trunk's secret is wrong");
            }
            let Some(connection) = self.connections.get_mut(key) else { return };
            connection.become_trunk();
            let own = SessionKey { connection: key, session: 0 };
            // The bridge itself may only ask for SYNC, which needs no rights in a room.
            self.shard.attach(own, crate::shard::CHANGES);
            return self.welcome(key, envelope, minor, CAPABILITY_TRUNK, None);
        }
        let device = DeviceId(hello.device());
        let token = token.to_owned();
        self.set_busy(key, true);
        let logins = self.persistence.accounts().logins();
        self.when_stored(async move { logins.authenticate(&token).await }, move |core, result| {
            core.set_busy(key, false);
            match result {
                Ok(identity) => core.begin_native(key, envelope, minor, &identity, device),
                Err(error) => core.end_for(key, error.code(), &error.to_string()),
            }
        });
    }

    fn begin_native(
        &mut self,
        key: ConnectionKey,
        envelope: Envelope,
        minor: u16,
        identity: &Identity,
        device: DeviceId,
    ) {
        let session = Session::new(identity, device, self.new_rate());
        let caller = session.caller();
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.stage = Stage::Native(session);
        self.shard.attach(SessionKey { connection: key, session: 0 }, caller);
        self.welcome(key, envelope, minor, 0, Some(identity));
    }

    #[expect(clippy::unnecessary_min_or_max, reason = "MINOR rises with the first addition to the protocol")]
    fn welcome(&mut self, key: ConnectionKey, envelope: Envelope, minor: u16, granted: u64, who: Option<&Identity>) {
        let (heartbeat, durable) = (self.config.limits.heartbeat, self.is_durable());
        self.put(key, |encoder, out| {
            encoder.frame(out, Opcode::Welcome, envelope, |b| {
                let name = b.create_string(who.map_or("", |who| &who.name));
                let server = b.create_string(concat!("moim ", env!("CARGO_PKG_VERSION")));
                schema::Welcome::create(
                    b,
                    &schema::WelcomeArgs {
                        minor: minor.min(MINOR),
                        capabilities: granted,
                        user: who.map_or(0, |who| who.user.0),
                        name: Some(name),
                        expires_at_ms: who.map_or(0, |who| who.expires_at_ms),
                        heartbeat_ms: heartbeat.as_millis() as u32,
                        frame_bytes_max: limits::REQUEST_BYTES_MAX as u32,
                        sends_in_flight_max: limits::SENDS_IN_FLIGHT_MAX as u32,
                        durable,
                        server: Some(server),
                    },
                )
            });
        });
    }

    fn login(&mut self, key: ConnectionKey, envelope: Envelope, login: &schema::Login<'_>) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let peer = connection.peer;
        let (email, password) = (login.email().to_owned(), login.password().to_owned());
        self.set_busy(key, true);
        let logins = self.persistence.accounts().logins();
        let ask = async move { logins.log_in(&email, &password, Some(peer)).await };
        self.when_stored(ask, move |core, result| {
            core.set_busy(key, false);
            match result {
                Ok(login) => core.put(key, |encoder, out| {
                    encoder.frame(out, Opcode::LoggedIn, envelope, |b| {
                        let token = b.create_string(&login.token);
                        let name = b.create_string(&login.user.name);
                        let args = schema::LoggedInArgs { token: Some(token), user: login.user.id.0, name: Some(name) };
                        schema::LoggedIn::create(b, &args)
                    });
                }),
                Err(error) => core.refuse_stored(key, envelope, &error),
            }
        });
    }

    fn attach(&mut self, key: ConnectionKey, envelope: Envelope, attach: &schema::Attach<'_>) {
        let sessions_max = self.config.limits.sessions_per_trunk_max;
        self.checks += 1;
        let check = self.checks;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Stage::Trunk(sessions) = &mut connection.stage else { return };
        if envelope.session == 0 || sessions.contains_key(&envelope.session) {
            return self.refuse(key, envelope, ErrorCode::InvalidField, "session: 0, or in use already", 0);
        }
        if sessions.len() >= sessions_max {
            return self.refuse_session(
                key,
                envelope,
                ErrorCode::TooManySessions,
                "the trunk carries its most sessions",
            );
        }
        sessions.insert(envelope.session, Carried::Checking(check));
        let device = DeviceId(attach.device());
        let rate = self.new_rate();
        if attach.user() != 0 {
            return self.begin_session(key, envelope, Session::of_trunk(UserId(attach.user()), device, rate), None);
        }
        let token = attach.token().unwrap_or_default().to_owned();
        let logins = self.persistence.accounts().logins();
        self.when_stored(async move { logins.authenticate(&token).await }, move |core, result| match result {
            // Detached while its token was checked; another session may have the number by now.
            _ if !core.is_checking(key, envelope.session, check) => {}
            Ok(identity) => {
                let session = Session::new(&identity, device, rate);
                core.begin_session(key, envelope, session, Some(&identity));
            }
            Err(error) => {
                core.forget_session(key, envelope.session);
                core.refuse_session(key, envelope, error.code(), &error.to_string());
            }
        });
    }

    fn is_checking(&mut self, key: ConnectionKey, session: u32, check: u64) -> bool {
        self.connections.get_mut(key).is_some_and(|connection| match &connection.stage {
            Stage::Trunk(sessions) => {
                matches!(sessions.get(&session), Some(Carried::Checking(under_way)) if *under_way == check)
            }
            _ => false,
        })
    }

    fn begin_session(&mut self, key: ConnectionKey, envelope: Envelope, session: Session, who: Option<&Identity>) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Stage::Trunk(sessions) = &mut connection.stage else { return };
        let session_key = SessionKey { connection: key, session: envelope.session };
        let caller = session.caller();
        sessions.insert(envelope.session, Carried::Stands(session));
        self.shard.attach(session_key, caller);
        let vouched =
            Identity { user: caller.user, login: 0, email: String::new(), name: String::new(), expires_at_ms: 0 };
        self.welcome(key, envelope, MINOR, 0, Some(who.unwrap_or(&vouched)));
    }

    fn forget_session(&mut self, key: ConnectionKey, session: u32) {
        if let Some(connection) = self.connections.get_mut(key)
            && let Stage::Trunk(sessions) = &mut connection.stage
        {
            sessions.remove(&session);
        }
    }

    fn detach(&mut self, key: ConnectionKey, session: u32) {
        self.forget_session(key, session);
        let session_key = SessionKey { connection: key, session };
        if session != 0 {
            self.happen(|shard, _, effects| shard.detach(session_key, effects));
        }
    }

    /// Ends a session: a native client's connection with it, a trunk's alone.
    pub(super) fn end_session(&mut self, session: SessionKey, code: ErrorCode, message: &str) {
        if session.session == 0 {
            return self.end_for(session.connection, code, message);
        }
        self.detach(session.connection, session.session);
        let envelope = Envelope { request: 0, session: session.session };
        self.refuse_session(session.connection, envelope, code, message);
    }

    /// Ends the sessions of a login, or of all of a user's where it is 0.
    pub(super) fn revoke(&mut self, user: UserId, login: u64) {
        for key in self.connections.keys() {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            for number in connection.session_numbers() {
                let session = self.connections.get_mut(key).and_then(|c| c.session_mut(number));
                let ends = session.is_some_and(|session| {
                    session.user == user && session.login != 0 && (login == 0 || session.login == login)
                });
                if ends {
                    let session = SessionKey { connection: key, session: number };
                    self.end_session(session, ErrorCode::TokenRevoked, "the login was ended");
                }
            }
        }
    }

    fn set_busy(&mut self, key: ConnectionKey, is_busy: bool) {
        if let Some(connection) = self.connections.get_mut(key)
            && let Stage::New { busy } = &mut connection.stage
        {
            *busy = is_busy;
        }
    }

    fn new_rate(&self) -> Rate {
        let limits = &self.config.limits;
        Rate::new(limits.sends_per_second, limits.sends_burst, self.now_ms)
    }

    fn pong(&mut self, key: ConnectionKey, envelope: Envelope, stamp: u64) {
        self.put(key, |encoder, out| {
            encoder.frame(out, Opcode::Pong, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp }));
        });
    }

    /// Output built by `build` for one connection.
    pub(super) fn put(&mut self, key: ConnectionKey, build: impl FnOnce(&mut moim_wire::Encoder, &mut Vec<u8>)) {
        let mut frame = Vec::new();
        build(&mut self.encoder, &mut frame);
        self.connections.put(key, &frame);
        self.signal_work();
    }

    pub(super) fn refuse(
        &mut self,
        key: ConnectionKey,
        envelope: Envelope,
        code: ErrorCode,
        message: &str,
        retry: u32,
    ) {
        self.refused += 1;
        self.put(key, |encoder, out| encoder.error(out, envelope, code, message, retry));
    }

    fn busy(&mut self, key: ConnectionKey, envelope: Envelope, message: &str) {
        self.answered_busy += 1;
        self.put(key, |encoder, out| encoder.busy(out, envelope, message, UNREAD_RETRY_MS));
    }

    /// Whether more waits to be sent to the connection than may.
    fn is_behind(&mut self, key: ConnectionKey) -> bool {
        let limits = &self.config.limits;
        self.connections.get_mut(key).is_some_and(|connection| connection.is_behind(limits))
    }

    pub(super) fn refuse_stored(&mut self, key: ConnectionKey, envelope: Envelope, error: &StoreError) {
        let refusal = super::store::refusal(error);
        self.refuse(key, envelope, refusal.code, &refusal.message, refusal.retry_after_ms);
    }

    fn refuse_session(&mut self, key: ConnectionKey, envelope: Envelope, code: ErrorCode, message: &str) {
        self.refused += 1;
        self.put(key, |encoder, out| encoder.goodbye(out, envelope, Some(code), message, 0));
    }

    fn end_for(&mut self, key: ConnectionKey, code: ErrorCode, message: &str) {
        crate::stats::add(&self.stats.disconnected, 1);
        self.say_goodbye(key, Some(code), message, 0);
    }
}

/// Compares in a time that does not tell how much of it was right.
fn is_same_secret(given: &str, secret: &str) -> bool {
    let differs = given.bytes().zip(secret.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    given.len() == secret.len() && !secret.is_empty() && differs == 0
}
