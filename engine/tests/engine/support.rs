//! An engine on its own data folder, and a peer that speaks the protocol frame by frame.

pub(crate) mod child;
pub(crate) mod club;
pub(crate) mod relay;
mod requests;
mod scene;
pub(crate) mod stall;
mod tmpfs;

pub(crate) use club::Club;
pub(crate) use relay::Relay;
pub(crate) use requests::{raw_frame, raw_session_frame};
pub(crate) use scene::{Person, Scene};
pub(crate) use stall::{StallingStore, whole_room};
pub(crate) use tmpfs::SmallDisk;

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use moim_engine::{Config, Durability, Engine, JournalConfig, Limits, ShardStats};
use moim_persistence::{Config as StoreConfig, NewRoom, PasswordCost, Persistence, SignUp};
use moim_wire::{
    Decoder, Encoder, Envelope, ErrorCode, Frame, MessageId, Opcode, RoomId, SendFields, UserId, body, limits, schema,
};

/// Long enough for a busy machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SECRET: &str = "a secret of the tests";

/// What a test may want different.
pub(crate) struct Options {
    pub(crate) shards: u16,
    pub(crate) limits: Limits,
    pub(crate) segment_bytes: u64,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) disk_reserve_bytes: u64,
    pub(crate) disk_bytes_max: u64,
    pub(crate) listen: SocketAddr,
    pub(crate) login_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        let limits = Limits { batch_bytes_max: 1024 * 1024, sends_per_second: 0, ..Limits::default() };
        Self {
            shards: 2,
            limits,
            segment_bytes: 4 * 1024 * 1024,
            journal: None,
            disk_reserve_bytes: 0,
            disk_bytes_max: 1 << 30,
            listen: "127.0.0.1:0".parse().unwrap(),
            login_ms: 24 * 60 * 60 * 1000,
        }
    }
}

/// A running engine with its stores.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) persistence: Persistence,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(crate) fn start(data: &Path, options: &Options) -> Self {
        Self::try_start(data, options).expect("the engine starts")
    }

    pub(crate) fn try_start(data: &Path, options: &Options) -> Result<Self, moim_engine::Error> {
        let mut stores = StoreConfig::new(data);
        stores.password_cost = PasswordCost::LEAST;
        stores.login_ms = options.login_ms;
        let persistence = Persistence::open(&stores)?;
        let config = Config {
            listen: options.listen,
            shards: options.shards,
            processors: Vec::new(),
            durability: Durability::Durable,
            trunk_secret: SECRET.to_owned(),
            journal: JournalConfig {
                folder: options.journal.clone().unwrap_or_else(|| data.join("journal")),
                segment_bytes: options.segment_bytes,
                commit_interval: Duration::from_millis(1),
                disk_reserve_bytes: options.disk_reserve_bytes,
                disk_bytes_max: options.disk_bytes_max,
                keep_confirmed: Duration::from_secs(30),
            },
            limits: options.limits,
        };
        let engine = Engine::start(&config, &persistence)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Ok(Self { engine, persistence, runtime })
    }

    /// Stops as SIGTERM does.
    pub(crate) fn stop(self) {
        self.engine.stop().expect("the shards stop");
        self.persistence.close().expect("the stores close");
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = Result<T, moim_persistence::Error>>) -> T {
        self.runtime.block_on(future).expect("the store answers")
    }

    /// Signs somebody up and logs him in.
    pub(crate) fn person(&self, name: &str) -> (UserId, String) {
        let email = format!("{name}@example.org");
        let accounts = self.persistence.accounts();
        let sign_up = SignUp { email, username: name.to_owned(), password: "correct horse".to_owned() };
        let user = self.wait(accounts.users().sign_up(sign_up)).id;
        (user, self.wait(accounts.logins().issue(user)).token)
    }

    /// A room made by `creator`, with members.
    pub(crate) fn room(&self, creator: UserId, members: &[UserId]) -> RoomId {
        let rooms = self.persistence.accounts().rooms();
        let new =
            NewRoom { name: "모임".into(), description: String::new(), private: false, password: String::new() };
        let room = self.wait(rooms.create(creator, new)).id;
        for &member in members {
            self.wait(rooms.add(creator, room, member));
        }
        room
    }

    /// A number of all shards together.
    pub(crate) fn stat(&self, number: impl Fn(&ShardStats) -> u64) -> u64 {
        self.engine.stats().iter().map(number).sum()
    }

    /// Looks at the numbers until they are so. The shards publish them once a second, which no event tells.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&[ShardStats]) -> bool) -> Vec<ShardStats> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stats = self.engine.stats();
            if is_so(&stats) {
                return stats;
            }
            assert!(Instant::now() < deadline, "never {what}: {stats:?}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// The same of one number.
    pub(crate) fn until_at_least(&self, least: u64, number: impl Fn(&ShardStats) -> u64) {
        self.until("that many", |stats| stats.iter().map(&number).sum::<u64>() >= least);
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::connect(self.engine.address())
    }

    /// A native session of whoever has the token.
    pub(crate) fn session(&self, token: &str, device: u32) -> Peer {
        let mut peer = self.connect();
        peer.hello(token, device, 0);
        peer.expect(Opcode::Welcome);
        peer
    }
}

/// A frame that arrived, on its own.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) opcode: Opcode,
    pub(crate) request: u32,
    pub(crate) session: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Received {
    fn of(frame: &Frame<'_>) -> Self {
        Self {
            opcode: frame.opcode().expect("the server sends what this version knows"),
            request: frame.header.request,
            session: frame.header.session,
            bytes: frame.bytes.to_vec(),
        }
    }

    pub(crate) fn body<'a, T>(&'a self) -> T::Inner
    where
        T: flatbuffers::Follow<'a> + flatbuffers::Verifiable + 'a,
    {
        let frame = Frame::first(&self.bytes, limits::FRAME_BYTES_MAX).unwrap().unwrap();
        body::read::<T>(frame.body()).expect("the server's bodies verify")
    }

    pub(crate) fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::from_u16(match self.opcode {
            Opcode::Error => self.body::<schema::Error<'_>>().code(),
            Opcode::Goodbye => self.body::<schema::Goodbye<'_>>().code(),
            Opcode::Closed => self.body::<schema::Closed<'_>>().code(),
            _ => return None,
        })
    }
}

/// A connection that says exactly what it is told to.
pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
    decoder: Decoder,
    received: VecDeque<Received>,
    /// Answers that came before they were asked for.
    answers: HashMap<u32, Received>,
    encoder: Encoder,
    next_request: u32,
}

impl Peer {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::on(TcpStream::connect(address).expect("the server listens"))
    }

    /// On a connection that was made otherwise.
    pub(crate) fn on(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self {
            socket,
            decoder: Decoder::new(limits::FRAME_BYTES_MAX),
            received: VecDeque::new(),
            answers: HashMap::new(),
            encoder: Encoder::new(),
            next_request: 1,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("the server reads");
    }

    /// Builds a frame with the next request id; returns that id.
    pub(crate) fn say(&mut self, build: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope)) -> u32 {
        let (request, bytes) = self.frame(0, build);
        self.write(&bytes);
        request
    }

    pub(crate) fn say_for(&mut self, session: u32, build: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope)) -> u32 {
        let (request, bytes) = self.frame(session, build);
        self.write(&bytes);
        request
    }

    pub(crate) fn frame(
        &mut self,
        session: u32,
        build: impl FnOnce(&mut Encoder, &mut Vec<u8>, Envelope),
    ) -> (u32, Vec<u8>) {
        let request = self.next_request;
        self.next_request += 1;
        let mut bytes = Vec::new();
        build(&mut self.encoder, &mut bytes, Envelope { request, session });
        (request, bytes)
    }

    pub(crate) fn hello(&mut self, token: &str, device: u32, capabilities: u64) -> u32 {
        self.say(|encoder, out, envelope| {
            encoder.frame(out, Opcode::Hello, envelope, |b| {
                let token = b.create_string(token);
                let args = schema::HelloArgs { token: Some(token), device, capabilities, ..Default::default() };
                schema::Hello::create(b, &args)
            });
        })
    }

    pub(crate) fn open(&mut self, session: u32, room: RoomId, last_seen: MessageId) -> u32 {
        self.say_for(session, |encoder, out, envelope| {
            let args = schema::OpenArgs { room: room.0, last_seen: last_seen.0 };
            encoder.frame(out, Opcode::Open, envelope, |b| schema::Open::create(b, &args));
        })
    }

    pub(crate) fn send(&mut self, session: u32, room: RoomId, sequence: u32, text: &str) -> u32 {
        let fields = SendFields { room: room.0, sequence, text, ..Default::default() };
        self.say_for(session, |encoder, out, envelope| encoder.send(out, envelope, &fields))
    }

    pub(crate) fn history(&mut self, room: RoomId, after: MessageId, limit: u16) -> u32 {
        self.say(|encoder, out, envelope| {
            let args = schema::HistoryArgs { room: room.0, before: 0, after: after.0, limit };
            encoder.frame(out, Opcode::History, envelope, |b| schema::History::create(b, &args));
        })
    }

    /// The next frame, or `None` when the server has closed the connection.
    pub(crate) fn next(&mut self) -> Option<Received> {
        let mut buffer = vec![0; 64 * 1024];
        while self.received.is_empty() {
            let bytes = match self.socket.read(&mut buffer) {
                Ok(0) => return None,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing arrived: {error}"),
            };
            self.take(&buffer[..bytes]);
        }
        self.received.pop_front()
    }

    /// The next frame, if one comes soon.
    pub(crate) fn next_within(&mut self, patience: Duration) -> Option<Received> {
        if self.received.is_empty() {
            self.socket.set_read_timeout(Some(patience)).unwrap();
            let mut buffer = vec![0; 64 * 1024];
            let read = self.socket.read(&mut buffer);
            self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
            self.take(&buffer[..read.ok()?]);
        }
        self.received.pop_front()
    }

    /// Bytes that arrived.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let received = &mut self.received;
        self.decoder.feed(bytes, |frame| received.push_back(Received::of(&frame))).unwrap();
    }

    /// The next GOODBYE; other frames are passed over.
    pub(crate) fn expect_goodbye(&mut self) -> Received {
        loop {
            let received = self.next().expect("closed before GOODBYE");
            if received.opcode == Opcode::Goodbye {
                return received;
            }
        }
    }

    /// The next frame of that operation; others are passed over.
    pub(crate) fn expect(&mut self, opcode: Opcode) -> Received {
        loop {
            let received = self.next().unwrap_or_else(|| panic!("closed before {}", opcode.name()));
            if received.opcode == opcode {
                return received;
            }
            let refused = matches!(received.opcode, Opcode::Error | Opcode::Goodbye | Opcode::Busy);
            assert!(!refused, "{} instead of {}: {:?}", received.opcode.name(), opcode.name(), received.error_code());
        }
    }

    /// The next message that somebody said; events of the room are passed over.
    pub(crate) fn expect_talk(&mut self) -> Received {
        loop {
            let received = self.expect(Opcode::Message);
            if received.body::<schema::Message<'_>>().kind().0 < schema::Kind::MemberJoined.0 {
                return received;
            }
        }
    }

    /// The answer to that request; answers to others are kept for when they are asked for, all else is passed over.
    pub(crate) fn answer(&mut self, request: u32) -> Received {
        if let Some(answer) = self.answers.remove(&request) {
            return answer;
        }
        loop {
            let received = self.next().expect("closed before the answer");
            if received.request == request {
                return received;
            }
            if received.request != 0 {
                self.answers.insert(received.request, received);
            }
        }
    }

    /// Everything until the server closes the connection; the last frame's code.
    pub(crate) fn until_closed(&mut self) -> Option<ErrorCode> {
        let mut last = None;
        while let Some(received) = self.next() {
            last = received.error_code().or(last);
        }
        last
    }
}

/// Ids and texts of the messages in a HISTORY_PAGE.
pub(crate) fn page(received: &Received) -> Vec<(MessageId, String)> {
    let page = received.body::<schema::HistoryPage<'_>>();
    messages_of(page.frames().bytes())
}

pub(crate) fn messages_of(bytes: &[u8]) -> Vec<(MessageId, String)> {
    let mut messages = Vec::new();
    let mut decoder = Decoder::new(limits::FRAME_BYTES_MAX);
    decoder
        .feed(bytes, |frame| {
            let message = body::read::<schema::Message<'_>>(frame.body()).unwrap();
            messages.push((MessageId(message.head().id()), message.text().to_owned()));
        })
        .unwrap();
    messages
}
