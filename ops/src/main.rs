//! The `moim` program: the server and everything an operator does with it from a command line.

mod bank_simulator;
mod cli;
mod config;
mod demo;
mod health;
mod logging;
mod metrics;
mod mock_talk;
mod open_files;
mod secret;
mod settings;
mod signals;
mod start;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
