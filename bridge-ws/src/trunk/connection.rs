//! Keeps one trunk connected: connect, HELLO, read and write until it breaks, and again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{DecodeError, Decoder, Encoder, Envelope, Frame, MINOR, Opcode, body, schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Slot;
use super::link::{Link, Said, decoder};
use crate::websocket::outbox::Ending;

/// HELLO's capability bit that makes a connection a trunk.
const TRUNK: u64 = 1;
const READ_BYTES: usize = 256 * 1024;
/// Bytes that are taken before browsers are written to.
const DRAIN_BYTES_MAX: usize = 1024 * 1024;
/// A buffer of outgoing bytes that a burst made larger than this is given back.
const WRITE_BYTES_KEPT_MAX: usize = 256 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const BACK_OFF_MIN: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(2);
/// Where WELCOME names no heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Why a trunk does not stand, or stands no more.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the engine closed the connection")]
    Closed,
    #[error("no answer within {CONNECT_TIMEOUT:?}")]
    NoAnswer,
    #[error("the engine sent {0}")]
    Decode(#[from] DecodeError),
    #[error("the engine refused the trunk with code {code}: {message}")]
    Refused { code: u16, message: String },
    #[error("the engine says goodbye")]
    Goodbye,
    #[error("the engine has been silent for {0:?}")]
    Silent(Duration),
}

/// Keeps the trunk of `slot` connected until `stop`.
pub(super) async fn keep(slot: Arc<Slot>, stop: CancellationToken) {
    let mut back_off = BACK_OFF_MIN;
    while !stop.is_cancelled() {
        let began = Instant::now();
        let ended = tokio::select! {
            broken = live(&slot) => Some(broken),
            () = stop.cancelled() => None,
        };
        slot.withdraw(if ended.is_some() { Ending::TrunkLost } else { Ending::Stopping });
        let Some(Err(error)) = ended else { return };
        // A connection that held for a while was a good one: try again at once.
        back_off = if began.elapsed() > BACK_OFF_MAX { BACK_OFF_MIN } else { (back_off * 2).min(BACK_OFF_MAX) };
        tracing::warn!(engine = %slot.engine, %error, retry_ms = back_off.as_millis() as u64, "no trunk to the engine");
        tokio::select! {
            () = sleep(back_off) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// One life of the connection; returns when it breaks.
async fn live(slot: &Slot) -> Result<(), Broken> {
    let (stream, heartbeat, rest) = timeout(CONNECT_TIMEOUT, connect(slot)).await.map_err(|_| Broken::NoAnswer)??;
    let link = Arc::new(Link::new(&slot.limits, slot.counters.clone()));
    slot.publish(link.clone());
    tracing::info!(engine = %slot.engine, "trunk to the engine stands");
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    tokio::select! {
        broken = read(&link, reader, rest, heartbeat) => broken,
        broken = write(&link, writer) => broken,
        () = ping(&link, heartbeat) => Ok(()),
    }
}

/// Connects and says HELLO. Returns the heartbeat that WELCOME names and what was read behind it.
async fn connect(slot: &Slot) -> Result<(TcpStream, Duration, Vec<u8>), Broken> {
    let mut stream = TcpStream::connect(slot.engine).await?;
    let mut hello = Vec::new();
    Encoder::new().frame(&mut hello, Opcode::Hello, Envelope { request: 1, session: 0 }, |b| {
        let token = b.create_string(&slot.secret);
        let agent = b.create_string(concat!("moim-bridge/", env!("CARGO_PKG_VERSION")));
        let args =
            schema::HelloArgs { minor: MINOR, capabilities: TRUNK, token: Some(token), device: 0, agent: Some(agent) };
        schema::Hello::create(b, &args)
    });
    stream.write_all(&hello).await?;
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(Broken::Closed);
        }
        if let Some(answer) = Frame::first(&read, FRAME_BYTES_MAX)? {
            let heartbeat = welcome(answer)?;
            let rest = read.split_off(answer.bytes.len());
            return Ok((stream, heartbeat, rest));
        }
    }
}

/// The heartbeat of a WELCOME; anything else is a refusal.
fn welcome(answer: Frame<'_>) -> Result<Duration, Broken> {
    if answer.opcode() == Some(Opcode::Welcome)
        && let Ok(welcome) = body::read::<schema::Welcome<'_>>(answer.body())
    {
        let heartbeat = Duration::from_millis(welcome.heartbeat_ms().into());
        return Ok(if heartbeat.is_zero() { HEARTBEAT } else { heartbeat });
    }
    let goodbye = body::read::<schema::Goodbye<'_>>(answer.body());
    let (code, message) = goodbye.map_or((0, "no WELCOME"), |g| (g.code(), g.message().unwrap_or("")));
    Err(Broken::Refused { code, message: message.to_owned() })
}

/// Hands on what comes until the connection breaks or the engine is silent in spite of the pings.
async fn read(link: &Link, mut reader: OwnedReadHalf, rest: Vec<u8>, heartbeat: Duration) -> Result<(), Broken> {
    let mut decoder = decoder();
    receive(link, &mut decoder, &rest)?;
    let mut buffer = vec![0; READ_BYTES];
    let silence = heartbeat * 2;
    loop {
        let is_all_written = link.flush_some();
        // Browsers that have something to say get their turn, however much the engine says.
        yield_now().await;
        let mut read = if is_all_written {
            let read = timeout(silence, reader.read(&mut buffer)).await;
            match read.map_err(|_| Broken::Silent(silence))?? {
                0 => return Err(Broken::Closed),
                read => Some(read),
            }
        } else {
            read_more(&reader, &mut buffer)?
        };
        // All that is there is taken before the next browser is written to: each is written to once for it.
        let mut drained = 0;
        while let Some(bytes) = read {
            receive(link, &mut decoder, &buffer[..bytes])?;
            drained += bytes;
            let is_all = bytes < READ_BYTES || drained >= DRAIN_BYTES_MAX;
            read = if is_all { None } else { read_more(&reader, &mut buffer)? };
        }
    }
}

/// Hands on what was read.
fn receive(link: &Link, decoder: &mut Decoder, read: &[u8]) -> Result<(), Broken> {
    match link.receive(decoder, read)? {
        Said::Goodbye => Err(Broken::Goodbye),
        Said::Nothing => Ok(()),
    }
}

/// What can be read without waiting, if anything.
fn read_more(reader: &OwnedReadHalf, buffer: &mut [u8]) -> Result<Option<usize>, Broken> {
    match reader.try_read(buffer) {
        Ok(0) => Err(Broken::Closed),
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes all that has gathered while the write before was under way.
async fn write(link: &Link, mut writer: OwnedWriteHalf) -> Result<(), Broken> {
    let mut bytes = Vec::new();
    loop {
        link.outgoing.take(&mut bytes).await;
        writer.write_all(&bytes).await?;
        if bytes.capacity() > WRITE_BYTES_KEPT_MAX {
            bytes = Vec::new();
        }
    }
}

/// Keeps the engine answering, so that its silence means something.
async fn ping(link: &Link, heartbeat: Duration) {
    loop {
        sleep(heartbeat / 2).await;
        link.ping();
    }
}
