//! What the shard asks of the stores: each question a task that waits, each answer an event.

use std::future::Future;

use moim_persistence::{Error as StoreError, Origin, PageQuery, Via};
use moim_wire::limits::{CATCH_UP_MAX, LIST_LIMIT_MAX, UNREAD_MAX};
use moim_wire::schema::{RoomEntry, RoomEntryArgs, RoomList, RoomListArgs};
use moim_wire::{Envelope, ErrorCode, MessageId, Opcode, RoomId, UserId};

use super::joined::{Joined, Unread};
use super::{Core, spawn};
use crate::shard::{CHANGES, ConnectionKey, LoadedRoom, Refusal, StoreAnswer, StoreRequest};

/// Newest messages of a room that are loaded with it, so that clients resume without asking the store.
const RECENT_LOADED: usize = 32;

/// What a caller is told of a store's error.
pub(super) fn refusal(error: &StoreError) -> Refusal {
    let code = error.code();
    let retry_after_ms = u32::try_from(error.retry_after_ms()).unwrap_or(u32::MAX);
    if code == ErrorCode::Internal {
        tracing::error!(%error, "a store failed");
        // What failed inside is for the log, not for callers.
        return Refusal { code, message: "a store failed; the server's log has more".to_owned(), retry_after_ms };
    }
    Refusal { code, message: error.to_string(), retry_after_ms }
}

fn refused<T>(result: Result<T, StoreError>) -> Result<T, Refusal> {
    result.map_err(|error| refusal(&error))
}

impl Core {
    /// Awaits a store in a task of its own, then carries on with what it said.
    pub(super) fn when_stored<T: 'static>(
        &mut self,
        ask: impl Future<Output = Result<T, StoreError>> + 'static,
        then: impl FnOnce(&mut Core, Result<T, StoreError>) + 'static,
    ) {
        if self.store_requests >= self.config.limits.store_requests_max {
            let limit = self.config.limits.store_requests_max;
            return then(self, Err(StoreError::Busy { what: "requests to the stores", limit }));
        }
        let Some(core) = self.this.upgrade() else { return };
        self.store_requests += 1;
        spawn(async move {
            let result = ask.await;
            let mut core = core.borrow_mut();
            core.store_requests -= 1;
            core.look_at_clock();
            then(&mut core, result);
            core.signal_work();
        });
    }

    fn ask(&mut self, ask: impl Future<Output = StoreAnswer> + 'static) {
        let Some(core) = self.this.upgrade() else { return };
        self.store_requests += 1;
        spawn(async move {
            let answer = ask.await;
            let mut core = core.borrow_mut();
            core.store_requests -= 1;
            core.look_at_clock();
            core.happen(|shard, now_ms, effects| shard.store_answer(now_ms, answer, effects));
        });
    }

    /// Carries a request of the shard to its store. The shard bounds how many of them wait.
    pub(super) fn ask_store(&mut self, request: StoreRequest) {
        // Where the session is connected this shard does not know: it may be at another one.
        let origin = Origin { via: Via::Native, address: None };
        let rooms = self.persistence.accounts().by_way_of(origin).rooms();
        match request {
            StoreRequest::LoadRoom(room) => {
                let stores = self.joined();
                self.ask(async move { StoreAnswer::Room(room, refused(load_room(&stores, room).await).map(Box::new)) });
            }
            StoreRequest::LoadDevice(room, caller) => {
                let stores = self.joined();
                self.ask(async move {
                    let window = stores.sends((room, caller.user, caller.device)).await;
                    StoreAnswer::Device(room, caller, refused(window))
                });
            }
            StoreRequest::ReadChanges(room, after) => {
                self.ask(async move { StoreAnswer::Changes(room, refused(rooms.changes(room, after).await)) });
            }
            StoreRequest::ReadHistory { ticket, room, query, limit } => {
                let stores = self.joined();
                self.ask(async move { StoreAnswer::History(ticket, refused(stores.page(room, query, limit).await)) });
            }
            StoreRequest::ReadMembers { ticket, room, after, limit } => self.ask(async move {
                let entries = rooms.members(room, after, limit + 1).await;
                StoreAnswer::Members(ticket, refused(entries).map(|entries| cut(entries, limit)))
            }),
            StoreRequest::Join { ticket, room, user, password } => self.ask(async move {
                let password = (!password.is_empty()).then_some(password.as_str());
                let change = rooms.join(user, room, password).await;
                StoreAnswer::Changed(ticket, refused(change).map(|change| change.change))
            }),
            StoreRequest::Leave { ticket, room, user } => self.ask(async move {
                let change = rooms.leave(user, room).await;
                StoreAnswer::Changed(ticket, refused(change).map(|change| change.change))
            }),
            StoreRequest::ChangesSequenced(changes) => self.ask(async move {
                if let Err(error) = rooms.changes_sequenced(&changes).await {
                    tracing::warn!(%error, "changes could not be taken out of the outbox; the poll will find them");
                }
                StoreAnswer::ChangesSequenced
            }),
            StoreRequest::ReadMarks(marks) => self.tell(async move { rooms.set_read_marks(&marks).await }),
        }
    }

    /// The message store and the journal as they are now: everything committed so far.
    fn joined(&mut self) -> Joined {
        let joined = Joined::now(&self.persistence, &self.backlogs, self.id);
        self.backlog_reads += u64::from(joined.has_backlog());
        joined
    }

    /// An order that nobody waits for. What fails is done again: marks by the next mark.
    fn tell(&mut self, order: impl Future<Output = Result<(), StoreError>> + 'static) {
        let Some(core) = self.this.upgrade() else { return };
        self.store_requests += 1;
        spawn(async move {
            if let Err(error) = order.await {
                tracing::warn!(%error, "a store did not take an order; it will be given again");
            }
            core.borrow_mut().store_requests -= 1;
        });
    }

    /// ROOMS: of no one room, so no shard's state is asked.
    pub(super) fn list_rooms(&mut self, key: ConnectionKey, envelope: Envelope, after: RoomId, limit: usize) {
        let Some(user) = self.admitted(key, envelope, true) else { return };
        let limit = limit.clamp(1, LIST_LIMIT_MAX);
        let unread = Unread::now(&self.persistence, &self.backlogs, self.config.shards);
        let ask = async move { rooms_of(&unread, user, after, limit).await };
        self.when_stored(ask, move |core, result| match result {
            Ok((rooms, more)) => core.put(key, |encoder, out| {
                encoder.frame(out, Opcode::RoomList, envelope, |b| {
                    let entries: Vec<_> = rooms.iter().map(|room| put_entry(b, room)).collect();
                    let rooms = b.create_vector(&entries);
                    RoomList::create(b, &RoomListArgs { rooms: Some(rooms), more })
                });
            }),
            Err(error) => core.refuse_stored(key, envelope, &error),
        });
    }
}

/// Keeps `limit` entries; whether there were more.
pub(super) fn cut<T>(mut entries: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = entries.len() > limit;
    entries.truncate(limit);
    (entries, more)
}

async fn load_room(stores: &Joined, room: RoomId) -> Result<LoadedRoom, StoreError> {
    let snapshot = stores.accounts().rooms().load(room).await?;
    let limit = RECENT_LOADED.min(CATCH_UP_MAX);
    let (recent, newest) = match stores.page(room, PageQuery::Before(MessageId(u64::MAX)), limit).await {
        Ok((recent, _)) => (recent, MessageId::ZERO),
        Err(error @ StoreError::Unavailable(_)) => stores.recent_at_hand(room, limit).await?.ok_or(error)?,
        Err(error) => return Err(error),
    };
    let changes = stores.sends((room, CHANGES.user, CHANGES.device)).await?;
    let sequenced_change = changes.last().map_or(0, |&(sequence, _)| sequence.0);
    Ok(LoadedRoom { snapshot, recent, newest, sequenced_change })
}

type RoomWithUnread = (moim_persistence::RoomOfUser, u32);

async fn rooms_of(
    unread: &Unread,
    user: UserId,
    after: RoomId,
    limit: usize,
) -> Result<(Vec<RoomWithUnread>, bool), StoreError> {
    let rooms = unread.accounts().rooms().of_user(user, after, limit + 1).await?;
    let (rooms, more) = cut(rooms, limit);
    let marks = rooms.iter().map(|room| (room.room.id, room.read_mark)).collect();
    let counts = unread.count(marks, UNREAD_MAX).await?;
    Ok((rooms.into_iter().zip(counts).collect(), more))
}

fn put_entry<'a>(
    b: &mut flatbuffers::FlatBufferBuilder<'a>,
    (room, unread): &RoomWithUnread,
) -> flatbuffers::WIPOffset<RoomEntry<'a>> {
    let args = RoomEntryArgs {
        room: room.room.id.0,
        name: Some(b.create_string(&room.room.name)),
        role: room.role,
        private: room.room.private,
        members: room.room.members,
        read_mark: room.read_mark.0,
        unread: *unread,
    };
    RoomEntry::create(b, &args)
}
