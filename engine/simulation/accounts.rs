//! The accounts' store: members, and changes that wait until they are sequenced. Each call is one transaction.

use std::collections::BTreeMap;

use moim_engine::shard::Refusal;
use moim_persistence::{MemberEntry, RoomChange, RoomSnapshot};
use moim_wire::schema::{Kind, Role};
use moim_wire::{ErrorCode, MessageId, RoomId, UserId};

/// What a JOIN must say in rooms that are locked.
pub(crate) const PASSWORD: &str = "open";

#[derive(Debug, Default)]
struct Room {
    name: String,
    locked: bool,
    deleted: bool,
    members: BTreeMap<UserId, (Role, MessageId)>,
    /// Every change that was ever committed.
    log: Vec<RoomChange>,
    /// Newest change whose row is gone.
    taken_out: u32,
    /// By user: from which change on he was, or was no member.
    membership: BTreeMap<UserId, Vec<(u32, bool)>>,
}

#[derive(Debug, Default)]
pub(crate) struct Accounts {
    rooms: BTreeMap<RoomId, Room>,
}

impl Accounts {
    /// A room whose first members are there before its first change.
    pub(crate) fn create(&mut self, id: RoomId, members: Vec<UserId>, locked: bool) {
        let mut room = Room { name: format!("room {id}"), locked, ..Room::default() };
        for user in members {
            room.members.insert(user, (Role::Admin, MessageId::ZERO));
            room.membership.insert(user, vec![(0, true)]);
        }
        self.rooms.insert(id, room);
    }

    pub(crate) fn rooms(&self) -> Vec<RoomId> {
        self.rooms.keys().copied().collect()
    }

    pub(crate) fn is_member(&self, room: RoomId, user: UserId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.members.contains_key(&user))
    }

    pub(crate) fn members(&self, room: RoomId) -> Vec<UserId> {
        self.rooms.get(&room).map(|room| room.members.keys().copied().collect()).unwrap_or_default()
    }

    pub(crate) fn last_change(&self, room: RoomId) -> u32 {
        self.rooms.get(&room).map_or(0, |room| room.log.len() as u32)
    }

    pub(crate) fn change(&self, room: RoomId, change: u32) -> Option<&RoomChange> {
        self.rooms.get(&room)?.log.get(change as usize - 1)
    }

    /// Changes whose rows are still there.
    pub(crate) fn waiting(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, |room| room.log.len() - room.taken_out as usize)
    }

    /// Whether the user was a member after some change from `first` to `last`.
    pub(crate) fn was_member(&self, room: RoomId, user: UserId, first: u32, last: u32) -> bool {
        let Some(membership) = self.rooms.get(&room).and_then(|room| room.membership.get(&user)) else { return false };
        let before = membership.iter().rev().find(|&&(from, _)| from <= first);
        before.is_some_and(|&(_, is)| is) || membership.iter().any(|&(from, is)| is && (first..=last).contains(&from))
    }

    pub(crate) fn join(&mut self, id: RoomId, user: UserId, password: &str) -> Result<u32, ErrorCode> {
        let room = self.rooms.get(&id).filter(|room| !room.deleted).ok_or(ErrorCode::NoSuchRoom)?;
        if room.members.contains_key(&user) {
            return Err(ErrorCode::AlreadyMember);
        }
        if room.locked && password != PASSWORD {
            return Err(ErrorCode::WrongPassword);
        }
        Ok(self.commit(id, Kind::MemberJoined, user, user, Role::Member))
    }

    /// By himself or by somebody else.
    pub(crate) fn leave(&mut self, id: RoomId, actor: UserId, user: UserId) -> Result<u32, ErrorCode> {
        self.rooms.get(&id).filter(|room| !room.deleted).ok_or(ErrorCode::NoSuchRoom)?;
        if !self.is_member(id, user) {
            return Err(ErrorCode::NotAMember);
        }
        let kind = if actor == user { Kind::MemberLeft } else { Kind::MemberRemoved };
        Ok(self.commit(id, kind, actor, user, Role::Member))
    }

    /// Carries out and writes down a change, in one transaction.
    pub(crate) fn commit(&mut self, id: RoomId, kind: Kind, actor: UserId, subject: UserId, role: Role) -> u32 {
        let room = self.rooms.get_mut(&id).expect("changes are of rooms that exist");
        let change = room.log.len() as u32 + 1;
        let mut note = |user: UserId, is| room.membership.entry(user).or_default().push((change, is));
        let mut text = format!("user {subject}");
        match kind {
            Kind::MemberJoined => {
                note(subject, true);
                room.members.insert(subject, (role, MessageId::ZERO));
            }
            Kind::MemberLeft | Kind::MemberRemoved => {
                note(subject, false);
                room.members.remove(&subject);
            }
            Kind::RoleChanged => {
                room.members.entry(subject).and_modify(|member| member.0 = role);
            }
            Kind::RoomDeleted => {
                room.members.keys().for_each(|&user| note(user, false));
                room.deleted = true;
                room.members.clear();
            }
            _ => {
                text = format!("room {id}, named by change {change}");
                room.name.clone_from(&text);
            }
        }
        room.log.push(RoomChange { change, kind, actor, subject: subject.0.into(), text, role });
        change
    }

    pub(crate) fn snapshot(&self, id: RoomId, changes_max: usize) -> Result<RoomSnapshot, Refusal> {
        let room = self.rooms.get(&id).ok_or_else(|| refusal(ErrorCode::NoSuchRoom))?;
        Ok(RoomSnapshot {
            name: room.name.clone(),
            deleted: room.deleted,
            last_change: room.log.len() as u32,
            members: room.members.iter().map(|(&user, &(role, mark))| (user, role, mark)).collect(),
            changes: self.changes(id, 0, changes_max),
        })
    }

    pub(crate) fn changes(&self, id: RoomId, after: u32, changes_max: usize) -> Vec<RoomChange> {
        let Some(room) = self.rooms.get(&id) else { return Vec::new() };
        let rows = room.log.iter().filter(|change| change.change > after.max(room.taken_out));
        rows.take(changes_max).cloned().collect()
    }

    pub(crate) fn changes_sequenced(&mut self, room: RoomId, up_to: u32) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.taken_out = room.taken_out.max(up_to);
        }
    }

    pub(crate) fn rooms_with_changes(&self) -> Vec<RoomId> {
        self.rooms.keys().copied().filter(|&room| self.waiting(room) > 0).collect()
    }

    pub(crate) fn set_read_mark(&mut self, room: RoomId, user: UserId, mark: MessageId) {
        if let Some(member) = self.rooms.get_mut(&room).and_then(|room| room.members.get_mut(&user)) {
            member.1 = member.1.max(mark);
        }
    }

    pub(crate) fn list_members(&self, room: RoomId, after: UserId, limit: usize) -> (Vec<MemberEntry>, bool) {
        let Some(room) = self.rooms.get(&room) else { return (Vec::new(), false) };
        let entry = |(&user, &(role, read_mark)): (&UserId, &(Role, MessageId))| MemberEntry {
            user,
            name: format!("user {user}"),
            email: String::new(),
            role,
            read_mark,
            left: false,
            office: None,
        };
        let mut entries: Vec<_> = room.members.iter().filter(|(user, _)| **user > after).map(entry).collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        (entries, more)
    }
}

pub(crate) fn refusal(code: ErrorCode) -> Refusal {
    Refusal { code, message: code.name().to_owned(), retry_after_ms: 0 }
}
