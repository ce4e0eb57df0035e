//! A message store that stands still: its disk, and no other, is full.

use std::os::unix::fs::symlink;

use moim_wire::{MessageId, RoomId, schema};

use super::tmpfs::Filler;
use super::{Options, Peer, Scene, Server, SmallDisk, page};

/// What the store's files need before anything is said.
const DISK_MIB: u32 = 96;

/// The disk of a message store; journal and accounts lie elsewhere.
pub(crate) struct StallingStore<'a> {
    disk: &'a SmallDisk,
}

impl StallingStore<'_> {
    /// Runs `test`, named so by the harness.
    pub(crate) fn with(test_name: &str, test: impl FnOnce(&StallingStore<'_>)) {
        SmallDisk::with(DISK_MIB, test_name, |disk| test(&StallingStore { disk }));
    }

    /// A data folder whose message store has this disk.
    pub(crate) fn data(&self) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        symlink(self.disk.path(), data.path().join("messages")).unwrap();
        data
    }

    /// Nothing more goes into the store until the guard is dropped.
    pub(crate) fn stall(&self) -> Filler {
        self.disk.fill_but(0)
    }
}

/// Small segments, and next to nothing in memory.
pub(crate) fn options() -> Options {
    let mut options = Options { shards: 1, segment_bytes: 256 * 1024, ..Options::default() };
    options.limits.batch_bytes_max = 64 * 1024;
    options.limits.feed_bytes_max = 64 * 1024;
    options.limits.recent_bytes_max = 64 * 1024;
    options
}

impl Server {
    /// Returns once the message store has refused a write.
    pub(crate) fn until_stalled(&self) {
        let before = self.persistence.stats().lanes[0].retries_total;
        self.until("refused by the store", |_| self.persistence.stats().lanes[0].retries_total > before);
    }

    /// Stops while the message store stands still: what it did not take the journal keeps.
    pub(crate) fn stop_stalled(self) {
        self.engine.stop().expect("the shards stop");
        assert!(self.persistence.close().is_err(), "the store says that it could not take everything");
    }

    /// Returns once the message store has everything.
    pub(crate) fn until_confirmed(&self) {
        self.until("confirmed", |shards| shards.iter().all(|shard| shard.unconfirmed_records == 0));
    }
}

impl Scene {
    /// Says so much that nearly all of it is only in the journal's closed segments; what was acknowledged.
    pub(crate) fn say_much(&self, peer: &mut Peer, first: u32, count: u32) -> Vec<(MessageId, String)> {
        let said = (first..first + count).map(|sequence| {
            let text = format!("{sequence} {}", "x".repeat(3_500));
            (peer.say_text(0, self.room, sequence, &text), text)
        });
        said.collect()
    }
}

/// All that was said in a room, page by page from the oldest on.
pub(crate) fn whole_room(peer: &mut Peer, room: RoomId) -> Vec<(MessageId, String)> {
    let mut messages: Vec<(MessageId, String)> = Vec::new();
    loop {
        let after = messages.last().map_or(MessageId(1), |&(id, _)| id);
        let request = peer.history(room, after, 200);
        let answer = peer.answer(request);
        messages.extend(page(&answer));
        if !answer.body::<schema::HistoryPage<'_>>().more() {
            messages.retain(|(_, text)| text.starts_with(|first: char| first.is_ascii_digit()));
            return messages;
        }
    }
}
