//! A peer that follows a script: it takes the connections of a client and says what the test tells it to.

use std::time::Duration;

use moim_client::{Client, Config, Credentials, Reconnect};
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{self, Kind, Role};
use moim_wire::{Encoder, Envelope, ErrorCode, Frame, HEADER_BYTES, MessageFields, MessageId, Opcode, RoomId, body};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const ROOM: RoomId = RoomId(7);
pub(crate) const TOKEN: &str = "a token";

/// Ids of the test's messages: the nth of a second.
pub(crate) fn id(n: u64) -> MessageId {
    MessageId(0x0da3_0000_0000 + n)
}

pub(crate) struct Peer {
    listener: TcpListener,
    pub(crate) heartbeat_ms: u32,
}

impl Peer {
    pub(crate) async fn listen() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), heartbeat_ms: 60_000 }
    }

    /// How a client of this peer connects, with waits that suit a test.
    pub(crate) fn config(&self) -> Config {
        let reconnect = Reconnect { delay_min: Duration::from_millis(1), delay_max: Duration::from_millis(4) };
        let address = self.listener.local_addr().unwrap().to_string();
        Config { reconnect, ..Config::new(address, Credentials::Token(TOKEN.to_owned())) }
    }

    /// The next connection, before its first frame.
    pub(crate) async fn accept(&self) -> Line {
        let (stream, _) = self.listener.accept().await.unwrap();
        Line { stream, encoder: Encoder::new() }
    }

    /// The next connection, welcomed.
    pub(crate) async fn welcome(&self) -> Line {
        let mut line = self.accept().await;
        let hello = line.expect(Opcode::Hello).await;
        assert_eq!(hello.read::<schema::Hello<'_>>().token(), Some(TOKEN));
        line.welcome(&hello, self.heartbeat_ms).await;
        line
    }

    /// A client and its first connection.
    pub(crate) async fn connected(&self) -> (Client, Line) {
        let (client, line) = tokio::join!(Client::connect(self.config()), self.welcome());
        (client.unwrap(), line)
    }
}

/// A frame that the client wrote.
pub(crate) struct Heard {
    pub(crate) opcode: Opcode,
    pub(crate) request: u32,
    bytes: Vec<u8>,
}

impl Heard {
    pub(crate) fn read<'a, T>(&'a self) -> T::Inner
    where
        T: flatbuffers::Follow<'a> + flatbuffers::Verifiable + 'a,
    {
        body::read::<T>(&self.bytes[HEADER_BYTES..]).unwrap()
    }

    /// Sequence and text of a SEND.
    pub(crate) fn send(&self) -> (u32, String) {
        let send = self.read::<schema::Send<'_>>();
        (send.sequence(), send.text().to_owned())
    }

    pub(crate) fn answer(&self) -> Envelope {
        Envelope { request: self.request, session: 0 }
    }
}

/// One connection of the client's, seen from the server.
pub(crate) struct Line {
    stream: TcpStream,
    pub(crate) encoder: Encoder,
}

impl Line {
    /// The client's next frame; `None` when it has gone.
    pub(crate) async fn hear(&mut self) -> Option<Heard> {
        let mut bytes = vec![0; HEADER_BYTES];
        self.stream.read_exact(&mut bytes).await.ok()?;
        let length = u32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        bytes.resize(length, 0);
        self.stream.read_exact(&mut bytes[HEADER_BYTES..]).await.ok()?;
        let frame = Frame::first(&bytes, FRAME_BYTES_MAX).unwrap().unwrap();
        let (opcode, request) = (frame.opcode().unwrap(), frame.header.request);
        Some(Heard { opcode, request, bytes })
    }

    /// The client's next frame, which has to be of that operation.
    pub(crate) async fn expect(&mut self, opcode: Opcode) -> Heard {
        let heard = self.hear().await.unwrap_or_else(|| panic!("{} expected, the client left", opcode.name()));
        assert_eq!(heard.opcode, opcode);
        heard
    }

    /// The sequences of the next `count` frames, which have to be SENDs.
    pub(crate) async fn expect_sends(&mut self, count: usize) -> Vec<Heard> {
        let mut sends = Vec::new();
        for _ in 0..count {
            sends.push(self.expect(Opcode::Send).await);
        }
        sends
    }

    /// Writes whatever `build` appends. A client that has left does not hear it.
    pub(crate) async fn say(&mut self, build: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut out = Vec::new();
        build(&mut self.encoder, &mut out);
        let _ = self.stream.write_all(&out).await;
    }

    pub(crate) async fn welcome(&mut self, hello: &Heard, heartbeat_ms: u32) {
        let envelope = hello.answer();
        self.say(|e, out| {
            e.frame(out, Opcode::Welcome, envelope, |b| {
                let args = schema::WelcomeArgs {
                    user: 12,
                    heartbeat_ms,
                    frame_bytes_max: 32_768,
                    sends_in_flight_max: 64,
                    durable: true,
                    ..schema::WelcomeArgs::default()
                };
                schema::Welcome::create(b, &args)
            });
        })
        .await;
    }

    pub(crate) async fn opened(&mut self, open: &Heard, newest_id: MessageId) {
        let envelope = open.answer();
        self.say(|e, out| opened(e, out, envelope, newest_id)).await;
    }

    /// Takes an OPEN that has to name `last_seen`.
    pub(crate) async fn open(&mut self, last_seen: MessageId, newest_id: MessageId) {
        let open = self.expect(Opcode::Open).await;
        assert_eq!(MessageId(open.read::<schema::Open<'_>>().last_seen()), last_seen);
        self.opened(&open, newest_id).await;
    }

    /// Message `n` of the test, which follows `previous`.
    pub(crate) async fn message(&mut self, n: u64, previous: u64) {
        self.say(|e, out| message(e, out, id(n), if previous == 0 { MessageId::ZERO } else { id(previous) }, "text"))
            .await;
    }

    /// Takes a HISTORY that has to ask for what follows `after`, and gives messages `numbers`, each after the one before.
    pub(crate) async fn history(&mut self, after: MessageId, numbers: &[u64], more: bool) {
        let asked = self.expect(Opcode::History).await;
        assert_eq!(MessageId(asked.read::<schema::History<'_>>().after()), after);
        let mut frames = Vec::new();
        for n in numbers {
            message(&mut self.encoder, &mut frames, id(*n), id(n - 1), "text");
        }
        let envelope = asked.answer();
        self.say(|e, out| page(e, out, envelope, &frames, numbers.len(), more)).await;
    }

    pub(crate) async fn ack(&mut self, send: &Heard, n: u64, duplicate: bool) {
        let (sequence, _) = send.send();
        let envelope = send.answer();
        self.say(|e, out| ack(e, out, envelope, sequence, id(n), duplicate)).await;
    }

    pub(crate) async fn busy(&mut self, request: &Heard) {
        let envelope = request.answer();
        self.say(|e, out| e.busy(out, envelope, "full", 1)).await;
    }

    pub(crate) async fn error(&mut self, request: &Heard, code: ErrorCode) {
        let envelope = request.answer();
        self.say(|e, out| e.error(out, envelope, code, "said the test", 1)).await;
    }
}

pub(crate) fn opened(e: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope, newest_id: MessageId) {
    e.frame(out, Opcode::Opened, envelope, |b| {
        let args = schema::OpenedArgs { room: ROOM.0, newest_id: newest_id.0, members: 2, ..Default::default() };
        schema::Opened::create(b, &args)
    });
}

pub(crate) fn message(e: &mut Encoder, out: &mut Vec<u8>, id: MessageId, prev_id: MessageId, text: &str) {
    let head = schema::MessageHead::new(id.0, prev_id.0, ROOM.0, 15, 1, 1);
    let fields = MessageFields { head, text, reference: 0, kind: Kind::Talk, role: Role::Member };
    e.message(out, Envelope::default(), &fields);
}

pub(crate) fn ack(
    e: &mut Encoder,
    out: &mut Vec<u8>,
    envelope: Envelope,
    sequence: u32,
    id: MessageId,
    duplicate: bool,
) {
    e.frame(out, Opcode::Ack, envelope, |b| {
        let args = schema::AckArgs { room: ROOM.0, sequence, id: id.0, prev_id: 0, duplicate };
        schema::Ack::create(b, &args)
    });
}

pub(crate) fn page(e: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope, frames: &[u8], count: usize, more: bool) {
    e.frame(out, Opcode::HistoryPage, envelope, |b| {
        let frames = b.create_vector(frames);
        let args = schema::HistoryPageArgs { room: ROOM.0, frames: Some(frames), count: count as u32, more };
        schema::HistoryPage::create(b, &args)
    });
}
