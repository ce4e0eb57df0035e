//! Who is here and who is typing: shown to those who look, kept nowhere.

use moim_wire::limits::PRESENCE_MEMBERS_MAX;
use moim_wire::{Envelope, Opcode, UserId, schema};

use super::commit::deliver;
use super::context::Context;
use super::event::{Caller, RoomFrames};
use super::room::Room;

impl Room {
    /// TYPING: refused by silence where the caller is no member, for nobody waits for an answer.
    pub(super) fn typing(&mut self, caller: Caller, context: &mut Context<'_>) {
        if !self.members.contains_key(&caller.user) {
            context.counters.refused += 1;
            return;
        }
        let mut frame = Vec::new();
        context.encoder.frame(&mut frame, Opcode::Typing, Envelope::default(), |b| {
            schema::Typing::create(b, &schema::TypingArgs { room: self.id.0, user: caller.user.0 })
        });
        deliver(self, &RoomFrames::sheddable(frame), context);
    }

    /// Tells the followers that somebody came or went; in large rooms nobody could follow that.
    pub(super) fn show_presence(&self, user: UserId, online: bool, context: &mut Context<'_>) {
        if self.members.len() > PRESENCE_MEMBERS_MAX {
            return;
        }
        let mut frame = Vec::new();
        context.encoder.frame(&mut frame, Opcode::Presence, Envelope::default(), |b| {
            schema::Presence::create(b, &schema::PresenceArgs { room: self.id.0, user: user.0, online })
        });
        deliver(self, &RoomFrames::sheddable(frame), context);
    }

    /// Users present, for OPENED.
    pub(super) fn online_users(&self) -> Vec<u32> {
        if self.members.len() > PRESENCE_MEMBERS_MAX {
            return Vec::new();
        }
        let mut users: Vec<u32> = self.online.keys().map(|user| user.0).collect();
        users.sort_unstable();
        users
    }
}
