//! What connections say: from bytes to frames to operations.

use std::io::{self, Read as _};
use std::rc::Rc;

use glommio::io::PollableFd;
use moim_wire::{Decoder, Envelope, ErrorCode, Frame, RoomId};

use super::{Core, CoreCell, INPUT_BYTES};
use crate::dispatch::{Operation, Refused, parse};
use crate::mesh::Item;
use crate::shard::{ConnectionKey, Request, SessionKey};
use crate::socket::Standing;

/// Times that a connection is read before others get their turn.
const READS_IN_A_ROW: usize = 4;
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
            if matches!(request, Request::Typing { .. }) && !session.may_type(now_ms) {
                return;
            }
            if let Err(retry_ms) = session.take(&request, now_ms) {
                const WHY: &str = "too many requests in too short a time";
                return self.refuse(key, envelope, ErrorCode::RateLimited, WHY, retry_ms);
            }
        }
        self.happen(|shard, now_ms, effects| shard.request(now_ms, session_key, envelope.request, request, effects));
    }

    /// Whether more waits to be sent to the connection than may.
    fn is_behind(&mut self, key: ConnectionKey) -> bool {
        let limits = &self.config.limits;
        self.connections.get_mut(key).is_some_and(|connection| connection.is_behind(limits))
    }
}
