//! Which sessions of one trunk get which of its frames: all followers of a room, or the one addressed.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use moim_wire::body::BodyError;
use moim_wire::{Frame, Opcode, body, schema};

use crate::stats::Counters;
use crate::websocket::outbox::{Ending, Outbox};

/// Sessions and followed rooms of one trunk. Fed by the trunk's reader alone, in the order of the trunk.
pub(super) struct Routes {
    sessions: HashMap<u32, Session, RandomState>,
    rooms: HashMap<u32, Vec<Follower>, RandomState>,
    last_session: u32,
    sessions_max: usize,
    lost: bool,
    counters: Arc<Counters>,
}

/// A browser on this trunk. `rooms` is what it follows, to find its entries in [`Routes::rooms`] when it leaves.
struct Session {
    outbox: Arc<Outbox>,
    rooms: Vec<u32>,
}

/// A session in a room's list. The outbox stands beside it, so that fan-out looks nothing up.
struct Follower {
    session: u32,
    outbox: Arc<Outbox>,
}

/// Why a session cannot begin on this trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSession {
    /// As many sessions as it carries.
    Full,
    /// The trunk is lost.
    Lost,
}

impl Routes {
    pub(super) fn new(sessions_max: usize, counters: Arc<Counters>) -> Self {
        Self {
            sessions: HashMap::default(),
            rooms: HashMap::default(),
            last_session: 0,
            sessions_max,
            lost: false,
            counters,
        }
    }

    /// Enters a session and gives it a number that no other holds.
    pub(super) fn enter(&mut self, outbox: Arc<Outbox>) -> Result<u32, NoSession> {
        if self.lost {
            return Err(NoSession::Lost);
        }
        if self.sessions.len() >= self.sessions_max {
            return Err(NoSession::Full);
        }
        // A number is never used again; a trunk that has used them all takes no more.
        let session = self.last_session.checked_add(1).ok_or(NoSession::Full)?;
        self.last_session = session;
        self.sessions.insert(session, Session { outbox, rooms: Vec::new() });
        self.counters.sessions.one();
        Ok(session)
    }

    /// Takes a session out. `None` where it has ended before.
    pub(super) fn leave(&mut self, session: u32) -> Option<Arc<Outbox>> {
        let Session { outbox, rooms } = self.sessions.remove(&session)?;
        self.counters.sessions.less(1);
        for room in rooms {
            self.forget_follower(room, session);
        }
        Some(outbox)
    }

    /// Ends every session, now and for ever.
    pub(super) fn lose(&mut self, ending: Ending) {
        self.lost = true;
        self.rooms.clear();
        for (_, session) in self.sessions.drain() {
            self.counters.sessions.less(1);
            session.outbox.end(ending);
        }
    }

    /// Hands a frame to all sessions, as the trunk's own GOODBYE.
    pub(super) fn deliver_to_all(&self, frame: Frame<'_>) {
        let bytes = Bytes::copy_from_slice(frame.bytes);
        for session in self.sessions.values() {
            session.outbox.answer(bytes.clone());
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Takes the next frame of the trunk that is meant for sessions.
    pub(super) fn deliver(&mut self, frame: Frame<'_>) {
        let delivered = match frame.header.session {
            0 => self.deliver_to_room(frame),
            session => self.deliver_to_session(session, frame),
        };
        if let Err(error) = delivered {
            // The clients notice a missing message by the next one's prev_id and fetch it.
            self.counters.frames_stray.one();
            tracing::warn!(opcode = frame.header.opcode, %error, "a frame of a trunk was dropped");
        }
    }

    /// Takes a frame that is of no session: for all followers of its room.
    fn deliver_to_room(&mut self, frame: Frame<'_>) -> Result<(), BodyError> {
        match frame.opcode() {
            Some(Opcode::Message) => self.fan_out_message(frame)?,
            Some(Opcode::ReadMark) => {
                let room = body::read::<schema::ReadMark<'_>>(frame.body())?.room();
                self.fan_out(room, frame, Outbox::ephemeral);
            }
            Some(Opcode::Typing) => {
                let room = body::read::<schema::Typing<'_>>(frame.body())?.room();
                self.fan_out(room, frame, Outbox::ephemeral);
            }
            Some(Opcode::Presence) => {
                let room = body::read::<schema::Presence<'_>>(frame.body())?.room();
                self.fan_out(room, frame, Outbox::ephemeral);
            }
            // The trunk itself was too slow: all its followers of the room have the gap.
            Some(Opcode::Gap) => {
                let room = body::read::<schema::Gap<'_>>(frame.body())?.room();
                self.fan_out(room, frame, Outbox::answer);
            }
            Some(Opcode::Closed) => {
                let room = body::read::<schema::Closed<'_>>(frame.body())?.room();
                self.fan_out(room, frame, Outbox::answer);
                self.close_room(room);
            }
            _ => self.counters.frames_stray.one(),
        }
        Ok(())
    }

    /// Takes an addressed frame, and learns from it what the session follows.
    fn deliver_to_session(&mut self, number: u32, frame: Frame<'_>) -> Result<(), BodyError> {
        // Frames may still be under way to a session that was detached.
        let Some(session) = self.sessions.get(&number) else { return Ok(()) };
        let bytes = Bytes::copy_from_slice(frame.bytes);
        self.counters.frames_out.one();
        match frame.opcode() {
            Some(Opcode::Message) => {
                let head = *body::read::<schema::Message<'_>>(frame.body())?.head();
                session.outbox.message(head.room(), head.prev_id(), head.id(), bytes);
            }
            Some(Opcode::Opened) => {
                let room = body::read::<schema::Opened<'_>>(frame.body())?.room();
                session.outbox.answer(bytes);
                self.follow(number, room);
            }
            Some(Opcode::Closed) => {
                let room = body::read::<schema::Closed<'_>>(frame.body())?.room();
                session.outbox.answer(bytes);
                self.unfollow(number, room);
            }
            Some(Opcode::Goodbye) => {
                session.outbox.answer(bytes);
                session.outbox.end(Ending::SessionOver);
                self.leave(number);
            }
            _ => session.outbox.answer(bytes),
        }
        Ok(())
    }

    fn fan_out_message(&self, frame: Frame<'_>) -> Result<(), BodyError> {
        let head = *body::read::<schema::Message<'_>>(frame.body())?.head();
        let (room, prev_id, id) = (head.room(), head.prev_id(), head.id());
        self.fan_out(room, frame, |outbox, bytes| outbox.message(room, prev_id, id, bytes));
        Ok(())
    }

    /// The room's one copy of the frame, shared by all its followers here.
    fn fan_out(&self, room: u32, frame: Frame<'_>, put: impl Fn(&Outbox, Bytes)) {
        let Some(followers) = self.rooms.get(&room) else { return };
        let bytes = Bytes::copy_from_slice(frame.bytes);
        self.counters.frames_out.add(followers.len() as u64);
        for follower in followers {
            put(&follower.outbox, bytes.clone());
        }
    }

    /// From the OPENED on. Opened twice it still follows once.
    fn follow(&mut self, number: u32, room: u32) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        if !session.rooms.contains(&room) {
            session.rooms.push(room);
            let follower = Follower { session: number, outbox: session.outbox.clone() };
            self.rooms.entry(room).or_default().push(follower);
        }
    }

    fn unfollow(&mut self, number: u32, room: u32) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        session.rooms.retain(|&followed| followed != room);
        session.outbox.forget(room);
        self.forget_follower(room, number);
    }

    /// The room is gone for all.
    fn close_room(&mut self, room: u32) {
        for follower in self.rooms.remove(&room).unwrap_or_default() {
            follower.outbox.forget(room);
            if let Some(session) = self.sessions.get_mut(&follower.session) {
                session.rooms.retain(|&followed| followed != room);
            }
        }
    }

    fn forget_follower(&mut self, room: u32, number: u32) {
        let Some(followers) = self.rooms.get_mut(&room) else { return };
        if let Some(at) = followers.iter().position(|follower| follower.session == number) {
            followers.swap_remove(at);
        }
        if followers.is_empty() {
            self.rooms.remove(&room);
        }
    }
}
