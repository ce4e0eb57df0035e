//! Taking a message back: a SEND of kind Delete by its author or an admin. It is sequenced like talk; once it is
//! committed, memory holds the withdrawn message without its text, and so does every page from then on. The message
//! store empties its row when the Delete is written there; until then pages read from it are emptied here.

use bytes::Bytes;
use moim_persistence::PageQuery;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::{Kind, Message, Role};
use moim_wire::{ErrorCode, Frame, MessageId, body, withdrawal};

use super::context::Context;
use super::effect::{Effect, StoreRequest};
use super::event::{Caller, Origin, SendRequest};
use super::history::split_frames;
use super::room::Room;
use super::tickets::Waiting;

const NO_SUCH_MESSAGE: (ErrorCode, &str) = (ErrorCode::InvalidField, "reference: the room has no such message");

impl Room {
    /// A member's fresh Delete; the message that it names is `found`, or in memory, or the store is asked for it.
    pub(super) fn withdraw(
        &mut self,
        origin: Origin,
        caller: Caller,
        send: SendRequest<'_>,
        found: Option<Bytes>,
        context: &mut Context<'_>,
    ) {
        let id = MessageId(send.reference);
        let frame = match found.or_else(|| self.in_memory(id)) {
            Some(frame) => frame,
            None if id > self.floor => return context.refuse(&origin, NO_SUCH_MESSAGE.0, NO_SUCH_MESSAGE.1),
            None => return self.ask_store_for_withdrawn(origin, caller, send, context),
        };
        match self.check_withdrawal(caller, &frame) {
            Ok(()) => self.accept(origin, caller, &send, context),
            Err((code, message)) => context.refuse(&origin, code, message),
        }
    }

    fn ask_store_for_withdrawn(
        &self,
        origin: Origin,
        caller: Caller,
        send: SendRequest<'_>,
        context: &mut Context<'_>,
    ) {
        let room = self.id;
        let query = PageQuery::Before(MessageId(send.reference + 1));
        let send = SendRequest { text: send.text.into_owned().into(), ..send };
        match context.tickets.draw(Waiting::Withdrawal { room, origin, caller, send }) {
            Some(ticket) => {
                context.effects.push(Effect::Store(StoreRequest::ReadHistory { ticket, room, query, limit: 1 }));
            }
            None => context.busy(&origin, "too many requests wait for the store"),
        }
    }

    /// The store's answer. Membership and sequence are judged again: a resend may have come through meanwhile.
    pub(super) fn withdrawn_read(
        &mut self,
        origin: Origin,
        caller: Caller,
        send: SendRequest<'_>,
        stored: &Bytes,
        context: &mut Context<'_>,
    ) {
        let found = split_frames(stored).into_iter().find(|&(id, _)| id.0 == send.reference);
        match found {
            Some((_, frame)) => self.send_knowing(origin, caller, send, Some(frame), context),
            None => context.refuse(&origin, NO_SUCH_MESSAGE.0, NO_SUCH_MESSAGE.1),
        }
    }

    fn check_withdrawal(&self, caller: Caller, frame: &[u8]) -> Result<(), (ErrorCode, &'static str)> {
        let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten().ok_or(NO_SUCH_MESSAGE)?;
        let message = body::read::<Message<'_>>(frame.body()).map_err(|_| NO_SUCH_MESSAGE)?;
        if withdrawal::is_withdrawn(&message) {
            return Err((ErrorCode::InvalidField, "reference: the message is withdrawn already"));
        }
        let was_said = matches!(message.kind(), Kind::Talk | Kind::Reply | Kind::Notice | Kind::Enter | Kind::File);
        if !was_said {
            return Err((ErrorCode::InvalidField, "reference: what nobody said cannot be withdrawn"));
        }
        let is_admin = self.members.get(&caller.user).is_some_and(|member| member.role == Role::Admin);
        if message.head().sender() != caller.user.0 && !is_admin {
            return Err((ErrorCode::NotAllowed, "only its author or an admin may withdraw a message"));
        }
        Ok(())
    }

    fn in_memory(&self, id: MessageId) -> Option<Bytes> {
        let at = self.recent.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.recent[at].1.clone())
    }

    /// The Delete `by` is committed.
    pub(super) fn withdrawn(&mut self, by: MessageId, withdrawn: MessageId) {
        if let Ok(at) = self.recent.binary_search_by_key(&withdrawn, |&(id, _)| id) {
            empty(&mut self.recent[at].1);
        }
        self.withdrawals.push_back((by, withdrawn));
    }

    /// Empties the messages of a page that the store read before it knew better.
    pub(super) fn empty_withdrawn(&self, frames: &mut [(MessageId, Bytes)]) {
        for (_, withdrawn) in &self.withdrawals {
            if let Ok(at) = frames.binary_search_by_key(withdrawn, |&(id, _)| id) {
                empty(&mut frames[at].1);
            }
        }
    }

    /// A Delete that has left memory is in the store, and a page that was asked for before is asked for anew.
    pub(super) fn forget_withdrawals(&mut self) {
        while self.withdrawals.front().is_some_and(|&(by, _)| by <= self.floor) {
            self.withdrawals.pop_front();
        }
    }
}

fn empty(frame: &mut Bytes) {
    // What does not read as a message has no text that could be shown.
    *frame = withdrawal::left_of(frame).map_or_else(Bytes::new, Bytes::from);
}
