//! Everything that a browser talks to: the page, REST, and WebSockets that speak native frames or STOMP.
//!
//! A bridge holds a few trunk connections to the engine ([`Config::trunks`]) and many browsers' sessions on each. A
//! room's message crosses a trunk once and becomes a WebSocket message once, whose bytes are written to all its browsers
//! there; each browser's socket is written to once for all that gathered for it. Only what a socket does not take is
//! copied into a queue of its browser's.
//!
//! # Invariants
//! - The trunk's order is the order of truth: one reader a trunk hands out its frames in the order they came. Otherwise
//!   a browser could see a live message before the OPENED that it follows.
//! - A session follows a room from the OPENED that passes by to the CLOSED, GOODBYE or detach. Otherwise it would get
//!   messages of rooms that it may not read.
//! - Once a message of a room is left out for a slow browser, all later ones are until its GAP is queued. Otherwise the
//!   browser would find out by the next message alone, which may never come.
//! - A browser's frames are passed on with the session that the bridge gave it, whatever their headers say.
//! - What is said over REST goes through a session on a trunk, attached with the caller's token; the stores of messages
//!   are never written from here. Otherwise it would pass by the journal and the room's followers.
//! - A request that changes something and has only a cookie to show comes from the bridge's own page or an allowed
//!   origin.
//!
//! # Limits
//! Every queue has a capacity in [`Limits`], what happens there is said there, and [`Stats`] counts it. Besides:
//! - A trunk's frames that no socket was written yet are at most 5 MiB; then all sockets are written to, and the trunk is
//!   not read meanwhile.
//! - A frame that a browser's socket took in part waits whole beside its queue, and so do answers to pings up to
//!   [`Limits::socket_bytes_max`]; past them the socket ends as a slow one.
//! - Logins by a provider: 32 talk to each provider at once, and one more is refused (`oauth_busy`); so is one from an
//!   address from where too many have failed (`login_failures_per_address_max`). One at a time asks for a provider's
//!   description, which is kept; where that failed, it is not asked again for 3 s. An answer has at most 512 KiB. What a login under way needs is in the browser's cookie.
//! - A table of a room's dues is made as it is taken: the charges of one request at a time.
//! - Of what a browser sends one WebSocket frame that is not there whole is kept, up to
//!   [`Limits::socket_message_bytes_max`], and the fragments of one message, up to the same.

mod agent;
mod app;
mod bank;
mod bridge;
mod client_address;
mod clock;
mod config;
mod content;
mod credentials;
mod error;
mod files_cleaning;
mod local_time;
pub mod made_up;
mod marks;
mod oauth;
mod operations;
mod origin;
mod page;
mod people;
mod problem;
mod rest;
mod server;
mod shown_file;
mod stats;
mod stomp;
mod stores;
mod threads;
mod trunk;
mod upgrade;
mod websocket;

pub use bank::{BankSecrets, bank_signature};
pub use bridge::{BridgeHandle, start};
pub use config::{Config, Health, Limits, Metrics};
pub use error::Error;
pub use oauth::OauthProvider;
pub use page::is_embedded as page_is_embedded;
pub use rest::{DuesLanguage, DuesTable, FileTypes};
pub use stats::Stats;
pub use stores::Stores;
