//! The client's life over all its connections.

use std::time::Duration;

use moim_wire::ErrorCode;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::command::Command;
use crate::connection::{Connection, End, Status};
use crate::error::Error;
use crate::handshake::{self, shake_hands};
use crate::stats::count;

impl Connection {
    /// Serves `stream` and the connections after it, until the client ends.
    pub(crate) async fn run(mut self, mut stream: TcpStream) {
        let mut backoff = Backoff::new(self.config.reconnect);
        let (error, reply) = loop {
            let began = Instant::now();
            let cause = match self.serve(stream).await {
                End::Closed(reply) => break (Error::Closed, reply),
                End::Goodbye(refusal) => Some(Error::SessionEnded(refusal)),
                End::Broken(cause) => cause,
            };
            backoff.lived(began.elapsed());
            self.break_off();
            match self.reconnect(&mut backoff, cause).await {
                Ok(next) => stream = next,
                Err((error, reply)) => break (error, reply),
            }
        };
        self.finish(&error, reply);
    }

    /// The connection is gone: requests fail, sends and follows wait for the next.
    fn break_off(&mut self) {
        self.out.clear();
        self.pending.fail(&Error::Disconnected);
        self.outbox.broken();
        self.follows.broken();
    }

    /// Tries until a session stands. The error is why the client ends.
    async fn reconnect(
        &mut self,
        backoff: &mut Backoff,
        mut cause: Option<Error>,
    ) -> Result<TcpStream, (Error, Option<oneshot::Sender<()>>)> {
        let mut token = Some(self.published.session.borrow().token.clone());
        loop {
            if let Some(error) = &cause
                && handshake::is_final(error, &self.config.credentials)
            {
                return Err((error.clone(), None));
            }
            let hint = cause.as_ref().map_or(Duration::ZERO, handshake::hint);
            if let Some(ErrorCode::TokenExpired | ErrorCode::TokenInvalid) = cause.as_ref().and_then(Error::code) {
                token = None;
            }
            let wait = backoff.wait(hint);
            tracing::info!(
                wait_ms = wait.as_millis(),
                cause = cause.as_ref().map(tracing::field::display),
                "connecting again"
            );
            self.published.status.send_replace(Status::Reconnecting { cause });
            let (config, token) = (self.config.clone(), token.clone());
            let connecting = async {
                sleep(wait).await;
                shake_hands(&config, token).await
            };
            tokio::pin!(connecting);
            let connected = loop {
                tokio::select! {
                    connected = &mut connecting => break connected,
                    command = self.commands.recv() => self.on_command_offline(command)?,
                }
            };
            match connected {
                Ok((stream, session)) => {
                    count(&self.published.counters.reconnects);
                    self.published.session.send_replace(session);
                    self.published.status.send_replace(Status::Connected);
                    return Ok(stream);
                }
                Err(error) => cause = Some(error),
            }
        }
    }

    /// While there is no connection, sends and follows are taken up, the rest fails at once.
    fn on_command_offline(&mut self, command: Option<Command>) -> Result<(), (Error, Option<oneshot::Sender<()>>)> {
        match command {
            None => return Err((Error::Closed, None)),
            Some(Command::Shutdown { reply }) => return Err((Error::Closed, Some(reply))),
            Some(Command::Request { reply, .. }) => drop(reply.send(Err(Error::NotConnected))),
            Some(Command::Remark(_)) => {}
            Some(Command::Send(outgoing)) => self.outbox.push(outgoing),
            Some(Command::Open(open)) => {
                self.insert_follow(open);
            }
            Some(Command::Close { room, follow }) => {
                self.follows.close(room, follow);
            }
        }
        Ok(())
    }

    /// The client ends: everyone who waits is told, and whoever asks later finds the channel closed.
    fn finish(mut self, error: &Error, reply: Option<oneshot::Sender<()>>) {
        tracing::info!(%error, "the client ends");
        self.published.status.send_replace(Status::Ended(error.clone()));
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Request { reply, .. } => drop(reply.send(Err(error.clone()))),
                Command::Send(outgoing) => drop(outgoing.reply.send(Err(error.clone()))),
                Command::Open(open) => drop(open.reply.send(Err(error.clone()))),
                Command::Shutdown { reply } => drop(reply.send(())),
                Command::Remark(_) | Command::Close { .. } => {}
            }
        }
        self.pending.fail(error);
        self.outbox.fail(error);
        self.follows.fail(error);
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }
}
