//! What holds of the whole repository and of the program as a user runs it.

// What fails here fails a test; what is printed names the seed of a run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod architecture;
mod command_line;
mod house_rules;
mod kill_9;
mod serve;
mod server;
mod workspace;
