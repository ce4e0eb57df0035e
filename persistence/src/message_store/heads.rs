//! What rooms need to go on while a remote message store is away, kept in the data folder: the newest message's id of each
//! room, and which of its sends each device has stored. No text is here.
//!
//! Written beside the store, before a write counts as done. It answers only for rooms whose very first message went through
//! this folder, or would: those made after it. Of others it may lack sends, and would let a resend in as a new message.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use moim_wire::{MessageId, RoomId, Sequence};

use super::batch::{Rows, Sender};
use super::device_window;
use super::embedded::Embedded;
use super::tables::Tables;
use crate::error::Error;

const CACHE_BYTES: u64 = 4 * 1024 * 1024;
const HEAD_BYTES: usize = 9;
/// Beside the rooms' rows, whose keys have four bytes: the newest room there was when this folder began.
const OLDER_ROOMS: &[u8] = b"older rooms";

pub(super) struct Heads {
    /// Rooms are in its table of messages, by their number; windows in its table of devices, by device_window's prefix.
    files: Embedded,
    /// Held over reading what was there and writing what is there now.
    writing: Mutex<()>,
    /// Rooms up to this one are older than the folder.
    older_rooms: RoomId,
}

/// What a batch says of rooms and devices.
pub(super) struct News {
    heads: HashMap<RoomId, Head>,
    devices: Vec<(Sender, Vec<(Sequence, MessageId)>)>,
}

impl News {
    pub(super) fn of(rows: &Rows<'_>) -> Self {
        let mut heads: HashMap<RoomId, Head> = HashMap::new();
        for &(room, newest, _) in &rows.messages {
            let head = Head { newest, is_whole: rows.begun.contains(&room) };
            heads.entry(room).and_modify(|of_room| *of_room = of_room.join(head)).or_insert(head);
        }
        let devices = rows.devices.iter().map(|(&sender, sent)| (sender, sent.clone())).collect();
        Self { heads, devices }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    newest: MessageId,
    /// Whether the room's first message went through this folder.
    is_whole: bool,
}

impl Head {
    fn join(self, other: Self) -> Self {
        Self { newest: self.newest.max(other.newest), is_whole: self.is_whole || other.is_whole }
    }

    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [u8::from(self.is_whole); HEAD_BYTES];
        bytes[..8].copy_from_slice(&self.newest.0.to_be_bytes());
        bytes
    }

    fn of(bytes: &[u8]) -> Result<Self, Error> {
        let row: [u8; HEAD_BYTES] =
            bytes.try_into().map_err(|_| Error::Internal(format!("the head of a room of {} bytes", bytes.len())))?;
        let [id @ .., is_whole] = row;
        Ok(Self { newest: MessageId(u64::from_be_bytes(id)), is_whole: is_whole == 1 })
    }
}

impl Heads {
    /// `newest_room` is asked where the folder is new.
    pub(super) fn open(path: &Path, newest_room: impl FnOnce() -> Result<RoomId, Error>) -> Result<Self, Error> {
        let files = Embedded::open(path, CACHE_BYTES, None)?;
        let tables = files.tables()?;
        let row = tables.messages.get(OLDER_ROOMS).map_err(|error| files.read_error(&error))?;
        let older_rooms = if let Some(row) = row {
            RoomId(row.first_chunk().map_or(u32::MAX, |bytes| u32::from_be_bytes(*bytes)))
        } else {
            let newest = newest_room()?;
            let put = tables.messages.insert(OLDER_ROOMS, newest.0.to_be_bytes());
            files.checked_write(&tables, put)?;
            files.sync_of(&tables)?;
            newest
        };
        Ok(Self { files, writing: Mutex::new(()), older_rooms })
    }

    /// Takes in what the store is given. Older rows, as a replay brings them, change nothing. On the disk when it returns.
    pub(super) fn write(&self, news: &News) -> Result<(), Error> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let tables = self.files.sound_tables()?;
        let (mut batch, mut bytes) = (tables.database.batch(), 0);
        for (&room, &head) in &news.heads {
            let before = self.head_in(&tables, room)?;
            let head = before.map_or(head, |before| before.join(head));
            batch.insert(&tables.messages, room.0.to_be_bytes(), head.to_bytes());
            bytes += HEAD_BYTES;
        }
        for (sender, sent) in &news.devices {
            let key = device_window::prefix(*sender);
            let before = tables.devices.get(key).map_err(|error| self.files.read_error(&error))?;
            let value = device_window::joined(before.as_deref().unwrap_or_default(), sent)?;
            bytes += value.len();
            batch.insert(&tables.devices, key, value);
        }
        self.files.checked_write(&tables, tables.commit(batch, bytes as u64))?;
        self.files.sync_of(&tables)
    }

    /// The room's newest message, zero where it has none; `None` where this folder may not know.
    pub(super) fn newest(&self, room: RoomId) -> Result<Option<MessageId>, Error> {
        let head = self.head_in(&*self.files.tables()?, room)?;
        if room > self.older_rooms {
            return Ok(Some(head.map_or(MessageId::ZERO, |head| head.newest)));
        }
        Ok(head.filter(|head| head.is_whole).map(|head| head.newest))
    }

    /// The newest sends of a device, rising.
    pub(super) fn window(&self, sender: Sender) -> Result<Vec<(Sequence, MessageId)>, Error> {
        let tables = self.files.tables()?;
        let row = tables.devices.get(device_window::prefix(sender)).map_err(|error| self.files.read_error(&error))?;
        row.map_or(Ok(Vec::new()), |row| device_window::pairs(&row))
    }

    pub(super) fn close(&self) -> Result<(), Error> {
        self.files.close()
    }

    fn head_in(&self, tables: &Tables, room: RoomId) -> Result<Option<Head>, Error> {
        let row = tables.messages.get(room.0.to_be_bytes()).map_err(|error| self.files.read_error(&error))?;
        row.map(|row| Head::of(&row)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
    use moim_wire::schema::{Kind, MessageHead, Role};
    use moim_wire::{DeviceId, Encoder, Envelope, MessageFields, UserId};

    const OLD: RoomId = RoomId(3);
    const NEW: RoomId = RoomId(4);

    fn open(path: &Path) -> Heads {
        Heads::open(path, || Ok(OLD)).unwrap()
    }

    /// Messages of user 5 on device 6, each with the id before it and its sequence the same as its id.
    fn write(heads: &Heads, room: RoomId, ids: std::ops::RangeInclusive<u64>) {
        let mut out = Vec::new();
        for id in ids {
            let head = MessageHead::new(id, id - 1, room.0, 5, 6, id as u32);
            let fields = MessageFields { head, text: "비밀", reference: 0, kind: Kind::Talk, role: Role::Member };
            Encoder::new().message(&mut out, Envelope::default(), &fields);
        }
        heads.write(&News::of(&Rows::of(&[Bytes::from(out)]).unwrap())).unwrap();
    }

    #[test]
    fn a_room_that_is_older_than_the_folder_is_known_from_its_first_message_on_only() {
        let folder = tempfile::tempdir().unwrap();
        let heads = open(folder.path());
        assert_eq!(heads.newest(NEW).unwrap(), Some(MessageId::ZERO));
        assert_eq!(heads.newest(OLD).unwrap(), None);
        write(&heads, OLD, 7..=9);
        assert_eq!(heads.newest(OLD).unwrap(), None);
        write(&heads, OLD, 1..=2);
        assert_eq!(heads.newest(OLD).unwrap(), Some(MessageId(9)));
    }

    #[test]
    fn older_rows_that_come_again_change_nothing_and_a_window_holds_the_newest_also_after_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let heads = open(folder.path());
        (0..20).for_each(|nth| write(&heads, NEW, nth * 10 + 1..=nth * 10 + 10));
        write(&heads, NEW, 1..=30);
        heads.close().unwrap();
        drop(heads);
        let heads = Heads::open(folder.path(), || panic!("asked once, when the folder was new")).unwrap();
        assert_eq!(heads.newest(NEW).unwrap(), Some(MessageId(200)));
        let window = heads.window((NEW, UserId(5), DeviceId(6))).unwrap();
        let newest = 201 - SENDS_IN_FLIGHT_MAX as u64..=200;
        assert_eq!(window, newest.map(|id| (Sequence(id as u32), MessageId(id))).collect::<Vec<_>>());
    }
}
