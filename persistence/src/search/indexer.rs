//! The thread that keeps the index: takes what the lanes offer, reads from the store what they could not, commits.
//!
//! Of every room the index has all messages up to one and none above, whatever happens, because it is given them in the
//! order of their ids and a commit is whole. So an index knows by itself where each room goes on. A room of which
//! something may lie between there and the next message offered is *behind*: what is offered of it is passed over, as the
//! store has it already, and its messages are read from the store, page by page, between the batches.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use foldhash::fast::RandomState;
use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::{MessageId, RoomId};

use super::Shared;
use super::entry::{self, Effect, Entry};
use super::index::{Mark, Newest, Opened};
use super::queue::Next;
use super::stale::Stale;
use crate::error::Error;
use crate::members::Rooms;
use crate::message_store::{MessageStore, PageQuery};
use crate::runtime::{Runtime, be_idle};

/// How long the first message of a commit waits for others.
const GATHER: Duration = Duration::from_millis(20);
/// From one commit to the next, at least: each costs some syncs, whatever is in it. The same while nothing but old messages
/// comes in.
const APART: Duration = Duration::from_millis(250);
const APART_OLD: Duration = Duration::from_secs(3);
/// What is read of the store at once.
const PAGE_MESSAGES: usize = 1_000;
const PAGE_BYTES: usize = 1024 * 1024;
/// After a failure of the store, and of the index at first and at most.
const STORE_PAUSE: Duration = Duration::from_millis(500);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// What the thread works with.
pub(super) struct Indexer {
    pub(super) folder: PathBuf,
    pub(super) memory_bytes: usize,
    pub(super) runtime: Arc<Runtime>,
    pub(super) messages: MessageStore,
    pub(super) rooms: Rooms,
    pub(super) shared: Arc<Shared>,
}

/// An index that is being kept.
struct Keeping<'a> {
    with: &'a Indexer,
    index: Opened,
    newest: Newest,
    behind: Behind,
    /// When the oldest of what is not committed was taken.
    uncommitted: Option<Instant>,
    /// When something was committed last.
    committed: Instant,
    /// Whether any of it was offered.
    is_live: bool,
    /// When the store is asked again after it failed.
    store_again: Option<Instant>,
}

/// Rooms to be read from the store, those where people talk first. At most all rooms there are, once or twice each.
#[derive(Default)]
struct Behind {
    rooms: BTreeSet<RoomId>,
    lively: BTreeSet<RoomId>,
}

impl Indexer {
    /// Keeps the index until the queue is closed; after a failure it is opened anew, as after a crash.
    pub(super) fn run(&self) {
        be_idle();
        let mut pause = RETRY_FIRST;
        loop {
            let begun = Instant::now();
            let Err(error) = self.keep() else { return };
            self.shared.failed();
            tracing::error!(%error, pause_ms = pause.as_millis() as u64, "the search index failed; opening it anew");
            if begun.elapsed() > RETRY_MAX {
                pause = RETRY_FIRST;
            }
            if self.shared.queue.closes_within(pause) {
                return;
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    fn keep(&self) -> Result<(), Error> {
        let mut keeping = Keeping::begin(self)?;
        while keeping.step()? {}
        keeping.end()
    }

    /// All rooms that are not deleted.
    fn all_rooms(&self) -> Result<Vec<RoomId>, Error> {
        let mut all: Vec<RoomId> = Vec::new();
        loop {
            let (rooms, after) = (self.rooms.clone(), all.last().copied().unwrap_or_default());
            let page = self.runtime.wait_for(async move { rooms.page(after, LIST_LIMIT_MAX).await })??;
            all.extend(page.iter().map(|room| room.id));
            if page.len() < LIST_LIMIT_MAX {
                return Ok(all);
            }
        }
    }
}

impl<'a> Keeping<'a> {
    fn begin(with: &'a Indexer) -> Result<Self, Error> {
        with.shared.opening();
        let index = Opened::open(&with.folder, with.memory_bytes)?;
        let newest = index.newest()?;
        let was_complete = index.mark == Mark::Complete && !Stale::of(&with.folder).is_set();
        let (behind, committed) = (Behind::default(), Instant::now());
        let mut keeping =
            Self { with, index, newest, behind, uncommitted: None, committed, is_live: false, store_again: None };
        if !was_complete {
            keeping.find_what_is_missing()?;
        }
        // From here on the store may get what the index does not have yet.
        keeping.commit(Mark::Open)?;
        Stale::of(&with.folder).clear().map_err(tantivy::TantivyError::from)?;
        with.shared.opened(keeping.index.fields, keeping.index.reader.clone());
        Ok(keeping)
    }

    /// Nobody knows what the store was given and the index was not: every room is looked at.
    fn find_what_is_missing(&mut self) -> Result<(), Error> {
        let rooms = self.with.all_rooms()?;
        let gone: Vec<RoomId> = {
            let there: HashSet<RoomId, RandomState> = rooms.iter().copied().collect();
            self.newest.keys().filter(|room| !there.contains(room)).copied().collect()
        };
        gone.into_iter().for_each(|room| self.index.remove_room(room));
        rooms.into_iter().for_each(|room| self.behind.add(room));
        Ok(())
    }

    /// One piece of work; false when there is no more.
    fn step(&mut self) -> Result<bool, Error> {
        let next = self.with.shared.queue.next(self.patience());
        // Before the batch is looked at: what was missed lies before what was offered later.
        for room in self.with.shared.queue.missed() {
            self.behind.add(room);
        }
        match next {
            Next::Batch(frames) => self.take_batch(&frames)?,
            Next::Nothing => {}
            Next::Closed => return Ok(false),
        }
        // Beside every batch, so that rooms get even with it however many batches come.
        self.read_on()?;
        if self.is_due() {
            self.commit(Mark::Open)?;
        }
        self.tell();
        Ok(true)
    }

    fn tell(&self) {
        self.with.shared.queue.done(self.uncommitted, self.behind.rooms.len());
    }

    /// How long there is nothing to do unless something is offered.
    fn patience(&self) -> Option<Duration> {
        let commit = self.uncommitted.map(|since| self.due(since).saturating_duration_since(Instant::now()));
        let read = (!self.behind.rooms.is_empty())
            .then(|| self.store_again.map_or(Duration::ZERO, |again| again.saturating_duration_since(Instant::now())));
        [commit, read].into_iter().flatten().min()
    }

    /// When what waits since then is to be committed.
    fn due(&self, since: Instant) -> Instant {
        let apart = if self.is_live { APART } else { APART_OLD };
        (since + GATHER).max(self.committed + apart)
    }

    fn is_due(&self) -> bool {
        // The last of what was missing is not left waiting.
        let is_complete = self.behind.rooms.is_empty() && !self.is_live;
        self.uncommitted.is_some_and(|since| is_complete || Instant::now() >= self.due(since))
    }

    fn take_batch(&mut self, frames: &Bytes) -> Result<(), Error> {
        let mut taken = Ok(());
        entry::for_each(frames, |entry| {
            if taken.is_ok() && !self.behind.has(entry.room) {
                taken = self.take(&entry);
                self.is_live = true;
                self.uncommitted = self.uncommitted.or_else(|| Some(Instant::now()));
            }
        });
        taken
    }

    /// Reads one page of a room that is behind.
    fn read_on(&mut self) -> Result<(), Error> {
        if self.store_again.is_some_and(|again| Instant::now() < again) {
            return Ok(());
        }
        let Some(room) = self.behind.first() else { return Ok(()) };
        let after = PageQuery::After(self.newest.get(&room).copied().unwrap_or_default());
        let page = match self.with.messages.page_behind(room, after, PAGE_MESSAGES, PAGE_BYTES) {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%room, %error, "the message store does not tell what search lacks; asking again");
                self.store_again = Some(Instant::now() + STORE_PAUSE);
                return Ok(());
            }
        };
        self.store_again = None;
        let mut taken = Ok(());
        entry::for_each(&page.frames, |entry| {
            if taken.is_ok() {
                taken = self.take(&entry);
            }
        });
        taken?;
        if page.count > 0 {
            self.uncommitted = self.uncommitted.or_else(|| Some(Instant::now()));
        }
        if !page.more {
            self.behind.remove(room);
        }
        Ok(())
    }

    /// Takes a message in, unless it was before.
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let Entry { room, id, effect } = *entry;
        let newest = self.newest.entry(room).or_insert(MessageId::ZERO);
        if id <= *newest {
            return Ok(());
        }
        *newest = id;
        let counters = &self.with.shared.counters;
        match effect {
            Effect::Said(text) => {
                self.index.add(room, id, text)?;
                counters.added.fetch_add(1, Ordering::Relaxed);
            }
            Effect::Withdrawn(withdrawn) => {
                self.index.remove(room, withdrawn)?;
                counters.removed.fetch_add(1, Ordering::Relaxed);
            }
            Effect::RoomDeleted => self.index.remove_room(room),
            Effect::Nothing => {}
        }
        Ok(())
    }

    fn commit(&mut self, mark: Mark) -> Result<(), Error> {
        let found = self.index.commit(mark)?;
        (self.uncommitted, self.committed, self.is_live) = (None, Instant::now(), false);
        self.tell();
        self.with.shared.committed(found);
        Ok(())
    }

    /// The queue is closed and empty.
    fn end(mut self) -> Result<(), Error> {
        let mark = if self.behind.rooms.is_empty() { Mark::Complete } else { Mark::Open };
        self.commit(mark)
    }
}

impl Behind {
    fn add(&mut self, room: RoomId) {
        self.rooms.insert(room);
    }

    /// Whether the room is behind. Its turn comes before those that nobody talks in.
    fn has(&mut self, room: RoomId) -> bool {
        let is_behind = self.rooms.contains(&room);
        if is_behind {
            self.lively.insert(room);
        }
        is_behind
    }

    fn first(&self) -> Option<RoomId> {
        self.lively.first().or(self.rooms.first()).copied()
    }

    fn remove(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.lively.remove(&room);
    }
}
