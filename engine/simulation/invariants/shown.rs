//! What leaves a shard, held against what is stored and who may see it.

use moim_engine::shard::Caller;
use moim_persistence::PageQuery;
use moim_wire::limits::{CATCH_UP_MAX, HISTORY_LIMIT_MAX};
use moim_wire::{ErrorCode, HEADER_BYTES, MessageId, RoomId, SESSION_HEADER_BYTES, Sequence, UserId};

use super::{
    ACKED_IS_STORED, ANSWERED_ONCE, Asked, CATCH_UP_IS_EXACT, CLOSED_STAYS_CLOSED, DONE_IS_SEQUENCED, FOLLOWERS_ONLY,
    HISTORY_IS_EXACT, Kept, MARKS_ARE_STORED, MEMBERS_ONLY, Memory, Message, NEVER_TOO_OLD, SHOWN_IS_STORED, Truth,
    hold,
};
use crate::accounts::Accounts;
use crate::heard::{Heard, Told, What};
use crate::server::Seat;

/// Everything that a check may look at.
pub(crate) struct Witness<'a> {
    pub(crate) truth: &'a Truth,
    pub(crate) accounts: &'a Accounts,
    pub(crate) memory: &'a mut Memory,
}

impl Witness<'_> {
    /// A room's owner writes frames for one session.
    pub(crate) fn written(&mut self, seat: Seat, caller: Caller, frames: &[Heard]) -> Kept {
        let mut opened = None;
        for heard in frames {
            match &heard.what {
                What::Opened { room, newest, read_mark, .. } => {
                    self.may_see(*room, caller.user)?;
                    let visible = self.truth.newest_visible(*room);
                    hold(*newest == visible, CATCH_UP_IS_EXACT, || format!("newest {newest}, not {visible}"))?;
                    self.is_mark(*room, *read_mark)?;
                    self.memory.granted.insert((seat, *room), self.accounts.last_change(*room));
                    opened = Some((*room, heard.request));
                }
                What::Ack { room, sequence, id, prev_id, duplicate } => {
                    self.is_ack(caller, *room, *sequence, *id, (*prev_id, *duplicate))?;
                }
                What::Page { room, messages, count, more } => {
                    self.may_see(*room, caller.user)?;
                    let asked = self.memory.asked.get(&(seat, heard.request)).map(|(_, asked)| *asked);
                    self.is_page(*room, asked, messages, *count, *more)?;
                }
                What::Members { room, read_marks } => {
                    self.may_see(*room, caller.user)?;
                    read_marks.iter().try_for_each(|mark| self.is_mark(*room, *mark))?;
                }
                What::Message(told) => self.is_stored(told, heard)?,
                What::Done => self.is_done(seat, caller.user, heard.request)?,
                What::Refused(code, _) => {
                    hold(*code != ErrorCode::SequenceTooOld, NEVER_TOO_OLD, || format!("{caller:?} {heard:?}"))?;
                    self.is_unknown(seat, heard.request, *code)?;
                }
                _ => {}
            }
        }
        opened.map_or(Ok(()), |(room, request)| self.is_catch_up(seat, room, request, frames))
    }

    /// A room's frame goes to a connection; these of its sessions hear it.
    pub(crate) fn fanned_out(&self, room: RoomId, heard: &Heard, to: &[(Seat, UserId)]) -> Kept {
        if let What::Message(told) = &heard.what {
            self.is_stored(told, heard)?;
        }
        if let What::ReadMark { up_to, .. } = heard.what {
            self.is_mark(room, up_to)?;
        }
        hold(!to.is_empty(), FOLLOWERS_ONLY, || format!("nobody there follows room {room}: {:?}", heard.what))?;
        for &(seat, user) in to {
            let barred = self.memory.barred.contains(&(seat, room));
            hold(!barred, MEMBERS_ONLY, || format!("user {user} was put out of room {room}: {:?}", heard.what))?;
            if let What::Message(told) = &heard.what {
                self.may_hear(seat, user, told)?;
            }
        }
        Ok(())
    }

    /// A frame joins a session's stream; whether anybody is there to hear it.
    pub(crate) fn answered(&mut self, seat: Seat, heard: &Heard, is_there: bool) -> Kept {
        match heard.what {
            What::Opened { room, .. } => {
                self.memory.barred.remove(&(seat, room));
                let closed = self.memory.closed.get(&(seat, room));
                let is_later = closed.is_none_or(|&closed| closed < heard.request);
                hold(is_later, CLOSED_STAYS_CLOSED, || format!("{seat:?}, CLOSE was {closed:?}: {heard:?}"))?;
            }
            What::Closed { room, code: None } => {
                self.memory.closed.insert((seat, room), heard.request);
            }
            _ => {}
        }
        if heard.request == 0 || !is_there {
            return Ok(());
        }
        let asked = self.memory.asked.remove(&(seat, heard.request));
        hold(asked.is_some(), ANSWERED_ONCE, || format!("{seat:?} did not ask, or was answered: {heard:?}"))
    }

    /// A member now, or at some change that the owner may not know of, or may not have committed.
    fn may_see(&self, room: RoomId, user: UserId) -> Kept {
        let (first, last) = (self.truth.change_visible(room), self.accounts.last_change(room));
        let may = self.accounts.was_member(room, user, first, last);
        hold(may, MEMBERS_ONLY, || format!("user {user} looks into room {room} at change {first} of {last}"))
    }

    /// A member at the message, or since, up to where the owner let him follow.
    fn may_hear(&self, seat: Seat, user: UserId, told: &Told) -> Kept {
        let change = self.truth.find(told.room, told.id).map_or(0, |message| message.change);
        let first = change - u32::from(told.device.0 == 0);
        let last = self.memory.granted.get(&(seat, told.room)).map_or(change, |&granted| granted.max(change));
        let may = self.accounts.was_member(told.room, user, first, last);
        hold(may, MEMBERS_ONLY, || format!("user {user} hears {told:?}, let in at change {last}"))
    }

    fn is_stored(&self, told: &Told, heard: &Heard) -> Kept {
        let stored = self.truth.find(told.room, told.id);
        // Addressed frames differ in their header alone.
        let header_bytes = if heard.session == 0 { HEADER_BYTES } else { SESSION_HEADER_BYTES };
        let is_same = stored.is_some_and(|message| message.frame[HEADER_BYTES..] == heard.bytes[header_bytes..]);
        hold(is_same, SHOWN_IS_STORED, || format!("{told:?}, stored is {stored:?}"))
    }

    fn is_mark(&self, room: RoomId, mark: MessageId) -> Kept {
        let newest = self.truth.newest_visible(room);
        hold(mark <= newest, MARKS_ARE_STORED, || format!("{mark} in room {room}, whose newest is {newest}"))
    }

    fn is_ack(
        &self,
        caller: Caller,
        room: RoomId,
        sequence: Sequence,
        id: MessageId,
        (prev_id, duplicate): (MessageId, bool),
    ) -> Kept {
        let stored = self.truth.id_of((room, caller.user, caller.device, sequence));
        hold(stored == Some(id), ACKED_IS_STORED, || format!("{caller:?} {sequence} as {id}, stored is {stored:?}"))?;
        let message = self.truth.find(room, id);
        let is_shown = message.is_some_and(|message| duplicate || message.told.prev_id == prev_id);
        hold(is_shown, ACKED_IS_STORED, || format!("{sequence} as {id} after {prev_id}: {message:?}"))
    }

    fn is_done(&self, seat: Seat, user: UserId, request: u32) -> Kept {
        let (room, first, is_it): (_, _, &dyn Fn(&Told) -> bool) = match self.memory.asked.get(&(seat, request)) {
            Some(&(room, Asked::Sync { change })) => (room, change, &|_| true),
            Some(&(room, Asked::Change { since })) => (room, since + 1, &|told| told.reference == u64::from(user.0)),
            _ => return Ok(()),
        };
        let is_there = |message: &&Message| {
            let told = &message.told;
            told.device.0 == 0 && told.sequence.0 >= first && is_it(told)
        };
        let done = self.truth.visible(room).iter().rev().find(is_there);
        hold(done.is_some(), DONE_IS_SEQUENCED, || format!("change {first} of room {room}, or a later one"))
    }

    /// A bridge announces what is committed; it must not be told otherwise.
    fn is_unknown(&self, seat: Seat, request: u32, code: ErrorCode) -> Kept {
        let asked = self.memory.asked.get(&(seat, request));
        let is_sync = matches!(asked, Some((_, Asked::Sync { .. })));
        let denied = is_sync && code == ErrorCode::InvalidField;
        hold(!denied, DONE_IS_SEQUENCED, || format!("{asked:?} is committed, and is said not to exist"))
    }

    fn is_page(&self, room: RoomId, asked: Option<Asked>, page: &[Told], count: usize, more: bool) -> Kept {
        let Some(Asked::Page { query, limit }) = asked else {
            return hold(false, ANSWERED_ONCE, || format!("a page of room {room} that nobody asked for"));
        };
        let all = self.truth.asked_for(room, query);
        let length = page.len();
        let (expected, is_more) = match query {
            _ if length > all.len() => (all, false),
            PageQuery::Before(_) => (&all[all.len() - length..], length < all.len()),
            PageQuery::After(_) => (&all[..length], length < all.len()),
        };
        let is_same = expected.len() == length && expected.iter().zip(page).all(|(a, b)| a.told == *b);
        let is_long_enough = length > 0 || all.is_empty();
        let is_whole = is_same && is_long_enough && count == length && more == is_more;
        let is_bounded = length <= limit.clamp(1, HISTORY_LIMIT_MAX);
        hold(is_whole && is_bounded, HISTORY_IS_EXACT, || {
            let ids = |of: &[Told]| of.iter().map(|told| told.id.0).collect::<Vec<_>>();
            let all: Vec<_> = all.iter().map(|message| message.told.id.0).collect();
            format!("{query:?} limit {limit} in room {room}: {:?} more {more} (not {is_more}), of {all:?}", ids(page))
        })
    }

    fn is_catch_up(&self, seat: Seat, room: RoomId, request: u32, frames: &[Heard]) -> Kept {
        let Some((_, Asked::Open { last_seen })) = self.memory.asked.get(&(seat, request)) else { return Ok(()) };
        let missed = match *last_seen {
            MessageId::ZERO => &[],
            last_seen => self.truth.asked_for(room, PageQuery::After(last_seen)),
        };
        let newest = self.truth.newest_visible(room);
        let is_exact = match &frames[1..] {
            [Heard { what: What::Gap { after, newest: to, .. }, .. }] => {
                !missed.is_empty() && after == last_seen && *to == newest
            }
            handed => {
                let same = |(message, heard): (&Message, &Heard)| matches!(&heard.what, What::Message(told) if *told == message.told);
                handed.len() == missed.len() && missed.iter().zip(handed).all(same) && missed.len() <= CATCH_UP_MAX
            }
        };
        let count = missed.len();
        hold(is_exact, CATCH_UP_IS_EXACT, || format!("room {room} after {last_seen}, {count} missed: {frames:?}"))
    }
}
