//! A socket with its session: one task that reads, keeps the time, and writes what could not be written at once.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::conversation::Conversation;
use super::decoder::Decoder;
use super::farewell::Farewell;
use super::greeting::Visitor;
use super::outbox::{Ending, Outbox};
use super::outgoing::PING;
use crate::app::App;

/// Pings that may stay unanswered.
const PINGS_MISSED_MAX: u32 = 2;
/// Bytes that are read at once. One buffer serves all sockets of a thread.
const INPUT_BYTES: usize = 64 * 1024;

thread_local! {
    static INPUT: RefCell<Box<[u8]>> = RefCell::new(vec![0; INPUT_BYTES].into());
}

/// A socket from its upgrade to its end.
pub(super) struct Session {
    app: Arc<App>,
    reader: OwnedReadHalf,
    decoder: Decoder,
    outbox: Arc<Outbox>,
    conversation: Conversation,
    pings: Interval,
    pings_missed: u32,
    heard: bool,
}

impl Session {
    pub(super) fn new(app: Arc<App>, socket: TcpStream, visitor: Visitor) -> Self {
        let limits = &app.config.limits;
        let (reader, writer) = socket.into_split();
        let outbox = Arc::new(Outbox::line(limits, app.counters.clone(), writer));
        let mut pings = interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            reader,
            decoder: Decoder::new(limits.socket_message_bytes_max),
            conversation: Conversation::new(&app, outbox.clone(), visitor),
            outbox,
            pings,
            pings_missed: 0,
            heard: true,
            app,
        }
    }

    /// Takes what was read together with the request.
    pub(super) fn begin(&mut self, mut read: Vec<u8>) -> Result<(), Farewell> {
        self.take(&mut read)
    }

    /// Waits for HELLO and begins the session. WELCOME, or GOODBYE, comes through the outbox.
    pub(super) async fn greet(&mut self) -> Result<(), Farewell> {
        let app = self.app.clone();
        let greeted = std::future::poll_fn(|cx| {
            if self.conversation.is_attached() {
                return Poll::Ready(Ok(()));
            }
            match self.poll(cx) {
                Poll::Ready(farewell) => Poll::Ready(Err(farewell)),
                Poll::Pending if self.conversation.is_attached() => Poll::Ready(Ok(())),
                Poll::Pending => Poll::Pending,
            }
        });
        tokio::select! {
            greeted = timeout(app.config.limits.hello_timeout, greeted) => greeted.map_err(|_| Farewell::Silent)?,
            () = app.stop.cancelled() => Err(Farewell::Ended(Ending::Stopping)),
        }
    }

    /// Runs until the socket is to end.
    pub(super) async fn run(&mut self) -> Farewell {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// Detaches the session and takes leave of the browser.
    pub(super) async fn part(self, farewell: Farewell) {
        let Self { app, reader, decoder, outbox, conversation, .. } = self;
        drop(conversation);
        farewell.say(&outbox, reader, decoder, &app.counters).await;
    }

    /// Writes and reads side by side, so that a browser that does not read is still heard.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Farewell> {
        self.outbox.register(cx);
        if self.outbox.is_hopeless() {
            return Poll::Ready(Farewell::Ended(Ending::TooSlow));
        }
        match self.outbox.poll_write(cx) {
            Poll::Ready(Ok(ending)) => return Poll::Ready(Farewell::Ended(ending)),
            Poll::Ready(Err(_)) => return Poll::Ready(Farewell::Left),
            Poll::Pending => {}
        }
        while let Poll::Ready(read) = self.poll_read(cx) {
            if let Err(farewell) = read {
                return Poll::Ready(farewell);
            }
        }
        while self.pings.poll_tick(cx).is_ready() {
            if let Err(farewell) = self.ping() {
                return Poll::Ready(farewell);
            }
        }
        Poll::Pending
    }

    /// Reads once, and takes what came.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        INPUT.with_borrow_mut(|input| {
            let mut input = ReadBuf::new(input);
            if ready!(Pin::new(&mut self.reader).poll_read(cx, &mut input)).is_err() || input.filled().is_empty() {
                return Poll::Ready(Err(Farewell::Left));
            }
            self.heard = true;
            Poll::Ready(self.take(input.filled_mut()))
        })
    }

    fn take(&mut self, input: &mut [u8]) -> Result<(), Farewell> {
        let Self { decoder, conversation, outbox, app, .. } = self;
        let mut replies = Vec::new();
        let now = Instant::now();
        let taken = decoder.feed(input, &mut replies, |arrival| conversation.take(app, arrival, now));
        if !replies.is_empty() {
            outbox.control(&replies);
        }
        taken
    }

    /// Whatever the browser sends shows that it lives, an answer to the ping among it.
    fn ping(&mut self) -> Result<(), Farewell> {
        if std::mem::take(&mut self.heard) {
            self.pings_missed = 0;
        } else {
            self.pings_missed += 1;
            if self.pings_missed >= PINGS_MISSED_MAX {
                return Err(Farewell::Dead);
            }
        }
        self.outbox.control(&PING);
        Ok(())
    }
}
