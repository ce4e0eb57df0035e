//! In the engine's place: accepts trunks, hands their frames to the test and sends what the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Decoder, Header, Opcode, body, schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::frames;

pub(crate) const SECRET: &str = "between bridge and engine";

/// Frames that wait for the test.
const ARRIVALS_MAX: usize = 10_000;

/// A frame that a trunk carried.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) header: Header,
    pub(crate) bytes: Vec<u8>,
}

impl Carried {
    pub(crate) fn opcode(&self) -> Option<Opcode> {
        Opcode::from_u8(self.header.opcode)
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.header.size()..]
    }
}

pub(crate) struct Engine {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    trunks: Vec<OwnedWriteHalf>,
    arrived: Receiver<Carried>,
    arrivals: Sender<Carried>,
    passed_over: VecDeque<Carried>,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (arrivals, arrived) = mpsc::channel(ARRIVALS_MAX);
        let address = listener.local_addr().unwrap();
        Self { address, listener, trunks: Vec::new(), arrived, arrivals, passed_over: VecDeque::new() }
    }

    /// Accepts that many trunks and welcomes them.
    pub(crate) async fn accept_all(&mut self, trunks: u64) {
        for _ in 0..trunks {
            let stream = self.accept().await;
            let (mut reader, mut writer) = stream.into_split();
            let arrivals = self.arrivals.clone();
            writer.write_all(&frames::welcome(1, 0)).await.unwrap();
            self.trunks.push(writer);
            tokio::spawn(async move {
                let mut decoder = Decoder::new(FRAME_BYTES_MAX);
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = reader.read(&mut buffer).await {
                    let taken = decoder.feed(&buffer[..read], |frame| {
                        let carried = Carried { header: frame.header, bytes: frame.bytes.to_vec() };
                        // Full where a test does not listen for more than it needs, closed where it has ended.
                        let _ = arrivals.try_send(carried);
                    });
                    taken.unwrap();
                }
            });
        }
    }

    /// Accepts a connection and takes its HELLO, which must be a trunk's.
    async fn accept(&self) -> TcpStream {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut hello = Vec::new();
        loop {
            stream.read_buf(&mut hello).await.unwrap();
            if let Some(frame) = moim_wire::Frame::first(&hello, FRAME_BYTES_MAX).unwrap() {
                let said = body::read::<schema::Hello<'_>>(frame.body()).unwrap();
                assert_eq!((said.token(), said.capabilities()), (Some(SECRET), 1));
                break;
            }
        }
        stream
    }

    /// Sends bytes on the only trunk.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let [trunk] = &mut self.trunks[..] else { panic!("not one trunk") };
        trunk.write_all(bytes).await.unwrap();
    }

    /// Breaks all trunks.
    pub(crate) fn lose_trunks(&mut self) {
        self.trunks.clear();
    }

    /// The next frame of that operation; others are kept for later.
    pub(crate) async fn next(&mut self, opcode: Opcode) -> Carried {
        if let Some(at) = self.passed_over.iter().position(|carried| carried.opcode() == Some(opcode)) {
            return self.passed_over.remove(at).unwrap();
        }
        loop {
            let carried = self.arrived.recv().await.unwrap();
            if carried.opcode() == Some(opcode) {
                return carried;
            }
            self.passed_over.push_back(carried);
        }
    }

    /// Whether a frame of that operation was passed over.
    pub(crate) fn has(&self, opcode: Opcode) -> bool {
        self.passed_over.iter().any(|carried| carried.opcode() == Some(opcode))
    }

    /// The next frame of that number, whatever it means.
    pub(crate) async fn next_raw(&mut self, opcode: u8) -> Carried {
        loop {
            let carried = self.arrived.recv().await.unwrap();
            if carried.header.opcode == opcode {
                return carried;
            }
        }
    }

    /// Answers the next SYNC as done; gives its room and change.
    pub(crate) async fn settle(&mut self) -> (u32, u64) {
        let asked = self.next(Opcode::Sync).await;
        self.send(&frames::done(asked.header.request)).await;
        let sync = body::read::<schema::Sync<'_>>(asked.body()).unwrap();
        (sync.room(), sync.change())
    }

    /// Answers the next REVOKE as done; gives its user and login.
    pub(crate) async fn revoke(&mut self) -> (u32, u64) {
        let asked = self.next(Opcode::Revoke).await;
        self.send(&frames::done(asked.header.request)).await;
        let revoke = body::read::<schema::Revoke<'_>>(asked.body()).unwrap();
        (revoke.user(), revoke.login())
    }
}
