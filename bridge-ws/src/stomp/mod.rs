//! STOMP 1.2 over WebSocket at `/ws-stomp`, for the original's clients: each socket one session on a trunk, as the
//! bridge's own page has it, so that all of them share rooms, ids, rights and limits.
//!
//! A session speaks the native protocol to the engine and STOMP to its client. It is a native client of the engine's in
//! one more respect: what its client was too slow for, it fetches from the history itself, since STOMP knows no gaps.
//!
//! # Invariants
//! - Of a room a client gets every message from its subscription on, once, in the room's order, or its socket ends.
//! - What the client writes is read no faster than the engine answers: a session waits, it does not queue.
//! - A message's body is encoded once, by the first session that comes to it; queues hold the trunk's frames, which all
//!   sessions share.
//!
//! | what | capacity | when full | counter |
//! |---|---|---|---|
//! | frames waiting for a client | `limits.socket_room_bytes_max` | left out, then fetched from the history page by page | `messages_left_out`, `stomp_fills` |
//! | requests waiting for the engine, a session | 16 | the socket is not read until one is answered | none, the client waits |
//! | answers waiting to be written, a session | 64 | the socket is not read until they are | none, the client waits |
//! | subscriptions of a session | `limits.stomp_subscriptions_max`, 8 for one room | ERROR | `stomp_errors` |
//! | bodies shared | `limits.stomp_bodies_max` | the oldest is let go and encoded again where needed | `stomp_bodies` |
//! | bytes of a frame begun | 16 KiB of head, `limits.body_bytes_max` of body | ERROR | `stomp_errors` |

mod bodies;
mod body;
mod codec;
mod connect;
mod crowd;
mod destination;
mod farewell;
mod heartbeat;
mod inbound;
mod outbound;
mod page;
mod request;
mod requests;
mod rooms;
mod session;
mod upgrade;

use std::sync::Arc;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use moim_persistence::Accounts;
use tokio_tungstenite::WebSocketStream;

pub(crate) use upgrade::upgrade;

use crate::config::Limits;
use crate::stats::Counters;
use bodies::Bodies;
use crowd::Crowd;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the STOMP sessions of a bridge share.
pub(crate) struct Stomp {
    bodies: Bodies,
    crowd: Crowd,
}

impl Stomp {
    pub(crate) fn new(limits: &Limits, accounts: &Accounts, counters: Arc<Counters>) -> Self {
        Self { bodies: Bodies::new(limits.stomp_bodies_max, counters), crowd: Crowd::new(accounts.rooms()) }
    }
}
