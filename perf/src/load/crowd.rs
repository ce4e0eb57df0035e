//! The connections of a run and what happens on them. One thread owns everything; the tasks of the runtime share it
//! through cells, and no cell stays borrowed across an await.

use std::cell::{Cell, RefCell, RefMut};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};

use super::clock::Clock;
use super::end::{End, Stage};
use super::signal::Signal;
use super::tally::Tally;
use crate::checker::Disorder;
use crate::protocol::{Dialect, Event, PageOf, PageRequest, ProtocolError, Seat};
use crate::stamp::Stamp;
use crate::workload::PacedBy;

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
    pub(super) const fn first_sender(&self, connection: usize) -> u32 {
        (self.room_of(connection) * self.senders) as u32
    }

    /// The connection's number among all senders, where it is one.
    pub(super) const fn sender_of(&self, connection: usize) -> Option<u32> {
        let member = connection % self.members;
        if member < self.senders { Some(self.first_sender(connection) + member as u32) } else { None }
    }

    /// The connection of a sender.
    const fn connection_of(&self, sender: usize) -> usize {
        sender / self.senders * self.members + sender % self.senders
    }
}

/// What is done with an answer to a request for a page: connection, request, and the page or why there is none.
type OnPage = Box<dyn FnMut(usize, u32, Result<&PageOf<'_>, &str>)>;

/// Messages in the order in which one receiver heard them: sender, and the sender's number.
pub(super) type Heard = Vec<(u32, u32)>;

/// All connections of a run.
pub(super) struct Crowd {
    pub(super) clock: Clock,
    pub(super) address: SocketAddr,
    pub(super) dialect: Dialect,
    pub(super) layout: Layout,
    pub(super) tally: RefCell<Tally>,
    /// Rung when a connection changes its stage or a page comes.
    pub(super) changed: Signal,
    /// In saturated load: what makes a sender publish its next.
    pub(super) paced_by: Cell<Option<PacedBy>>,
    /// Where pages of history go.
    pub(super) on_page: RefCell<Option<OnPage>>,
    /// From here on connections end because the run does.
    pub(super) is_ending: Cell<bool>,
    present: Cell<usize>,
    arriving: Cell<usize>,
    failures: RefCell<Vec<String>>,
    /// Readers of stalled connections.
    stalled: RefCell<Vec<Waker>>,
    /// What the first member of each room heard, where that is to be compared.
    heard: Option<RefCell<Vec<Heard>>>,
    ends: Vec<RefCell<End>>,
}

impl Crowd {
    /// A crowd that is not connected yet; `seats` in the order of the layout.
    pub(super) fn new(address: SocketAddr, dialect: Dialect, layout: Layout, seats: Vec<Seat>, is_heard: bool) -> Self {
        let end = |(connection, seat)| RefCell::new(End::new(connection, seat, dialect, &layout));
        Self {
            clock: Clock::start(),
            address,
            dialect,
            layout,
            tally: RefCell::new(Tally::new(layout.connections(), layout.rooms, layout.senders)),
            changed: Signal::default(),
            paced_by: Cell::new(None),
            on_page: RefCell::new(None),
            is_ending: Cell::new(false),
            present: Cell::new(0),
            arriving: Cell::new(0),
            failures: RefCell::new(Vec::new()),
            stalled: RefCell::new(Vec::new()),
            heard: is_heard.then(|| RefCell::new(vec![Heard::new(); layout.rooms])),
            ends: seats.into_iter().enumerate().map(end).collect(),
        }
    }

    pub(super) fn end(&self, connection: usize) -> RefMut<'_, End> {
        self.ends[connection].borrow_mut()
    }

    /// Connections that take part.
    pub(super) fn present(&self) -> usize {
        self.present.get()
    }

    /// Connections on their way.
    pub(super) fn arriving(&self) -> usize {
        self.arriving.get()
    }

    /// Connections that were not made, or lost against our will.
    pub(super) fn failures(&self) -> usize {
        self.failures.borrow().len()
    }

    /// Why such a connection failed.
    pub(super) fn failure(&self, number: usize) -> Option<String> {
        self.failures.borrow().get(number).cloned()
    }

    /// A connection is on its way.
    pub(super) fn expect(&self, connection: usize) {
        self.end(connection).stage = Stage::Arriving;
        self.arriving.set(self.arriving.get() + 1);
    }

    /// The transport stands: says hello. Gives the session's number.
    pub(super) fn begin(&self, connection: usize) -> u32 {
        self.end(connection).begin(self.dialect)
    }

    /// A connection was not made.
    pub(super) fn cannot_begin(&self, connection: usize, why: String) {
        let session = self.end(connection).session;
        self.finish(connection, session, Some(why));
    }

    /// A session is over. `why` is `None` where that was wanted.
    pub(super) fn finish(&self, connection: usize, session: u32, why: Option<String>) {
        if self.leave(connection, session)
            && let Some(why) = why
        {
            let mut tally = self.tally.borrow_mut();
            tally.counts.disconnects += 1;
            tally.note(why.clone());
            self.failures.borrow_mut().push(why);
        }
        self.changed.ring();
    }

    /// The server asked a connection that was signing in to come back later. False where it had signed in, or had ended.
    pub(super) fn turned_away(&self, connection: usize, session: u32, why: &str) -> bool {
        let end = self.end(connection);
        let is_arriving = end.session == session && end.stage == Stage::Arriving;
        drop(end);
        if is_arriving {
            self.leave(connection, session);
            let mut tally = self.tally.borrow_mut();
            tally.counts.turned_away += 1;
            tally.note(why.to_owned());
        }
        is_arriving
    }

    /// Drops a session from this side, without a word to the server but the transport's.
    pub(super) fn hang_up(&self, connection: usize) {
        let session = self.end(connection).session;
        self.leave(connection, session);
    }

    /// False where the connection has a newer session.
    fn leave(&self, connection: usize, session: u32) -> bool {
        let mut end = self.end(connection);
        if end.session != session {
            return false;
        }
        match end.stage {
            Stage::Present => self.present.set(self.present.get() - 1),
            Stage::Arriving => self.arriving.set(self.arriving.get() - 1),
            Stage::Away => {}
        }
        end.leave();
        true
    }

    /// The next piece of output of a session; false: it is over.
    pub(super) fn poll_batch(
        &self,
        connection: usize,
        session: u32,
        context: &Context<'_>,
        batch: &mut Vec<u8>,
    ) -> Poll<bool> {
        let mut end = self.end(connection);
        if end.session == session { end.outbox.poll_batch(context, batch) } else { Poll::Ready(false) }
    }

    /// Returns as soon as the connection is not stalled.
    pub(super) async fn may_read(&self, connection: usize) {
        poll_fn(|context| {
            if !self.end(connection).is_stalled {
                return Poll::Ready(());
            }
            self.stalled.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Makes a share of the connections, at least one, stop reading after what they read now. They sit at the end of
    /// each room, where the senders are last to be.
    pub(super) fn stall_share(&self, share: f64) {
        let count = ((self.layout.connections() as f64 * share) as usize).max(1);
        let every = self.layout.connections() / count;
        for connection in (0..count).map(|number| (number + 1) * every - 1) {
            let mut end = self.end(connection);
            end.is_stalled = true;
            end.is_excused = !self.dialect.resumes();
        }
    }

    /// Lets all stalled connections read on.
    pub(super) fn resume_all(&self) {
        for end in &self.ends {
            end.borrow_mut().is_stalled = false;
        }
        self.stalled.borrow_mut().drain(..).for_each(Waker::wake);
    }

    /// Publishes one message of a sender, due at `due_ns`. Where its connection is away and the peer resumes, the
    /// message leaves with the next session. False: it cannot be published at all.
    pub(super) fn publish(&self, sender: usize, due_ns: u64) -> bool {
        let mut end = self.end(self.layout.connection_of(sender));
        if end.stage != Stage::Present && !self.dialect.resumes() {
            return false;
        }
        end.publish(&mut self.tally.borrow_mut(), self.dialect, due_ns);
        end.outbox.flush();
        true
    }

    /// Publishes what the schedule made due, and notes how late that is.
    pub(super) fn publish_due(&self, sender: usize, due_ns: u64) {
        if !self.publish(sender, due_ns) {
            self.tally.borrow_mut().note("due while the sender was away".into());
        }
        self.tally.borrow_mut().late(self.clock.now_ns().saturating_sub(due_ns));
    }

    /// Starts saturated load: every sender puts its window under way.
    pub(super) fn saturate(&self, window: u32, paced_by: PacedBy) {
        self.paced_by.set(Some(paced_by));
        for sender in 0..self.layout.rooms * self.layout.senders {
            for _ in 0..window {
                self.publish(sender, self.clock.now_ns());
            }
        }
    }

    /// Takes what arrived in a session and gives the number of bytes taken.
    pub(super) fn take(&self, connection: usize, session: u32, input: &[u8]) -> Result<usize, ProtocolError> {
        let now_ns = self.clock.now_ns();
        let mut end = self.end(connection);
        if end.session != session {
            return Ok(input.len());
        }
        let End { codec, outbox, first_sender, sender, .. } = &mut *end;
        let mut tally = self.tally.borrow_mut();
        let me = sender.as_ref().map_or(u32::MAX, |sender| sender.number);
        let mut heard = self.heard_by(connection);
        let (mut came_back, mut answered, mut is_ready) = (0u32, 0u32, false);
        let taken = codec.feed(input, outbox.bytes(), |event| match event {
            Event::Delivery { text, linked } => {
                let Some(stamp) = Stamp::read(text) else { return tally.checker.misdelivered() };
                tally.delivered(connection, *first_sender, stamp, now_ns);
                came_back += u32::from(stamp.sender == me);
                if !linked {
                    tally.checker.broken_link();
                }
                if let Some(heard) = &mut heard {
                    heard.push((stamp.sender, stamp.counter));
                }
            }
            Event::Accepted(number) => {
                let due_ns = sender.as_mut().and_then(|sender| sender.settled(number));
                tally.accepted(due_ns.map(|due_ns| now_ns.saturating_sub(due_ns)));
                answered += 1;
            }
            Event::Refused { number, why } => {
                if let Some(sender) = sender {
                    sender.settled(number);
                }
                tally.refused(me, why);
                (came_back, answered) = (came_back + 1, answered + 1);
            }
            Event::Ready => is_ready = true,
            Event::Gap => tally.counts.gaps += 1,
            Event::Page(page) => self.page(connection, page.request, Ok(&page)),
            Event::PageRefused { request, why } => {
                self.page(connection, request, Err(&why));
                tally.note(why);
            }
        })?;
        if is_ready {
            self.welcome(&mut end);
        }
        let next = match self.paced_by.get() {
            Some(PacedBy::Delivery) => came_back,
            Some(PacedBy::Acknowledgement) => answered,
            None => 0,
        };
        for _ in 0..next {
            end.publish(&mut tally, self.dialect, now_ns);
        }
        end.outbox.flush();
        Ok(taken)
    }

    /// Asks for a page of the past of a connection's room.
    pub(super) fn ask_page(&self, connection: usize, page: &PageRequest) {
        let mut end = self.end(connection);
        let End { codec, outbox, .. } = &mut *end;
        codec.ask_page(outbox.bytes(), page);
        outbox.flush();
    }

    /// What is missing or came wrongly so far.
    pub(super) fn verdict(&self) -> Disorder {
        self.tally.borrow().verdict(|connection| self.judged_room(connection))
    }

    /// Whether everybody has all of what `sent` counts; see [`Tally::sent`].
    pub(super) fn has_reached(&self, sent: &[u32]) -> bool {
        self.tally.borrow().has_reached(sent, |connection| self.judged_room(connection))
    }

    /// Whether every publish was answered.
    pub(super) fn is_answered(&self) -> bool {
        self.ends.iter().all(|end| end.borrow().is_answered())
    }

    /// What the first member of a room heard.
    pub(super) fn heard(&self, room: usize) -> Heard {
        self.heard.as_ref().map_or(Vec::new(), |heard| heard.borrow()[room].clone())
    }

    fn heard_by(&self, connection: usize) -> Option<RefMut<'_, Heard>> {
        let heard = self.heard.as_ref().filter(|_| connection.is_multiple_of(self.layout.members))?;
        Some(RefMut::map(heard.borrow_mut(), |heard| &mut heard[self.layout.room_of(connection)]))
    }

    fn judged_room(&self, connection: usize) -> Option<usize> {
        (!self.end(connection).is_excused).then(|| self.layout.room_of(connection))
    }

    fn welcome(&self, end: &mut End) {
        if end.stage == Stage::Arriving {
            end.stage = Stage::Present;
            self.arriving.set(self.arriving.get() - 1);
            self.present.set(self.present.get() + 1);
            self.changed.ring();
            end.publish_again();
        }
    }

    fn page(&self, connection: usize, request: u32, page: Result<&PageOf<'_>, &str>) {
        if let Some(on_page) = &mut *self.on_page.borrow_mut() {
            on_page(connection, request, page);
        }
    }
}
