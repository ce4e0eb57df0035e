//! Connections and the mesh: what is said arrives in order, at some time.

use moim_engine::shard::{Caller, Class, ConnectionKey, PeerMessage, Request, RoomFrames, SessionKey};
use moim_wire::{DeviceId, RoomId, UserId};

use crate::client::{Link, Outcome};
use crate::connection::{Outgoing, Said};
use crate::heard::{self, Heard, What};
use crate::invariants::{Asked, Broken, NO_SILENT_GAP, NOTHING_FROM_THE_FUTURE};
use crate::server::seat;
use crate::world::{Trunk, World};

impl World {
    /// The client gets a session: a connection of its own, or a place on a trunk.
    pub(crate) fn connect(&mut self, client: usize) {
        let trunk = if self.random.one_in(2) { None } else { self.some_trunk() };
        let link = match trunk {
            Some(trunk) => {
                self.trunks[trunk].sessions += 1;
                let Trunk { shard, key, sessions } = self.trunks[trunk];
                Link { shard, connection: key, session: sessions }
            }
            None => {
                let shard = self.some_shard();
                let bytes_max = self.plan.limits.session_queue_bytes_max;
                Link { shard, connection: self.server.nodes[shard].connect(bytes_max), session: 0 }
            }
        };
        self.clients[client].link = Some(link);
        let caller = self.clients[client].caller;
        self.sit_down(link, caller);
        if let Some(connection) = self.server.nodes[link.shard].connection(link.connection) {
            connection.sessions.insert(link.session, client);
        }
        self.trace.note(|| format!("client {client} ({caller:?}) connects at {link:?}"));
    }

    fn some_trunk(&mut self) -> Option<usize> {
        if self.trunks.len() < self.plan.trunks {
            let shard = self.some_shard();
            let key = self.server.nodes[shard].connect(self.plan.limits.trunk_queue_bytes_max);
            let link = Link { shard, connection: key, session: 0 };
            self.sit_down(link, Caller { user: UserId(0), device: DeviceId(0) });
            self.trunks.push(Trunk { shard, key, sessions: 0 });
        }
        (!self.trunks.is_empty()).then(|| self.random.below(self.trunks.len()))
    }

    fn sit_down(&mut self, link: Link, caller: Caller) {
        self.server.callers.insert(link.seat(), caller);
        if let Some(connection) = self.server.nodes[link.shard].connection(link.connection) {
            connection.input.push_back(Said::Attach(link.session, caller));
        }
    }

    /// A client says something; it is heard once its shard reads it.
    pub(crate) fn say(&mut self, client: usize, request: u32, what: Request<'static>) {
        let Some(link) = self.clients[client].link else { return };
        self.say_at(link, request, what);
    }

    pub(crate) fn say_at(&mut self, link: Link, request: u32, what: Request<'static>) {
        self.trace.note(|| format!("{link:?} says {request}: {what:?}"));
        let Some(connection) = self.server.nodes[link.shard].connection(link.connection) else { return };
        let room = what.room();
        let asked = match &what {
            Request::Open { last_seen, .. } => Asked::Open { last_seen: *last_seen },
            Request::History { query, limit, .. } => Asked::Page { query: *query, limit: *limit },
            Request::Join { .. } | Request::Leave { .. } => Asked::Change { since: self.accounts.last_change(room) },
            Request::Sync { change, .. } => Asked::Sync { change: *change },
            _ => Asked::Other,
        };
        if !matches!(what, Request::Typing { .. }) {
            self.memory.asked.insert((link.seat(), request), (room, asked));
        }
        connection.input.push_back(Said::Request { session: link.session, request, what });
    }

    pub(crate) fn say_close(&mut self, client: usize, room: RoomId) {
        let request = self.clients[client].request();
        let Some(link) = self.clients[client].link else { return };
        let Some(connection) = self.server.nodes[link.shard].connection(link.connection) else { return };
        connection.input.push_back(Said::Close { session: link.session, request, room });
        self.memory.asked.insert((link.seat(), request), (room, Asked::Other));
        self.trace.note(|| format!("client {client} closes room {room}"));
    }

    /// A shard reads one thing that a connection said, if it reads that connection at all.
    pub(crate) fn input_arrives(&mut self) {
        let at = self.some_shard();
        let keys: Vec<_> = self.server.nodes[at].keys();
        if let Some(key) = self.random.pick(&keys) {
            let count = self.random.between(1, 4);
            (0..count).for_each(|_| self.read(at, key));
        }
    }

    pub(crate) fn read(&mut self, at: usize, key: ConnectionKey) {
        let Some(connection) = self.server.nodes[at].connection(key) else { return };
        if !connection.is_read() && !connection.ended {
            return;
        }
        match connection.input.pop_front() {
            Some(said) => self.understand(at, key, said),
            None if connection.ended => self.hang_up(at, key),
            None => {}
        }
    }

    fn understand(&mut self, at: usize, key: ConnectionKey, said: Said) {
        let key_of = |session| SessionKey { connection: key, session };
        match said {
            Said::Attach(session, caller) => {
                self.server.nodes[at].shard.attach(key_of(session), caller);
                if let Some(connection) = self.server.nodes[at].connection(key) {
                    connection.attached.insert(session);
                }
            }
            Said::Detach(session) => {
                self.happen(at, |shard, _, effects| shard.detach(key_of(session), effects));
                if let Some(connection) = self.server.nodes[at].connection(key) {
                    connection.detach(session);
                }
            }
            Said::Close { session, request, room } => {
                self.happen(at, |shard, _, effects| shard.close(key_of(session), request, room, effects));
            }
            Said::Request { session, request, what } => {
                self.trace.note(|| format!("shard {at} reads {request} of {:?}", key_of(session)));
                self.happen(at, |shard, now_ms, effects| {
                    shard.request(now_ms, key_of(session), request, what, effects);
                });
            }
        }
    }

    /// The shard notices that a connection is gone.
    fn hang_up(&mut self, at: usize, key: ConnectionKey) {
        self.trace.note(|| format!("shard {at} hangs up {key:?}"));
        self.server.nodes[at].slots[key.slot as usize] = None;
        let callers = self.server.callers.keys();
        let sessions: Vec<u32> =
            callers.filter(|seat| (seat.0, seat.1, seat.2) == (at, key.slot, key.generation)).map(|s| s.3).collect();
        for session in sessions {
            let session = SessionKey { connection: key, session };
            self.happen(at, |shard, _, effects| shard.detach(session, effects));
        }
    }

    pub(crate) fn mesh_delivers(&mut self) {
        let pairs = self.server.busy_pairs();
        if let Some((from, to)) = self.random.pick(&pairs) {
            let count = self.random.between(1, 3);
            (0..count).for_each(|_| self.deliver(from, to));
        }
    }

    pub(crate) fn deliver(&mut self, from: usize, to: usize) {
        let Some(message) = self.server.mesh[from][to].pop_front() else { return };
        let is_sheddable = matches!(&message, PeerMessage::Deliver { frames, .. } if frames.class == Class::Sheddable);
        if is_sheddable && self.random.one_in(8) {
            // The queue was full when it was sent.
            return;
        }
        self.trace.note(|| format!("shard {to} hears {from}"));
        self.carried_out_by_peer(to, &message);
        let from = moim_engine::router::ShardId(from as u16);
        self.happen(to, |shard, now_ms, effects| shard.peer(now_ms, from, message, effects));
    }

    pub(crate) fn fan_out(&mut self, at: usize, room: RoomId, frames: &RoomFrames) {
        let piece = heard::hear(&frames.bytes);
        assert_eq!(piece.len(), frames.count as usize, "a piece says how many frames it has");
        for (key, _) in self.server.nodes[at].shard.audience(room).to_vec() {
            for heard in &piece {
                self.put_room_frame(at, room, key, heard, frames.class);
            }
        }
    }

    fn put_room_frame(&mut self, at: usize, room: RoomId, key: ConnectionKey, heard: &Heard, class: Class) {
        let Some(connection) = self.server.nodes[at].connection(key) else { return };
        let listeners = connection.listeners(room);
        if !connection.put_room_frame(room, heard.clone(), class) {
            return self.trace.note(|| format!("shard {at} leaves out for {key:?}: {:?}", heard.what));
        }
        self.trace.note(|| format!("shard {at} to {listeners:?} of {key:?}: {:?}", heard.what));
        let seats = listeners.iter().filter_map(|&session| {
            let seat = seat(at, SessionKey { connection: key, session });
            Some((seat, self.server.callers.get(&seat)?.user))
        });
        let seats: Vec<_> = seats.collect();
        let kept = self.witness().fanned_out(room, heard, &seats);
        self.keep(kept);
    }

    /// Some connection sends, and its far end hears.
    pub(crate) fn output_leaves(&mut self) {
        let at = self.some_shard();
        let keys: Vec<_> = self.server.nodes[at].keys();
        let Some(key) = self.random.pick(&keys) else { return };
        let (sent, heard) = (self.random.below(8), self.random.below(8));
        if let Some(connection) = self.server.nodes[at].connection(key) {
            connection.flush(sent);
        }
        self.hear_some(at, key, heard);
    }

    /// The far end hears up to `count` frames.
    pub(crate) fn hear_some(&mut self, at: usize, key: ConnectionKey, count: usize) {
        for _ in 0..count {
            if !self.hear(at, key) {
                return;
            }
        }
    }

    /// The far end hears a frame; false when there is none.
    pub(crate) fn hear(&mut self, at: usize, key: ConnectionKey) -> bool {
        let Some(connection) = self.server.nodes[at].connection(key) else { return false };
        let Some(Outgoing { heard, to }) = connection.net.pop_front() else { return false };
        let listeners: Vec<_> = to.iter().filter_map(|session| connection.sessions.get(session).copied()).collect();
        if let What::Gap { .. } = heard.what
            && heard.request == 0
            && heard.session == 0
        {
            self.coverage.saw("slow reader: gap");
        }
        for client in listeners {
            self.client_hears(client, &heard);
        }
        true
    }

    fn client_hears(&mut self, at: usize, heard: &heard::Heard) {
        let client = &mut self.clients[at];
        let broken = match client.hear(heard) {
            Ok(Outcome::Nothing) => return,
            Ok(Outcome::Refused(room, sequence)) => {
                let send = (room, client.caller.user, client.caller.device, sequence);
                let kept = self.truth.refuse(send);
                return self.keep(kept);
            }
            Ok(Outcome::FromTheFuture(room, last_seen)) => {
                let what = format!("client {at} saw {last_seen} in room {room}");
                Broken { invariant: NOTHING_FROM_THE_FUTURE, what }
            }
            Err(hole) => Broken { invariant: NO_SILENT_GAP, what: format!("client {at}: {hole}; it hears {heard:?}") },
        };
        self.keep(Err(broken));
    }

    /// The client is gone from one moment to the next; its shard may read some of what it said, and notices later.
    pub(crate) fn disconnect(&mut self, client: usize) {
        let Some(link) = self.clients[client].link else { return };
        self.trace.note(|| format!("client {client} disconnects"));
        self.clients[client].broken();
        let heard = self.random.below(4);
        let Some(connection) = self.server.nodes[link.shard].connection(link.connection) else { return };
        connection.sessions.remove(&link.session);
        if link.session == 0 {
            connection.ended = true;
            let unread = connection.input.len().saturating_sub(heard);
            connection.input.truncate(connection.input.len().saturating_sub(unread));
        } else {
            connection.input.push_back(Said::Detach(link.session));
        }
    }

    /// A bridge's connection breaks, and all sessions on it.
    pub(crate) fn break_trunk(&mut self, nth: usize) {
        let Trunk { shard, key, .. } = self.trunks.swap_remove(nth);
        self.trace.note(|| format!("trunk {key:?} of shard {shard} breaks"));
        let Some(connection) = self.server.nodes[shard].connection(key) else { return };
        connection.ended = true;
        let clients: Vec<_> = connection.sessions.values().copied().collect();
        clients.into_iter().for_each(|client| self.disconnect(client));
    }
}
