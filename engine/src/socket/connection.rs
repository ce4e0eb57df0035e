//! One connection: what it has said, what waits to be sent to it.

use std::collections::HashMap;
use std::net::IpAddr;

use bytes::Bytes;
use moim_wire::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};
use moim_wire::{Decoder, MessageId, RoomId};

use super::output::Output;
use crate::config::Limits;
use crate::session::Session;

/// From so many bytes on, output that many connections are sent is not copied for each.
const SHARED_BYTES_MIN: usize = 2 * 1024;

/// How far a connection has come.
pub(crate) enum Stage {
    /// HELLO is expected; `busy` while a login or token is being checked.
    New { busy: bool },
    /// A native client's only session.
    Native(Session),
    /// A bridge's sessions.
    Trunk(HashMap<u32, Carried>),
}

/// A session's place on a trunk.
pub(crate) enum Carried {
    /// Its token is being checked.
    Checking,
    Stands(Session),
}

/// A [`Stage`] without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    New,
    Busy,
    Native,
    Trunk,
}

/// A connection. At most one write of it is under way.
pub(crate) struct Connection {
    pub(crate) generation: u32,
    pub(crate) peer: IpAddr,
    pub(crate) decoder: Decoder,
    pub(crate) stage: Stage,
    /// Newest session that a trunk named: its numbers rise and are never used again.
    pub(crate) last_session: u32,
    /// Output that gathers until what is under way has left.
    pub(super) waiting: Output,
    /// Bytes under way.
    pub(super) sending_bytes: usize,
    /// On the list of those to flush.
    pub(super) dirty: bool,
    /// Not read until its output is gone.
    pub(super) held_back: bool,
    /// To be closed once flushed; takes no more input or output.
    pub(super) closing: bool,
    /// Rooms of which messages were left out: the one before the first left out, and the last left out.
    #[expect(clippy::box_collection, reason = "absent nearly always: a pointer is all that an idle connection pays")]
    pub(super) gaps: Option<Box<HashMap<RoomId, (MessageId, MessageId)>>>,
    /// Seconds of the shard's life at which the connection was made, last heard of, last took output.
    pub(crate) opened_s: u32,
    pub(crate) heard_s: u32,
    pub(crate) progress_s: u32,
    pub(crate) pinged: bool,
    /// Largest frame that `decoder` takes.
    frame_bytes_max: usize,
}

impl Connection {
    pub(crate) fn new(generation: u32, peer: IpAddr, now_s: u32) -> Self {
        Self {
            generation,
            peer,
            decoder: Decoder::new(REQUEST_BYTES_MAX),
            stage: Stage::New { busy: false },
            last_session: 0,
            waiting: Output::default(),
            sending_bytes: 0,
            dirty: false,
            held_back: false,
            closing: false,
            gaps: None,
            opened_s: now_s,
            heard_s: now_s,
            progress_s: now_s,
            pinged: false,
            frame_bytes_max: REQUEST_BYTES_MAX,
        }
    }

    /// From here on the connection carries a bridge's sessions.
    pub(crate) fn become_trunk(&mut self) {
        self.stage = Stage::Trunk(HashMap::new());
    }

    /// Puts the decoder back after use. A new trunk's takes larger frames from the next frame's start on.
    pub(crate) fn keep_decoder(&mut self, decoder: Decoder) {
        self.decoder = decoder;
        if self.is_trunk() && self.frame_bytes_max < FRAME_BYTES_MAX && !self.decoder.is_mid_frame() {
            self.frame_bytes_max = FRAME_BYTES_MAX;
            self.decoder = Decoder::new(FRAME_BYTES_MAX);
        }
    }

    /// The peer has said something whole: one that drips bytes is as silent as one that says nothing.
    pub(crate) fn hear(&mut self, now_s: u32) {
        self.heard_s = now_s;
        self.pinged = false;
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.stage {
            Stage::New { busy: false } => Standing::New,
            Stage::New { busy: true } => Standing::Busy,
            Stage::Native(_) => Standing::Native,
            Stage::Trunk(_) => Standing::Trunk,
        }
    }

    pub(crate) fn is_trunk(&self) -> bool {
        self.standing() == Standing::Trunk
    }

    /// The session of that number.
    pub(crate) fn session_mut(&mut self, session: u32) -> Option<&mut Session> {
        match &mut self.stage {
            Stage::New { .. } => None,
            Stage::Native(own) => (session == 0).then_some(own),
            Stage::Trunk(sessions) => match sessions.get_mut(&session)? {
                Carried::Checking => None,
                Carried::Stands(session) => Some(session),
            },
        }
    }

    /// Numbers of the sessions that stand.
    pub(crate) fn session_numbers(&self) -> Vec<u32> {
        match &self.stage {
            Stage::New { .. } => Vec::new(),
            Stage::Native(_) => vec![0],
            Stage::Trunk(sessions) => {
                let stands = sessions.iter().filter(|(_, carried)| matches!(carried, Carried::Stands(_)));
                stands.map(|(&number, _)| number).collect()
            }
        }
    }

    /// Output that may wait before the peer counts as slow.
    pub(crate) fn queue_bytes_max(&self, limits: &Limits) -> usize {
        if self.is_trunk() { limits.trunk_queue_bytes_max } else { limits.session_queue_bytes_max }
    }

    /// More waits than may: requests are put off and the peer is not read until it has read.
    pub(crate) fn is_behind(&self, limits: &Limits) -> bool {
        self.queued() > self.queue_bytes_max(limits)
    }

    /// Bytes that wait to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.waiting.len() + self.sending_bytes
    }

    /// Bytes are under way: the peer has not taken them yet.
    pub(crate) fn is_sending(&self) -> bool {
        self.sending_bytes > 0
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Appends bytes of its own to the output; `spare` gives an empty buffer where there is none yet.
    pub(super) fn append(&mut self, bytes: &[u8], spare: impl FnOnce() -> Vec<u8>) {
        match &mut self.waiting {
            Output::Own(own) => {
                if own.capacity() == 0 {
                    *own = spare();
                }
                own.extend_from_slice(bytes);
            }
            Output::Shared(shared) => {
                let mut own = spare();
                own.reserve(shared.len() + bytes.len());
                own.extend_from_slice(shared);
                own.extend_from_slice(bytes);
                self.waiting = Output::Own(own);
            }
        }
    }

    /// Appends bytes that others are sent, too: a long stretch that comes alone is not copied.
    pub(super) fn append_shared(&mut self, bytes: &Bytes, spare: impl FnOnce() -> Vec<u8>) {
        match &self.waiting {
            Output::Own(own) if bytes.len() >= SHARED_BYTES_MIN && own.capacity() == 0 => {
                self.waiting = Output::Shared(bytes.clone());
            }
            _ => self.append(bytes, spare),
        }
    }
}
