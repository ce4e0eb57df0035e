//! OPEN, at the room's owner: from which message on a session follows, and what it is handed at once.

use moim_wire::limits::{CATCH_UP_BYTES_MAX, CATCH_UP_MAX};
use moim_wire::{Encoder, Envelope, ErrorCode, MessageId, Opcode, RoomId, UserId, schema};

use super::context::Context;
use super::effect::Effect;
use super::event::{Caller, Origin, PeerMessage};
use super::room::Room;
use crate::router::ShardId;

impl Room {
    pub(super) fn open(&mut self, origin: Origin, caller: Caller, last_seen: MessageId, context: &mut Context<'_>) {
        let Some(member) = self.members.get(&caller.user) else {
            return context.refuse(&origin, ErrorCode::NotAMember, "only members may open a room; join it first");
        };
        if last_seen > self.committed {
            const WHY: &str = "last_seen is above the room's newest message; forget the room's messages and open anew";
            return context.refuse(&origin, ErrorCode::IdFromTheFuture, WHY);
        }
        let (role, read_mark) = (member.role, member.read_mark);
        let comes = self.count_follower(origin.shard, caller.user);
        let envelope = Envelope { request: origin.request, session: origin.session.session };
        let mut frames = Vec::new();
        self.put_opened(&mut frames, envelope, role, read_mark, context.encoder);
        self.put_catch_up(&mut frames, origin, last_seen, context.encoder);
        let follow = PeerMessage::Follow { to: origin, user: caller.user, room: self.id, frames };
        context.effects.push(Effect::Peer(origin.shard, follow));
        if comes {
            self.show_presence(caller.user, true, context);
        }
    }

    fn put_opened(
        &self,
        out: &mut Vec<u8>,
        envelope: Envelope,
        role: schema::Role,
        read_mark: MessageId,
        encoder: &mut Encoder,
    ) {
        let online = self.online_users();
        encoder.frame(out, Opcode::Opened, envelope, |b| {
            let name = b.create_string(&self.name);
            let online = b.create_vector(&online);
            schema::Opened::create(
                b,
                &schema::OpenedArgs {
                    room: self.id.0,
                    newest_id: self.committed.0,
                    read_mark: read_mark.0,
                    role,
                    members: self.members.len() as u32,
                    online: Some(online),
                    name: Some(name),
                },
            )
        });
    }

    /// The messages after `last_seen` where all of them are in memory and they are few, a GAP otherwise.
    fn put_catch_up(&self, out: &mut Vec<u8>, origin: Origin, last_seen: MessageId, encoder: &mut Encoder) {
        if last_seen == MessageId::ZERO || last_seen == self.committed {
            return;
        }
        let missed = self.recent.range(self.recent_above(last_seen)..);
        let session = origin.session.session;
        let bytes: usize = missed.clone().take(CATCH_UP_MAX).map(|(_, frame)| frame.len()).sum();
        if last_seen < self.floor || missed.len() > CATCH_UP_MAX || bytes > CATCH_UP_BYTES_MAX {
            return put_gap(out, self.id.0, last_seen, self.committed, session, encoder);
        }
        for (_, frame) in missed {
            readdress(out, frame, session);
        }
    }

    /// Counts a session in; true for the user's first.
    fn count_follower(&mut self, shard: ShardId, user: UserId) -> bool {
        let shard = usize::from(shard.0);
        if self.followers_of.len() <= shard {
            self.followers_of.resize(shard + 1, 0);
        }
        self.followers_of[shard] += 1;
        let sessions = self.online.entry(user).or_insert(0);
        *sessions += 1;
        *sessions == 1
    }

    /// Counts a session out.
    pub(super) fn unfollow(&mut self, shard: ShardId, user: UserId, context: &mut Context<'_>) {
        if let Some(followers) = self.followers_of.get_mut(usize::from(shard.0)) {
            *followers = followers.saturating_sub(1);
        }
        if let Some(sessions) = self.online.get_mut(&user) {
            *sessions -= 1;
            if *sessions == 0 {
                self.online.remove(&user);
                self.show_presence(user, false, context);
            }
        }
    }
}

/// CLOSE, at the room's owner: whatever the session opened before is on its way to it by now.
pub(super) fn close(origin: Origin, room: RoomId, context: &mut Context<'_>) {
    context.effects.push(Effect::Peer(origin.shard, PeerMessage::Close { to: origin, room }));
}

/// Appends a GAP: messages with `after < id <= newest` are for HISTORY.
pub(crate) fn put_gap(
    out: &mut Vec<u8>,
    room: u32,
    after: MessageId,
    newest: MessageId,
    session: u32,
    encoder: &mut Encoder,
) {
    encoder.frame(out, Opcode::Gap, Envelope { request: 0, session }, |b| {
        schema::Gap::create(b, &schema::GapArgs { room, after: after.0, newest_id: newest.0 })
    });
}

/// Appends a copy of an unaddressed frame, addressed to one session of a trunk.
fn readdress(out: &mut Vec<u8>, frame: &[u8], session: u32) {
    use moim_wire::{FLAG_SESSION, HEADER_BYTES, Header};
    match Header::read(frame) {
        Some(header) if session != 0 && header.flags & FLAG_SESSION == 0 => {
            let flags = header.flags | FLAG_SESSION;
            Header { length: header.length + 4, flags, session, ..header }.write(out);
            out.extend_from_slice(&frame[HEADER_BYTES..]);
        }
        _ => out.extend_from_slice(frame),
    }
}
