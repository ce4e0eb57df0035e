//! Moim's binary protocol: header, operations, FlatBuffers bodies, incremental decoder.
//!
//! No I/O, no async, no clock. `PROTOCOL.md` beside this crate describes the protocol for people who write clients;
//! the golden frames in `golden/` prove that this crate and that page agree.

pub mod body;
pub mod chain;
mod decode;
mod encode;
mod error_code;
mod header;
mod id;
pub mod limits;
mod opcode;
mod template;
pub mod withdrawal;

/// The bodies, generated from `schema/moim.fbs`; a test fails when they are not what the schema gives.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "accessors read offsets that the verifier has checked")]
#[allow(missing_docs, unreachable_pub, unused, rust_2018_idioms, reason = "generated code follows its own style")]
#[allow(clippy::all, clippy::unwrap_used, clippy::cast_lossless, reason = "generated code follows its own style")]
#[allow(clippy::too_many_lines, reason = "generated code follows its own style")]
#[allow(clippy::semicolon_if_nothing_returned, reason = "generated code follows its own style")]
#[allow(clippy::needless_pass_by_value, reason = "generated code follows its own style")]
#[rustfmt::skip]
#[path = "generated/moim_generated.rs"]
mod generated;

pub use decode::{DecodeError, Decoder, Frame};
pub use encode::{Encoder, Envelope, MessageFields, SendFields};
pub use error_code::ErrorCode;
pub use generated::moim as schema;
pub use header::{FLAG_SESSION, HEADER_BYTES, Header, MINOR, SESSION_HEADER_BYTES, VERSION};
pub use id::{DeviceId, EPOCH_UNIX_MS, MessageId, RoomId, Sequence, UserId};
pub use opcode::Opcode;
