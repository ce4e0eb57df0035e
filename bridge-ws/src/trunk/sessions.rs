//! The sessions of one trunk, and how a frame gets to them.
//!
//! There are two kinds. A browser's frames are gathered until [`Sessions::flush_some`] comes to it, which writes to each
//! socket once, in the order in which they got something. Other sessions take from a queue of their own, where a frame
//! for many is one copy that all of them share.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use bytes::Bytes;
use moim_wire::Frame;
use slab::Slab;

use super::gathering::{Gathering, Share};
use crate::websocket::outbox::Outbox;

/// Sockets written to before others have their turn: about 0.3 ms. What the trunk brings meanwhile still joins what the
/// sockets behind them get.
const SOCKETS_AT_ONCE: usize = 64;
/// Bytes that are gathered while sockets wait for their turn; with more, all are written to.
const GATHERED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Sessions by keys, which are used again when a session has left.
#[derive(Default)]
pub(super) struct Sessions {
    slab: Slab<Session>,
    gathering: Gathering,
    /// Sessions with a share of what was gathered. One may have left since.
    gathered_for: VecDeque<usize>,
}

/// A session on this trunk.
pub(super) struct Session {
    pub(super) outbox: Arc<Outbox>,
    /// What it follows.
    pub(super) rooms: Vec<u32>,
    is_line: bool,
    share: Share,
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Takes a session in; gives its key.
    pub(super) fn enter(&mut self, outbox: Arc<Outbox>) -> usize {
        let is_line = outbox.is_line();
        self.slab.insert(Session { outbox, rooms: Vec::new(), is_line, share: Share::EMPTY })
    }

    /// Takes a session out, after all that was said to it.
    pub(super) fn leave(&mut self, key: usize) -> Session {
        let mut session = self.slab.remove(key);
        if !session.share.is_empty() {
            session.outbox.write(self.gathering.take(&mut session.share));
        }
        session
    }

    /// Takes all sessions out, after all that was said to them.
    pub(super) fn leave_all(&mut self) -> impl Iterator<Item = Session> {
        self.flush(usize::MAX);
        self.slab.drain()
    }

    pub(super) fn keys(&self) -> Vec<usize> {
        self.slab.iter().map(|(key, _)| key).collect()
    }

    /// Gives one frame to sessions: to browsers as a message among those gathered, to the others one copy through `put`.
    pub(super) fn give(&mut self, keys: &[usize], frame: Frame<'_>, put: impl Fn(&Outbox, Bytes)) {
        let (mut place, mut copy) = (None, None);
        for &key in keys {
            let session = &mut self.slab[key];
            if session.is_line {
                if session.share.is_empty() {
                    self.gathered_for.push_back(key);
                }
                let place = *place.get_or_insert_with(|| self.gathering.add(frame.bytes));
                self.gathering.give(&mut session.share, place);
            } else {
                put(&session.outbox, copy.get_or_insert_with(|| Bytes::copy_from_slice(frame.bytes)).clone());
            }
        }
    }

    /// Writes to some browsers, to each at once what was gathered for it. False where others wait.
    pub(super) fn flush_some(&mut self) -> bool {
        let is_too_much = self.gathering.bytes() > GATHERED_BYTES_MAX;
        self.flush(if is_too_much { usize::MAX } else { SOCKETS_AT_ONCE });
        self.gathered_for.is_empty()
    }

    fn flush(&mut self, sockets_max: usize) {
        let sockets = self.gathered_for.len().min(sockets_max);
        for key in self.gathered_for.drain(..sockets) {
            if let Some(session) = self.slab.get_mut(key)
                && !session.share.is_empty()
            {
                session.outbox.write(self.gathering.take(&mut session.share));
            }
        }
        if self.gathered_for.is_empty() {
            self.gathering.clear();
        }
    }
}

impl Index<usize> for Sessions {
    type Output = Session;

    fn index(&self, key: usize) -> &Session {
        &self.slab[key]
    }
}

impl IndexMut<usize> for Sessions {
    fn index_mut(&mut self, key: usize) -> &mut Session {
        &mut self.slab[key]
    }
}
