//! What the client's handles ask of the connection's task.

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use std::sync::Arc;

use moim_wire::schema::Kind;
use moim_wire::{MessageId, RoomId};

use crate::error::Error;
use crate::follow::{Incoming, Outlet};
use crate::message::RoomInfo;
use crate::outbox::Sent;
use crate::request::{Answer, Remark, Request};

/// Commands that wait for the connection's task; whoever asks for more waits for room.
pub(crate) const COMMANDS_MAX: usize = 256;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

#[derive(Debug)]
pub(crate) enum Command {
    /// Ask once; fails while there is no connection.
    Request { request: Request, reply: Reply<Answer> },
    /// Say and forget.
    Remark(Remark),
    /// Send until the server has answered, over as many connections as it takes.
    Send(Outgoing),
    /// Follow a room; waits for a connection.
    Open(Open),
    /// The follow of that number is not read any more.
    Close { room: RoomId, follow: u64 },
    /// Say goodbye and end.
    Shutdown { reply: oneshot::Sender<()> },
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) room: RoomId,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) reference: u64,
    pub(crate) reply: Reply<Sent>,
    /// Its place among the room's unacknowledged sends, given back when it is dropped.
    pub(crate) _place: OwnedSemaphorePermit,
}

/// A wish to follow a room.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) room: RoomId,
    pub(crate) follow: u64,
    pub(crate) last_seen: MessageId,
    pub(crate) frames: mpsc::Sender<Incoming>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) reply: Reply<RoomInfo>,
}
