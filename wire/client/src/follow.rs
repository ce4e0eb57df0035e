//! The rooms that the connection follows, as its task sees them: where their frames go.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use moim_wire::{MessageId, RoomId, UserId};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::command::{Open, Reply};
use crate::error::Error;
use crate::message::{Message, RoomInfo};
use crate::stats::{Counters, count};

/// Frames that wait for a stream's reader. A stream that is not read loses what comes beyond: messages are fetched from
/// the history once it reads again, the rest is best effort.
pub(crate) const FRAMES_MAX: usize = 512;

/// A room's frame on its way to the stream.
#[derive(Debug)]
pub(crate) enum Incoming {
    Message(Message),
    Gap {
        newest_id: MessageId,
    },
    ReadMark {
        user: UserId,
        up_to: MessageId,
    },
    Typing {
        user: UserId,
    },
    Presence {
        user: UserId,
        online: bool,
    },
    /// Wakes a stream whose queue has overflown.
    Wake,
}

/// What the connection's task tells a stream beside the queue.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    /// Messages were dropped since this was last taken.
    overflown: AtomicBool,
    /// Why the queue ended; unset after a break, upon which the stream opens the room again.
    end: OnceLock<Error>,
}

impl Outlet {
    /// Whether messages were dropped since the last call.
    pub(crate) fn take_overflown(&self) -> bool {
        self.overflown.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn end(&self) -> Option<&Error> {
        self.end.get()
    }
}

#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) number: u64,
    pub(crate) last_seen: MessageId,
    frames: mpsc::Sender<Incoming>,
    outlet: Arc<Outlet>,
    /// Taken by OPENED; frames that come before belong to an earlier follow of the room.
    reply: Option<Reply<RoomInfo>>,
}

/// All follows of a connection, one a room.
#[derive(Debug, Default)]
pub(crate) struct Follows {
    rooms: HashMap<RoomId, Follow>,
}

impl Follows {
    /// Takes up a wish. The outer `Err` gives back the reply when the room has a reader already; `Ok(true)`: a follow
    /// whose reader has gone gave way.
    pub(crate) fn insert(&mut self, open: Open) -> Result<bool, Reply<RoomInfo>> {
        let Open { room, follow, last_seen, frames, outlet, reply } = open;
        if self.rooms.get(&room).is_some_and(|old| !old.frames.is_closed()) {
            return Err(reply);
        }
        let new = Follow { number: follow, last_seen, frames, outlet, reply: Some(reply) };
        Ok(self.rooms.insert(room, new).is_some())
    }

    /// Takes OPENED. `false`: nobody waits for it any more.
    pub(crate) fn opened(&mut self, room: RoomId, number: u64, info: RoomInfo) -> bool {
        let Some(follow) = self.rooms.get_mut(&room).filter(|follow| follow.number == number) else { return true };
        match follow.reply.take().map(|reply| reply.send(Ok(info))) {
            Some(Ok(())) | None => true,
            Some(Err(_)) => {
                self.rooms.remove(&room);
                false
            }
        }
    }

    /// Takes the refusal of an OPEN.
    pub(crate) fn refused(&mut self, room: RoomId, number: u64, error: Error) {
        if self.rooms.get(&room).is_some_and(|follow| follow.number == number)
            && let Some(reply) = self.rooms.remove(&room).and_then(|follow| follow.reply)
        {
            // A caller who has gone needs no answer.
            let _ = reply.send(Err(error));
        }
    }

    /// Hands a frame on. `false`: the reader has gone, the server may close the room.
    pub(crate) fn deliver(&mut self, room: RoomId, item: Incoming, counters: &Counters) -> bool {
        let Some(follow) = self.rooms.get(&room).filter(|follow| follow.reply.is_none()) else { return true };
        let sequenced = matches!(item, Incoming::Message(_) | Incoming::Gap { .. });
        match follow.frames.try_send(item) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => {
                self.rooms.remove(&room);
                false
            }
            Err(TrySendError::Full(_)) if sequenced => {
                count(&counters.messages_shed);
                follow.outlet.overflown.store(true, Ordering::Release);
                // The reader may have emptied the queue just before the mark was set, and would wait for ever.
                let _ = follow.frames.try_send(Incoming::Wake);
                true
            }
            Err(TrySendError::Full(_)) => {
                count(&counters.events_shed);
                true
            }
        }
    }

    /// Ends a follow that stands; one that is still asked for waits for its own answer.
    pub(crate) fn end(&mut self, room: RoomId, error: Error) {
        if self.rooms.get(&room).is_some_and(|follow| follow.reply.is_none())
            && let Some(follow) = self.rooms.remove(&room)
        {
            let _ = follow.outlet.end.set(error);
        }
    }

    /// Forgets the follow of that number. `true`: there was one.
    pub(crate) fn close(&mut self, room: RoomId, number: u64) -> bool {
        let known = self.rooms.get(&room).is_some_and(|follow| follow.number == number);
        if known {
            self.rooms.remove(&room);
        }
        known
    }

    /// After a break: streams that stood open their rooms again by themselves; wishes stay.
    pub(crate) fn broken(&mut self) {
        self.rooms.retain(|_, follow| follow.reply.is_some() && !follow.frames.is_closed());
    }

    /// The wishes to write on a new connection.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (RoomId, &Follow)> {
        self.rooms.iter().map(|(room, follow)| (*room, follow))
    }

    /// Ends everything.
    pub(crate) fn fail(&mut self, error: &Error) {
        for (_, follow) in self.rooms.drain() {
            let _ = follow.outlet.end.set(error.clone());
            if let Some(reply) = follow.reply {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
