//! The engine through its public door: one binary, a module for each behaviour or failure staged.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stop at the first surprise, as tests do")]

mod support;

mod backlog_larger_than_memory;
mod damaged_journal;
mod data_folder_in_use;
mod disk_budget_reached;
mod disk_full;
mod expired_token;
mod file;
mod garbage;
mod heartbeat;
mod hello_expected;
mod id_from_the_future;
mod killed_with_a_backlog;
mod limits;
mod limits_table;
mod malformed_body;
mod many_shards;
mod money;
mod not_a_member;
mod oversized_frame;
mod resend_across_restart;
mod revoked_token;
mod room_changes;
mod silent_connections;
mod slow_drip;
mod slow_reader;
mod stop;
mod talk;
mod truncated_frame;
mod trunk;
mod unknown_operation;
mod withdrawal;
mod wrong_token;
