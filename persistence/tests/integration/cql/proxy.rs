//! Stands between driver and server, and keeps the first answer to each batch to itself: the server did it, and the
//! driver does not hear of it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

const BATCH: u8 = 0x0d;
const HEADER_BYTES: usize = 9;

pub(super) struct Proxy {
    pub(super) host: String,
    withheld: Arc<AtomicUsize>,
}

/// What was sent over one connection and is not to be answered.
type Withheld = Arc<Mutex<HashSet<[u8; 2]>>>;

impl Proxy {
    pub(super) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (seen, withheld) = (Arc::new(Mutex::new(HashSet::new())), Arc::new(AtomicUsize::new(0)));
        let counter = withheld.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let streams = Withheld::default();
                tokio::spawn(ask(from_client, to_server, seen.clone(), streams.clone()));
                tokio::spawn(answer(from_server, to_client, streams, counter.clone()));
            }
        });
        Self { host, withheld }
    }

    /// Answers that were withheld.
    pub(super) fn withheld(&self) -> usize {
        self.withheld.load(Ordering::Relaxed)
    }
}

/// Reads one frame: header and body.
async fn frame(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut frame = vec![0; HEADER_BYTES];
    from.read_exact(&mut frame).await.ok()?;
    let bytes = u32::from_be_bytes(*frame.last_chunk().unwrap()) as usize;
    frame.resize(HEADER_BYTES + bytes, 0);
    from.read_exact(&mut frame[HEADER_BYTES..]).await.ok()?;
    Some(frame)
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: Arc<Mutex<HashSet<u64>>>, streams: Withheld) {
    while let Some(frame) = frame(&mut from).await {
        if frame[4] == BATCH {
            let mut hasher = DefaultHasher::new();
            frame[HEADER_BYTES..].hash(&mut hasher);
            if seen.lock().unwrap().insert(hasher.finish()) {
                streams.lock().unwrap().insert([frame[2], frame[3]]);
            }
        }
        if to.write_all(&frame).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, streams: Withheld, withheld: Arc<AtomicUsize>) {
    while let Some(frame) = frame(&mut from).await {
        if streams.lock().unwrap().remove(&[frame[2], frame[3]]) {
            withheld.fetch_add(1, Ordering::Relaxed);
        } else if to.write_all(&frame).await.is_err() {
            return;
        }
    }
}
