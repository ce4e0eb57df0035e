//! What clients do, rightly or not, and what happens to rooms beside the engine.

use moim_engine::shard::{Request, SendRequest};
use moim_persistence::PageQuery;
use moim_wire::schema::{Kind, Role};
use moim_wire::{MessageId, RoomId, Sequence, UserId};

use crate::accounts::PASSWORD;
use crate::client::Link;
use crate::view::Standing;
use crate::world::World;

impl World {
    /// Some client does something, not always where it may.
    pub(crate) fn client_acts(&mut self) {
        let at = self.random.below(self.clients.len());
        if self.clients[at].link.is_none() {
            if self.random.one_in(3) {
                self.connect(at);
                self.resume(at);
            }
            return;
        }
        let room = self.some_room_of(at);
        match self.random.below(24) {
            0..=3 => self.open_some_room(at, room),
            4..=11 => self.talk(at, room),
            12..=14 => self.fill_gaps(at),
            15 => self.flush_all(at),
            16 => self.close(at, room),
            17 | 18 => self.look_back(at, room),
            19 => self.read_some(at, room),
            20 => self.join_or_leave(at, room),
            21 => self.ask_for_members(at, room),
            22 => self.probe(at, room),
            _ => self.forget_some(at, room),
        }
    }

    /// Mostly a room of the client's user.
    fn some_room_of(&mut self, at: usize) -> RoomId {
        let (any, user) = (self.some_room(), self.clients[at].caller.user);
        if self.random.one_in(6) {
            return any;
        }
        let mut own = self.accounts.rooms();
        own.retain(|&room| self.accounts.is_member(room, user));
        self.random.pick(&own).unwrap_or(any)
    }

    /// After a break: opens what was followed, says again what is uncertain.
    fn resume(&mut self, at: usize) {
        self.flush_all(at);
        let rooms: Vec<_> = self.clients[at].views.keys().copied().collect();
        for room in rooms {
            if self.random.one_in(2) {
                self.open(at, room);
            }
        }
    }

    pub(crate) fn open(&mut self, at: usize, room: RoomId) {
        let (request, what) = self.clients[at].open(room);
        self.say(at, request, what);
    }

    fn open_some_room(&mut self, at: usize, room: RoomId) {
        let is_away = self.clients[at].view(room).standing == Standing::Away;
        // Opening anew what is open is allowed, if seldom wise.
        if is_away || self.random.one_in(8) {
            self.open(at, room);
        }
    }

    fn talk(&mut self, at: usize, room: RoomId) {
        let is_member = self.accounts.is_member(room, self.clients[at].caller.user);
        let burst = if is_member { self.random.between(1, self.plan.burst_max) } else { 1 };
        for _ in 0..burst {
            let long = self.random.one_in(8);
            let chars = if long { self.random.below(self.plan.text_chars_max) } else { 0 };
            self.clients[at].write(room, chars);
        }
        self.flush(at, room);
    }

    pub(crate) fn flush(&mut self, at: usize, room: RoomId) {
        for (request, what) in self.clients[at].flush(room) {
            self.say(at, request, what);
        }
    }

    fn flush_all(&mut self, at: usize) {
        let rooms: Vec<_> = self.clients[at].views.keys().copied().collect();
        rooms.into_iter().for_each(|room| self.flush(at, room));
    }

    pub(crate) fn fill_gaps(&mut self, at: usize) {
        for room in self.clients[at].followed() {
            let limit = if self.weather.is_calm { usize::MAX } else { self.random.between(1, 12) };
            if let Some((request, what)) = self.clients[at].fill(room, limit) {
                self.say(at, request, what);
            }
        }
    }

    pub(crate) fn close(&mut self, at: usize, room: RoomId) {
        self.clients[at].view(room).close();
        self.say_close(at, room);
    }

    fn look_back(&mut self, at: usize, room: RoomId) {
        let anchor = self.some_id(room);
        let query = match self.random.below(5) {
            0 => PageQuery::Before(MessageId(u64::MAX)),
            1 | 2 => PageQuery::Before(anchor),
            _ => PageQuery::After(MessageId(anchor.0.max(1))),
        };
        let limit = if self.random.one_in(8) { 0 } else { self.random.between(1, 20) };
        self.ask(at, Request::History { room, query, limit });
    }

    /// An id at some depth of the room, or beside one.
    fn some_id(&mut self, room: RoomId) -> MessageId {
        let visible = self.truth.visible(room);
        if visible.is_empty() {
            return MessageId(self.random.number() >> 12);
        }
        let id = visible[self.random.below(visible.len())].told.id.0;
        MessageId((id + self.random.below(3) as u64).saturating_sub(1))
    }

    fn ask(&mut self, at: usize, what: Request<'static>) {
        let request = self.clients[at].request();
        self.say(at, request, what);
    }

    fn read_some(&mut self, at: usize, room: RoomId) {
        let up_to = self.some_id(room);
        self.ask(at, Request::Read { room, up_to });
        self.ask(at, Request::Typing { room });
    }

    fn join_or_leave(&mut self, at: usize, room: RoomId) {
        let what = if self.random.one_in(3) {
            Request::Leave { room }
        } else {
            let password = if self.random.one_in(4) { "guess" } else { PASSWORD };
            Request::Join { room, password: password.to_owned() }
        };
        self.ask(at, what);
    }

    fn ask_for_members(&mut self, at: usize, room: RoomId) {
        let after = UserId(self.random.below(3) as u32);
        let limit = self.random.between(0, 4);
        self.ask(at, Request::Members { room, after, limit });
    }

    /// What no well-behaved client says.
    fn probe(&mut self, at: usize, room: RoomId) {
        let what = match self.random.below(6) {
            0 => Request::Open { room, last_seen: MessageId(u64::MAX) },
            1 => Request::Read { room, up_to: MessageId::MAX },
            2 => Request::Open { room: RoomId(999), last_seen: MessageId::ZERO },
            3 => Request::Leave { room: RoomId(999) },
            4 => Request::History { room, query: PageQuery::After(MessageId::MAX), limit: usize::MAX },
            _ => {
                let sequence = Sequence(0);
                Request::Send(SendRequest { room, sequence, kind: Kind::Talk, reference: 0, text: "nought".into() })
            }
        };
        self.ask(at, what);
    }

    /// The client lost the newest of what it had and opens with an old id.
    fn forget_some(&mut self, at: usize, room: RoomId) {
        let view = self.clients[at].view(room);
        let keep = self.random.below(view.seen.len() + 1);
        view.forget(keep);
        self.open(at, room);
    }

    /// Somebody changes a room through its pages; its bridge may or may not announce it.
    pub(crate) fn room_changes(&mut self) {
        let room = self.some_room();
        let members = self.accounts.members(room);
        let subject = UserId(1 + self.random.below(self.plan.users) as u32);
        let Some(actor) = self.random.pick(&members) else { return };
        let role = if self.random.one_in(2) { Role::Admin } else { Role::Member };
        let is_member = self.accounts.is_member(room, subject);
        let kind = match self.random.below(8) {
            0..=3 if !is_member => Kind::MemberJoined,
            0 | 1 if subject == actor => Kind::MemberLeft,
            0 | 1 => Kind::MemberRemoved,
            4 if is_member => Kind::RoleChanged,
            5 if self.random.one_in(12) => Kind::RoomDeleted,
            6 => Kind::RoomChanged,
            _ => return,
        };
        let change = self.accounts.commit(room, kind, actor, subject, role);
        self.trace.note(|| format!("change {change} of room {room} is committed: {kind:?} of {subject} by {actor}"));
        self.announce(room, change);
    }

    /// SYNC, by a bridge that lives on.
    fn announce(&mut self, room: RoomId, change: u32) {
        if self.trunks.is_empty() || self.random.one_in(3) {
            return;
        }
        let trunk = self.random.below(self.trunks.len());
        let request = self.random.number() as u32 | 1;
        let (shard, key) = (self.trunks[trunk].shard, self.trunks[trunk].key);
        let link = Link { shard, connection: key, session: 0 };
        self.say_at(link, request, Request::Sync { room, change });
    }
}
