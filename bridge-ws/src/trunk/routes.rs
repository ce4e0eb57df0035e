//! Which sessions of one trunk get which of its frames: all followers of a room, or the one addressed.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use moim_wire::body::BodyError;
use moim_wire::{Frame, Opcode, body, schema};

use super::sessions::Sessions;
use crate::stats::Counters;
use crate::websocket::outbox::{Ending, Outbox};

/// Sessions and followed rooms of one trunk. Fed by the trunk's reader alone, in the order of the trunk.
pub(super) struct Routes {
    sessions: Sessions,
    /// Keys of the sessions by their numbers on the trunk.
    numbers: HashMap<u32, usize, RandomState>,
    /// Keys of each room's followers, so that fan-out looks nothing up.
    rooms: HashMap<u32, Vec<usize>, RandomState>,
    last_number: u32,
    sessions_max: usize,
    lost: bool,
    counters: Arc<Counters>,
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
            sessions: Sessions::default(),
            numbers: HashMap::default(),
            rooms: HashMap::default(),
            last_number: 0,
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
        let number = self.last_number.checked_add(1).ok_or(NoSession::Full)?;
        self.last_number = number;
        self.numbers.insert(number, self.sessions.enter(outbox));
        self.counters.sessions.one();
        Ok(number)
    }

    /// Takes a session out. `None` where it has ended before.
    pub(super) fn leave(&mut self, number: u32) -> Option<Arc<Outbox>> {
        let key = self.numbers.remove(&number)?;
        let session = self.sessions.leave(key);
        self.counters.sessions.less(1);
        for room in session.rooms {
            self.forget_follower(room, key);
        }
        Some(session.outbox)
    }

    /// Ends every session, now and for ever.
    pub(super) fn lose(&mut self, ending: Ending) {
        self.lost = true;
        self.rooms.clear();
        self.numbers.clear();
        for session in self.sessions.leave_all() {
            self.counters.sessions.less(1);
            session.outbox.end(ending);
        }
    }

    /// Hands a frame to all sessions, as the trunk's own GOODBYE.
    pub(super) fn deliver_to_all(&mut self, frame: Frame<'_>) {
        self.sessions.give(&self.sessions.keys(), frame, Outbox::answer);
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Writes to some browsers what they were given. False where others wait.
    pub(super) fn flush_some(&mut self) -> bool {
        self.sessions.flush_some()
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
        let Some(&key) = self.numbers.get(&number) else { return Ok(()) };
        self.counters.frames_out.one();
        match frame.opcode() {
            Some(Opcode::Message) => {
                let head = *body::read::<schema::Message<'_>>(frame.body())?.head();
                let (room, prev_id, id) = (head.room(), head.prev_id(), head.id());
                self.sessions.give(&[key], frame, |outbox, bytes| outbox.message(room, prev_id, id, bytes));
            }
            Some(Opcode::Opened) => {
                let room = body::read::<schema::Opened<'_>>(frame.body())?.room();
                self.sessions.give(&[key], frame, Outbox::answer);
                self.follow(key, room);
            }
            Some(Opcode::Closed) => {
                let room = body::read::<schema::Closed<'_>>(frame.body())?.room();
                self.sessions.give(&[key], frame, Outbox::answer);
                self.unfollow(key, room);
            }
            Some(Opcode::Goodbye) => {
                self.sessions.give(&[key], frame, Outbox::answer);
                if let Some(outbox) = self.leave(number) {
                    outbox.end(Ending::SessionOver);
                }
            }
            _ => self.sessions.give(&[key], frame, Outbox::answer),
        }
        Ok(())
    }

    fn fan_out_message(&mut self, frame: Frame<'_>) -> Result<(), BodyError> {
        let head = *body::read::<schema::Message<'_>>(frame.body())?.head();
        let (room, prev_id, id) = (head.room(), head.prev_id(), head.id());
        self.fan_out(room, frame, |outbox, bytes| outbox.message(room, prev_id, id, bytes));
        Ok(())
    }

    fn fan_out(&mut self, room: u32, frame: Frame<'_>, put: impl Fn(&Outbox, Bytes)) {
        let Some(followers) = self.rooms.get(&room) else { return };
        self.counters.frames_out.add(followers.len() as u64);
        self.sessions.give(followers, frame, put);
    }

    /// From the OPENED on. Opened twice it still follows once.
    fn follow(&mut self, key: usize, room: u32) {
        let session = &mut self.sessions[key];
        if !session.rooms.contains(&room) {
            session.rooms.push(room);
            self.rooms.entry(room).or_default().push(key);
        }
    }

    fn unfollow(&mut self, key: usize, room: u32) {
        let session = &mut self.sessions[key];
        session.rooms.retain(|&followed| followed != room);
        session.outbox.forget(room);
        self.forget_follower(room, key);
    }

    /// The room is gone for all.
    fn close_room(&mut self, room: u32) {
        for key in self.rooms.remove(&room).unwrap_or_default() {
            let session = &mut self.sessions[key];
            session.outbox.forget(room);
            session.rooms.retain(|&followed| followed != room);
        }
    }

    fn forget_follower(&mut self, room: u32, key: usize) {
        let Some(followers) = self.rooms.get_mut(&room) else { return };
        if let Some(at) = followers.iter().position(|&follower| follower == key) {
            followers.swap_remove(at);
        }
        if followers.is_empty() {
            self.rooms.remove(&room);
        }
    }
}
