//! How many members a room has, for `notReadCount` of what is said there now. Remembered until somebody comes or goes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use moim_persistence::{Error, Rooms};
use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::{RoomId, UserId};

use crate::marks::Marks;

/// Looked up again after this time, should a change have passed unseen.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Rooms remembered; with more all are forgotten and asked for anew.
const REMEMBERED_MAX: usize = 16_384;

/// Members of the rooms that STOMP clients listen to.
pub(super) struct Crowd {
    rooms: Rooms,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    members: HashMap<RoomId, (u32, Instant), RandomState>,
    /// How often somebody came or went anywhere.
    changes: u64,
}

impl Crowd {
    pub(super) fn new(rooms: Rooms) -> Self {
        Self { rooms, known: Mutex::default() }
    }

    /// Members of a room, 0 of one that was deleted meanwhile.
    pub(super) async fn members(&self, room: RoomId) -> Result<u32, Error> {
        let changes = {
            let known = self.known();
            match known.members.get(&room) {
                Some(&(members, since)) if since.elapsed() < REMEMBERED => return Ok(members),
                _ => known.changes,
            }
        };
        let members = match self.rooms.get(room).await {
            Ok(found) => found.members,
            Err(Error::NoSuchRoom(_)) => 0,
            Err(error) => return Err(error),
        };
        let mut known = self.known();
        if known.members.len() >= REMEMBERED_MAX {
            known.members.clear();
        }
        // What the store said before a change may be wrong after it.
        if known.changes == changes {
            known.members.insert(room, (members, Instant::now()));
        }
        Ok(members)
    }

    /// Somebody came or went.
    pub(super) fn forget(&self, room: RoomId) {
        let mut known = self.known();
        known.members.remove(&room);
        known.changes += 1;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the members of a room had read, a moment ago.
pub(super) async fn marks(rooms: &Rooms, room: RoomId) -> Result<Marks, Error> {
    let mut marks = Vec::new();
    let mut after = UserId(0);
    loop {
        let page = rooms.members(room, after, LIST_LIMIT_MAX).await?;
        marks.extend(page.iter().filter(|member| !member.left).map(|member| (member.user, member.read_mark)));
        match page.last() {
            Some(last) if page.len() == LIST_LIMIT_MAX => after = last.user,
            _ => return Ok(Marks::of(marks)),
        }
    }
}
