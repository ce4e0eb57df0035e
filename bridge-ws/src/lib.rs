//! Everything that a browser talks to: the page, REST, and a WebSocket that speaks native frames.
//!
//! A bridge holds a few trunk connections to the engine ([`Config::trunks`]) and many browsers' sessions on each. A
//! room's message crosses a trunk once and is then shared, not copied, by the queues of all its browsers there.
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
//! Every queue has a capacity in [`Limits`], what happens there is said there, and [`Stats`] counts it.

mod agent;
mod app;
mod bridge;
mod client_address;
mod config;
mod content;
mod credentials;
mod error;
mod local_time;
mod operations;
mod origin;
mod page;
mod people;
mod problem;
mod rest;
mod server;
mod stats;
mod stores;
mod threads;
mod trunk;
mod websocket;

pub use bridge::{BridgeHandle, start};
pub use config::{Config, Health, Limits, Metrics};
pub use error::Error;
pub use page::is_embedded as page_is_embedded;
pub use stats::Stats;
pub use stores::Stores;
