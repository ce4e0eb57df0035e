//! The sessions of this shard's connections, and which of them follow which room. The edge holds no room's state.

use moim_wire::{RoomId, UserId};
use smallvec::SmallVec;

use super::Map;
use super::event::{Caller, ConnectionKey, SessionKey};

/// Rooms that a session follows without memory of their own.
const ROOMS_INLINE: usize = 4;

/// A session's side of the rooms that it follows.
#[derive(Debug)]
pub(super) struct EdgeSession {
    pub(super) caller: Caller,
    pub(super) rooms: SmallVec<[RoomId; ROOMS_INLINE]>,
}

/// Who follows a room here: sessions, and the connections that carry them, each once.
#[derive(Debug, Default)]
pub(super) struct Audience {
    connections: Vec<(ConnectionKey, u32)>,
    followers: Vec<(SessionKey, UserId)>,
}

/// What came of a session's wish to follow a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following {
    Begun,
    Already,
    TooMany,
    /// The session is gone.
    Gone,
}

/// All sessions and audiences of a shard.
#[derive(Debug)]
pub(super) struct Edge {
    sessions: Map<SessionKey, EdgeSession>,
    audiences: Map<RoomId, Audience>,
}

impl Edge {
    pub(super) fn new(seed: u64) -> Self {
        Self { sessions: super::map(seed), audiences: super::map(seed) }
    }

    pub(super) fn attach(&mut self, session: SessionKey, caller: Caller) {
        self.sessions.insert(session, EdgeSession { caller, rooms: SmallVec::new() });
    }

    /// Ends a session; returns its user and the rooms that it followed.
    pub(super) fn detach(&mut self, session: SessionKey) -> Option<EdgeSession> {
        let gone = self.sessions.remove(&session)?;
        for &room in &gone.rooms {
            self.leave_audience(session, room);
        }
        Some(gone)
    }

    pub(super) fn session(&self, session: SessionKey) -> Option<&EdgeSession> {
        self.sessions.get(&session)
    }

    /// The session is to follow the room, one of at most `rooms_max`. Only here is it known how many it follows: OPENs
    /// may be under way together.
    pub(super) fn follow(&mut self, session: SessionKey, room: RoomId, rooms_max: usize) -> Following {
        let Some(edge_session) = self.sessions.get_mut(&session) else { return Following::Gone };
        if edge_session.rooms.contains(&room) {
            return Following::Already;
        }
        if edge_session.rooms.len() >= rooms_max {
            return Following::TooMany;
        }
        edge_session.rooms.push(room);
        let audience = self.audiences.entry(room).or_default();
        audience.followers.push((session, edge_session.caller.user));
        match audience.connections.iter_mut().find(|(key, _)| *key == session.connection) {
            Some((_, sessions)) => *sessions += 1,
            None => audience.connections.push((session.connection, 1)),
        }
        Following::Begun
    }

    /// The session follows the room no more; its user, where it did.
    pub(super) fn unfollow(&mut self, session: SessionKey, room: RoomId) -> Option<UserId> {
        let edge_session = self.sessions.get_mut(&session)?;
        let at = edge_session.rooms.iter().position(|&followed| followed == room)?;
        edge_session.rooms.swap_remove(at);
        let user = edge_session.caller.user;
        self.leave_audience(session, room);
        Some(user)
    }

    fn leave_audience(&mut self, session: SessionKey, room: RoomId) {
        let Some(audience) = self.audiences.get_mut(&room) else { return };
        if let Some(at) = audience.followers.iter().position(|&(key, _)| key == session) {
            audience.followers.swap_remove(at);
        }
        if let Some(at) = audience.connections.iter().position(|&(key, _)| key == session.connection) {
            audience.connections[at].1 -= 1;
            if audience.connections[at].1 == 0 {
                audience.connections.swap_remove(at);
            }
        }
        if audience.followers.is_empty() {
            self.audiences.remove(&room);
        }
    }

    /// Connections that carry followers of the room.
    pub(super) fn connections(&self, room: RoomId) -> &[(ConnectionKey, u32)] {
        self.audiences.get(&room).map_or(&[], |audience| &audience.connections)
    }

    /// Sessions that follow the room, of one user or of all.
    pub(super) fn followers(&self, room: RoomId, user: Option<UserId>) -> Vec<(SessionKey, UserId)> {
        let Some(audience) = self.audiences.get(&room) else { return Vec::new() };
        let wanted = audience.followers.iter().filter(|(_, of)| user.is_none_or(|user| user == *of));
        wanted.copied().collect()
    }

    /// Rooms followed by the session that follows most.
    pub(super) fn rooms_most(&self) -> usize {
        self.sessions.values().map(|session| session.rooms.len()).max().unwrap_or_default()
    }

    pub(super) fn session_count(&self) -> usize {
        self.sessions.len()
    }
}
