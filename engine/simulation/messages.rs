//! The message store: what was written to it comes back as it was, unless it dies before it has synced.

use std::collections::BTreeMap;

use bytes::Bytes;
use moim_persistence::PageQuery;
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use crate::heard::{self, Told};
use crate::random::Random;

#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    rooms: BTreeMap<RoomId, BTreeMap<MessageId, Bytes>>,
    windows: BTreeMap<(RoomId, UserId, DeviceId), BTreeMap<Sequence, MessageId>>,
    /// What was written lately: when, and what.
    young: Vec<(u64, Told)>,
}

/// Whose sequence a message counts in: a room's own events are nobody's.
pub(crate) fn author(sender: UserId, device: DeviceId) -> (UserId, DeviceId) {
    (if device.0 == 0 { UserId(0) } else { sender }, device)
}

impl Messages {
    /// Writes MESSAGE frames; once or several times is the same.
    pub(crate) fn write(&mut self, frames: &Bytes, now: u64) {
        for (told, frame) in heard::messages(frames) {
            if self.get(told.room, told.id).is_none() {
                self.young.push((now, told.clone()));
            }
            let (user, device) = author(told.sender, told.device);
            self.windows.entry((told.room, user, device)).or_default().insert(told.sequence, told.id);
            self.rooms.entry(told.room).or_default().insert(told.id, frame);
        }
    }

    /// It dies and is back: what it wrote within its sync period, which is shorter than the journals' window, may be gone.
    /// How much is.
    pub(crate) fn die(&mut self, now: u64, window: u64, random: &mut Random) -> usize {
        let period = window - window / 4;
        let mut lost = 0;
        for (at, told) in std::mem::take(&mut self.young) {
            if now - at < period && random.one_in(2) {
                lost += 1;
                self.remove(&told);
            }
        }
        lost
    }

    fn remove(&mut self, told: &Told) {
        let (user, device) = author(told.sender, told.device);
        if let Some(window) = self.windows.get_mut(&(told.room, user, device)) {
            window.remove(&told.sequence);
        }
        if let Some(room) = self.rooms.get_mut(&told.room) {
            room.remove(&told.id);
        }
    }

    pub(crate) fn page(&self, room: RoomId, query: PageQuery, limit: usize) -> (Bytes, bool) {
        let Some(room) = self.rooms.get(&room) else { return (Bytes::new(), false) };
        let (frames, more): (Vec<&Bytes>, bool) = match query {
            PageQuery::Before(before) => {
                let mut below = room.range(..before).rev();
                let mut frames: Vec<_> = below.by_ref().take(limit).map(|(_, frame)| frame).collect();
                frames.reverse();
                (frames, below.next().is_some())
            }
            PageQuery::After(after) => {
                let mut above = room.range(MessageId(after.0 + 1)..);
                (above.by_ref().take(limit).map(|(_, frame)| frame).collect(), above.next().is_some())
            }
        };
        (frames.into_iter().flatten().copied().collect(), more)
    }

    /// The newest sequences of a device, rising.
    pub(crate) fn device_window(&self, room: RoomId, user: UserId, device: DeviceId) -> Vec<(Sequence, MessageId)> {
        let Some(window) = self.windows.get(&(room, user, device)) else { return Vec::new() };
        let older = window.len().saturating_sub(SENDS_IN_FLIGHT_MAX);
        window.iter().skip(older).map(|(&sequence, &id)| (sequence, id)).collect()
    }

    pub(crate) fn get(&self, room: RoomId, id: MessageId) -> Option<&Bytes> {
        self.rooms.get(&room)?.get(&id)
    }

    pub(crate) fn count(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, BTreeMap::len)
    }
}
