//! What waits for one browser: a queue with a cap in bytes, and what the browser is owed once it reads again.
//!
//! A session takes from its queue itself ([`Outbox::queue`]), or has its frames written to its socket as they come
//! ([`Outbox::line`]); then the queue holds only what the socket would not take.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Encoder, Envelope, Frame, Opcode, body, schema};
use tokio::net::tcp::OwnedWriteHalf;

use super::line::Line;
use super::outgoing::{HEADER_BYTES_MAX, messages, put_header};
use crate::config::Limits;
use crate::stats::Counters;

/// Frames are joined up to this size; a larger frame goes alone.
const BATCH_BYTES_MAX: usize = 16 * 1024;
/// A queue that a burst grew beyond this many entries gives its memory back when it is empty.
const ENTRIES_KEPT_MAX: usize = 64;

/// Why a socket ends, other than by its browser's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// GOODBYE was said to the session.
    SessionOver,
    /// The trunk under the session is lost; on another the browser can resume at once.
    TrunkLost,
    /// No trunk stood when the session was to begin.
    NoTrunk,
    /// The bridge stops.
    Stopping,
    /// The browser does not even read the answers to its requests.
    TooSlow,
}

/// What the task of a session with a queue finds to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Whole frames, back to back, for one message.
    Frames(Bytes),
    /// Nothing more will come.
    Ended(Ending),
}

/// Between the trunk's reader, which puts frames in, and the session's task, which takes out what waits.
pub(crate) struct Outbox {
    state: Mutex<State>,
    room_bytes_max: usize,
    bytes_max: usize,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    bytes: usize,
    debts: Vec<Debt>,
    ending: Option<Ending>,
    waker: Option<Waker>,
    line: Option<Line>,
}

/// A room whose messages are left out until the queue has drained.
struct Debt {
    room: u32,
    after: u64,
    newest_id: u64,
}

impl Outbox {
    /// The outbox of a session that takes its frames itself, with [`poll_take`](Self::poll_take).
    pub(crate) fn queue(limits: &Limits, counters: Arc<Counters>) -> Self {
        Self::new(limits, counters, None)
    }

    /// The outbox of a session whose frames are written to `socket` as WebSocket messages.
    pub(super) fn line(limits: &Limits, counters: Arc<Counters>, socket: OwnedWriteHalf) -> Self {
        Self::new(limits, counters, Some(Line::new(socket)))
    }

    fn new(limits: &Limits, counters: Arc<Counters>, line: Option<Line>) -> Self {
        Self {
            state: Mutex::new(State { line, ..State::default() }),
            room_bytes_max: limits.socket_room_bytes_max,
            bytes_max: limits.socket_bytes_max,
            counters,
        }
    }

    /// Whether [`write`](Self::write) is the way in.
    pub(crate) fn is_line(&self) -> bool {
        self.lock().line.is_some()
    }

    /// Writes WebSocket messages of one frame each to the socket; what it does not take waits under the same rules as
    /// in a queue.
    pub(crate) fn write(&self, bytes: &[u8]) {
        let mut state = self.lock();
        let taken = match &state.line {
            Some(line) if line.is_clear() && state.has_nothing_to_say() => line.write_some(bytes),
            _ => 0,
        };
        if taken == bytes.len() {
            return;
        }
        for message in messages(bytes).skip_while(|message| message.end <= taken) {
            if message.start < taken {
                // The socket took a part of it, so the rest goes before all else.
                state.put_cut(&bytes[taken..message.end]);
            } else {
                self.keep(&mut state, message.frame);
            }
        }
    }

    /// Queues a frame by what its operation allows.
    fn keep(&self, state: &mut State, frame: &[u8]) {
        let Ok(Some(read)) = Frame::first(frame, FRAME_BYTES_MAX) else { return };
        let bytes = || Bytes::copy_from_slice(frame);
        match read.opcode() {
            Some(Opcode::Message) => {
                let Ok(message) = body::read::<schema::Message<'_>>(read.body()) else { return };
                let head = *message.head();
                self.keep_message(state, (head.room(), head.prev_id(), head.id()), frame.len(), bytes);
            }
            Some(Opcode::ReadMark | Opcode::Typing | Opcode::Presence) => {
                self.keep_ephemeral(state, frame.len(), bytes);
            }
            Some(Opcode::Closed) => {
                self.keep_answer(state, bytes());
                if let Ok(closed) = body::read::<schema::Closed<'_>>(read.body()) {
                    state.forget(closed.room());
                }
            }
            _ => self.keep_answer(state, bytes()),
        }
    }

    /// Queues a room's message, or leaves it out when too much waits. Once one is left out all of its room are, until
    /// a GAP can be sent: so a browser never sees a later message of a room without knowing what it missed.
    pub(crate) fn message(&self, room: u32, prev_id: u64, id: u64, frame: Bytes) {
        self.keep_message(&mut self.lock(), (room, prev_id, id), frame.len(), || frame);
    }

    fn keep_message(
        &self,
        state: &mut State,
        (room, prev_id, id): (u32, u64, u64),
        length: usize,
        frame: impl FnOnce() -> Bytes,
    ) {
        if let Some(debt) = state.debts.iter_mut().find(|debt| debt.room == room) {
            debt.newest_id = debt.newest_id.max(id);
            self.counters.messages_left_out.one();
        } else if state.bytes + length > self.room_bytes_max {
            state.debts.push(Debt { room, after: prev_id, newest_id: id });
            self.counters.messages_left_out.one();
            state.wake();
        } else {
            state.put(frame());
        }
    }

    /// Queues a mark, typing or presence, or drops it when much waits: they are best effort.
    pub(crate) fn ephemeral(&self, frame: Bytes) {
        self.keep_ephemeral(&mut self.lock(), frame.len(), || frame);
    }

    fn keep_ephemeral(&self, state: &mut State, length: usize, frame: impl FnOnce() -> Bytes) {
        if state.bytes + length > self.room_bytes_max / 2 {
            self.counters.frames_shed_out.one();
        } else {
            state.put(frame());
        }
    }

    /// Queues what must not be left out. Past the cap the socket ends.
    pub(crate) fn answer(&self, frame: Bytes) {
        self.keep_answer(&mut self.lock(), frame);
    }

    fn keep_answer(&self, state: &mut State, frame: Bytes) {
        if state.bytes + frame.len() > self.bytes_max {
            state.frames.clear();
            state.end(Ending::TooSlow);
        } else {
            state.put(frame);
        }
    }

    /// The browser follows the room no more: what it missed there does not matter.
    pub(crate) fn forget(&self, room: u32) {
        self.lock().forget(room);
    }

    /// Writes control frames before what waits, but not into a message. Past the cap the socket ends.
    pub(super) fn control(&self, frames: &[u8]) {
        let mut state = self.lock();
        let bytes_max = self.bytes_max;
        let Some(line) = &mut state.line else { return };
        if line.unsent_bytes() + frames.len() > bytes_max {
            state.end(Ending::TooSlow);
        } else {
            line.put(frames);
            state.wake();
        }
    }

    /// Gives up what waits for these bytes, the last that are written.
    pub(super) fn last_words(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.frames.clear();
        state.bytes = 0;
        state.debts.clear();
        if let Some(line) = &mut state.line {
            line.put(bytes);
        }
    }

    /// Ends the socket once the queue is empty. The first reason stands.
    pub(crate) fn end(&self, ending: Ending) {
        self.lock().end(ending);
    }

    /// Whether waiting for the browser to read has become pointless.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.lock().ending == Some(Ending::TooSlow)
    }

    /// The task to wake when there is something to take, or the socket is to end.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
    }

    /// The next batch of frames. [`register`](Self::register) beforehand to be woken.
    pub(crate) fn poll_take(&self) -> Poll<Taken> {
        let mut state = self.lock();
        if state.bytes <= self.room_bytes_max / 2 {
            self.pay(&mut state);
        }
        if let Some(batch) = state.take_batch() {
            return Poll::Ready(Taken::Frames(batch));
        }
        state.ending.map_or(Poll::Pending, |ending| Poll::Ready(Taken::Ended(ending)))
    }

    /// Writes what waits, as far as the socket takes it; ready when nothing more will come.
    /// [`register`](Self::register) beforehand to be woken.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ending>> {
        let mut state = self.lock();
        loop {
            if let Some(line) = &mut state.line {
                ready!(line.poll_clear(cx))?;
            }
            if state.bytes <= self.room_bytes_max / 2 {
                self.pay(&mut state);
            }
            if !state.move_batch() {
                return state.ending.map_or(Poll::Pending, |ending| Poll::Ready(Ok(ending)));
            }
        }
    }

    /// Writes what was begun, whatever else waits.
    pub(super) fn poll_clear(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().line.as_mut().map_or(Poll::Ready(Ok(())), |line| line.poll_clear(cx))
    }

    /// Tells the browser, room by room, what was left out; from here on the rooms flow again.
    fn pay(&self, state: &mut State) {
        if state.debts.is_empty() {
            return;
        }
        let mut encoder = Encoder::new();
        for Debt { room, after, newest_id } in std::mem::take(&mut state.debts) {
            let mut frame = Vec::new();
            encoder.frame(&mut frame, Opcode::Gap, Envelope::default(), |b| {
                schema::Gap::create(b, &schema::GapArgs { room, after, newest_id })
            });
            self.counters.gaps.one();
            state.put(Bytes::from(frame));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change below is complete when its lock is released, also by a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a new frame may go before all that waits, since nothing does.
    fn has_nothing_to_say(&self) -> bool {
        self.frames.is_empty() && self.debts.is_empty() && self.ending.is_none()
    }

    fn put_cut(&mut self, rest: &[u8]) {
        if let Some(line) = &mut self.line {
            line.put(rest);
            self.wake();
        }
    }

    fn forget(&mut self, room: u32) {
        self.debts.retain(|debt| debt.room != room);
    }

    fn put(&mut self, frame: Bytes) {
        if self.ending.is_some() {
            return;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        self.wake();
    }

    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The frames at the head that fit one message.
    fn take_batch(&mut self) -> Option<Bytes> {
        let (count, bytes) = self.batch()?;
        let batch = if count == 1 {
            self.frames.pop_front()?
        } else {
            let mut joined = BytesMut::with_capacity(bytes);
            self.frames.drain(..count).for_each(|frame| joined.extend_from_slice(&frame));
            joined.freeze()
        };
        self.taken(bytes);
        Some(batch)
    }

    /// Moves them, as one message, to the line. False where nothing waits.
    fn move_batch(&mut self) -> bool {
        let (Some((count, bytes)), Some(line)) = (self.batch(), &mut self.line) else { return false };
        line.append(|out| {
            out.reserve(bytes + HEADER_BYTES_MAX);
            put_header(out, bytes);
            self.frames.drain(..count).for_each(|frame| out.extend_from_slice(&frame));
        });
        self.taken(bytes);
        true
    }

    /// How many frames are the next batch, and how many bytes; `None` where nothing waits.
    fn batch(&self) -> Option<(usize, usize)> {
        let (mut count, mut bytes) = (1, self.frames.front()?.len());
        for frame in self.frames.iter().skip(1) {
            if bytes + frame.len() > BATCH_BYTES_MAX {
                break;
            }
            (count, bytes) = (count + 1, bytes + frame.len());
        }
        Some((count, bytes))
    }

    fn taken(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if self.frames.is_empty() && self.frames.capacity() > ENTRIES_KEPT_MAX {
            self.frames = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{Frame, body};

    fn outbox(room_bytes_max: usize, bytes_max: usize) -> Outbox {
        let limits = Limits { socket_room_bytes_max: room_bytes_max, socket_bytes_max: bytes_max, ..Limits::default() };
        Outbox::queue(&limits, Arc::default())
    }

    fn frame(bytes: usize) -> Bytes {
        Bytes::from(vec![7; bytes])
    }

    fn take(outbox: &Outbox) -> Bytes {
        match outbox.poll_take() {
            Poll::Ready(Taken::Frames(frames)) => frames,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn small_frames_leave_as_one_message() {
        let outbox = outbox(1_000, 1_000);
        for id in 1..=3 {
            outbox.message(1, id - 1, id, frame(10));
        }
        assert_eq!(take(&outbox).len(), 30);
        assert_eq!(outbox.poll_take(), Poll::Pending);
    }

    #[test]
    fn a_slow_browser_is_told_of_the_gap_before_it_sees_a_later_message() {
        let outbox = outbox(100, 1_000);
        outbox.message(1, 0, 10, frame(90));
        outbox.message(1, 10, 11, frame(20));
        // It would fit, but the room has a gap now.
        outbox.message(1, 11, 12, frame(5));
        assert_eq!(take(&outbox).len(), 90);
        let batch = take(&outbox);
        let gap = Frame::first(&batch, 1_000).unwrap().unwrap();
        let told = body::read::<schema::Gap<'_>>(gap.body()).unwrap();
        assert_eq!((told.room(), told.after(), told.newest_id()), (1, 10, 12));
        outbox.message(1, 12, 13, frame(30));
        assert_eq!(take(&outbox), frame(30));
    }

    #[test]
    fn a_gap_in_one_room_leaves_the_others_alone() {
        let outbox = outbox(100, 1_000);
        outbox.message(1, 0, 10, frame(101));
        outbox.message(2, 0, 10, frame(60));
        assert_eq!(take(&outbox), frame(60));
    }

    #[test]
    fn answers_past_the_cap_end_the_socket() {
        let outbox = outbox(100, 200);
        outbox.answer(frame(150));
        assert!(!outbox.is_hopeless());
        outbox.answer(frame(60));
        assert!(outbox.is_hopeless());
        assert_eq!(outbox.poll_take(), Poll::Ready(Taken::Ended(Ending::TooSlow)));
    }

    #[test]
    fn what_was_queued_before_the_end_still_leaves() {
        let outbox = outbox(100, 200);
        outbox.answer(frame(10));
        outbox.end(Ending::SessionOver);
        outbox.answer(frame(10));
        assert_eq!(take(&outbox).len(), 10);
        assert_eq!(outbox.poll_take(), Poll::Ready(Taken::Ended(Ending::SessionOver)));
    }
}
