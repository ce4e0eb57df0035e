//! The handle that callers hold.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moim_wire::limits::{SENDS_IN_FLIGHT_MAX, TEXT_CHARS_MAX};
use moim_wire::schema::Kind;
use moim_wire::{DeviceId, MessageId, Opcode, RoomId, Sequence};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::command::{COMMANDS_MAX, Command, Outgoing};
use crate::config::{Config, Device};
use crate::connection::{Connection, Published, Status};
use crate::error::Error;
use crate::handshake::{Session, shake_hands};
use crate::outbox::Sent;
use crate::pending::REQUESTS_MAX;
use crate::request::{Answer, Remark, Request};
use crate::resume::RoomStream;
use crate::stats::{Counters, Stats};

/// How often a request that meets a busy server is asked again before the caller hears of it.
const BUSY_TRIES_MAX: u32 = 8;

/// A session with a server, over as many connections as it takes. Clones are handles of the same session; it ends with
/// [`Client::close`] or with the last clone and the last stream.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    commands: mpsc::Sender<Command>,
    published: Arc<Published>,
    device: DeviceId,
    /// The places for unacknowledged sends, 64 a room. One small entry for each room ever sent to.
    places: Mutex<HashMap<RoomId, Arc<Semaphore>>>,
    requests: Semaphore,
    follows: AtomicU64,
}

impl Client {
    /// Connects and says HELLO, after LOGIN where a password is given. Tries once; connections that break later are
    /// replaced without end.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), moim_client::Error> {
    /// use moim_client::{Client, Config, Credentials, RoomId};
    /// let login = Credentials::Password { email: "minji@example.com".into(), password: "correct horse".into() };
    /// let client = Client::connect(Config::new("127.0.0.1:7420", login)).await?;
    /// let sent = client.send(RoomId(7), "안녕하세요").await?;
    /// println!("stored as {}", sent.id);
    /// client.close().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::HandshakeTimeout`], [`Error::SessionEnded`] for a bad token, [`Error::Refused`]
    /// for a bad password, [`Error::Busy`].
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let (stream, session) = shake_hands(&config, None).await?;
        let (commands, received) = mpsc::channel(COMMANDS_MAX);
        let device = config.device;
        let published = Arc::new(Published {
            session: watch::Sender::new(session),
            status: watch::Sender::new(Status::Connected),
            next_sequence: AtomicU32::new(device.next.0),
            counters: Counters::default(),
        });
        let connection = Connection::new(Arc::new(config), published.clone(), received);
        tokio::spawn(connection.run(stream));
        let shared = Shared {
            commands,
            published,
            device: device.id,
            places: Mutex::default(),
            requests: Semaphore::new(REQUESTS_MAX),
            follows: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Says something in a room; ready when the server has stored it for good. Over breaks it is resent until it is
    /// answered, and stored once; a server that is busy, or finds the caller too fast, is waited for. Of sends polled in
    /// order none overtakes another, unless the server was busy.
    ///
    /// At most 64 sends of a room are on their way, later ones wait for a place. Dropping the future does not withdraw
    /// what has been handed to the connection.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server will not have it; [`Error::Uncertain`] when that came after a break;
    /// [`Error::TextTooLong`], [`Error::SessionEnded`], [`Error::Closed`].
    pub async fn send(&self, room: RoomId, text: impl Into<String>) -> Result<Sent, Error> {
        self.say(room, Kind::Talk, text, MessageId::ZERO).await
    }

    /// As [`Client::send`], as an answer that quotes the message `to`.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn reply(&self, room: RoomId, to: MessageId, text: impl Into<String>) -> Result<Sent, Error> {
        self.say(room, Kind::Reply, text, to).await
    }

    /// Takes a message back: for its author and for admins.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn withdraw(&self, room: RoomId, message: MessageId) -> Result<Sent, Error> {
        self.say(room, Kind::Delete, "", message).await
    }

    /// As [`Client::send`], with the kind (`Talk`, `Reply`, `Notice`; `Enter` or `Delete` without text) and what it refers
    /// to.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn say(
        &self,
        room: RoomId,
        kind: Kind,
        text: impl Into<String>,
        reference: MessageId,
    ) -> Result<Sent, Error> {
        let text = text.into();
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(Error::TextTooLong { chars });
        }
        let place = self.places(room).acquire_owned().await.map_err(|_| Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        let outgoing = Outgoing { room, text, kind, reference: reference.0, reply, _place: place };
        self.command(Command::Send(outgoing)).await?;
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Follows a room from `last_seen` on; zero: only what comes from now on. See [`RoomStream`]. Waits for a connection
    /// where there is none, and for a server that is busy or whose stores do not answer.
    ///
    /// # Errors
    /// [`Error::Refused`] (`NoSuchRoom`, `NotAMember`, `TooManyRooms`), [`Error::AlreadyOpen`],
    /// [`Error::SessionEnded`], [`Error::Closed`].
    pub async fn open(&self, room: RoomId, last_seen: MessageId) -> Result<RoomStream, Error> {
        RoomStream::open(self.clone(), room, last_seen).await
    }

    /// Tells the room that the caller has read it up to an id. Best effort: lost while there is no connection.
    ///
    /// # Errors
    /// [`Error::SessionEnded`], [`Error::Closed`].
    pub async fn read(&self, room: RoomId, up_to: MessageId) -> Result<(), Error> {
        self.command(Command::Remark(Remark::Read { room, up_to })).await
    }

    /// Tells the room that the caller is typing. Best effort: lost while there is no connection.
    ///
    /// # Errors
    /// [`Error::SessionEnded`], [`Error::Closed`].
    pub async fn typing(&self, room: RoomId) -> Result<(), Error> {
        self.command(Command::Remark(Remark::Typing { room })).await
    }

    /// Becomes a member of a room; done when the room's event that says so is stored.
    ///
    /// # Errors
    /// [`Error::Refused`] (`NoSuchRoom`, `WrongPassword`, `AlreadyMember`), [`Error::Disconnected`] when it is unknown
    /// whether it was done.
    pub async fn join(&self, room: RoomId, password: Option<&str>) -> Result<(), Error> {
        let password = password.map(str::to_owned);
        self.request(Request::Join { room, password }).await?.expect(Opcode::Done).map(drop)
    }

    /// Stops being a member of a room; done when the room's event that says so is stored.
    ///
    /// # Errors
    /// [`Error::Refused`] (`NotAMember`), [`Error::Disconnected`] when it is unknown whether it was done.
    pub async fn leave(&self, room: RoomId) -> Result<(), Error> {
        self.request(Request::Leave { room }).await?.expect(Opcode::Done).map(drop)
    }

    /// What one does in a room, without naming it each time.
    pub fn room(&self, room: RoomId) -> Room {
        Room { client: self.clone(), id: room }
    }

    /// What the server said when it last welcomed the session.
    pub fn session(&self) -> Session {
        self.shared.published.session.borrow().clone()
    }

    /// The device as it stands, to be kept for [`Config::device`] of the next start; see there when that is safe.
    pub fn device(&self) -> Device {
        let next = self.shared.published.next_sequence.load(Ordering::Relaxed);
        Device { id: self.shared.device, next: Sequence(next) }
    }

    /// Where the client stands, and what becomes of it.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.shared.published.status.subscribe()
    }

    /// Counters since the client was connected.
    pub fn stats(&self) -> Stats {
        self.shared.published.counters.read()
    }

    /// Says goodbye and ends the session. Whatever waits for an answer fails with [`Error::Closed`].
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.command(Command::Shutdown { reply }).await.is_ok() {
            // An error says that the task has ended already.
            let _ = closed.await;
        }
    }

    /// Asks once more while the server is busy; waits for its turn among the session's requests.
    pub(crate) async fn request(&self, request: Request) -> Result<Answer, Error> {
        let _place = self.shared.requests.acquire().await.map_err(|_| Error::Closed)?;
        let mut tries = 0;
        loop {
            let (reply, answer) = oneshot::channel();
            self.command(Command::Request { request: request.clone(), reply }).await?;
            match answer.await.unwrap_or_else(|_| Err(self.ended())) {
                Err(Error::Busy { retry_after }) if tries < BUSY_TRIES_MAX => {
                    tries += 1;
                    // Later each time, so that those who are told so at once do not come back in step for ever.
                    tokio::time::sleep(retry_after.max(Duration::from_millis(20)) * tries).await;
                }
                answer => return answer,
            }
        }
    }

    pub(crate) async fn command(&self, command: Command) -> Result<(), Error> {
        self.shared.commands.send(command).await.map_err(|_| self.ended())
    }

    /// For drops, which cannot wait: a command that finds the queue full is lost.
    pub(crate) fn try_command(&self, command: Command) {
        let _ = self.shared.commands.try_send(command);
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.published.counters
    }

    /// A number for a new follow.
    pub(crate) fn follow_number(&self) -> u64 {
        self.shared.follows.fetch_add(1, Ordering::Relaxed)
    }

    /// Why the client is no more.
    pub(crate) fn ended(&self) -> Error {
        match &*self.shared.published.status.borrow() {
            Status::Ended(error) => error.clone(),
            _ => Error::Closed,
        }
    }

    fn places(&self, room: RoomId) -> Arc<Semaphore> {
        // The map is whole at every moment, so a panic elsewhere does not spoil it.
        let mut places = self.shared.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.entry(room) {
            Entry::Occupied(entry) => entry.get().clone(),
            Entry::Vacant(entry) => {
                let allowed = self.shared.published.session.borrow().sends_in_flight_max;
                entry.insert(Arc::new(Semaphore::new(allowed.clamp(1, SENDS_IN_FLIGHT_MAX)))).clone()
            }
        }
    }
}

/// A room of a [`Client`]: the same calls, without the room.
#[derive(Clone, Debug)]
pub struct Room {
    client: Client,
    id: RoomId,
}

impl Room {
    /// [`Client::open`].
    ///
    /// # Errors
    /// As there.
    pub async fn open(&self, last_seen: MessageId) -> Result<RoomStream, Error> {
        self.client.open(self.id, last_seen).await
    }

    /// [`Client::send`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(&self, text: impl Into<String>) -> Result<Sent, Error> {
        self.client.send(self.id, text).await
    }

    /// [`Client::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&self, up_to: MessageId) -> Result<(), Error> {
        self.client.read(self.id, up_to).await
    }
}
