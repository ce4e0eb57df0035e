//! The connections of a run and what happens on them. One thread owns everything; the tasks of the runtime share it
//! through cells, and no cell stays borrowed across an await.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};

use super::clock::Clock;
use super::outbox::Outbox;
use super::signal::Signal;
use super::tally::Tally;
use crate::protocol::{Codec, Dialect, Event, PageOf, ProtocolError, Seat};
use crate::stamp::{Stamp, filler};

/// Who sits where. Connection `i` is member `i % members` of room `i / members`; the first `senders` members of a room
/// publish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
    pub(crate) senders: usize,
    pub(crate) text_bytes: usize,
}

impl Layout {
    pub(crate) const fn connections(&self) -> usize {
        self.rooms * self.members
    }

    pub(crate) const fn room_of(&self, connection: usize) -> usize {
        connection / self.members
    }

    /// The number of the first sender of a connection's room.
    const fn first_sender(&self, connection: usize) -> u32 {
        (self.room_of(connection) * self.senders) as u32
    }

    /// The connection's number among all senders, where it is one.
    const fn sender_of(&self, connection: usize) -> Option<u32> {
        let member = connection % self.members;
        if member < self.senders { Some(self.first_sender(connection) + member as u32) } else { None }
    }

    /// The connection of a sender.
    pub(crate) const fn connection_of(&self, sender: usize) -> usize {
        sender / self.senders * self.members + sender % self.senders
    }
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not connected, or gone.
    Away,
    /// Signing in.
    Arriving,
    /// Taking part.
    Present,
}

/// One connection.
pub(crate) struct End {
    pub(crate) stage: Stage,
    pub(crate) outbox: Outbox,
    pub(crate) seat: Seat,
    /// Changes whenever a session begins or ends.
    session: u32,
    is_stalled: bool,
    codec: Codec,
    first_sender: u32,
    sender: Option<Sender>,
}

/// What a connection that publishes remembers.
struct Sender {
    number: u32,
    text: Vec<u8>,
    /// Number and due instant of what is not acknowledged, where the peer acknowledges.
    unacknowledged: VecDeque<(u32, u64)>,
}

/// What an application does with a page of history.
pub(crate) type OnPage = Box<dyn FnMut(usize, Result<&PageOf<'_>, &str>)>;

/// All connections of a run.
pub(crate) struct Crowd {
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    pub(crate) layout: Layout,
    pub(crate) tally: RefCell<Tally>,
    /// Rung when a connection changes its stage or a page comes.
    pub(crate) changed: Signal,
    /// Publish the next whenever one of one's own comes back.
    pub(crate) is_saturated: Cell<bool>,
    /// Where pages of history go.
    pub(crate) on_page: RefCell<Option<OnPage>>,
    /// From here on connections end because the run does.
    pub(crate) is_ending: Cell<bool>,
    present: Cell<usize>,
    /// Readers of stalled connections.
    stalled: RefCell<Vec<Waker>>,
    first_failure: RefCell<Option<String>>,
    ends: Vec<RefCell<End>>,
}

impl Crowd {
    /// A crowd that is not connected yet; `seats` in the order of the layout.
    pub(crate) fn new(address: SocketAddr, dialect: Dialect, layout: Layout, seats: Vec<Seat>) -> Self {
        let end = |(index, seat): (usize, Seat)| {
            let sender = layout.sender_of(index).map(|number| Sender {
                number,
                text: filler(layout.text_bytes),
                unacknowledged: VecDeque::new(),
            });
            RefCell::new(End {
                stage: Stage::Away,
                outbox: Outbox::default(),
                session: 0,
                is_stalled: false,
                codec: Codec::new(dialect, &seat),
                seat,
                first_sender: layout.first_sender(index),
                sender,
            })
        };
        Self {
            clock: Clock::start(),
            address,
            dialect,
            layout,
            tally: RefCell::new(Tally::new(layout.connections(), layout.rooms, layout.senders)),
            changed: Signal::default(),
            is_saturated: Cell::new(false),
            on_page: RefCell::new(None),
            is_ending: Cell::new(false),
            present: Cell::new(0),
            stalled: RefCell::new(Vec::new()),
            first_failure: RefCell::new(None),
            ends: seats.into_iter().enumerate().map(end).collect(),
        }
    }

    pub(crate) fn end(&self, connection: usize) -> RefMut<'_, End> {
        self.ends[connection].borrow_mut()
    }

    /// Connections that take part.
    pub(crate) fn present(&self) -> usize {
        self.present.get()
    }

    /// Why the first connection that failed did.
    pub(crate) fn first_failure(&self) -> Option<String> {
        self.first_failure.borrow().clone()
    }

    /// A connection stands at the transport: says hello. Gives the session's number, which tells its tasks from those
    /// of an earlier session.
    pub(crate) fn begin(&self, connection: usize) -> u32 {
        let mut end = self.end(connection);
        let End { session, stage, codec, outbox, seat, .. } = &mut *end;
        *session += 1;
        *stage = Stage::Arriving;
        *codec = Codec::new(self.dialect, seat);
        *outbox = Outbox::default();
        codec.greet(outbox.bytes());
        *session
    }

    /// A connection was not made.
    pub(crate) fn cannot_begin(&self, connection: usize, why: String) {
        let session = self.begin(connection);
        self.finish(connection, session, Some(why));
    }

    /// A session is over. `why` is `None` where that was wanted.
    pub(crate) fn finish(&self, connection: usize, session: u32, why: Option<String>) {
        if self.leave(connection, session)
            && let Some(why) = why
        {
            let mut tally = self.tally.borrow_mut();
            tally.counts.disconnects += 1;
            tally.note(why.clone());
            self.first_failure.borrow_mut().get_or_insert(why);
        }
        self.changed.ring();
    }

    /// Drops a session from this side, without a word to the server but the transport's.
    pub(crate) fn hang_up(&self, connection: usize) {
        let session = self.end(connection).session;
        self.leave(connection, session);
    }

    /// False where the connection has a newer session.
    fn leave(&self, connection: usize, session: u32) -> bool {
        let mut end = self.end(connection);
        if end.session != session {
            return false;
        }
        if end.stage == Stage::Present {
            self.present.set(self.present.get() - 1);
        }
        end.seat.last_seen = end.codec.newest_id();
        end.stage = Stage::Away;
        end.session += 1;
        end.outbox.close();
        true
    }

    /// Publishes one message of a sender, due at `due_ns`. Where its connection is away and the peer resumes, the
    /// message leaves with the next session. False: it cannot be published at all.
    pub(crate) fn publish(&self, sender: usize, due_ns: u64) -> bool {
        let mut end = self.end(self.layout.connection_of(sender));
        if end.stage != Stage::Present && !self.dialect.resumes() {
            return false;
        }
        end.publish(&mut self.tally.borrow_mut(), self.dialect, due_ns);
        end.outbox.flush();
        true
    }

    /// The next piece of output of a session; false: it is over.
    pub(crate) fn poll_batch(
        &self,
        connection: usize,
        session: u32,
        context: &Context<'_>,
        batch: &mut Vec<u8>,
    ) -> Poll<bool> {
        let mut end = self.end(connection);
        if end.session == session { end.outbox.poll_batch(context, batch) } else { Poll::Ready(false) }
    }

    /// Returns while the connection is not stalled.
    pub(crate) async fn may_read(&self, connection: usize) {
        poll_fn(|context| {
            if !self.end(connection).is_stalled {
                return Poll::Ready(());
            }
            self.stalled.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Makes a connection stop reading after what it reads now.
    pub(crate) fn stall(&self, connection: usize) {
        self.end(connection).is_stalled = true;
    }

    /// Lets all stalled connections read on.
    pub(crate) fn resume_all(&self) {
        for end in &self.ends {
            end.borrow_mut().is_stalled = false;
        }
        self.stalled.borrow_mut().drain(..).for_each(Waker::wake);
    }

    /// Takes what arrived on a connection and gives the number of bytes taken.
    pub(crate) fn take(&self, connection: usize, session: u32, input: &[u8]) -> Result<usize, ProtocolError> {
        let now_ns = self.clock.now_ns();
        let mut end = self.end(connection);
        if end.session != session {
            return Ok(input.len());
        }
        let End { codec, outbox, first_sender, sender, stage, .. } = &mut *end;
        let mut tally = self.tally.borrow_mut();
        let me = sender.as_ref().map_or(u32::MAX, |sender| sender.number);
        let (mut came_back, mut is_ready) = (0u32, false);
        let taken = codec.feed(input, outbox.bytes(), |event| match event {
            Event::Delivery { text, linked } => {
                let Some(stamp) = Stamp::read(text) else { return tally.checker.misdelivered() };
                tally.delivered(connection, *first_sender, stamp, now_ns);
                came_back += u32::from(stamp.sender == me);
                if !linked {
                    tally.checker.broken_link();
                }
            }
            Event::Accepted(number) => {
                let due_ns = sender.as_mut().and_then(|sender| sender.settled(number));
                tally.accepted(due_ns.map(|due_ns| now_ns.saturating_sub(due_ns)));
            }
            Event::Refused { number, why } => {
                if let Some(sender) = sender {
                    sender.settled(number);
                }
                tally.refused(me, why);
                came_back += 1;
            }
            Event::Ready => is_ready = true,
            Event::Gap => tally.counts.gaps += 1,
            Event::Page(page) => self.page(connection, Ok(&page)),
            Event::PageRefused { why, .. } => {
                tally.note(why.clone());
                self.page(connection, Err(&why));
            }
        })?;
        if is_ready && *stage == Stage::Arriving {
            *stage = Stage::Present;
            self.present.set(self.present.get() + 1);
            self.changed.ring();
            end.publish_again();
        }
        if self.is_saturated.get() {
            for _ in 0..came_back {
                end.publish(&mut tally, self.dialect, now_ns);
            }
        }
        end.outbox.flush();
        Ok(taken)
    }

    /// Whether all that was published reached all who are to get it.
    pub(crate) fn is_complete(&self, judged: impl Fn(usize) -> bool) -> bool {
        self.tally.borrow().is_complete(|i| judged(i).then(|| self.layout.room_of(i)))
    }

    fn page(&self, connection: usize, page: Result<&PageOf<'_>, &str>) {
        if let Some(on_page) = &mut *self.on_page.borrow_mut() {
            on_page(connection, page);
        }
    }
}

impl End {
    fn publish(&mut self, tally: &mut Tally, dialect: Dialect, due_ns: u64) {
        let Some(sender) = &mut self.sender else { return };
        let counter = tally.published(sender.number);
        if dialect.acknowledges() {
            sender.unacknowledged.push_back((counter, due_ns));
        }
        if self.stage == Stage::Present {
            Stamp { due_ns, sender: sender.number, counter }.write(&mut sender.text);
            self.codec.publish(self.outbox.bytes(), counter, &sender.text);
        }
    }

    /// Publishes with the same numbers what an earlier session got no answer to.
    fn publish_again(&mut self) {
        let Some(sender) = &mut self.sender else { return };
        for &(counter, due_ns) in &sender.unacknowledged {
            Stamp { due_ns, sender: sender.number, counter }.write(&mut sender.text);
            self.codec.publish(self.outbox.bytes(), counter, &sender.text);
        }
    }
}

impl Sender {
    /// A publish was answered: when it was due. Without a number it is the oldest.
    fn settled(&mut self, number: Option<u32>) -> Option<u64> {
        let at = match number {
            None => 0,
            Some(number) => self.unacknowledged.iter().position(|(counter, _)| *counter == number)?,
        };
        self.unacknowledged.remove(at).map(|(_, due_ns)| due_ns)
    }
}
