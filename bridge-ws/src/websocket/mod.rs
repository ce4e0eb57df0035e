//! Browsers' sockets: native frames in binary WebSocket messages, each socket one session on a trunk.
//!
//! A browser says HELLO first; the bridge attaches the session and from then on passes frames both ways.
//! Close codes: 1000 after a GOODBYE to the session, 1002 for what is no frame, 1003 for text, 1008 for a HELLO that
//! did not come or carries no token, 1009 for too large a frame, 1012 when trunk or bridge go and the browser should
//! come back at once, 1013 when it should come back later.

mod conversation;
mod decoder;
mod farewell;
mod greeting;
mod inbound;
mod line;
pub(crate) mod outbox;
mod outgoing;
pub(crate) mod rate;
mod session;
mod upgrade;

pub(crate) use outgoing::put_header;
pub(crate) use upgrade::upgrade;
