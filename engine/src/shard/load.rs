//! Bringing a room into memory, and letting rooms at rest go.

use std::collections::VecDeque;

use moim_wire::{MessageId, RoomId};

use super::Map;
use super::commit::Retention;
use super::event::LoadedRoom;
use super::history::split_frames;
use super::room::{Member, Room};
use super::tickets::Tickets;
use crate::journal::prev_id;

/// A room from what the stores and the journal have of it. Changes that wait are not sequenced yet.
pub(super) fn build(room: RoomId, loaded: &LoadedRoom, retention: &mut Retention, now_ms: u64, seed: u64) -> Room {
    let snapshot = &loaded.snapshot;
    let recent: VecDeque<_> = split_frames(&loaded.recent).into();
    let newest = recent.back().map_or(loaded.newest, |&(id, _)| id);
    let floor = recent.front().map_or(loaded.newest, |(_, frame)| prev_id(frame));
    if !recent.is_empty() {
        retention.add(loaded.recent.len(), vec![(room, newest)]);
    }
    let mut members = super::map(seed);
    for &(user, role, read_mark) in &snapshot.members {
        members.insert(user, Member { role, read_mark, mark_dirty: false });
    }
    // Rows are deleted only once their change is in the journal, so all before the first that waits are.
    let sequenced = snapshot.changes.first().map_or(snapshot.last_change, |first| first.change - 1);
    let sequenced = sequenced.max(loaded.sequenced_change);
    Room {
        id: room,
        name: snapshot.name.clone(),
        deleted: snapshot.deleted,
        members,
        last: newest,
        committed: newest,
        recent,
        floor,
        withdrawals: VecDeque::new(),
        devices: super::map(seed),
        knows_all_devices: newest == MessageId::ZERO,
        last_change: sequenced,
        committed_change: sequenced,
        loaded_change: snapshot.last_change,
        reading_changes: false,
        read_changes_again: false,
        syncs: Vec::new(),
        followers_of: Vec::new(),
        online: super::map(seed),
        used_ms: now_ms,
    }
}

/// Lets the longest unused rooms at rest go until at most `keep` are left, or none at rest.
pub(super) fn forget_rooms(rooms: &mut Map<RoomId, super::Slot>, tickets: &Tickets, keep: usize) -> u64 {
    let awaited = tickets.rooms();
    let mut resting: Vec<(u64, RoomId)> = rooms
        .iter()
        .filter_map(|(&id, slot)| match slot {
            super::Slot::Ready(room) if room.is_at_rest() && !awaited.contains(&id) => Some((room.used_ms, id)),
            _ => None,
        })
        .collect();
    resting.sort_unstable();
    let surplus = rooms.len().saturating_sub(keep).min(resting.len());
    for &(_, room) in &resting[..surplus] {
        rooms.remove(&room);
    }
    surplus as u64
}
