//! Search in what was said: an index beside the message store, written behind it and made again from it at any time.
//!
//! - **Writing** (`indexer`): the lanes offer what the store has, over a bounded queue that they never wait for; one thread
//!   that gives way to all others keeps the index. What did not fit, what a crash lost and what was stored while search was
//!   off is read from the store.
//! - **Finding** ([`Search::find`]): the index gives the newest messages that have all terms of a keyword; their text is
//!   read from the message store and looked into. So nothing is found that the store does not have any more, and nothing
//!   that the keyword is not in.
//!
//! A fault of the index stops no message and no start: it is logged, counted, and the index is opened anew or built anew.

mod candidates;
mod entry;
mod fold;
mod grams;
mod index;
mod indexer;
mod keyword;
mod queue;
mod shared;
mod stale;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use moim_wire::{MessageId, RoomId};
use tokio::time::timeout;

pub use keyword::Keyword;

use crate::config::Config;
use crate::error::Error;
use crate::members::Accounts;
use crate::message_store::MessageStore;
use crate::runtime::Runtime;
use crate::stats::SearchStats;

use candidates::{Candidates, Wanted};
use indexer::Indexer;
use shared::Shared;
use stale::Stale;

/// Candidates that are asked of the index at once.
const CANDIDATES: usize = 256;
/// How often it is asked for one page. Where so many candidates have hardly a hit among them the page is short, and the
/// next one goes on.
const ROUNDS: usize = 8;
/// The newest candidates among which the best are chosen.
const RANKED: usize = 128;

/// Messages' search. Cheap to clone; [`Search::find`] may be awaited on any executor.
#[derive(Clone)]
pub struct Search {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Arc<Runtime>,
    messages: MessageStore,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Which come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// The newest.
    #[default]
    Newest,
    /// Of the newest 128, those in which the keyword is a word of its own, then those in which it begins one.
    Best,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// What a message must have.
    pub keyword: Keyword,
    /// Where; who asks makes sure that they are rooms of whoever is to see the hits.
    pub rooms: Vec<RoomId>,
    /// Which come first.
    pub order: SearchOrder,
    /// Messages below this id alone; [`MessageId::ZERO`]: all.
    pub before: MessageId,
    /// Hits of a page. Messages of several rooms may have one id, and are then on one page, so that it may be longer.
    pub limit: usize,
}

/// A message that has the keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub id: MessageId,
    /// Its MESSAGE frame.
    pub frame: Bytes,
    /// Where in its text the keyword is: from, to, in UTF-16 code units, rising, without overlaps.
    pub highlights: Vec<(u32, u32)>,
}

/// A page of hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    /// Below which id to go on; `None` where nothing is left, and of the best, of which there is one page.
    pub next: Option<MessageId>,
}

impl Search {
    /// Opens the index of the data folder and begins to keep it, on a thread of its own: opening takes a moment where it is
    /// large or damaged, and nobody waits for it.
    pub(crate) fn open(
        config: &Config,
        runtime: &Arc<Runtime>,
        messages: &MessageStore,
        accounts: &Accounts,
    ) -> Result<Option<Self>, Error> {
        let folder = folder(config);
        if !config.search {
            Stale::of(&folder).set(&folder).map_err(|source| Error::File { path: folder, source })?;
            return Ok(None);
        }
        let shared = Arc::new(Shared::new(config.search_queue_bytes_max));
        let indexer = Indexer {
            folder: folder.clone(),
            memory_bytes: config.search_memory_bytes,
            runtime: runtime.clone(),
            messages: messages.clone(),
            rooms: accounts.rooms(),
            shared: shared.clone(),
        };
        let thread = std::thread::Builder::new().name("moim-search".to_owned()).spawn(move || indexer.run());
        let thread = Mutex::new(Some(thread.map_err(|source| Error::File { path: folder, source })?));
        let inner = Inner { runtime: runtime.clone(), messages: messages.clone(), shared, thread };
        Ok(Some(Self { inner: Arc::new(inner) }))
    }

    /// Removes the index. The folder is held, and no index of it is open.
    pub(crate) fn remove(config: &Config) -> Result<(), Error> {
        let folder = folder(config);
        match std::fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::File { path: folder, source }),
            _ => Ok(()),
        }
    }

    /// A page of what has a keyword.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`] while the index is being opened, and the message store's.
    pub async fn find(&self, query: &SearchQuery) -> Result<Found, Error> {
        self.inner.shared.counters.searches.fetch_add(1, Ordering::Relaxed);
        let query = Arc::new(query.clone());
        if query.keyword.is_nowhere() || query.rooms.is_empty() {
            return Ok(Found::default());
        }
        match query.order {
            SearchOrder::Newest => self.newest(&query).await,
            SearchOrder::Best => self.best(&query).await,
        }
    }

    async fn newest(&self, query: &Arc<SearchQuery>) -> Result<Found, Error> {
        let limit = query.limit.max(1);
        let mut found = Found::default();
        let mut before = query.before;
        for _ in 0..ROUNDS {
            let Candidates { messages, more } = self.candidates(query, before, CANDIDATES).await?;
            let mut rest = &messages[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(whole_ids(rest, limit - found.hits.len(), |(id, _)| *id));
                found.hits.extend(self.look_into(query, now).await?.into_iter().map(|(_, hit)| hit));
                before = now.last().map_or(before, |(id, _)| *id);
                if found.hits.len() >= limit {
                    found.next = (more || !later.is_empty()).then_some(before);
                    return Ok(found);
                }
                rest = later;
            }
            if !more {
                return Ok(found);
            }
        }
        found.next = Some(before);
        Ok(found)
    }

    async fn best(&self, query: &Arc<SearchQuery>) -> Result<Found, Error> {
        let candidates = self.candidates(query, query.before, RANKED).await?;
        let mut ranked = self.look_into(query, &candidates.messages).await?;
        // Stable: among equals the newest stay first.
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let hits = ranked.into_iter().take(query.limit.max(1)).map(|(_, hit)| hit).collect();
        Ok(Found { hits, next: None })
    }

    async fn candidates(&self, query: &Arc<SearchQuery>, before: MessageId, count: usize) -> Result<Candidates, Error> {
        let (fields, searcher) = self.inner.shared.searcher()?;
        let query = query.clone();
        let ask = move || {
            let before = if before == MessageId::ZERO { MessageId(u64::MAX) } else { before };
            let wanted = Wanted { clauses: &query.keyword.clauses(), rooms: &query.rooms, before };
            Ok(candidates::newest(&searcher, fields, &wanted, count)?)
        };
        self.inner.runtime.clone().run_blocking_read(ask).await
    }

    /// Those of the candidates that have the keyword, each with its rank, in their order.
    async fn look_into(
        &self,
        query: &SearchQuery,
        candidates: &[(MessageId, RoomId)],
    ) -> Result<Vec<(usize, Hit)>, Error> {
        let frames = self.inner.messages.each(candidates.iter().map(|&(id, room)| (room, id)).collect()).await?;
        let hits = candidates.iter().zip(frames).filter_map(|(&(id, room), frame)| {
            let frame = frame?;
            let matched = query.keyword.find_in(entry::text(&frame)?)?;
            Some((matched.rank, Hit { room, id, frame, highlights: matched.places }))
        });
        Ok(hits.collect())
    }

    /// Takes what the store has on its disk. Whoever offers waits for no index: what does not fit in memory is read from the
    /// store later.
    pub(crate) async fn offer(&self, frames: &[Bytes]) {
        let Inner { runtime, shared, .. } = &*self.inner;
        if shared.queue.offer(frames) {
            return;
        }
        // Reading whose messages they are takes a while, on a thread that gives way to others.
        let (shared, frames) = (shared.clone(), frames.to_vec());
        let missed = runtime.run_blocking_write(move || {
            shared.queue.miss(&frames);
            Ok(())
        });
        if let Err(error) = missed.await {
            tracing::error!(%error, "search misses messages until the next start");
        }
    }

    pub(crate) fn stats(&self) -> SearchStats {
        self.inner.shared.stats()
    }

    /// Waits until everything that was stored before can be found, telling how it goes. Blocks.
    pub(crate) fn wait(&self, tell_each: Duration, mut tell: impl FnMut(&SearchStats)) -> Result<(), Error> {
        while !self.inner.shared.is_complete() {
            let mut changes = self.inner.shared.changes();
            self.inner.runtime.wait_for(async move { timeout(tell_each, changes.changed()).await.is_ok() })?;
            tell(&self.stats());
        }
        Ok(())
    }

    /// Commits what was offered and lets go of the index. Blocks.
    pub(crate) fn close(&self) {
        self.inner.shared.queue.close();
        let thread = self.inner.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that keeps the search index panicked");
        }
    }
}

/// Where the index lies in a data folder.
fn folder(config: &Config) -> PathBuf {
    Path::new(&config.data).join("search")
}

/// How many to take so that they are `count`, or all, and none of those left has the last one's id.
fn whole_ids<T>(sorted: &[T], count: usize, id: impl Fn(&T) -> MessageId) -> usize {
    let Some(last) = sorted.get(..count).and_then(<[T]>::last) else { return sorted.len() };
    count + sorted[count..].iter().take_while(|next| id(next) == id(last)).count()
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let text = format!("the search index: {error}");
        match error {
            tantivy::TantivyError::IoError(io) if matches!(io.kind(), StorageFull | FileTooLarge | QuotaExceeded) => {
                Self::StorageFull(text)
            }
            _ => Self::Unavailable(text),
        }
    }
}
