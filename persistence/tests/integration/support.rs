//! What the topics share: stores in a temporary folder, people and rooms in them, frames.

use std::time::Duration;

use bytes::Bytes;
use moim_persistence::{Config, NewRoom, PasswordCost, Persistence, Room, SignUp, User};
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{Kind, Message, MessageHead, Role};
use moim_wire::{Encoder, Envelope, Frame, MessageFields, body};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};
use tempfile::TempDir;

use crate::arm::{Arm, Place};

pub(crate) const PASSWORD: &str = "correct horse";

/// Open stores; folder and database go with them.
pub(crate) struct Stores {
    pub(crate) persistence: Persistence,
    pub(crate) place: Place,
    pub(crate) folder: TempDir,
}

/// Waits longer than the default: a database that starves on a busy machine is none that failed.
pub(crate) fn config(folder: &TempDir) -> Config {
    let store_wait = Duration::from_secs(120);
    Config { password_cost: PasswordCost::LEAST, store_wait, ..Config::new(folder.path()) }
}

impl Stores {
    pub(crate) fn open(arm: Arm) -> Self {
        Self::open_with(arm, |_| {})
    }

    pub(crate) fn open_with(arm: Arm, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = arm.place();
        let mut config = Config { accounts: place.address(), ..config(&folder) };
        change(&mut config);
        Self { persistence: Persistence::open(&config).unwrap(), place, folder }
    }

    /// Closes, and opens the same place again.
    pub(crate) fn reopen(self) -> Self {
        let Self { persistence, place, folder } = self;
        persistence.close().unwrap();
        let config = Config { accounts: place.address(), ..config(&folder) };
        Self { persistence: Persistence::open(&config).unwrap(), place, folder }
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.persistence.accounts().users().sign_up(sign_up(name)).await.unwrap()
    }

    /// Says one statement to the accounts' database, beside the server.
    pub(crate) async fn say(&self, sql: String) {
        match &self.place {
            Place::Folder => {
                let path = self.folder.path().join("accounts.sqlite");
                let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
                connection.execute(AssertSqlSafe(sql)).await.unwrap();
                connection.close().await.unwrap();
            }
            Place::Database(database) => crate::arm::say(&database.url(), sql),
        }
    }

    /// A public room of that user.
    pub(crate) async fn room(&self, creator: &User) -> Room {
        self.persistence.accounts().rooms().create(creator.id, new_room("a room", None)).await.unwrap()
    }
}

pub(crate) fn sign_up(name: &str) -> SignUp {
    SignUp { email: format!("{name}@example.com"), username: name.to_owned(), password: PASSWORD.to_owned() }
}

pub(crate) fn new_room(name: &str, password: Option<&str>) -> NewRoom {
    NewRoom {
        name: name.to_owned(),
        description: "what for".to_owned(),
        private: password.is_some(),
        password: password.unwrap_or_default().to_owned(),
    }
}

/// A MESSAGE frame: (room, id, sender, device, sequence).
pub(crate) fn frame((room, id, sender, device, sequence): (u32, u64, u32, u32, u32)) -> Bytes {
    let head = MessageHead::new(id, 0, room, sender, device, sequence);
    let text = format!("message {id}");
    let fields = MessageFields { head, text: &text, reference: 0, kind: Kind::Talk, role: Role::Member };
    let mut out = Vec::new();
    Encoder::new().message(&mut out, Envelope::default(), &fields);
    out.into()
}

/// Frames of one sender in a room with these ids, back to back; the sequence is the id.
pub(crate) fn frames(room: u32, ids: impl IntoIterator<Item = u64>) -> Bytes {
    let frames: Vec<Bytes> = ids.into_iter().map(|id| frame((room, id, 1, 1, id as u32))).collect();
    frames.concat().into()
}

/// The ids of a page's frames, in their order.
pub(crate) fn ids(frames: &[u8]) -> Vec<u64> {
    let mut rest = frames;
    let mut ids = Vec::new();
    while let Some(frame) = Frame::first(rest, FRAME_BYTES_MAX).unwrap() {
        ids.push(body::read::<Message<'_>>(frame.body()).unwrap().head().id());
        rest = &rest[frame.bytes.len()..];
    }
    assert!(rest.is_empty());
    ids
}
