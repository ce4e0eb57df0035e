//! Memory for input: the kernel picks a buffer when bytes arrive, so that a silent connection holds none.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// Buffers of a shard. A power of two.
pub(super) const BUFFERS: u16 = 2_048;
/// Bytes of each: a client's window of short messages fits into one, and all together stay in a core's cache.
pub(super) const BUFFER_BYTES: usize = 2_048;
/// The group that receives name.
pub(super) const GROUP: u16 = 0;

/// Buffers shared with the kernel, and the ring of those that it may fill.
pub(super) struct Buffers {
    bytes: Vec<u8>,
    entries: *mut BufRingEntry,
    tail: u16,
}

impl Buffers {
    /// Hands all buffers to the kernel.
    pub(super) fn register(ring: &IoUring) -> io::Result<Self> {
        // SAFETY: the layout is not empty.
        let entries = unsafe { alloc_zeroed(Self::layout()) }.cast::<BufRingEntry>();
        if entries.is_null() {
            handle_alloc_error(Self::layout());
        }
        let mut buffers = Self { bytes: vec![0; usize::from(BUFFERS) * BUFFER_BYTES], entries, tail: 0 };
        // SAFETY: `entries` is as large as the kernel is told and aligned to a page; it is freed by `free` alone.
        unsafe { ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFERS, GROUP, 0)? };
        (0..BUFFERS).for_each(|buffer| buffers.add(buffer));
        buffers.publish();
        Ok(buffers)
    }

    fn layout() -> Layout {
        Layout::from_size_align(usize::from(BUFFERS) * size_of::<BufRingEntry>(), 4_096)
            .expect("a page's alignment and a small size make a layout")
    }

    /// What the kernel put into a buffer.
    pub(super) fn bytes(&self, buffer: u16, length: usize) -> &[u8] {
        let start = usize::from(buffer) * BUFFER_BYTES;
        &self.bytes[start..start + length]
    }

    /// Lets the kernel fill the buffer again.
    pub(super) fn give_back(&mut self, buffer: u16) {
        self.add(buffer);
        self.publish();
    }

    /// Frees the memory.
    ///
    /// # Safety
    /// No receive may be under way: the kernel would write into memory that is somebody else's by then.
    pub(super) unsafe fn free(self) {
        // SAFETY: allocated in `register` with the same layout, and not used by the kernel any more.
        unsafe { dealloc(self.entries.cast(), Self::layout()) };
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
