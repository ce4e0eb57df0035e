//! What holds of the whole repository and of the program as a user runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails a test")]
#![allow(clippy::print_stderr, reason = "what is printed names the seed of a run")]

mod architecture;
mod bank;
mod command_line;
mod dues;
mod house_rules;
mod kill_9;
mod kill_at_each_step;
mod ledger;
mod mock;
#[expect(dead_code, reason = "the store's own tests stage more with it")]
#[path = "../../../persistence/tests/integration/cql/node.rs"]
mod node;
mod scripts;
mod search;
mod serve;
mod server;
mod store_away;
mod workspace;
