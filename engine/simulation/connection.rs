//! One connection: requests on their way in, frames on their way out, and whom on its far end a frame reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use moim_engine::shard::{Caller, Class, ConnectionKey, Request};
use moim_wire::{Encoder, Envelope, MessageId, Opcode, RoomId, schema};

use crate::heard::{Heard, What};

/// What a client or bridge says.
#[derive(Debug)]
pub(crate) enum Said {
    Attach(u32, Caller),
    Detach(u32),
    Close { session: u32, request: u32, room: RoomId },
    Request { session: u32, request: u32, what: Request<'static> },
}

/// A frame and the sessions that hear it.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) heard: Heard,
    pub(crate) to: Vec<u32>,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) key: ConnectionKey,
    /// Sessions, with the clients that have them.
    pub(crate) sessions: BTreeMap<u32, usize>,
    /// Sessions that the shard knows of.
    pub(crate) attached: BTreeSet<u32>,
    /// Said and not read yet.
    pub(crate) input: VecDeque<Said>,
    /// Nothing more will be said.
    pub(crate) ended: bool,
    /// Written and not sent yet.
    pub(crate) out: VecDeque<Outgoing>,
    out_bytes: usize,
    out_bytes_max: usize,
    /// Rooms of which messages were left out: the one before the first, and the last.
    gaps: BTreeMap<RoomId, (MessageId, MessageId)>,
    /// The far end takes no more.
    pub(crate) stalled: bool,
    /// Sent and not heard yet.
    pub(crate) net: VecDeque<Outgoing>,
    /// What the far end makes of the stream so far: which session follows what.
    opened: BTreeMap<RoomId, BTreeSet<u32>>,
}

impl Connection {
    pub(crate) fn new(key: ConnectionKey, out_bytes_max: usize) -> Self {
        Self {
            key,
            sessions: BTreeMap::new(),
            attached: BTreeSet::new(),
            input: VecDeque::new(),
            ended: false,
            out: VecDeque::new(),
            out_bytes: 0,
            out_bytes_max,
            gaps: BTreeMap::new(),
            stalled: false,
            net: VecDeque::new(),
            opened: BTreeMap::new(),
        }
    }

    /// Whether more of its input may be read.
    pub(crate) fn is_read(&self) -> bool {
        self.out_bytes <= self.out_bytes_max
    }

    /// Sessions that hear the room's frames.
    pub(crate) fn listeners(&self, room: RoomId) -> Vec<u32> {
        self.opened.get(&room).map(|sessions| sessions.iter().copied().collect()).unwrap_or_default()
    }

    pub(crate) fn detach(&mut self, session: u32) {
        self.attached.remove(&session);
        for sessions in self.opened.values_mut() {
            sessions.remove(&session);
        }
    }

    /// A frame for one session.
    pub(crate) fn put(&mut self, heard: Heard) {
        let session = heard.session;
        match heard.what {
            What::Opened { room, .. } if self.attached.contains(&session) => {
                self.opened.entry(room).or_default().insert(session);
            }
            What::Closed { room, .. } => {
                self.opened.entry(room).or_default().remove(&session);
            }
            _ => {}
        }
        self.push(heard, vec![session]);
    }

    /// A frame for all that follow the room. False when it was left out.
    pub(crate) fn put_room_frame(&mut self, room: RoomId, heard: Heard, class: Class) -> bool {
        let has_gap = self.gaps.contains_key(&room);
        let bytes = heard.bytes.len();
        let is_waiting = self.out_bytes > 0;
        match class {
            Class::Sheddable if has_gap || is_waiting && self.out_bytes > self.out_bytes_max / 2 => return false,
            Class::Sequenced if has_gap || is_waiting && self.out_bytes + bytes > self.out_bytes_max => {
                if let What::Message(told) = heard.what {
                    self.gaps.entry(room).and_modify(|gap| gap.1 = told.id).or_insert((told.prev_id, told.id));
                }
                return false;
            }
            _ => {}
        }
        let to = self.listeners(room);
        self.push(heard, to);
        true
    }

    fn push(&mut self, heard: Heard, to: Vec<u32>) {
        self.out_bytes += heard.bytes.len();
        self.out.push_back(Outgoing { heard, to });
    }

    /// Sends up to `count` frames. When nothing waits any more, what was left out is told.
    pub(crate) fn flush(&mut self, count: usize) -> bool {
        let count = count.min(self.out.len());
        if self.stalled || count == 0 {
            return false;
        }
        for outgoing in self.out.drain(..count) {
            self.out_bytes -= outgoing.heard.bytes.len();
            self.net.push_back(outgoing);
        }
        if self.out.is_empty() {
            for (room, (after, newest)) in std::mem::take(&mut self.gaps) {
                let to = self.listeners(room);
                self.push(gap(room, after, newest), to);
            }
        }
        true
    }
}

fn gap(room: RoomId, after: MessageId, newest: MessageId) -> Heard {
    let mut bytes = Vec::new();
    Encoder::new().frame(&mut bytes, Opcode::Gap, Envelope::default(), |b| {
        schema::Gap::create(b, &schema::GapArgs { room: room.0, after: after.0, newest_id: newest.0 })
    });
    Heard { request: 0, session: 0, what: What::Gap { room, after, newest }, bytes: Bytes::from(bytes) }
}
