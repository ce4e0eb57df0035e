//! Journals, stores and write-behind, each a step at a time.

use bytes::Bytes;
use moim_engine::shard::{LoadedRoom, Refusal, SealedBatch, StoreAnswer, StoreRequest};
use moim_wire::{DeviceId, ErrorCode, RoomId, UserId};

use crate::accounts::refusal;
use crate::messages::Messages;
use crate::server::Question;
use crate::world::World;
use crate::writer::{Progress, Stage};

/// Newest messages that a room is loaded with.
const RECENT_LOADED: usize = 5;

impl World {
    /// The journal's next step. False when there was nothing to do.
    pub(crate) fn journal_goes_on(&mut self, at: usize) -> bool {
        let node = &mut self.server.nodes[at];
        if node.writer.is_idle() {
            let Some(batch) = node.shard.seal() else { return false };
            self.trace.note(|| format!("shard {at} seals {}..{}", batch.first, batch.last));
            node.writer.stage = Stage::Sealed(batch);
            return true;
        }
        match node.writer.step(&mut self.disks[at], &mut self.random) {
            Progress::None => {}
            Progress::Synced(batch) => {
                self.trace.note(|| format!("journal {at} syncs {}..{}", batch.first, batch.last));
                let kept = self.truth.store(&batch.frames, &self.accounts);
                self.keep(kept);
            }
            Progress::Committed(batch) => self.committed(at, batch),
        }
        true
    }

    fn committed(&mut self, at: usize, batch: SealedBatch) {
        let position = batch.last;
        self.trace.note(|| format!("shard {at} learns that {position} is committed"));
        self.truth.show(&batch.frames);
        let node = &mut self.server.nodes[at];
        node.shard.set_storage_full(false);
        node.lane.to_offer.push_back(batch);
        self.happen(at, |shard, now_ms, effects| shard.committed(now_ms, position, effects));
    }

    /// The next step of some batch towards the message store, or of its confirmation back.
    pub(crate) fn write_behind_goes_on(&mut self, at: usize) -> bool {
        match self.random.below(4) {
            0 => self.server.nodes[at].lane.offer(self.plan.lane_batches_max),
            1 => self.store_writes(at),
            2 => self.confirm(at),
            _ => self.checkpoint(at),
        }
    }

    pub(crate) fn store_writes(&mut self, at: usize) -> bool {
        if self.weather.lane_down {
            return false;
        }
        let count = self.random.between(1, 3);
        let Some((frames, position)) = self.server.nodes[at].lane.gather(count) else { return false };
        frames.iter().for_each(|frames| self.messages.write(frames));
        self.server.nodes[at].lane.stored = position;
        self.trace.note(|| format!("the message store has {position} of shard {at}"));
        true
    }

    pub(crate) fn confirm(&mut self, at: usize) -> bool {
        let node = &mut self.server.nodes[at];
        if node.lane.confirmed == node.lane.stored {
            return false;
        }
        node.lane.confirmed = node.lane.stored;
        node.shard.confirmed(node.lane.stored);
        self.trace.note(|| format!("shard {at} learns that the store has {}", self.server.nodes[at].lane.stored));
        true
    }

    /// Moves the checkpoint, or gives up a segment that it left behind: a crash may come between.
    pub(crate) fn checkpoint(&mut self, at: usize) -> bool {
        let node = &mut self.server.nodes[at];
        if let Some(segment) = node.lane.to_retire.pop() {
            self.disks[at].retire(segment);
            return true;
        }
        if self.disks[at].checkpoint == node.lane.confirmed {
            return false;
        }
        self.disks[at].checkpoint = node.lane.confirmed;
        node.lane.to_retire = node.writer.take_retired(node.lane.confirmed);
        // The oldest goes first.
        node.lane.to_retire.reverse();
        true
    }

    /// A store looks at some question, or some answer arrives.
    pub(crate) fn store_acts(&mut self) {
        let at = self.some_shard();
        let count = self.server.nodes[at].questions.len();
        if count > 0 {
            let nth = self.random.below(count);
            self.question_goes_on(at, nth);
        }
    }

    pub(crate) fn question_goes_on(&mut self, at: usize, nth: usize) {
        match self.server.nodes[at].questions.swap_remove(nth) {
            Question::Asked(request) => {
                if let Some(answer) = self.look_at(request) {
                    self.server.nodes[at].questions.push(Question::Answered(answer));
                }
            }
            Question::Answered(answer) => {
                self.trace.note(|| format!("shard {at} is answered {answer:?}"));
                self.happen(at, |shard, now_ms, effects| shard.store_answer(now_ms, answer, effects));
            }
        }
    }

    /// What a store does with a request, now.
    pub(crate) fn look_at(&mut self, request: StoreRequest) -> Option<StoreAnswer> {
        let is_refused = self.weather.stores_down || !self.weather.is_calm && self.random.one_in(24);
        Some(match request {
            StoreRequest::LoadRoom(room) if is_refused => StoreAnswer::Room(room, refused()),
            StoreRequest::LoadRoom(room) => StoreAnswer::Room(room, self.load_room(room).map(Box::new)),
            StoreRequest::LoadDevice(room, caller) if is_refused => StoreAnswer::Device(room, caller, refused()),
            StoreRequest::LoadDevice(room, caller) => {
                let window = self.messages.device_window(room, caller.user, caller.device);
                StoreAnswer::Device(room, caller, Ok(window))
            }
            StoreRequest::ReadChanges(room, _) if is_refused => StoreAnswer::Changes(room, refused()),
            StoreRequest::ReadChanges(room, after) => {
                StoreAnswer::Changes(room, Ok(self.accounts.changes(room, after, self.plan.changes_at_once)))
            }
            StoreRequest::ReadHistory { ticket, .. } if is_refused => StoreAnswer::History(ticket, refused()),
            StoreRequest::ReadHistory { ticket, room, query, limit } => {
                // A page ends early where its messages are long.
                let limit = if self.random.one_in(4) { self.random.between(1, limit) } else { limit };
                StoreAnswer::History(ticket, Ok(self.messages.page(room, query, limit)))
            }
            StoreRequest::ReadMembers { ticket, .. } if is_refused => StoreAnswer::Members(ticket, refused()),
            StoreRequest::ReadMembers { ticket, room, after, limit } => {
                StoreAnswer::Members(ticket, Ok(self.accounts.list_members(room, after, limit)))
            }
            StoreRequest::Join { ticket, .. } | StoreRequest::Leave { ticket, .. } if is_refused => {
                StoreAnswer::Changed(ticket, refused())
            }
            StoreRequest::Join { ticket, room, user, password } => {
                StoreAnswer::Changed(ticket, self.accounts.join(room, user, &password).map_err(refusal))
            }
            StoreRequest::Leave { ticket, room, user } => {
                StoreAnswer::Changed(ticket, self.accounts.leave(room, user, user).map_err(refusal))
            }
            StoreRequest::ChangesSequenced(changes) => {
                if !is_refused {
                    changes.into_iter().for_each(|(room, up_to)| self.accounts.changes_sequenced(room, up_to));
                }
                StoreAnswer::ChangesSequenced
            }
            StoreRequest::ReadMarks(marks) => {
                if !is_refused {
                    marks.into_iter().for_each(|(room, user, mark)| self.accounts.set_read_mark(room, user, mark));
                }
                return None;
            }
        })
    }

    fn load_room(&mut self, room: RoomId) -> Result<LoadedRoom, Refusal> {
        let snapshot = self.accounts.snapshot(room, self.plan.changes_at_once)?;
        let newest = moim_persistence::PageQuery::Before(moim_wire::MessageId(u64::MAX));
        let limit = self.random.between(1, RECENT_LOADED);
        let (recent, _) = self.messages.page(room, newest, limit);
        Ok(LoadedRoom { snapshot, recent, sequenced_change: sequenced_change(&self.messages, room) })
    }

    /// Messages that a recovery found go to the message store.
    pub(crate) fn replay(&mut self, batches: &[Bytes]) {
        batches.iter().for_each(|frames| self.messages.write(frames));
    }
}

fn refused<T>() -> Result<T, Refusal> {
    Err(refusal(ErrorCode::StoreUnavailable))
}

fn sequenced_change(messages: &Messages, room: RoomId) -> u32 {
    messages.device_window(room, UserId(0), DeviceId(0)).last().map_or(0, |&(sequence, _)| sequence.0)
}
