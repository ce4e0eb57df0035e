//! HISTORY and MEMBERS: what the stores have, joined with what came since they were asked.

use bytes::Bytes;
use moim_persistence::{MemberEntry, Office, PageQuery, Role};
use moim_wire::limits::{FRAME_BYTES_MAX, HISTORY_BYTES_MAX, HISTORY_LIMIT_MAX, LIST_LIMIT_MAX};
use moim_wire::schema::{HistoryPage, HistoryPageArgs, MemberArgs, MemberList, MemberListArgs};
use moim_wire::{ErrorCode, Frame, MessageId, Opcode, UserId, body, schema};

use super::context::Context;
use super::effect::{Effect, StoreRequest};
use super::event::{Caller, Origin};
use super::room::Room;
use super::tickets::{HistoryQuestion, Waiting};
use crate::journal::Page;

impl Room {
    pub(super) fn history(
        &mut self,
        origin: Origin,
        caller: Caller,
        query: PageQuery,
        limit: usize,
        context: &mut Context<'_>,
    ) {
        let limit = limit.clamp(1, HISTORY_LIMIT_MAX);
        let question = HistoryQuestion { origin, user: caller.user, query, limit, committed: self.committed };
        if !self.members.contains_key(&caller.user) {
            return refuse_stranger(&origin, context);
        }
        match self.page_from_memory(query, limit) {
            Some(page) => self.answer_history(&origin, &page, is_newest_first(query), context),
            None => self.ask_store_for_history(question, context),
        }
    }

    /// The page, where memory alone has all of it.
    fn page_from_memory(&self, query: PageQuery, limit: usize) -> Option<Page> {
        let mut page = self.recent_page(query, limit);
        match query {
            PageQuery::After(id) => (id >= self.floor).then_some(page),
            PageQuery::Before(_) => {
                let is_whole = self.floor == MessageId::ZERO;
                page.more |= !is_whole;
                (is_whole || page.frames.len() == limit).then_some(page)
            }
        }
    }

    /// What memory has in the direction asked.
    fn recent_page(&self, query: PageQuery, limit: usize) -> Page {
        let (range, more) = match query {
            PageQuery::After(id) => {
                let start = self.recent_above(id);
                let end = (start + limit).min(self.recent.len());
                (start..end, end < self.recent.len())
            }
            PageQuery::Before(id) => {
                let end = self.recent.partition_point(|&(recent, _)| recent < id);
                let start = end.saturating_sub(limit);
                (start..end, start > 0)
            }
        };
        Page { frames: self.recent.range(range).cloned().collect(), more }
    }

    fn ask_store_for_history(&self, question: HistoryQuestion, context: &mut Context<'_>) {
        let HistoryQuestion { origin, query, limit, .. } = question;
        let room = self.id;
        match context.tickets.draw(Waiting::History { room, question }) {
            Some(ticket) => {
                context.effects.push(Effect::Store(StoreRequest::ReadHistory { ticket, room, query, limit }));
            }
            None => context.busy(&origin, "too many requests wait for the store"),
        }
    }

    /// The stores' page arrived: what was not committed when they were asked is in memory, or they are asked again.
    pub(super) fn history_read(
        &mut self,
        question: HistoryQuestion,
        stored: &Bytes,
        more: bool,
        context: &mut Context<'_>,
    ) {
        let HistoryQuestion { origin, user, query, limit, committed } = question;
        if !self.members.contains_key(&user) {
            // Put out while the store was asked.
            return refuse_stranger(&origin, context);
        }
        if self.floor > committed {
            // Messages that came after the store was asked have been let go since.
            let question = HistoryQuestion { committed: self.committed, ..question };
            return self.ask_store_for_history(question, context);
        }
        let stored = Page { frames: split_frames(stored), more };
        let mut page = stored.join(self.recent_page(query, limit), query, limit);
        self.empty_withdrawn(&mut page.frames);
        self.answer_history(&origin, &page, is_newest_first(query), context);
    }

    fn answer_history(&self, origin: &Origin, page: &Page, newest_first: bool, context: &mut Context<'_>) {
        // A page of very long messages ends early, at its far end; the reader goes on from the last id that it has.
        let mut bytes = 0;
        let mut fits = |frame: &&(MessageId, Bytes)| {
            bytes += frame.1.len();
            bytes <= HISTORY_BYTES_MAX
        };
        let count = if newest_first {
            page.frames.iter().rev().take_while(&mut fits).count()
        } else {
            page.frames.iter().take_while(&mut fits).count()
        };
        let left_out = page.frames.len() - count;
        let start = if newest_first { left_out } else { 0 };
        let mut frames = Vec::with_capacity(bytes.min(HISTORY_BYTES_MAX));
        page.frames[start..start + count].iter().for_each(|(_, frame)| frames.extend_from_slice(frame));
        let (count, more) = (count as u32, page.more || left_out > 0);
        context.reply(origin, |encoder, out, envelope| {
            encoder.frame(out, Opcode::HistoryPage, envelope, |b| {
                let frames = b.create_vector(&frames);
                HistoryPage::create(b, &HistoryPageArgs { room: self.id.0, frames: Some(frames), count, more })
            });
        });
    }

    pub(super) fn list_members(
        &mut self,
        origin: Origin,
        caller: Caller,
        after: UserId,
        limit: usize,
        context: &mut Context<'_>,
    ) {
        let (room, user) = (self.id, caller.user);
        if !self.members.contains_key(&user) {
            return refuse_stranger(&origin, context);
        }
        let limit = limit.clamp(1, LIST_LIMIT_MAX);
        match context.tickets.draw(Waiting::Members { room, origin, user }) {
            Some(ticket) => {
                context.effects.push(Effect::Store(StoreRequest::ReadMembers { ticket, room, after, limit }));
            }
            None => context.busy(&origin, "too many requests wait for the store"),
        }
    }

    /// Names come from the store, read marks from here, where they are newest.
    pub(super) fn members_read(
        &self,
        origin: &Origin,
        user: UserId,
        entries: &[MemberEntry],
        more: bool,
        context: &mut Context<'_>,
    ) {
        if !self.members.contains_key(&user) {
            return refuse_stranger(origin, context);
        }
        context.reply(origin, |encoder, out, envelope| {
            encoder.frame(out, Opcode::MemberList, envelope, |b| {
                let mut members = Vec::with_capacity(entries.len());
                for entry in entries {
                    let live = self.members.get(&entry.user);
                    let args = MemberArgs {
                        user: entry.user.0,
                        name: Some(b.create_string(&entry.name)),
                        role: live.map_or(entry.role, |member| member.role),
                        read_mark: live.map_or(entry.read_mark, |member| member.read_mark).0,
                        left: entry.left,
                        office: entry.office.map_or(Role::Member, Office::role),
                    };
                    members.push(schema::Member::create(b, &args));
                }
                let members = b.create_vector(&members);
                MemberList::create(b, &MemberListArgs { room: self.id.0, members: Some(members), more })
            });
        });
    }
}

fn refuse_stranger(origin: &Origin, context: &mut Context<'_>) {
    context.refuse(origin, ErrorCode::NotAMember, "only members see a room's past and its members");
}

const fn is_newest_first(query: PageQuery) -> bool {
    matches!(query, PageQuery::Before(_))
}

/// MESSAGE frames back to back, each with its id. What does not read as one ends the list.
pub(crate) fn split_frames(bytes: &Bytes) -> Vec<(MessageId, Bytes)> {
    let mut frames = Vec::new();
    let mut at = 0;
    while let Ok(Some(frame)) = Frame::first(&bytes[at..], FRAME_BYTES_MAX) {
        let Ok(message) = body::read::<schema::Message<'_>>(frame.body()) else { break };
        let end = at + frame.bytes.len();
        frames.push((MessageId(message.head().id()), bytes.slice(at..end)));
        at = end;
    }
    frames
}
