//! A room as its owner holds it.

use std::collections::VecDeque;

use bytes::Bytes;
use moim_wire::schema::Role;
use moim_wire::{DeviceId, MessageId, RoomId, UserId};

use super::dedup::DeviceWindow;
use super::event::{Caller, Origin, Request};
use super::{Fullest, Map};

/// A request that waits until what it needs is loaded.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) origin: Origin,
    pub(super) caller: Caller,
    pub(super) request: Request<'static>,
}

/// A member of a room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    /// Everything up to here is read.
    pub(super) read_mark: MessageId,
    /// The mark is on its way to the store.
    pub(super) mark_dirty: bool,
}

/// What is known of a device's sends in the room.
#[derive(Debug)]
pub(super) enum Device {
    /// The store was asked; these sends wait.
    Loading(Vec<Parked>),
    Known(DeviceWindow),
}

/// A room. `floor < recent <= committed <= last`, all ids of messages (or zero).
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) name: String,
    pub(super) deleted: bool,
    pub(super) members: Map<UserId, Member>,
    /// Newest id given.
    pub(super) last: MessageId,
    /// Newest id that the journal has synced: what followers may see, and what the stores are asked for is whole up to.
    pub(super) committed: MessageId,
    /// Committed messages in memory, contiguous, ending with `committed`.
    pub(super) recent: VecDeque<(MessageId, Bytes)>,
    /// The message before the first of `recent`: everything after it is in memory.
    pub(super) floor: MessageId,
    /// Messages withdrawn by one of `recent`, after the one that did it: the store may not know yet.
    pub(super) withdrawals: VecDeque<(MessageId, MessageId)>,
    pub(super) devices: Map<(UserId, DeviceId), Device>,
    /// Nothing was ever said before the room was loaded, and no device forgotten since: one that is not in `devices` has no
    /// sends anywhere, and no store needs to be asked.
    pub(super) knows_all_devices: bool,
    /// Newest change sequenced, and newest of those in the journal.
    pub(super) last_change: u32,
    pub(super) committed_change: u32,
    /// Changes up to this one are in `members` as they were loaded.
    pub(super) loaded_change: u32,
    /// A `ReadChanges` is on its way.
    pub(super) reading_changes: bool,
    /// Changes were announced after it was asked: ask once more.
    pub(super) read_changes_again: bool,
    /// Who waits for a change to be sequenced.
    pub(super) syncs: Vec<(u32, Origin)>,
    /// Sessions that follow the room, by the shard of their connection.
    pub(super) followers_of: Vec<u32>,
    /// The same, by user: who is present.
    pub(super) online: Map<UserId, u32>,
    /// When the room was last asked for.
    pub(super) used_ms: u64,
}

impl Room {
    /// Nothing of the room is in use or on its way, so that it can be forgotten and loaded again.
    pub(super) fn is_at_rest(&self) -> bool {
        self.online.is_empty()
            && self.committed == self.last
            && !self.reading_changes
            && self.syncs.is_empty()
            && self.members.values().all(|member| !member.mark_dirty)
            && self.devices.values().all(|device| matches!(device, Device::Known(_)))
    }

    pub(super) fn count_fullest(&self, fullest: &mut Fullest) {
        fullest.syncs = fullest.syncs.max(self.syncs.len());
        fullest.devices = fullest.devices.max(self.devices.len());
        for device in self.devices.values() {
            if let Device::Loading(parked) = device {
                fullest.parked = fullest.parked.max(parked.len());
            }
        }
    }

    /// Puts a committed message into memory.
    pub(super) fn remember(&mut self, id: MessageId, frame: Bytes) {
        self.recent.push_back((id, frame));
        self.committed = id;
    }

    /// Drops messages up to `id` from memory.
    pub(super) fn forget_up_to(&mut self, id: MessageId) {
        while let Some(&(first, _)) = self.recent.front()
            && first <= id
        {
            self.recent.pop_front();
            self.floor = first;
        }
        self.forget_withdrawals();
    }

    /// Index of the first message in memory above `id`.
    pub(super) fn recent_above(&self, id: MessageId) -> usize {
        self.recent.partition_point(|&(recent, _)| recent <= id)
    }
}
