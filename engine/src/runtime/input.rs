//! What connections say: from bytes to frames to operations.

use moim_wire::{Decoder, Envelope, ErrorCode, Frame, RoomId, UserId};

use super::Core;
use crate::dispatch::{Operation, Refused, parse};
use crate::mesh::Item;
use crate::shard::{ConnectionKey, Request, SessionKey};
use crate::socket::Standing;

const NO_SESSION: &str = "no such session, or its WELCOME is still to come";
const TOKEN_ENDED: &str = "the token has ended; log in again";
const TOO_FAST: &str = "too many requests in too short a time";

impl Core {
    /// Hands the bytes to the connection's decoder.
    pub(super) fn take_bytes(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let now_s = self.now_s;
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.is_closing() {
            return;
        }
        let mut decoder = std::mem::replace(&mut connection.decoder, Decoder::new(0));
        let result = decoder.feed(bytes, |frame| self.take_frame(key, &frame, now_s));
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.keep_decoder(decoder);
        if let Err(error) = result
            && !connection.is_closing()
        {
            crate::stats::add(&self.stats.disconnected, 1);
            self.say_goodbye(key, Some(error.code()), &error.to_string(), 0);
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
            (_, Operation::Room(_) | Operation::Rooms { .. } | Operation::Money(_)) if self.is_behind(key) => {
                self.busy(key, envelope, "answers to earlier requests wait to be read");
            }
            (_, Operation::Room(request)) => self.room_request(key, envelope, request),
            (_, Operation::Close(room)) => self.close_room(key, envelope, room),
            (_, Operation::Rooms { after, limit }) => self.list_rooms(key, envelope, after, limit),
            // A bridge's users have REST, which knows whence they come.
            (Standing::Native, Operation::Money(request)) => self.money(key, envelope, request),
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
                return self.end_session(session_key, ErrorCode::TokenExpired, TOKEN_ENDED);
            }
            if !session.may(&request) {
                const WHY: &str = "kind: a File is said by uploading it";
                return self.refuse(key, envelope, ErrorCode::NotAllowed, WHY, 0);
            }
            if matches!(request, Request::Typing { .. }) && !session.may_type(now_ms) {
                return;
            }
            if let Err(retry_ms) = session.take(&request, now_ms) {
                return self.refuse(key, envelope, ErrorCode::RateLimited, TOO_FAST, retry_ms);
            }
        }
        self.happen(|shard, now_ms, effects| shard.request(now_ms, session_key, envelope.request, request, effects));
    }

    /// The session's user, where it may ask for what the stores answer and no room's owner has a part in.
    pub(super) fn admitted(&mut self, key: ConnectionKey, envelope: Envelope, is_page: bool) -> Option<UserId> {
        let now_ms = self.now_ms;
        let Some(session) = self.connections.get_mut(key).and_then(|c| c.session_mut(envelope.session)) else {
            self.refuse(key, envelope, ErrorCode::HelloExpected, NO_SESSION, 0);
            return None;
        };
        if session.has_expired(now_ms) {
            let session = SessionKey { connection: key, session: envelope.session };
            self.end_session(session, ErrorCode::TokenExpired, TOKEN_ENDED);
            return None;
        }
        let user = session.user;
        if let Err(retry_ms) = session.take_other(is_page, now_ms) {
            self.refuse(key, envelope, ErrorCode::RateLimited, TOO_FAST, retry_ms);
            return None;
        }
        Some(user)
    }

    /// Whether more waits to be sent to the connection than may.
    fn is_behind(&mut self, key: ConnectionKey) -> bool {
        let limits = &self.config.limits;
        self.connections.get_mut(key).is_some_and(|connection| connection.is_behind(limits))
    }
}
