//! A journal of the engine's format on a file written beforehand, synced by a thread of its own on the shard's core: the
//! shard goes on while the disk works, as in the engine.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Thread};

use moim_engine::journal::{BLOCK_BYTES, SegmentHeader, batch_bytes, encode_batch};
use moim_engine::router::ShardId;
use moim_engine::shard::SealedBatch;
use rustix::fs::OFlags;

use crate::shard_thread::stay_on;

/// Written over from its start when it is full.
const FILE_BYTES: u64 = 256 * 1024 * 1024;

/// The shard's end of its journal; one batch is on its way at a time.
pub(crate) struct Journal {
    batches: SyncSender<SealedBatch>,
    positions: Receiver<u64>,
    pub(crate) is_writing: bool,
}

impl Journal {
    /// Starts the journal's thread, which unparks `shard` when a batch is synced.
    pub(crate) fn start(id: ShardId, folder: &Path, shard: Thread) -> io::Result<Self> {
        let file = prewritten(&folder.join(format!("journal-{id}")))?;
        let (batches, to_write) = sync_channel(1);
        let (written, positions) = sync_channel(1);
        thread::spawn(move || {
            stay_on(id);
            write_all(&file, &to_write, &written, &shard);
        });
        Ok(Self { batches, positions, is_writing: false })
    }

    pub(crate) fn write(&mut self, batch: SealedBatch) {
        self.is_writing = true;
        self.batches.send(batch).expect("the journal's thread ends after the shard's");
    }

    /// Up to where everything is synced, when that is news.
    pub(crate) fn committed(&mut self) -> Option<u64> {
        let position = self.positions.try_recv().ok()?;
        self.is_writing = false;
        Some(position)
    }
}

fn write_all(file: &File, batches: &Receiver<SealedBatch>, written: &SyncSender<u64>, shard: &Thread) {
    let header = SegmentHeader { number: 1, first_position: 0, salt: 0x5eed, is_relaxed: false, shards: 2 };
    let (mut offset, mut buffer) = (0, Vec::new());
    while let Ok(batch) = batches.recv() {
        let bytes = batch_bytes(batch.frames.len());
        let block = aligned(&mut buffer, bytes);
        encode_batch(block, &header, batch.first, (batch.last - batch.first) as u32, &batch.frames);
        if offset + bytes as u64 > FILE_BYTES {
            offset = 0;
        }
        file.write_all_at(block, offset).expect("the disk takes the batch");
        file.sync_data().expect("the disk syncs");
        offset += bytes as u64;
        if written.send(batch.last).is_err() {
            return;
        }
        shard.unpark();
    }
}

/// So many bytes at a block's boundary, which writing past the kernel's cache asks for.
fn aligned(buffer: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if buffer.len() < bytes + BLOCK_BYTES {
        buffer.resize(bytes + BLOCK_BYTES, 0);
    }
    let start = buffer.as_ptr().align_offset(BLOCK_BYTES);
    &mut buffer[start..start + bytes]
}

fn prewritten(path: &Path) -> io::Result<File> {
    let direct = OFlags::DIRECT.bits().cast_signed();
    let file = OpenOptions::new().write(true).create(true).truncate(true).custom_flags(direct).open(path)?;
    let mut buffer = Vec::new();
    let zeros = aligned(&mut buffer, 4 * 1024 * 1024);
    for offset in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(zeros, offset)?;
    }
    file.sync_all()?;
    Ok(file)
}
