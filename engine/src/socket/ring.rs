//! The shard's sockets on an `io_uring` of their own, driven by the shard's thread between glommio's tasks.
//!
//! A connection lives in a slot of the ring's table. Its receive is submitted once and completes with every piece of
//! input; its output is one send at a time. Everything submitted since the last look goes to the kernel in one call,
//! which brings back what has completed.
//!
//! Invariants: bytes of a send stay where they are until it completes (the slot owns them); a slot is used again only
//! when nothing of its last connection is under way.

use std::io;
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{Ordering, fence};

use io_uring::types::{CancelBuilder, Fixed};
use io_uring::{IoUring, cqueue, opcode, squeue};
use rustix::event::{EventfdFlags, eventfd};

use super::buffers::{Buffers, GROUP};
use super::output::Output;

/// Submissions gathered before the kernel is called at the latest.
const SUBMISSIONS: u32 = 4_096;
/// Completions that wait to be looked at; what is above waits in the kernel's own list.
const COMPLETIONS: u32 = 16_384;
const ENTER_GETEVENTS: u32 = 1;
const OUT_OF_BUFFERS: i32 = -libc::ENOBUFS;
const CANCELED: i32 = -libc::ECANCELED;

/// Kinds of operations, in the low bits of `user_data`; the slot is in the bits above.
const RECEIVE: u64 = 0;
const SEND: u64 = 1;
const CLOSE: u64 = 2;
const CANCEL: u64 = 3;

/// What happened to a connection.
#[derive(Debug)]
pub(crate) enum Completed {
    /// Input; the piece must be given back.
    Received { slot: u32, piece: Piece },
    /// The peer is gone, or the receive failed: there is no more input.
    Ended { slot: u32 },
    /// So many bytes left; the output comes back when it is through.
    Sent { slot: u32, bytes: usize, output: Option<Output> },
    /// The output cannot be sent.
    Broken { slot: u32 },
}

impl Completed {
    /// The slot that it is about.
    pub(crate) fn slot(&self) -> u32 {
        let (Self::Received { slot, .. } | Self::Ended { slot } | Self::Sent { slot, .. } | Self::Broken { slot }) =
            self;
        *slot
    }
}

/// Input in one of the shard's buffers.
#[derive(Debug)]
pub(crate) struct Piece {
    buffer: u16,
    length: usize,
}

/// What is under way on a slot.
#[derive(Default)]
struct Slot {
    is_open: bool,
    is_receiving: bool,
    /// No input is wanted for now.
    is_held: bool,
    is_closing: bool,
    sending: Option<(Output, usize)>,
}

pub(crate) struct Ring {
    ring: IoUring,
    buffers: ManuallyDrop<Buffers>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots whose receive ended for want of a buffer.
    starved: Vec<u32>,
    bell: OwnedFd,
    /// Empty between looks; kept for its memory.
    entries: Vec<cqueue::Entry>,
}

impl Ring {
    /// A ring for so many connections, on the thread that uses it.
    pub(crate) fn new(connections_max: usize) -> io::Result<Self> {
        let ring: IoUring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        let count = u32::try_from(connections_max).unwrap_or(u32::MAX);
        ring.submitter().register_files_sparse(count)?;
        let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        ring.submitter().register_eventfd(bell.as_raw_fd())?;
        let buffers = ManuallyDrop::new(Buffers::register(&ring)?);
        Ok(Self { ring, buffers, slots: Vec::new(), free: Vec::new(), starved: Vec::new(), bell, entries: Vec::new() })
    }

    /// Readable when something has completed while it was listened for.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Has [`Self::bell`] ring for what completes from here on. Look for completions after it, before waiting.
    pub(crate) fn listen(&mut self) {
        // It fails only where there is nothing to take.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        self.hear();
    }

    /// What completes rings for nobody, since who asks will look. True when it was listened for.
    pub(crate) fn mute(&mut self) -> bool {
        let queue = self.ring.completion();
        let is_heard = !queue.eventfd_disabled();
        if is_heard {
            queue.disable_eventfd();
        }
        is_heard
    }

    /// Ends [`Self::mute`]; rings for what has completed and was not looked at.
    pub(crate) fn unmute(&mut self) {
        self.hear();
        if self.has_completed() {
            // It fails only where it has rung very often already.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    fn hear(&mut self) {
        self.ring.completion().enable_eventfd();
        // The kernel notes that there is work before it looks whether it should ring; so one of the two sees the other.
        fence(Ordering::SeqCst);
    }

    fn has_completed(&mut self) -> bool {
        self.has_noted() || !self.ring.completion().is_empty()
    }

    /// Whether the kernel has completions that it brings only when it is called.
    fn has_noted(&mut self) -> bool {
        let submission = self.ring.submission();
        submission.taskrun() || submission.cq_overflow()
    }

    /// Takes a connection in and receives on it. `None` when all slots are taken, or the kernel refuses.
    pub(crate) fn open(&mut self, stream: &TcpStream) -> Option<u32> {
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let registered = self.ring.submitter().register_files_update(slot, &[stream.as_raw_fd()]);
        if !registered.is_ok_and(|count| count == 1) {
            if (slot as usize) < self.slots.len() {
                self.free.push(slot);
            }
            return None;
        }
        if slot as usize == self.slots.len() {
            self.slots.push(Slot::default());
        }
        self.slots[slot as usize] = Slot { is_open: true, ..Slot::default() };
        self.receive(slot);
        Some(slot)
    }

    /// Takes no more input of the connection until [`Self::resume`]. What the kernel has taken already still comes.
    pub(crate) fn hold(&mut self, slot: u32) {
        let state = &mut self.slots[slot as usize];
        state.is_held = true;
        if state.is_receiving {
            let cancel = opcode::AsyncCancel::new(of(slot, RECEIVE));
            self.push(&cancel.build().user_data(of(slot, CANCEL)));
        }
    }

    /// Takes input again.
    pub(crate) fn resume(&mut self, slot: u32) {
        self.slots[slot as usize].is_held = false;
        self.receive_where_wanted(slot);
    }

    /// Sends `output`; the next one only when this one is through.
    pub(crate) fn send(&mut self, slot: u32, output: Output) {
        let state = &mut self.slots[slot as usize];
        debug_assert!(state.sending.is_none() && !state.is_closing, "one send at a time");
        state.sending = Some((output, 0));
        self.send_rest(slot);
    }

    /// Ends the connection: what is under way is given up, nothing more is told of it.
    pub(crate) fn close(&mut self, slot: u32) {
        let state = &mut self.slots[slot as usize];
        if std::mem::replace(&mut state.is_closing, true) {
            return;
        }
        if state.is_receiving || state.sending.is_some() {
            let cancel = opcode::AsyncCancel2::new(CancelBuilder::fd(Fixed(slot)).all());
            self.push(&cancel.build().user_data(of(slot, CANCEL)));
        } else {
            self.free_slot(slot);
        }
    }

    /// Bytes of a piece of input.
    pub(crate) fn bytes(&self, piece: &Piece) -> &[u8] {
        self.buffers.bytes(piece.buffer, piece.length)
    }

    /// Lets the piece's memory be used again.
    #[expect(clippy::needless_pass_by_value, reason = "a piece is given back once")]
    pub(crate) fn give_back(&mut self, piece: Piece) {
        self.buffers.give_back(piece.buffer);
        while let Some(slot) = self.starved.pop() {
            self.receive_where_wanted(slot);
        }
    }

    /// Slots that are in use, those included whose connection is being closed.
    pub(crate) fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Submits what was asked for, and appends what has completed. Does not wait.
    pub(crate) fn look(&mut self, completed: &mut Vec<Completed>) -> io::Result<()> {
        if self.has_submissions() || self.has_noted() {
            self.enter()?;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.extend(self.ring.completion());
        for entry in entries.drain(..) {
            self.complete(&entry, completed);
        }
        self.entries = entries;
        Ok(())
    }

    /// Whether something was asked for that the kernel does not know of yet.
    pub(crate) fn has_submissions(&mut self) -> bool {
        !self.ring.submission().is_empty()
    }

    /// Submits what was asked for.
    pub(crate) fn submit(&mut self) -> io::Result<()> {
        if self.has_submissions() { self.enter() } else { Ok(()) }
    }

    fn enter(&mut self) -> io::Result<()> {
        let count = self.ring.submission().len() as u32;
        // SAFETY: no argument is passed, so there is nothing that would have to outlive the call.
        match unsafe { self.ring.submitter().enter::<()>(count, 0, ENTER_GETEVENTS, None) } {
            Err(error) if !is_passing(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn complete(&mut self, entry: &cqueue::Entry, completed: &mut Vec<Completed>) {
        let slot = (entry.user_data() >> 2) as u32;
        match entry.user_data() & 3 {
            RECEIVE => self.received(slot, entry, completed),
            SEND => self.sent(slot, entry.result(), completed),
            CLOSE => {
                self.slots[slot as usize] = Slot::default();
                self.free.push(slot);
            }
            _ => {}
        }
    }

    fn received(&mut self, slot: u32, entry: &cqueue::Entry, completed: &mut Vec<Completed>) {
        let has_more = cqueue::more(entry.flags());
        let state = &mut self.slots[slot as usize];
        state.is_receiving = has_more;
        let is_closing = state.is_closing;
        let piece = cqueue::buffer_select(entry.flags())
            .map(|buffer| Piece { buffer, length: usize::try_from(entry.result()).unwrap_or(0) });
        match piece {
            Some(piece) if is_closing || piece.length == 0 => self.give_back(piece),
            Some(piece) => completed.push(Completed::Received { slot, piece }),
            None => {}
        }
        if is_closing {
            return self.free_slot(slot);
        }
        let result = entry.result();
        match result {
            _ if has_more => {}
            // What comes until a buffer is free waits in the socket.
            OUT_OF_BUFFERS => self.starved.push(slot),
            // Canceled: by `hold`, perhaps resumed since.
            CANCELED => self.receive_where_wanted(slot),
            1.. => self.receive_where_wanted(slot),
            _ => completed.push(Completed::Ended { slot }),
        }
    }

    fn sent(&mut self, slot: u32, result: i32, completed: &mut Vec<Completed>) {
        let state = &mut self.slots[slot as usize];
        let Some((output, sent)) = &mut state.sending else { return };
        if state.is_closing {
            state.sending = None;
            return self.free_slot(slot);
        }
        match usize::try_from(result) {
            Ok(bytes) if bytes > 0 => {
                *sent += bytes;
                let is_through = *sent >= output.len();
                let output = if is_through { state.sending.take().map(|(output, _)| output) } else { None };
                completed.push(Completed::Sent { slot, bytes, output });
                if !is_through {
                    self.send_rest(slot);
                }
            }
            _ => {
                state.sending = None;
                completed.push(Completed::Broken { slot });
            }
        }
    }

    fn receive_where_wanted(&mut self, slot: u32) {
        let state = &self.slots[slot as usize];
        if state.is_open && !state.is_receiving && !state.is_held && !state.is_closing {
            self.receive(slot);
        }
    }

    fn receive(&mut self, slot: u32) {
        self.slots[slot as usize].is_receiving = true;
        let receive = opcode::RecvMulti::new(Fixed(slot), GROUP);
        self.push(&receive.build().user_data(of(slot, RECEIVE)));
    }

    fn send_rest(&mut self, slot: u32) {
        let Some((output, sent)) = &self.slots[slot as usize].sending else { return };
        let rest = &output.as_slice()[*sent..];
        let send = opcode::Send::new(Fixed(slot), rest.as_ptr(), rest.len() as u32).flags(libc::MSG_NOSIGNAL);
        self.push(&send.build().user_data(of(slot, SEND)));
    }

    /// Frees the slot of a closing connection once nothing of it is under way.
    fn free_slot(&mut self, slot: u32) {
        let state = &self.slots[slot as usize];
        if state.is_open && !state.is_receiving && state.sending.is_none() {
            self.slots[slot as usize].is_open = false;
            self.push(&opcode::Close::new(Fixed(slot)).build().user_data(of(slot, CLOSE)));
        }
    }

    fn push(&mut self, entry: &squeue::Entry) {
        // SAFETY: entries refer to slots of the ring's own table and to the output that its slot keeps until the send
        // completes: neither growing `slots` nor moving an `Output` moves the bytes.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            // The queue is full; a call that passes empties it, and nothing else can be done where none does.
            if let Err(error) = self.enter() {
                tracing::error!(%error, "io_uring takes no submissions; trying again");
            }
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let is_under_way = |slot: &Slot| slot.is_receiving || slot.sending.is_some();
        if self.slots.iter().any(is_under_way) {
            // The kernel gives operations up some time after the ring is closed, and may use their memory until then:
            // it is left to it.
            for slot in &mut self.slots {
                std::mem::forget(slot.sending.take());
            }
            return;
        }
        // SAFETY: not used after this; no receive is under way.
        unsafe { ManuallyDrop::take(&mut self.buffers).free() };
    }
}

fn of(slot: u32, kind: u64) -> u64 {
    u64::from(slot) << 2 | kind
}

/// The kernel was interrupted, or is short of memory for a moment: the same call again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy)
}
