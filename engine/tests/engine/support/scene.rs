//! A server with a room of two, and a stranger.

use std::sync::atomic::{AtomicU32, Ordering};

use moim_wire::{RoomId, UserId, schema};

use super::{Options, Peer, SECRET, Server};
use moim_wire::Opcode;

/// Devices that nobody else in the process uses.
static NEXT_DEVICE: AtomicU32 = AtomicU32::new(1_000_000);

pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) token: String,
}

/// Anna made the room, Ben is its other member, Eve is none.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) room: RoomId,
    pub(crate) anna: Person,
    pub(crate) ben: Person,
    pub(crate) eve: Person,
    pub(crate) data: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new(options: &Options) -> Self {
        Self::on(tempfile::tempdir().unwrap(), options)
    }

    /// In that data folder.
    pub(crate) fn on(data: tempfile::TempDir, options: &Options) -> Self {
        let server = Server::start(data.path(), options);
        let person = |name| {
            let (user, token) = server.person(name);
            Person { user, token }
        };
        let (anna, ben, eve) = (person("anna"), person("ben"), person("eve"));
        let room = server.room(anna.user, &[ben.user]);
        Self { server, room, anna, ben, eve, data }
    }

    pub(crate) fn plain() -> Self {
        Self::new(&Options::default())
    }

    /// A session of that person's on a device of its own.
    pub(crate) fn session(&self, of: &Person) -> Peer {
        self.server.session(&of.token, NEXT_DEVICE.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn trunk(&self) -> Peer {
        let mut trunk = self.server.connect();
        trunk.hello(SECRET, 0, 1);
        trunk.expect(Opcode::Welcome);
        trunk
    }

    /// Everyone else is unharmed: what Anna says, Ben sees.
    pub(crate) fn assert_talks(&self) {
        let (mut anna, mut ben) = (self.session(&self.anna), self.session(&self.ben));
        ben.follow(0, self.room);
        let id = anna.say_text(0, self.room, 1, "still there?");
        let seen = ben.expect_talk();
        assert_eq!(seen.body::<schema::Message<'_>>().head().id(), id.0);
    }

    /// Everyone else is unharmed, and the server stops as it should.
    pub(crate) fn end(self) {
        self.assert_talks();
        self.server.stop();
    }
}
