//! Changes of a room: committed in the store first, then sequenced here like messages, each exactly once.

use moim_persistence::RoomChange;
use moim_wire::schema::Kind;
use moim_wire::{DeviceId, ErrorCode, MessageId, Sequence, UserId};

use super::commit::Pending;
use super::context::{Context, Gate};
use super::effect::{Effect, StoreRequest};
use super::event::{Caller, Origin};
use super::room::{Member, Room};
use super::send::Draft;
use super::tickets::Waiting;

impl Room {
    /// JOIN.
    pub(super) fn join(&mut self, origin: Origin, caller: Caller, password: String, context: &mut Context<'_>) {
        if self.members.contains_key(&caller.user) {
            return context.refuse(&origin, ErrorCode::AlreadyMember, "already a member of the room");
        }
        let (room, user) = (self.id, caller.user);
        match context.tickets.draw(Waiting::Change { room, origin }) {
            Some(ticket) => {
                context.effects.push(Effect::Store(StoreRequest::Join { ticket, room, user, password }));
            }
            None => context.busy(&origin, "too many requests wait for the store"),
        }
    }

    /// LEAVE.
    pub(super) fn leave(&mut self, origin: Origin, caller: Caller, context: &mut Context<'_>) {
        if !self.members.contains_key(&caller.user) {
            return context.refuse(&origin, ErrorCode::NotAMember, "not a member of the room");
        }
        let (room, user) = (self.id, caller.user);
        match context.tickets.draw(Waiting::Change { room, origin }) {
            Some(ticket) => context.effects.push(Effect::Store(StoreRequest::Leave { ticket, room, user })),
            None => context.busy(&origin, "too many requests wait for the store"),
        }
    }

    /// SYNC, and what follows a JOIN or LEAVE: answered when the change is in the journal.
    pub(super) fn sync(&mut self, origin: Origin, change: u32, context: &mut Context<'_>) {
        if change <= self.committed_change {
            return context.done(&origin);
        }
        if self.syncs.len() >= context.limits.parked_max {
            return context.busy(&origin, "too many wait for changes of this room");
        }
        self.syncs.push((change, origin));
        if change > self.last_change {
            self.read_changes(context);
        }
    }

    /// Asks the store for changes that are not sequenced yet.
    pub(super) fn read_changes(&mut self, context: &mut Context<'_>) {
        if self.reading_changes {
            // What it finds may be older than what was announced now.
            self.read_changes_again = true;
        } else if context.gate != Gate::StorageFull {
            self.reading_changes = true;
            context.effects.push(Effect::Store(StoreRequest::ReadChanges(self.id, self.last_change)));
        }
    }

    /// The store's answer.
    pub(super) fn changes_read(&mut self, changes: &[RoomChange], context: &mut Context<'_>) {
        self.reading_changes = false;
        if changes.is_empty() && self.committed_change > 0 {
            // What the store thinks is waiting is sequenced: it was told so in vain.
            context.outbox.sequenced(self.id, self.committed_change);
        }
        for change in changes {
            self.sequence(change, context);
        }
        let last = self.last_change;
        // The store hands out so many at once; only where it has none are there none.
        let has_more = !changes.is_empty() && self.syncs.iter().any(|&(change, _)| change > last);
        if std::mem::take(&mut self.read_changes_again) || has_more {
            return self.read_changes(context);
        }
        let (waiting, unknown): (Vec<_>, Vec<_>) = self.syncs.drain(..).partition(|&(change, _)| change <= last);
        self.syncs = waiting;
        for (_, origin) in unknown {
            context.refuse(&origin, ErrorCode::InvalidField, "change: the store has no such change of this room");
        }
    }

    /// Puts a change among the messages and carries it out; one that is there already is passed over.
    pub(super) fn sequence(&mut self, change: &RoomChange, context: &mut Context<'_>) {
        if change.change <= self.last_change {
            return;
        }
        let draft = Draft {
            sender: change.actor,
            device: DeviceId(0),
            sequence: Sequence(change.change),
            kind: change.kind,
            role: change.role,
            reference: change.subject,
            text: &change.text,
        };
        // User ids are 32 bits wide; a subject beyond them is no member's.
        let subject = UserId(u32::try_from(change.subject).unwrap_or_default());
        let reader = (change.kind == Kind::MemberJoined).then_some(subject);
        self.append(&draft, reader, None, context);
        self.last_change = change.change;
        context.batch.pending.push(Pending::Change { room: self.id, change: change.change });
        if change.change > self.loaded_change {
            self.carry_out(change, subject, context);
        }
    }

    fn carry_out(&mut self, change: &RoomChange, subject: UserId, context: &mut Context<'_>) {
        match change.kind {
            Kind::MemberJoined => {
                let member = Member { role: change.role, read_mark: MessageId::ZERO, mark_dirty: false };
                self.members.entry(subject).or_insert(member);
            }
            Kind::MemberLeft | Kind::MemberRemoved => {
                self.members.remove(&subject);
                self.put_out(Some(subject), ErrorCode::NotAMember, context);
            }
            Kind::RoleChanged => {
                if let Some(member) = self.members.get_mut(&subject) {
                    member.role = change.role;
                }
            }
            Kind::RoomChanged => self.name.clone_from(&change.text),
            Kind::RoomDeleted => {
                self.deleted = true;
                self.members.clear();
                self.put_out(None, ErrorCode::RoomDeleted, context);
            }
            _ => {}
        }
    }

    /// Followers are put out once they were shown why.
    fn put_out(&self, user: Option<UserId>, code: ErrorCode, context: &mut Context<'_>) {
        context.batch.pending.push(Pending::Evict { room: self.id, user, code });
    }

    /// A change is in the journal.
    pub(super) fn change_committed(&mut self, change: u32, context: &mut Context<'_>) {
        self.committed_change = self.committed_change.max(change);
        context.outbox.sequenced(self.id, change);
        let committed = self.committed_change;
        let (done, waiting): (Vec<_>, Vec<_>) = self.syncs.drain(..).partition(|&(change, _)| change <= committed);
        self.syncs = waiting;
        for (_, origin) in done {
            context.done(&origin);
        }
    }
}
