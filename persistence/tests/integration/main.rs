//! The stores as their callers see them, on temporary folders. One binary, a module a topic.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise, as tests do")]

mod crash;
mod disk_full;
mod executors;
mod logins;
mod membership;
mod messages;
mod open;
mod rooms;
mod support;
mod users;
mod write_behind;
