//! What must hold after each step. Each invariant is a sentence; what checks it names it.

mod queues;
mod shown;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId};

pub(crate) use queues::within_capacities;
pub(crate) use shown::Witness;
pub(crate) use truth::{Message, Truth};

use crate::server::Seat;

pub(crate) const ACKED_IS_STORED: &str = "what was acknowledged is stored, and a resend gets the id of its original";
pub(crate) const SHOWN_IS_STORED: &str = "what was shown is stored";
pub(crate) const STORED_STAYS: &str = "what was synced is found after a crash, as it was, and nothing else is";
pub(crate) const CHAIN_IS_WHOLE: &str = "ids rise within a room and each message names the one before it";
pub(crate) const STORED_ONCE: &str = "no message is stored twice";
pub(crate) const REFUSED_IS_NOT_STORED: &str = "a send that was refused is never stored under its sequence";
pub(crate) const NEVER_TOO_OLD: &str = "a client within its sends in flight is never told that a sequence is too old";
pub(crate) const MEMBERS_ONLY: &str = "nobody is shown what happens in a room while he is no member";
pub(crate) const MEMBERS_SPEAK: &str = "only members are heard in a room";
pub(crate) const FOLLOWERS_ONLY: &str = "a room's frames reach only connections that follow it";
pub(crate) const CLOSED_STAYS_CLOSED: &str = "CLOSE is not undone by an OPEN that was said before it";
pub(crate) const NO_SILENT_GAP: &str = "a follower sees every message in order, except where a GAP said so";
pub(crate) const CATCH_UP_IS_EXACT: &str = "OPEN hands over exactly what was missed, or says GAP";
pub(crate) const HISTORY_IS_EXACT: &str = "a history page is exactly what is committed when it is answered";
pub(crate) const CHANGES_IN_ORDER: &str = "every change of a room is sequenced exactly once and in order";
pub(crate) const DONE_IS_SEQUENCED: &str = "a change that was answered DONE is among the room's messages";
pub(crate) const MARKS_ARE_STORED: &str = "no read mark lies above the newest message that may be shown";
pub(crate) const ANSWERED_ONCE: &str = "every request is answered once";
pub(crate) const NOTHING_FROM_THE_FUTURE: &str = "a client is never told that an id which it was shown is to come";
pub(crate) const WITHIN_CAPACITY: &str = "every queue stays within its capacity";
pub(crate) const PRESENT_FOLLOW: &str = "who is shown as present follows the room, and no other";
pub(crate) const COMES_TO_REST: &str = "without faults everything comes to rest: acknowledged, seen, stored";

/// An invariant that does not hold.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

pub(crate) type Kept = Result<(), Broken>;

/// Fails with what `otherwise` says.
pub(crate) fn hold(holds: bool, invariant: &'static str, otherwise: impl FnOnce() -> String) -> Kept {
    if holds { Ok(()) } else { Err(Broken { invariant, what: otherwise() }) }
}

/// What a session asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Open { last_seen: MessageId },
    Page { query: PageQuery, limit: usize },
    Change { since: u32 },
    Sync { change: u32 },
    Other,
}

/// What the invariants remember besides the messages themselves.
#[derive(Default)]
pub(crate) struct Memory {
    /// Requests that are not answered.
    pub(crate) asked: BTreeMap<(Seat, u32), (RoomId, Asked)>,
    /// By session that follows a room: the newest change committed in the store when the room's owner let it.
    pub(crate) granted: BTreeMap<(Seat, RoomId), u32>,
    /// The newest CLOSE that was answered, by session and room.
    pub(crate) closed: BTreeMap<(Seat, RoomId), u32>,
    /// Sessions that their shard has put out of a room.
    pub(crate) barred: BTreeSet<(Seat, RoomId)>,
}
