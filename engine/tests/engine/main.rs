//! The engine through its public door: one binary, a module for each behaviour or failure staged.

mod support;

mod expired_token;
mod garbage;
mod heartbeat;
mod hello_expected;
mod id_from_the_future;
mod malformed_body;
mod many_shards;
mod not_a_member;
mod oversized_frame;
mod resend_across_restart;
mod revoked_token;
mod room_changes;
mod slow_drip;
mod talk;
mod truncated_frame;
mod unknown_operation;
mod wrong_token;
