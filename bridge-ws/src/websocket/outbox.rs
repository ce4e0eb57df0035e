//! What waits for one browser: a queue with a cap in bytes, and what the browser is owed once it reads again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use moim_wire::{Encoder, Envelope, Opcode, schema};

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

/// What the socket's task finds to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Whole frames, back to back, for one message.
    Frames(Bytes),
    /// Nothing more will come.
    Ended(Ending),
}

/// Queue between the trunk's reader, which puts frames in, and the socket's task, which takes batches out.
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
}

/// A room whose messages are left out until the queue has drained.
struct Debt {
    room: u32,
    after: u64,
    newest_id: u64,
}

impl Outbox {
    pub(crate) fn new(limits: &Limits, counters: Arc<Counters>) -> Self {
        Self {
            state: Mutex::default(),
            room_bytes_max: limits.socket_room_bytes_max,
            bytes_max: limits.socket_bytes_max,
            counters,
        }
    }

    /// Queues a room's message, or leaves it out when too much waits. Once one is left out all of its room are, until
    /// a GAP can be sent: so a browser never sees a later message of a room without knowing what it missed.
    pub(crate) fn message(&self, room: u32, prev_id: u64, id: u64, frame: Bytes) {
        let mut state = self.lock();
        if let Some(debt) = state.debts.iter_mut().find(|debt| debt.room == room) {
            debt.newest_id = debt.newest_id.max(id);
            self.counters.messages_left_out.one();
        } else if state.bytes + frame.len() > self.room_bytes_max {
            state.debts.push(Debt { room, after: prev_id, newest_id: id });
            self.counters.messages_left_out.one();
            state.wake();
        } else {
            state.put(frame);
        }
    }

    /// Queues a mark, typing or presence, or drops it when much waits: they are best effort.
    pub(crate) fn ephemeral(&self, frame: Bytes) {
        let mut state = self.lock();
        if state.bytes + frame.len() > self.room_bytes_max / 2 {
            self.counters.frames_shed_out.one();
        } else {
            state.put(frame);
        }
    }

    /// Queues what must not be left out. Past the cap the socket ends.
    pub(crate) fn answer(&self, frame: Bytes) {
        let mut state = self.lock();
        if state.bytes + frame.len() > self.bytes_max {
            state.frames.clear();
            state.end(Ending::TooSlow);
        } else {
            state.put(frame);
        }
    }

    /// The browser follows the room no more: what it missed there does not matter.
    pub(crate) fn forget(&self, room: u32) {
        self.lock().debts.retain(|debt| debt.room != room);
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
        let first = self.frames.pop_front()?;
        let mut bytes = first.len();
        let more = self.frames.iter().take_while(|frame| {
            bytes += frame.len();
            bytes <= BATCH_BYTES_MAX
        });
        let more = more.count();
        let batch = if more == 0 { first } else { self.join(&first, more) };
        self.bytes -= batch.len();
        if self.frames.is_empty() && self.frames.capacity() > ENTRIES_KEPT_MAX {
            self.frames = VecDeque::new();
        }
        Some(batch)
    }

    fn join(&mut self, first: &Bytes, more: usize) -> Bytes {
        let length = first.len() + self.frames.iter().take(more).map(Bytes::len).sum::<usize>();
        let mut joined = BytesMut::with_capacity(length);
        joined.extend_from_slice(first);
        for frame in self.frames.drain(..more) {
            joined.extend_from_slice(&frame);
        }
        joined.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{Frame, body};

    fn outbox(room_bytes_max: usize, bytes_max: usize) -> Outbox {
        let limits = Limits { socket_room_bytes_max: room_bytes_max, socket_bytes_max: bytes_max, ..Limits::default() };
        Outbox::new(&limits, Arc::default())
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
