//! A room's stream: what came since the last seen id and what comes, over breaks, without gap or duplicate.
//!
//! A message is handed on when its `prev_id` is the last id handed on. One with a lower id is a duplicate. Anything
//! else, a GAP frame, or a queue that overflowed because nobody read, is a gap: the history is paged from the last id
//! while newer frames wait in the queue, which is therefore read no further. Everything works on the reader's task, so a
//! stream that nobody reads costs its queue and no more.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use futures_util::future::BoxFuture;
use moim_wire::limits::HISTORY_LIMIT_MAX;
use moim_wire::{ErrorCode, MessageId, RoomId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::client::Client;
use crate::command::{Command, Open};
use crate::error::Error;
use crate::follow::{FRAMES_MAX, Incoming, Outlet};
use crate::history::{HistoryPage, Past};
use crate::message::{Message, RoomEvent, RoomInfo};
use crate::stats::count;

/// The shortest wait before a busy or troubled server is asked again.
const RETRY_MIN: Duration = Duration::from_millis(50);

/// A room's messages from a last seen id on, and what else happens there. Read it with [`RoomStream::next`], or as a
/// [`Stream`]. Dropping it closes the room.
///
/// ```no_run
/// # async fn example(client: moim_client::Client) -> Result<(), moim_client::Error> {
/// use moim_client::{MessageId, RoomEvent, RoomId};
/// let mut room = client.open(RoomId(7), MessageId::ZERO).await?;
/// while let Some(event) = room.next().await {
///     match event {
///         RoomEvent::Message(message) => println!("{}: {}", message.sender, message.text),
///         RoomEvent::Closed(why) => println!("closed: {why}"),
///         _ => {}
///     }
/// }
/// # Ok(()) }
/// ```
pub struct RoomStream {
    client: Client,
    room: RoomId,
    info: RoomInfo,
    /// The newest id handed on, or passed over on purpose; zero while the room has none.
    position: MessageId,
    ready: VecDeque<RoomEvent>,
    phase: Phase,
    /// A message that came before those between `position` and it.
    held: Option<Message>,
    /// After a reset: the room's newest message then is where the stream begins.
    starts_anew: bool,
}

enum Phase {
    Opening(BoxFuture<'static, Result<Opened, Error>>),
    Live(Opened),
    /// Paging until `target` is reached; `None`: until the history has no more.
    Filling {
        opened: Opened,
        target: Option<MessageId>,
        page: BoxFuture<'static, Result<HistoryPage, Error>>,
    },
    Ended,
}

/// A follow that the server has confirmed.
struct Opened {
    info: RoomInfo,
    number: u64,
    frames: mpsc::Receiver<Incoming>,
    outlet: Arc<Outlet>,
}

impl RoomStream {
    pub(crate) async fn open(client: Client, room: RoomId, last_seen: MessageId) -> Result<Self, Error> {
        let mut ready = VecDeque::new();
        let (opened, position) = match open_room(client.clone(), room, last_seen).await {
            Err(error) if error.code() == Some(ErrorCode::IdFromTheFuture) => {
                ready.push_back(RoomEvent::Reset);
                (open_room(client.clone(), room, MessageId::ZERO).await?, MessageId::ZERO)
            }
            opened => (opened?, last_seen),
        };
        let info = opened.info.clone();
        let position = if position == MessageId::ZERO { info.newest_id } else { position };
        Ok(Self { client, room, info, position, ready, phase: Phase::Live(opened), held: None, starts_anew: false })
    }

    /// The next event; `None` after [`RoomEvent::Closed`]. May be dropped and called again without losing anything.
    pub async fn next(&mut self) -> Option<RoomEvent> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// What the room was like when it was last opened.
    pub fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// The id to open the room with another time: of the newest message handed on, or of the room's newest at the
    /// opening.
    pub fn last_seen(&self) -> MessageId {
        self.position
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<RoomEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            match &mut self.phase {
                Phase::Ended => return Poll::Ready(None),
                Phase::Opening(opening) => {
                    let opened = ready!(opening.as_mut().poll(cx));
                    self.on_opened(opened);
                }
                Phase::Filling { page, .. } => {
                    let page = ready!(page.as_mut().poll(cx));
                    self.on_page(page);
                }
                Phase::Live(opened) => match opened.frames.poll_recv(cx) {
                    Poll::Ready(Some(frame)) => self.on_frame(frame),
                    Poll::Ready(None) => self.on_queue_end(),
                    // The mark is set before the queue is woken, and read after the waker is in place. A queue may be
                    // pending and hold frames, when the runtime wants this task to pause.
                    Poll::Pending if opened.frames.is_empty() && opened.outlet.take_overflown() => self.fill(None),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn on_frame(&mut self, frame: Incoming) {
        match frame {
            Incoming::Message(message) if message.id <= self.position => {}
            Incoming::Message(message) if message.prev_id == self.position => self.hand_on(message),
            Incoming::Message(message) => {
                let target = message.prev_id;
                self.held = Some(message);
                self.fill(Some(target));
            }
            Incoming::Gap { newest_id } if newest_id > self.position => self.fill(Some(newest_id)),
            Incoming::Gap { .. } | Incoming::Wake => {}
            Incoming::ReadMark { user, up_to } => self.ready.push_back(RoomEvent::ReadMark { user, up_to }),
            Incoming::Typing { user } => self.ready.push_back(RoomEvent::Typing { user }),
            Incoming::Presence { user, online } => self.ready.push_back(RoomEvent::Presence { user, online }),
        }
    }

    fn hand_on(&mut self, message: Message) {
        self.position = message.id;
        self.ready.push_back(RoomEvent::Message(message));
    }

    /// The queue has ended: for a reason, or because the connection broke.
    fn on_queue_end(&mut self) {
        let end = match &self.phase {
            Phase::Live(opened) => opened.outlet.end().cloned(),
            _ => None,
        };
        match end {
            Some(error) => self.end(error),
            None => self.reopen(),
        }
    }

    fn end(&mut self, error: Error) {
        self.ready.push_back(RoomEvent::Closed(error));
        self.held = None;
        self.phase = Phase::Ended;
    }

    fn reopen(&mut self) {
        self.held = None;
        self.phase = Phase::Opening(Box::pin(open_room(self.client.clone(), self.room, self.position)));
    }

    fn on_opened(&mut self, opened: Result<Opened, Error>) {
        match opened {
            Ok(opened) => {
                self.info = opened.info.clone();
                self.ready.push_back(RoomEvent::Resumed(opened.info.clone()));
                let newest_id = opened.info.newest_id;
                self.phase = Phase::Live(opened);
                if std::mem::take(&mut self.starts_anew) {
                    self.position = newest_id;
                } else if self.position == MessageId::ZERO && newest_id > self.position {
                    // OPEN with zero gives only what comes from then on, but the room was empty when it was left.
                    self.fill(Some(newest_id));
                }
            }
            Err(error) if error.code() == Some(ErrorCode::IdFromTheFuture) => {
                self.ready.push_back(RoomEvent::Reset);
                self.position = MessageId::ZERO;
                self.phase = Phase::Opening(Box::pin(open_room(self.client.clone(), self.room, MessageId::ZERO)));
                self.starts_anew = true;
            }
            Err(error) => self.end(error),
        }
    }

    /// Begins to page the history from `position`; the queue waits meanwhile.
    fn fill(&mut self, target: Option<MessageId>) {
        if let Phase::Live(opened) = std::mem::replace(&mut self.phase, Phase::Ended) {
            count(&self.client.counters().gaps);
            let page = Box::pin(page(self.client.clone(), self.room, self.position));
            self.phase = Phase::Filling { opened, target, page };
        }
    }

    fn on_page(&mut self, outcome: Result<HistoryPage, Error>) {
        let Phase::Filling { opened, target, .. } = std::mem::replace(&mut self.phase, Phase::Ended) else { return };
        let HistoryPage { messages, more } = match outcome {
            Ok(page) => page,
            Err(Error::Disconnected | Error::NotConnected) => return self.reopen(),
            Err(error) => return self.end(error),
        };
        // A page that brings nothing new ends the filling whatever it says of more.
        let progress = messages.last().is_some_and(|newest| newest.id > self.position);
        for message in messages {
            if message.id > self.position {
                self.hand_on(message);
            }
        }
        if more && progress && target.is_none_or(|target| self.position < target) {
            let page = Box::pin(page(self.client.clone(), self.room, self.position));
            self.phase = Phase::Filling { opened, target, page };
            return;
        }
        self.phase = Phase::Live(opened);
        if let Some(message) = self.held.take().filter(|message| message.id > self.position) {
            if message.prev_id != self.position {
                // The history was asked and does not have it: the last seen id was none of this room, or the store
                // has dropped the oldest. Waiting would not help.
                tracing::warn!(room = %self.room, after = %self.position, before = %message.id, "messages are missing");
            }
            self.hand_on(message);
        }
    }
}

impl Stream for RoomStream {
    type Item = RoomEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<RoomEvent>> {
        self.poll_event(cx)
    }
}

impl Drop for RoomStream {
    fn drop(&mut self) {
        if let Phase::Live(opened) | Phase::Filling { opened, .. } = &self.phase {
            // If this is lost, the next frame for the room finds the queue without a reader and closes it.
            self.client.try_command(Command::Close { room: self.room, follow: opened.number });
        }
    }
}

impl std::fmt::Debug for RoomStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomStream")
            .field("room", &self.room)
            .field("last_seen", &self.position)
            .finish_non_exhaustive()
    }
}

/// Asks for a room until it stands or is refused for a reason that does not pass.
async fn open_room(client: Client, room: RoomId, last_seen: MessageId) -> Result<Opened, Error> {
    loop {
        let (sender, frames) = mpsc::channel(FRAMES_MAX);
        let (reply, answer) = oneshot::channel();
        let (outlet, number) = (Arc::new(Outlet::default()), client.follow_number());
        let open = Open { room, follow: number, last_seen, frames: sender, outlet: outlet.clone(), reply };
        client.command(Command::Open(open)).await?;
        match answer.await.unwrap_or_else(|_| Err(client.ended())) {
            Ok(info) => return Ok(Opened { info, number, frames, outlet }),
            Err(error) => wait_or_give_up(error).await?,
        }
    }
}

/// A page of what follows `after`.
async fn page(client: Client, room: RoomId, after: MessageId) -> Result<HistoryPage, Error> {
    loop {
        match client.history(room, Past::After(after), HISTORY_LIMIT_MAX).await {
            Ok(page) => return Ok(page),
            Err(error) => wait_or_give_up(error).await?,
        }
    }
}

/// Waits as long as the server asks, if it makes sense to ask again.
async fn wait_or_give_up(error: Error) -> Result<(), Error> {
    let retry_after = match &error {
        Error::Busy { retry_after } => *retry_after,
        Error::Refused(refusal) if refusal.is_passing() => refusal.retry_after,
        _ => return Err(error),
    };
    sleep(retry_after.max(RETRY_MIN)).await;
    Ok(())
}
