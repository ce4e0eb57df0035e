//! What a peer may ask, one method an operation.

use std::time::Duration;

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use moim_wire::{HEADER_BYTES, Header, MessageId, Opcode, RoomId, UserId, VERSION, schema};

use super::{Peer, Received};

impl Peer {
    /// A request of that operation; returns its id.
    pub(crate) fn ask<T>(
        &mut self,
        session: u32,
        opcode: Opcode,
        build: impl FnOnce(&mut FlatBufferBuilder<'static>) -> WIPOffset<T>,
    ) -> u32 {
        self.say_for(session, |encoder, out, envelope| encoder.frame(out, opcode, envelope, build))
    }

    pub(crate) fn ping(&mut self, stamp: u64) -> u32 {
        self.ask(0, Opcode::Ping, |b| schema::Ping::create(b, &schema::PingArgs { stamp }))
    }

    /// Comes back when the server has taken everything that was said before.
    pub(crate) fn round_trip(&mut self) {
        let request = self.ping(7);
        assert_eq!(self.answer(request).opcode, Opcode::Pong);
    }

    /// The same, with nothing said in any room before it.
    pub(crate) fn round_trip_in_silence(&mut self) {
        let request = self.ping(7);
        loop {
            let next = self.next().expect("the connection stands");
            if next.request == request {
                return;
            }
            assert!(matches!(next.opcode, Opcode::Presence | Opcode::ReadMark), "{}", next.opcode.name());
        }
    }

    pub(crate) fn close(&mut self, session: u32, room: RoomId) -> u32 {
        self.ask(session, Opcode::Close, |b| schema::Close::create(b, &schema::CloseArgs { room: room.0 }))
    }

    pub(crate) fn read(&mut self, session: u32, room: RoomId, up_to: MessageId) -> u32 {
        let args = schema::ReadArgs { room: room.0, up_to: up_to.0 };
        self.ask(session, Opcode::Read, |b| schema::Read::create(b, &args))
    }

    pub(crate) fn typing(&mut self, session: u32, room: RoomId) -> u32 {
        let args = schema::TypingArgs { room: room.0, user: 0 };
        self.ask(session, Opcode::Typing, |b| schema::Typing::create(b, &args))
    }

    pub(crate) fn join(&mut self, session: u32, room: RoomId) -> u32 {
        let args = schema::JoinArgs { room: room.0, password: None };
        self.ask(session, Opcode::Join, |b| schema::Join::create(b, &args))
    }

    pub(crate) fn leave(&mut self, session: u32, room: RoomId) -> u32 {
        self.ask(session, Opcode::Leave, |b| schema::Leave::create(b, &schema::LeaveArgs { room: room.0 }))
    }

    pub(crate) fn members(&mut self, session: u32, room: RoomId) -> u32 {
        let args = schema::MembersArgs { room: room.0, after: 0, limit: 100 };
        self.ask(session, Opcode::Members, |b| schema::Members::create(b, &args))
    }

    pub(crate) fn rooms(&mut self, session: u32) -> u32 {
        let args = schema::RoomsArgs { after: 0, limit: 100 };
        self.ask(session, Opcode::Rooms, |b| schema::Rooms::create(b, &args))
    }

    pub(crate) fn login(&mut self, email: &str, password: &str) -> u32 {
        self.ask(0, Opcode::Login, |b| {
            let (email, password) = (b.create_string(email), b.create_string(password));
            schema::Login::create(b, &schema::LoginArgs { email: Some(email), password: Some(password) })
        })
    }

    pub(crate) fn attach_token(&mut self, session: u32, token: &str, device: u32) -> u32 {
        self.ask(session, Opcode::Attach, |b| {
            let token = b.create_string(token);
            let args = schema::AttachArgs { token: Some(token), device, ..Default::default() };
            schema::Attach::create(b, &args)
        })
    }

    pub(crate) fn attach_user(&mut self, session: u32, user: UserId, device: u32) -> u32 {
        let args = schema::AttachArgs { user: user.0, device, ..Default::default() };
        self.ask(session, Opcode::Attach, |b| schema::Attach::create(b, &args))
    }

    pub(crate) fn detach(&mut self, session: u32) -> u32 {
        self.ask(session, Opcode::Detach, |b| schema::Detach::create(b, &schema::DetachArgs { code: 0 }))
    }

    pub(crate) fn sync(&mut self, room: RoomId, change: u32) -> u32 {
        let args = schema::SyncArgs { room: room.0, change: change.into() };
        self.ask(0, Opcode::Sync, |b| schema::Sync::create(b, &args))
    }

    pub(crate) fn revoke(&mut self, user: UserId, login: u64) -> u32 {
        let args = schema::RevokeArgs { user: user.0, login };
        self.ask(0, Opcode::Revoke, |b| schema::Revoke::create(b, &args))
    }

    /// A room followed from now on; its OPENED.
    pub(crate) fn follow(&mut self, session: u32, room: RoomId) -> Received {
        let request = self.open(session, room, MessageId::ZERO);
        let opened = self.answer(request);
        assert_eq!(opened.opcode, Opcode::Opened, "{:?}", opened.error_code());
        opened
    }

    /// The same, asked again for as long as the server says BUSY.
    pub(crate) fn follow_when_there_is_room(&mut self, room: RoomId) {
        loop {
            let request = self.open(0, room, MessageId::ZERO);
            let answer = self.answer(request);
            if answer.opcode == Opcode::Opened {
                return;
            }
            assert_eq!(answer.opcode, Opcode::Busy, "{:?}", answer.error_code());
            let retry_ms = answer.body::<schema::Busy<'_>>().retry_after_ms();
            std::thread::park_timeout(Duration::from_millis(retry_ms.min(50).into()));
        }
    }

    /// Sends and waits for the acknowledgement; the message's id.
    pub(crate) fn say_text(&mut self, session: u32, room: RoomId, sequence: u32, text: &str) -> MessageId {
        let request = self.send(session, room, sequence, text);
        let ack = self.answer(request);
        assert_eq!(ack.opcode, Opcode::Ack, "{:?}", ack.error_code());
        MessageId(ack.body::<schema::Ack<'_>>().id())
    }
}

/// A frame with any operation and any body.
pub(crate) fn raw_frame(opcode: u8, request: u32, body: &[u8]) -> Vec<u8> {
    let length = (HEADER_BYTES + body.len()) as u32;
    let mut bytes = Vec::new();
    Header { length, version: VERSION, opcode, request, ..Header::default() }.write(&mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

/// The same for a trunk's session.
pub(crate) fn raw_session_frame(opcode: u8, session: u32, body: &[u8]) -> Vec<u8> {
    let flags = moim_wire::FLAG_SESSION;
    let header = Header { version: VERSION, opcode, flags, session, ..Header::default() };
    let header = Header { length: (header.size() + body.len()) as u32, ..header };
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    bytes.extend_from_slice(body);
    bytes
}
