//! The task behind a client: it owns the socket, reads, writes and keeps time, and after a break connects again.
//!
//! Nothing else touches the connection's state, so there is no lock and no order of locks. When the connection breaks,
//! every request that waits fails at once; sends and follows stay and are taken up by the next connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Decoder, Encoder, Envelope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::command::Command;
use crate::config::Config;
use crate::error::{Error, Refusal};
use crate::follow::Follows;
use crate::handshake::Session;
use crate::outbox::Outbox;
use crate::pending::Pending;
use crate::pulse::{Beat, Pulse};
use crate::stats::Counters;

/// Bytes that wait to be written before commands wait in turn.
const OUT_BYTES_MAX: usize = 256 * 1024;
/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;
/// How long a parting client waits for its last bytes to leave.
const PARTING_MAX: Duration = Duration::from_secs(1);

/// Where a client stands.
#[derive(Clone, Debug)]
pub enum Status {
    /// The session stands.
    Connected,
    /// The connection broke; the client tries to get another.
    Reconnecting {
        /// Why it broke, or why the last attempt failed; `None` where the server merely went away.
        cause: Option<Error>,
    },
    /// The client has ended: it was closed, or the session cannot be had any more.
    Ended(Error),
}

/// Why a connection is not served any longer.
#[derive(Debug)]
pub(crate) enum End {
    /// It broke, or the server left the protocol.
    Broken(Option<Error>),
    /// The server said goodbye.
    Goodbye(Refusal),
    /// The client was closed; whoever asked for it waits for the end.
    Closed(Option<oneshot::Sender<()>>),
}

/// What a handle reads of the connection's state.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) session: watch::Sender<Session>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) next_sequence: AtomicU32,
    pub(crate) counters: Counters,
}

pub(crate) struct Connection {
    pub(crate) config: Arc<Config>,
    pub(crate) published: Arc<Published>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) encoder: Encoder,
    /// Frames that wait to be written; empty while there is no connection.
    pub(crate) out: Vec<u8>,
    pub(crate) pending: Pending,
    pub(crate) outbox: Outbox,
    pub(crate) follows: Follows,
}

enum Event {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Command(Option<Command>),
    Due,
}

impl Connection {
    pub(crate) fn new(config: Arc<Config>, published: Arc<Published>, commands: mpsc::Receiver<Command>) -> Self {
        let outbox = Outbox::new(config.device.next);
        Self {
            config,
            published,
            commands,
            encoder: Encoder::new(),
            out: Vec::new(),
            pending: Pending::default(),
            outbox,
            follows: Follows::default(),
        }
    }

    /// One connection, from the welcome to its end.
    pub(crate) async fn serve(&mut self, stream: TcpStream) -> End {
        let (mut reader, mut writer) = stream.into_split();
        let heartbeat = self.published.session.borrow().heartbeat;
        let mut pulse = Pulse::new(heartbeat, Instant::now());
        let mut decoder = Decoder::new(FRAME_BYTES_MAX);
        let mut input = vec![0; READ_BYTES];
        let (mut writing, mut written) = (Vec::new(), 0);
        self.take_up();
        loop {
            if written == writing.len() {
                writing.clear();
                written = 0;
                std::mem::swap(&mut writing, &mut self.out);
            }
            let due = self.outbox.next_due().map_or(pulse.next(), |due| due.min(pulse.next()));
            let event = tokio::select! {
                read = reader.read(&mut input) => Event::Read(read),
                wrote = writer.write(&writing[written..]), if written < writing.len() => Event::Wrote(wrote),
                command = self.commands.recv(), if self.out.len() < OUT_BYTES_MAX => Event::Command(command),
                () = sleep_until(due) => Event::Due,
            };
            let now = Instant::now();
            let went_on = match event {
                Event::Read(Ok(0)) => Err(End::Broken(None)),
                Event::Read(Ok(bytes)) => {
                    pulse.heard(now);
                    self.on_input(&mut decoder, &input[..bytes], now)
                }
                Event::Wrote(Ok(bytes)) => {
                    pulse.said(now);
                    written += bytes;
                    Ok(())
                }
                Event::Read(Err(error)) | Event::Wrote(Err(error)) => Err(End::Broken(Some(self.io_error(error)))),
                Event::Command(command) => self.on_commands(command),
                Event::Due => self.on_time(&mut pulse, now),
            };
            self.published.next_sequence.store(self.outbox.next().0, Ordering::Relaxed);
            if let Err(end) = went_on {
                if let End::Closed(_) = end {
                    self.part(&mut writer, &writing[written..]).await;
                }
                return end;
            }
        }
    }

    /// Hands whole frames to `on_frame`; the first fault ends the connection.
    fn on_input(&mut self, decoder: &mut Decoder, input: &[u8], now: Instant) -> Result<(), End> {
        let mut went_on = Ok(());
        let decoded = decoder.feed(input, |frame| {
            if went_on.is_ok() {
                went_on = self.on_frame(frame, now);
            }
        });
        went_on?;
        decoded.map_err(|error| End::Broken(Some(Error::Protocol(error.to_string()))))
    }

    /// Takes a command and what waits behind it, so that all of it leaves in one write.
    fn on_commands(&mut self, first: Option<Command>) -> Result<(), End> {
        let mut next = Some(first.ok_or(End::Closed(None))?);
        while let Some(command) = next {
            self.on_command(command)?;
            next = if self.out.len() < OUT_BYTES_MAX { self.commands.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn on_time(&mut self, pulse: &mut Pulse, now: Instant) -> Result<(), End> {
        self.write_due(now);
        match pulse.beat(now) {
            Beat::Nothing => Ok(()),
            Beat::Ping => {
                self.write_ping();
                Ok(())
            }
            Beat::Gone => {
                let silent = io::Error::new(io::ErrorKind::TimedOut, "silent for two heartbeats");
                Err(End::Broken(Some(self.io_error(silent))))
            }
        }
    }

    /// Writes what is left and GOODBYE, as far as the server takes it.
    async fn part(&mut self, writer: &mut OwnedWriteHalf, unwritten: &[u8]) {
        self.encoder.goodbye(&mut self.out, Envelope::default(), None, "", 0);
        let last = async {
            writer.write_all(unwritten).await?;
            writer.write_all(&self.out).await?;
            writer.shutdown().await
        };
        match timeout(PARTING_MAX, last).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the server left before the goodbye"),
            Err(_) => tracing::debug!("the server did not take the goodbye"),
        }
    }

    fn io_error(&self, error: io::Error) -> Error {
        Error::Connect { address: self.config.address.clone(), source: Arc::new(error) }
    }
}
