//! Moim's native client, on tokio.
//!
//! [`Client::connect`] gives a session that outlives its connections: after a break the client connects again, sends
//! what was not acknowledged under the same sequence, so that the server stores it once, and every [`RoomStream`]
//! goes on where it was, without gap or duplicate. `PROTOCOL.md` of `moim-wire` describes the rules beneath.
//!
//! ```no_run
//! use moim_client::{Client, Config, Credentials, MessageId, RoomEvent, RoomId};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), moim_client::Error> {
//!     let token = std::env::var("MOIM_TOKEN").unwrap_or_default();
//!     let client = Client::connect(Config::new("127.0.0.1:7420", Credentials::Token(token))).await?;
//!     let mut room = client.open(RoomId(7), MessageId::ZERO).await?;
//!     client.send(RoomId(7), "anyone here?").await?;
//!     while let Some(event) = room.next().await {
//!         if let RoomEvent::Message(message) = event {
//!             println!("{}: {}", message.sender, message.text);
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! What a member does with dues is here as well: [`Client::dues`] says what is asked, [`Client::pay`] pays it once
//! however often the connection breaks, and [`Client::verify_fund`] recomputes the chain of a room's fund.
//!
//! | queue | capacity | when full | counter |
//! |---|---|---|---|
//! | sends of a room not yet answered | 64, or what the server allows | callers wait | |
//! | requests not yet answered | 64 | callers wait | |
//! | commands to the connection's task | 256 | callers wait | |
//! | bytes to write | 256 KiB | commands wait | |
//! | frames of a room not yet read | 512 | messages are fetched from the history later, the rest is dropped | [`Stats::messages_shed`], [`Stats::events_shed`] |

mod backoff;
mod chain;
mod client;
mod command;
mod config;
mod connection;
mod dispatch;
mod error;
mod follow;
mod handshake;
mod history;
mod message;
mod money;
mod outbox;
mod payment;
mod pending;
mod pulse;
mod reconnect;
mod request;
mod resume;
mod say;
mod stats;

pub use chain::{Chain, ChainFault};
pub use client::{Client, Room};
pub use config::{Config, Credentials, Device, Reconnect};
pub use connection::Status;
pub use error::{Error, Refusal};
pub use handshake::Session;
pub use history::{HistoryPage, Member, MemberPage, Past, RoomEntry, RoomPage};
pub use message::{Message, RoomEvent, RoomInfo};
pub use moim_wire::chain::ChainHash;
pub use moim_wire::schema::{Decision, ExpenseState, Kind, Role, Standing};
pub use moim_wire::{DeviceId, ErrorCode, MessageId, RoomId, Sequence, UserId};
pub use money::{
    Charge, ChargeId, ChargePage, Day, DuesPage, DuesRequest, Entry, EntryPage, Expense, ExpenseId, ExpensePage, Fund,
    RequestId, TransferId, Wallet, WalletId, Wallets, Won,
};
pub use outbox::Sent;
pub use payment::{Paid, Payment, PaymentKey};
pub use resume::RoomStream;
pub use stats::Stats;
