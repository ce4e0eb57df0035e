//! Journals, stores and write-behind, each a step at a time.

use moim_engine::journal::Behind;
use moim_engine::shard::{LoadedRoom, Refusal, SealedBatch, StoreAnswer, StoreRequest};
use moim_persistence::PageQuery;
use moim_wire::{DeviceId, ErrorCode, MessageId, RoomId, UserId};

use crate::accounts::refusal;
use crate::backlog::Snapshot;
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
        match node.writer.step(&mut self.disks[at], &mut self.server.lanes[at], &mut self.random) {
            Progress::None => {}
            Progress::Synced(batch) => {
                self.trace.note(|| format!("journal {at} syncs {}..{}", batch.first, batch.last));
                let kept = self.truth.store(&batch.frames, &self.accounts);
                self.keep(kept);
            }
            Progress::Committed(batch, end) => self.committed(at, batch, end),
        }
        true
    }

    fn committed(&mut self, at: usize, batch: SealedBatch, end: u64) {
        let position = batch.last;
        self.trace.note(|| format!("shard {at} learns that {position} is committed"));
        self.truth.show(&batch.frames);
        self.server.nodes[at].shard.set_storage_full(false);
        self.server.lanes[at].committed(batch, end);
        if self.random.one_in(3) {
            self.server.lanes[at].forget_recent();
        }
        self.look_at_backlog(at);
        self.happen(at, |shard, now_ms, effects| shard.committed(now_ms, position, effects));
    }

    /// Whether the journals that a shard has hold as much for the message store as they may.
    fn look_at_backlog(&mut self, at: usize) {
        let lanes = self.server.lanes.iter().enumerate();
        let own = lanes.filter(|(of, _)| of % self.plan.shards == at).map(|(_, lane)| lane);
        let segments: usize = own.map(|lane| lane.closed.len() + lane.to_retire.len()).sum();
        let behind = (segments >= self.plan.segments_max).then(Behind::default);
        self.server.nodes[at].shard.set_store_behind(behind);
    }

    /// The next step of some batch towards the message store, or of its confirmation back. `lane` may be of a shard that is
    /// no more.
    pub(crate) fn write_behind_goes_on(&mut self, lane: usize) -> bool {
        match self.random.below(4) {
            0 => self.offer(lane),
            1 => self.store_writes(lane),
            2 => self.server.lanes[lane].hear(self.ticks),
            _ => self.checkpoint(lane),
        }
    }

    pub(crate) fn offer(&mut self, lane: usize) -> bool {
        let offered = self.server.lanes[lane].offer(self.plan.lane_batches_max, &self.disks[lane]);
        if offered.as_ref().is_some_and(|segments| !segments.is_empty()) {
            self.coverage.saw("a batch is read back from its segment");
        }
        offered.is_some()
    }

    pub(crate) fn store_writes(&mut self, lane: usize) -> bool {
        if self.weather.lane_down {
            return false;
        }
        let count = self.random.between(1, 3);
        let Some((frames, position)) = self.server.lanes[lane].gather(count) else { return false };
        frames.iter().for_each(|frames| self.messages.write(frames, self.ticks));
        self.server.lanes[lane].stored = position;
        self.trace.note(|| format!("the message store has {position} of journal {lane}"));
        true
    }

    /// The message store dies and is back, without what it had not synced, and everything not settled is asked for again.
    pub(crate) fn store_dies(&mut self) {
        let lost = self.messages.die(self.ticks, self.plan.keep_confirmed, &mut self.random);
        if lost > 0 {
            self.coverage.saw("the store lost what it confirmed");
        }
        self.trace.note(|| format!("the message store loses {lost} messages"));
        self.server.lanes.iter_mut().for_each(crate::lane::Lane::rewind);
    }

    /// Moves the checkpoint, or gives up a segment that it left behind: a crash may come between.
    pub(crate) fn checkpoint(&mut self, at: usize) -> bool {
        let lane = &mut self.server.lanes[at];
        if let Some(segment) = lane.to_retire.pop() {
            self.disks[at].retire(segment);
            self.look_at_backlog(at % self.plan.shards);
            return true;
        }
        let (settled, retired) = (lane.window.settled(), lane.take_settled());
        if self.disks[at].checkpoint == settled && retired.is_empty() {
            return false;
        }
        self.disks[at].checkpoint = settled;
        lane.to_retire = retired;
        // The oldest goes first.
        lane.to_retire.reverse();
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
            Question::Asked(request, snapshot) => {
                if let Some(answer) = self.look_at(request, &snapshot) {
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
    pub(crate) fn look_at(&mut self, request: StoreRequest, snapshot: &Snapshot) -> Option<StoreAnswer> {
        let is_refused =
            self.weather.stores_down || self.is_stale(snapshot) || !self.weather.is_calm && self.random.one_in(24);
        Some(match request {
            StoreRequest::LoadRoom(room) if is_refused => StoreAnswer::Room(room, refused()),
            StoreRequest::LoadRoom(room) => StoreAnswer::Room(room, self.load_room(room, snapshot).map(Box::new)),
            StoreRequest::LoadDevice(room, caller) if is_refused => StoreAnswer::Device(room, caller, refused()),
            StoreRequest::LoadDevice(room, caller) => {
                let window = self.joined_sends(snapshot, (room, caller.user, caller.device));
                StoreAnswer::Device(room, caller, Ok(window))
            }
            StoreRequest::ReadChanges(room, _) if is_refused => StoreAnswer::Changes(room, refused()),
            StoreRequest::ReadChanges(room, after) => {
                StoreAnswer::Changes(room, Ok(self.accounts.changes(room, after, self.plan.changes_at_once)))
            }
            StoreRequest::ReadHistory { ticket, room, query, limit } if is_refused => {
                let page = self.page_without_store(snapshot, room, query, limit);
                StoreAnswer::History(ticket, page.map_or_else(refused, Ok))
            }
            StoreRequest::ReadHistory { ticket, room, query, limit } => {
                // A page ends early where its messages are long.
                let stored_max = if self.random.one_in(4) { self.random.between(1, limit) } else { limit };
                StoreAnswer::History(ticket, Ok(self.joined_page(snapshot, room, query, (limit, stored_max))))
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

    fn load_room(&mut self, room: RoomId, from: &Snapshot) -> Result<LoadedRoom, Refusal> {
        let snapshot = self.accounts.snapshot(room, self.plan.changes_at_once)?;
        let newest = PageQuery::Before(MessageId(u64::MAX));
        let limit = self.random.between(1, RECENT_LOADED);
        let (recent, _) = self.joined_page(from, room, newest, (limit, limit));
        let changes = self.joined_sends(from, (room, UserId(0), DeviceId(0)));
        let sequenced_change = changes.last().map_or(0, |&(sequence, _)| sequence.0);
        Ok(LoadedRoom { snapshot, recent, newest: MessageId::ZERO, sequenced_change })
    }
}

fn refused<T>() -> Result<T, Refusal> {
    Err(refusal(ErrorCode::StoreUnavailable))
}
