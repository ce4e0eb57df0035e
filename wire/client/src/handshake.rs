//! From an address to a connection on which the session stands: TCP, LOGIN where needed, HELLO, WELCOME.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moim_wire::body;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema;
use moim_wire::{Encoder, Envelope, Frame, HEADER_BYTES, MINOR, Opcode, UserId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::{Config, Credentials};
use crate::error::{Error, Refusal};
use crate::request;

/// What the server said of the session when it welcomed it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose session it is.
    pub user: UserId,
    /// His name.
    pub name: String,
    /// The minor version of the protocol spoken.
    pub minor: u16,
    /// Name and version of the server.
    pub server: String,
    /// Whether an acknowledged message survives a crash of the server's machine.
    pub durable: bool,
    /// When the token ends, in Unix milliseconds; 0: never.
    pub expires_at_ms: u64,
    /// Sends that may be unacknowledged in a room.
    pub sends_in_flight_max: usize,
    /// Largest frame that the server takes, in bytes.
    pub frame_bytes_max: usize,
    pub(crate) heartbeat: Duration,
    pub(crate) token: Secret,
}

impl Session {
    /// The session's token, good for another connection until it ends.
    pub fn token(&self) -> &str {
        &self.token.0
    }
}

/// Text that does not show in logs.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Connects, logs in where `token` is `None`, and says HELLO.
pub(crate) async fn shake_hands(config: &Config, token: Option<Secret>) -> Result<(TcpStream, Session), Error> {
    let attempt = async {
        let connected = TcpStream::connect(&config.address).await;
        let mut stream = connected.map_err(|source| io_error(config, source))?;
        // Frames are gathered here already; Nagle would only delay them.
        stream.set_nodelay(true).map_err(|source| io_error(config, source))?;
        let token = match (token, &config.credentials) {
            (Some(token), _) => token,
            (None, Credentials::Token(token)) => Secret(token.clone()),
            (None, Credentials::Password { email, password }) => {
                Secret(log_in(config, &mut stream, email, password).await?)
            }
        };
        let session = hello(config, &mut stream, token).await?;
        Ok((stream, session))
    };
    tokio::time::timeout(config.handshake_timeout, attempt).await.unwrap_or_else(|_| {
        Err(Error::HandshakeTimeout { address: config.address.clone(), timeout: config.handshake_timeout })
    })
}

async fn log_in(config: &Config, stream: &mut TcpStream, email: &str, password: &str) -> Result<String, Error> {
    let mut out = Vec::new();
    Encoder::new().frame(&mut out, Opcode::Login, Envelope { request: 1, session: 0 }, |b| {
        let (email, password) = (b.create_string(email), b.create_string(password));
        schema::Login::create(b, &schema::LoginArgs { email: Some(email), password: Some(password) })
    });
    let answer = ask(config, stream, &out, Opcode::LoggedIn).await?;
    let body = body::read::<schema::LoggedIn<'_>>(frame(&answer)?.body())?;
    Ok(body.token().to_owned())
}

async fn hello(config: &Config, stream: &mut TcpStream, token: Secret) -> Result<Session, Error> {
    let mut out = Vec::new();
    Encoder::new().frame(&mut out, Opcode::Hello, Envelope { request: 2, session: 0 }, |b| {
        let (token, agent) = (b.create_string(&token.0), b.create_string(&config.agent));
        let args = schema::HelloArgs {
            minor: MINOR,
            capabilities: 0,
            token: Some(token),
            device: config.device.id.0,
            agent: Some(agent),
        };
        schema::Hello::create(b, &args)
    });
    let answer = ask(config, stream, &out, Opcode::Welcome).await?;
    let body = body::read::<schema::Welcome<'_>>(frame(&answer)?.body())?;
    Ok(Session {
        user: UserId(body.user()),
        name: body.name().unwrap_or_default().to_owned(),
        minor: body.minor(),
        server: body.server().unwrap_or_default().to_owned(),
        durable: body.durable(),
        expires_at_ms: body.expires_at_ms(),
        sends_in_flight_max: body.sends_in_flight_max() as usize,
        frame_bytes_max: body.frame_bytes_max() as usize,
        heartbeat: Duration::from_millis(body.heartbeat_ms().into()),
        token,
    })
}

/// Writes a frame and reads frames until the answer expected comes; a refusal or GOODBYE is an error.
async fn ask(config: &Config, stream: &mut TcpStream, out: &[u8], expected: Opcode) -> Result<Vec<u8>, Error> {
    stream.write_all(out).await.map_err(|source| io_error(config, source))?;
    loop {
        let bytes = read_frame(config, stream).await?;
        let frame = frame(&bytes)?;
        match frame.opcode() {
            Some(opcode) if opcode == expected => return Ok(bytes),
            Some(Opcode::Goodbye) => return Err(Error::SessionEnded(request::goodbye(frame.body())?)),
            Some(Opcode::Error) => return Err(Error::Refused(request::refusal(frame.body())?)),
            Some(Opcode::Busy) => return Err(Error::Busy { retry_after: request::busy(frame.body())? }),
            // Whatever else a newer server may say before.
            _ => {}
        }
    }
}

/// Reads exactly one frame, so that whatever follows it is left in the socket for the connection's own reader.
async fn read_frame(config: &Config, stream: &mut TcpStream) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; HEADER_BYTES];
    stream.read_exact(&mut bytes).await.map_err(|source| io_error(config, source))?;
    Frame::first(&bytes, FRAME_BYTES_MAX).map_err(|error| Error::Protocol(error.to_string()))?;
    let length = bytes.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    bytes.resize(length, 0);
    stream.read_exact(&mut bytes[HEADER_BYTES..]).await.map_err(|source| io_error(config, source))?;
    Ok(bytes)
}

fn frame(bytes: &[u8]) -> Result<Frame<'_>, Error> {
    match Frame::first(bytes, FRAME_BYTES_MAX) {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => Err(Error::Protocol("a frame shorter than its header says".to_owned())),
        Err(error) => Err(Error::Protocol(error.to_string())),
    }
}

fn io_error(config: &Config, source: std::io::Error) -> Error {
    Error::Connect { address: config.address.clone(), source: Arc::new(source) }
}

/// Whether another attempt with the same configuration would end like this one.
pub(crate) fn is_final(error: &Error, credentials: &Credentials) -> bool {
    use moim_wire::ErrorCode::{TokenExpired, TokenInvalid};
    match error {
        // A new login gives a new token.
        Error::SessionEnded(refusal) if matches!(refusal.error_code(), Some(TokenExpired | TokenInvalid)) => {
            matches!(credentials, Credentials::Token(_))
        }
        Error::SessionEnded(refusal) | Error::Refused(refusal) => refusal.is_final(),
        _ => false,
    }
}

/// How long the server asked to stay away.
pub(crate) fn hint(error: &Error) -> Duration {
    match error {
        Error::SessionEnded(Refusal { retry_after, .. })
        | Error::Refused(Refusal { retry_after, .. })
        | Error::Busy { retry_after } => *retry_after,
        _ => Duration::ZERO,
    }
}
