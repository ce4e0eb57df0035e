//! What is stored: every message that was ever synced, in a journal or in the message store.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use moim_persistence::PageQuery;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use super::{
    CHAIN_IS_WHOLE, CHANGES_IN_ORDER, Kept, MEMBERS_SPEAK, REFUSED_IS_NOT_STORED, STORED_ONCE, STORED_STAYS, hold,
};
use crate::accounts::Accounts;
use crate::heard::{self, Told};
use crate::messages::{Messages, author};

/// A send, as resends are recognised.
pub(crate) type Send = (RoomId, UserId, DeviceId, Sequence);

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) told: Told,
    pub(crate) frame: Bytes,
    /// Newest change of the room up to here.
    pub(crate) change: u32,
}

#[derive(Debug, Default)]
struct Room {
    messages: Vec<Message>,
    /// How many of them the shard knows to be committed: those that may be shown.
    visible: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Truth {
    rooms: BTreeMap<RoomId, Room>,
    sends: BTreeMap<Send, MessageId>,
    /// Texts are unique by what a client wanted to say, whatever sequence it said it under.
    texts: BTreeSet<String>,
    refused: BTreeSet<Send>,
}

impl Truth {
    /// A batch was synced.
    pub(crate) fn store(&mut self, frames: &Bytes, accounts: &Accounts) -> Kept {
        for (told, frame) in heard::messages(frames) {
            self.store_one(told, frame, accounts)?;
        }
        Ok(())
    }

    fn store_one(&mut self, told: Told, frame: Bytes, accounts: &Accounts) -> Kept {
        let (user, device) = author(told.sender, told.device);
        let send = (told.room, user, device, told.sequence);
        let room = self.rooms.entry(told.room).or_default();
        let (newest, change) =
            room.messages.last().map_or((MessageId::ZERO, 0), |message| (message.told.id, message.change));
        hold(told.id > newest && told.prev_id == newest, CHAIN_IS_WHOLE, || format!("after {newest}: {told:?}"))?;
        let original = self.sends.insert(send, told.id);
        hold(original.is_none(), STORED_ONCE, || format!("{told:?} is stored as {original:?} too"))?;
        hold(!self.refused.contains(&send), REFUSED_IS_NOT_STORED, || format!("{told:?}"))?;
        let change = if device.0 == 0 {
            in_order(&told, change + 1, accounts)?;
            change + 1
        } else {
            hold(self.texts.insert(told.text.clone()), STORED_ONCE, || format!("{told:?} was said before"))?;
            // Changes that wait when a room is loaded are in force at once.
            let may = accounts.was_member(told.room, user, change, accounts.last_change(told.room));
            hold(may, MEMBERS_SPEAK, || format!("user {user} is no member at change {change}: {told:?}"))?;
            change
        };
        room.messages.push(Message { told, frame, change });
        Ok(())
    }

    /// The shard was told that this batch is committed: it may be shown now.
    pub(crate) fn show(&mut self, frames: &Bytes) {
        for (told, _) in heard::messages(frames) {
            let room = self.rooms.entry(told.room).or_default();
            room.visible = room.messages.partition_point(|message| message.told.id <= told.id);
        }
    }

    /// After a crash a shard knows everything that is stored.
    pub(crate) fn show_all(&mut self) {
        self.rooms.values_mut().for_each(|room| room.visible = room.messages.len());
    }

    pub(crate) fn refuse(&mut self, send: Send) -> Kept {
        self.refused.insert(send);
        let stored = self.sends.get(&send);
        hold(stored.is_none(), REFUSED_IS_NOT_STORED, || format!("{send:?} is stored as {stored:?}"))
    }

    pub(crate) fn id_of(&self, send: Send) -> Option<MessageId> {
        self.sends.get(&send).copied()
    }

    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    /// What may be shown of a room, ids rising.
    pub(crate) fn visible(&self, room: RoomId) -> &[Message] {
        self.rooms.get(&room).map_or(&[], |room| &room.messages[..room.visible])
    }

    pub(crate) fn newest_visible(&self, room: RoomId) -> MessageId {
        self.visible(room).last().map_or(MessageId::ZERO, |message| message.told.id)
    }

    /// Newest change that may be shown.
    pub(crate) fn change_visible(&self, room: RoomId) -> u32 {
        self.visible(room).last().map_or(0, |message| message.change)
    }

    pub(crate) fn find(&self, room: RoomId, id: MessageId) -> Option<&Message> {
        let visible = self.visible(room);
        visible.binary_search_by_key(&id, |message| message.told.id).ok().map(|at| &visible[at])
    }

    /// All messages that may be shown in the direction asked, nearest first left to the caller: ids rising.
    pub(crate) fn asked_for(&self, room: RoomId, query: PageQuery) -> &[Message] {
        let visible = self.visible(room);
        match query {
            PageQuery::Before(before) => &visible[..visible.partition_point(|message| message.told.id < before)],
            PageQuery::After(after) => &visible[visible.partition_point(|message| message.told.id <= after)..],
        }
    }

    pub(crate) fn is_stored(&self, told: &Told) -> bool {
        let Some(room) = self.rooms.get(&told.room) else { return false };
        room.messages.binary_search_by_key(&told.id, |message| message.told.id).is_ok()
    }

    /// The message store has exactly this.
    pub(crate) fn is_in(&self, store: &Messages) -> Kept {
        for (&id, room) in &self.rooms {
            for message in &room.messages {
                let stored = store.get(id, message.told.id);
                hold(stored == Some(&message.frame), STORED_STAYS, || format!("lost or changed: {:?}", message.told))?;
            }
            let (stored, expected) = (store.count(id), room.messages.len());
            hold(stored == expected, STORED_STAYS, || format!("{stored} messages in room {id}, not {expected}"))?;
        }
        Ok(())
    }
}

/// The change is the room's next, as it was committed.
fn in_order(told: &Told, next: u32, accounts: &Accounts) -> Kept {
    hold(told.sequence.0 == next, CHANGES_IN_ORDER, || format!("change {next} is due, not {told:?}"))?;
    let change = accounts.change(told.room, next);
    let is_same = change.is_some_and(|change| {
        change.kind == told.kind
            && change.actor == told.sender
            && change.subject == told.reference
            && change.text == told.text
    });
    hold(is_same, CHANGES_IN_ORDER, || format!("committed was {change:?}, sequenced is {told:?}"))
}
