//! Moim's engine: rooms sharded over pinned threads, each with its own sockets, state machine and journal.
//!
//! The life of a message: [`socket`](self) bytes are decoded in place, [`dispatch`](self) verifies the body, the
//! [`router`] names the room's owner, the owner's [`shard`] accepts the message into a batch, the [`journal`] syncs the
//! batch, and only then the acknowledgement and the fan-out leave. The message store follows behind; what it has
//! confirmed the journal may forget.
//!
//! # Invariants
//! - A room has one writer: the shard that [`router::owner`] names.
//! - Nothing is acknowledged or shown before it is in the journal (with [`Durability::Relaxed`]: written, not synced).
//! - The shard's state machine waits for nothing and reads no clock; whatever waits lives in the runtime around it.
//! - Every queue is bounded; `LIMITS.md` names its policy when full and its counter.

mod config;
mod dispatch;
mod engine;
mod error;
pub mod journal;
pub mod mesh;
mod money;
pub mod router;
mod runtime;
mod session;
pub mod shard;
mod socket;
mod stats;

pub use config::{Config, Durability, JournalConfig, Limits};
pub use engine::{Engine, RecoveryReport};
pub use error::Error;
pub use stats::ShardStats;
