//! Sessions' beginnings and ends.

use moim_persistence::Identity;
use moim_wire::{DeviceId, Envelope, ErrorCode, MINOR, Opcode, UserId, limits, schema};

use super::Core;
use super::store::refusal;
use crate::session::{Rates, Session};
use crate::shard::{ConnectionKey, Refusal, SessionKey};
use crate::socket::{Carried, Stage};

/// Capability of HELLO: the connection is a bridge's trunk.
const CAPABILITY_TRUNK: u64 = 1;

impl Core {
    pub(super) fn hello(&mut self, key: ConnectionKey, envelope: Envelope, hello: &schema::Hello<'_>) {
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
                Err(error) => core.end_refused(key, &error),
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
        let session = Session::new(identity, device, self.new_rates());
        let caller = session.caller();
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.stage = Stage::Native(session);
        self.shard.attach(SessionKey { connection: key, session: 0 }, caller);
        self.welcome(key, envelope, minor, 0, Some(identity));
    }

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

    pub(super) fn login(&mut self, key: ConnectionKey, envelope: Envelope, login: &schema::Login<'_>) {
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

    pub(super) fn attach(&mut self, key: ConnectionKey, envelope: Envelope, attach: &schema::Attach<'_>) {
        let sessions_max = self.config.limits.sessions_per_trunk_max;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let last_session = connection.last_session;
        let Stage::Trunk(sessions) = &mut connection.stage else { return };
        if envelope.session <= last_session {
            // What is on its way to a session that is gone must not reach another one.
            const WHY: &str = "session: must be above every one that this trunk has named before";
            return self.refuse(key, envelope, ErrorCode::InvalidField, WHY, 0);
        }
        if sessions.len() >= sessions_max {
            self.refused += 1;
            const WHY: &str = "the trunk carries its most sessions";
            return self.end_session_for(key, envelope, ErrorCode::TooManySessions, WHY, 0);
        }
        sessions.insert(envelope.session, Carried::Checking);
        connection.last_session = envelope.session;
        let device = DeviceId(attach.device());
        let (rates, says_files) = (self.new_rates(), attach.says_files());
        if attach.user() != 0 {
            let session = Session::of_trunk(UserId(attach.user()), device, rates).saying_files(says_files);
            return self.begin_session(key, envelope, session, None);
        }
        let token = attach.token().unwrap_or_default().to_owned();
        let logins = self.persistence.accounts().logins();
        self.when_stored(async move { logins.authenticate(&token).await }, move |core, result| match result {
            // Detached while its token was checked.
            _ if !core.is_checking(key, envelope.session) => {}
            Ok(identity) => {
                let session = Session::new(&identity, device, rates).saying_files(says_files);
                core.begin_session(key, envelope, session, Some(&identity));
            }
            Err(error) => {
                core.forget_session(key, envelope.session);
                let Refusal { code, message, retry_after_ms } = refusal(&error);
                core.refused += 1;
                core.end_session_for(key, envelope, code, &message, retry_after_ms);
            }
        });
    }

    fn is_checking(&mut self, key: ConnectionKey, session: u32) -> bool {
        self.connections.get_mut(key).is_some_and(|connection| match &connection.stage {
            Stage::Trunk(sessions) => {
                matches!(sessions.get(&session), Some(Carried::Checking))
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

    pub(super) fn detach(&mut self, key: ConnectionKey, session: u32) {
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
        self.end_session_for(session.connection, envelope, code, message, 0);
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

    fn new_rates(&self) -> Rates {
        Rates::new(&self.config.limits, self.now_ms)
    }
}

/// Compares in a time that does not tell how much of it was right.
fn is_same_secret(given: &str, secret: &str) -> bool {
    let differs = given.bytes().zip(secret.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    given.len() == secret.len() && !secret.is_empty() && differs == 0
}
