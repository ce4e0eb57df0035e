//! The stores as their callers see them, on temporary folders and databases. One binary, a module a topic; what is said of
//! the accounts is said of each database that they may be in.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise, as tests do")]
#![allow(clippy::print_stderr, reason = "what is skipped says so")]

mod arm;
mod audit;
mod bank;
mod cql;
mod crash;
mod disk_full;
mod dues;
mod executors;
mod external_logins;
mod files;
mod ledger;
mod logins;
mod mariadb;
mod membership;
mod message_arm;
mod messages;
mod mysql_faults;
mod offices;
mod open;
mod rooms;
mod schema;
mod search;
mod spending;
mod support;
mod users;
mod wire_cut;
mod withdrawal;
mod write_behind;
