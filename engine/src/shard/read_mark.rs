//! READ: how far each member has read. Shown at once, stored a moment later; a crash may take back the last second.

use moim_wire::{Envelope, ErrorCode, MessageId, Opcode, RoomId, UserId, schema};

use super::commit::deliver;
use super::context::Context;
use super::event::{Caller, Origin, RoomFrames};
use super::room::Room;
use super::{Map, Slot};

impl Room {
    pub(super) fn read(&mut self, origin: Origin, caller: Caller, up_to: MessageId, context: &mut Context<'_>) {
        let Some(member) = self.members.get(&caller.user) else {
            return context.refuse(&origin, ErrorCode::NotAMember, "only members read");
        };
        if up_to > self.committed {
            return context.refuse(&origin, ErrorCode::IdFromTheFuture, "up_to is above the room's newest message");
        }
        if up_to > member.read_mark {
            self.raise_mark(caller.user, up_to, context);
            let mut frame = Vec::new();
            context.encoder.frame(&mut frame, Opcode::ReadMark, Envelope::default(), |b| {
                let (room, user, up_to) = (self.id.0, caller.user.0, up_to.0);
                schema::ReadMark::create(b, &schema::ReadMarkArgs { room, user, up_to })
            });
            deliver(self, &RoomFrames::sheddable(frame), context);
        }
        context.done(&origin);
    }

    /// Raises a member's mark and puts it on the list for the store.
    pub(super) fn raise_mark(&mut self, user: UserId, up_to: MessageId, context: &mut Context<'_>) {
        if let Some(member) = self.members.get_mut(&user) {
            member.read_mark = member.read_mark.max(up_to);
            if !std::mem::replace(&mut member.mark_dirty, true) {
                context.marks.push((self.id, user));
            }
        }
    }
}

/// Takes the marks that changed since last time.
pub(super) fn take_marks(
    dirty: &mut Vec<(RoomId, UserId)>,
    rooms: &mut Map<RoomId, Slot>,
) -> Vec<(RoomId, UserId, MessageId)> {
    let mut marks = Vec::with_capacity(dirty.len());
    for (room_id, user) in dirty.drain(..) {
        if let Some(Slot::Ready(room)) = rooms.get_mut(&room_id)
            && let Some(member) = room.members.get_mut(&user)
        {
            member.mark_dirty = false;
            marks.push((room_id, user, member.read_mark));
        }
    }
    marks
}
