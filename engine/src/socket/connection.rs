//! One connection: what it has said, what waits to be sent to it.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::net::{IpAddr, TcpStream};
use std::rc::Rc;

use glommio::io::PollableFd;
use moim_wire::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};
use moim_wire::{Decoder, MessageId, RoomId};

use crate::config::Limits;
use crate::runtime::Signal;
use crate::session::Session;

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

/// What became of a flush.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// Nothing waits any more.
    All,
    /// The socket takes no more: it must become writable first.
    Blocked,
    /// The peer is gone.
    Broken,
}

/// A connection. At most one write of it is under way.
pub(crate) struct Connection {
    pub(crate) generation: u32,
    pub(crate) socket: Rc<PollableFd<TcpStream>>,
    pub(crate) peer: IpAddr,
    pub(crate) decoder: Decoder,
    pub(crate) stage: Stage,
    /// Newest session that a trunk named: its numbers rise and are never used again.
    pub(crate) last_session: u32,
    /// Output, of which `sent` bytes are gone. Borrowed from the table's pool while there is any.
    pub(super) out: Vec<u8>,
    pub(super) sent: usize,
    /// On the list of those to flush.
    pub(super) dirty: bool,
    /// A task waits for the socket to become writable.
    pub(super) blocked: bool,
    /// To be closed once flushed; takes no more input or output.
    pub(super) closing: bool,
    /// Rooms of which messages were left out: the one before the first left out, and the last left out.
    #[expect(clippy::box_collection, reason = "absent nearly always: a pointer is all that an idle connection pays")]
    pub(super) gaps: Option<Box<HashMap<RoomId, (MessageId, MessageId)>>>,
    /// Raised when the output is gone; a reader that was held back waits for it.
    pub(crate) drained: Rc<Signal>,
    /// Seconds of the shard's life at which the connection was made, last heard of, last took output.
    pub(crate) opened_s: u32,
    pub(crate) heard_s: u32,
    pub(crate) progress_s: u32,
    pub(crate) pinged: bool,
    /// Largest frame that `decoder` takes.
    frame_bytes_max: usize,
}

impl Connection {
    pub(crate) fn new(generation: u32, socket: Rc<PollableFd<TcpStream>>, peer: IpAddr, now_s: u32) -> Self {
        Self {
            generation,
            socket,
            peer,
            decoder: Decoder::new(REQUEST_BYTES_MAX),
            stage: Stage::New { busy: false },
            last_session: 0,
            out: Vec::new(),
            sent: 0,
            dirty: false,
            blocked: false,
            closing: false,
            gaps: None,
            drained: Rc::default(),
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
        self.out.len() - self.sent
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self) -> Flushed {
        while self.sent < self.out.len() {
            match self.socket.get_ref().write(&self.out[self.sent..]) {
                Ok(0) => return Flushed::Broken,
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Flushed::Broken,
            }
        }
        Flushed::All
    }
}
