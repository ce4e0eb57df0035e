//! The ring: all of this program's `unsafe`, apart from the promise that `Rooms::flush` makes about its buffers.
//!
//! Accepts and receives are submitted once and complete many times; received bytes land in buffers that the kernel picks
//! from a ring of them; accepted sockets live in the ring's own table, without a descriptor of the process.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::{BufRingEntry, Fd, Fixed};
use io_uring::{IoUring, cqueue, opcode, squeue};

const SUBMISSIONS: u32 = 8_192;
const COMPLETIONS: u32 = 32_768;
const CONNECTIONS_MAX: u32 = 16_384;
const BUFFERS: u16 = 2_048;
const BUFFER_BYTES: usize = 4_096;
/// Completions beyond the first that are gathered before output leaves.
const GATHER_MAX: usize = 4_096;
const GATHER_TRIES_MAX: u32 = 256;
const ENTER_GETEVENTS: u32 = 1;
const NO_BUFFERS: i32 = 105;

/// What completed.
pub(crate) enum Completed {
    Accepted { connection: Option<u32>, more: bool },
    Received { connection: u32, buffer: u16, length: usize, more: bool },
    OutOfBuffers { connection: u32 },
    Gone { connection: u32 },
    Sent { connection: u32, result: i32 },
    Nothing,
}

/// Kinds of operations, in the low bits of `user_data`; the connection is in the bits above.
const RECEIVE: u64 = 0;
const SEND: u64 = 1;
const CLOSE: u64 = 2;
const ACCEPT: u64 = 3;

pub(crate) struct Ring {
    ring: IoUring,
    buffers: Buffers,
}

impl Ring {
    pub(crate) fn new() -> io::Result<Self> {
        let ring: IoUring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        ring.submitter().register_files_sparse(CONNECTIONS_MAX)?;
        let buffers = Buffers::register(&ring)?;
        Ok(Self { ring, buffers })
    }

    /// Takes connections until the kernel says that it stopped.
    pub(crate) fn accept(&mut self, listener: &OwnedFd) -> io::Result<()> {
        let accept = opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).allocate_file_index(true);
        self.push(&accept.build().user_data(ACCEPT))
    }

    /// Receives on a connection until the kernel says that it stopped.
    pub(crate) fn receive(&mut self, connection: u32) -> io::Result<()> {
        let receive = opcode::RecvMulti::new(Fixed(connection), 0);
        self.push(&receive.build().user_data(of(connection, RECEIVE)))
    }

    /// Sends once on a connection.
    ///
    /// # Safety
    /// The bytes must neither move nor change until the send's completion.
    pub(crate) unsafe fn send(&mut self, connection: u32, bytes: &[u8]) -> io::Result<()> {
        let send = opcode::Send::new(Fixed(connection), bytes.as_ptr(), bytes.len() as u32);
        self.push(&send.build().user_data(of(connection, SEND)))
    }

    /// Frees a connection's slot.
    pub(crate) fn close(&mut self, connection: u32) -> io::Result<()> {
        self.push(&opcode::Close::new(Fixed(connection)).build().user_data(of(connection, CLOSE)))
    }

    /// Submits what was pushed, waits for a completion, and gathers all that are ready.
    pub(crate) fn wait(&mut self, completed: &mut Vec<Completed>) -> io::Result<()> {
        match self.ring.submit_and_wait(1) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        completed.extend(self.ring.completion().map(|entry| describe(&entry)));
        let first = completed.len();
        for _ in 0..GATHER_TRIES_MAX {
            let before = completed.len();
            // SAFETY: no argument is passed, so there is nothing that would have to outlive the call.
            let _ = unsafe { self.ring.submitter().enter::<()>(0, 0, ENTER_GETEVENTS, None) };
            completed.extend(self.ring.completion().map(|entry| describe(&entry)));
            if completed.len() == before || completed.len() - first > GATHER_MAX {
                break;
            }
        }
        Ok(())
    }

    /// Bytes that a receive put into a buffer.
    pub(crate) fn received(&self, buffer: u16, length: usize) -> &[u8] {
        let start = usize::from(buffer) * BUFFER_BYTES;
        &self.buffers.bytes[start..start + length]
    }

    /// Lets the kernel use a buffer again.
    pub(crate) fn give_back(&mut self, buffer: u16) {
        self.buffers.add(buffer);
        self.buffers.publish();
    }

    fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: entries refer to slots of the ring's own table, to the listener, which lives as long as the program,
        // and to bytes that the caller of `send` keeps.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }
}

fn of(connection: u32, kind: u64) -> u64 {
    u64::from(connection) << 2 | kind
}

fn describe(entry: &cqueue::Entry) -> Completed {
    let (result, more) = (entry.result(), cqueue::more(entry.flags()));
    let connection = (entry.user_data() >> 2) as u32;
    match entry.user_data() & 3 {
        ACCEPT => Completed::Accepted { connection: u32::try_from(result).ok(), more },
        SEND => Completed::Sent { connection, result },
        RECEIVE => match (cqueue::buffer_select(entry.flags()), usize::try_from(result)) {
            (Some(buffer), Ok(length)) if length > 0 => Completed::Received { connection, buffer, length, more },
            _ if result == -NO_BUFFERS => Completed::OutOfBuffers { connection },
            _ => Completed::Gone { connection },
        },
        _ => Completed::Nothing,
    }
}

/// Buffers that the kernel picks from.
struct Buffers {
    bytes: Vec<u8>,
    entries: *mut BufRingEntry,
    tail: u16,
}

impl Buffers {
    fn register(ring: &IoUring) -> io::Result<Self> {
        let layout = Layout::from_size_align(usize::from(BUFFERS) * size_of::<BufRingEntry>(), 4096)
            .expect("a page's alignment and a small size fit");
        // SAFETY: the layout is not empty. The memory lives as long as the program.
        let entries = unsafe { alloc_zeroed(layout) }.cast::<BufRingEntry>();
        if entries.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: `entries` is as large as the kernel is told, aligned to a page, and never freed.
        unsafe { ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFERS, 0, 0)? };
        let mut buffers = Self { bytes: vec![0; usize::from(BUFFERS) * BUFFER_BYTES], entries, tail: 0 };
        (0..BUFFERS).for_each(|buffer| buffers.add(buffer));
        buffers.publish();
        Ok(buffers)
    }

    fn add(&mut self, buffer: u16) {
        let start = usize::from(buffer) * BUFFER_BYTES;
        let address = self.bytes[start..].as_mut_ptr() as u64;
        // SAFETY: the index lies within the ring, whose length is a power of two, and the kernel does not look at an
        // entry before the tail passes it.
        let entry = unsafe { &mut *self.entries.add(usize::from(self.tail & (BUFFERS - 1))) };
        entry.set_addr(address);
        entry.set_len(BUFFER_BYTES as u32);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&self) {
        // SAFETY: the tail lies within the first entry, aligned to two bytes, and both sides access it atomically.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.entries).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}
