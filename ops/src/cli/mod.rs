//! The command line: one file a command, each with its arguments and what it does.

mod accounts;
mod bank;
mod bridge;
mod column;
mod completions;
mod config;
mod demo;
mod dues;
mod exit;
mod journal;
mod layers;
mod ledger;
mod migrate;
mod mock;
mod room;
mod search;
mod send;
mod serve;
mod session;
mod store;
mod tail;
mod user;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub(crate) use exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  moim serve                                          page at http://127.0.0.1:8080/
  moim user add haneul@example.org 하늘               asks for the password
  moim room create 등산모임 --by haneul@example.org   prints the room's number
  moim tail 1 --email haneul@example.org              follows room 1

Exit codes:
  0  done
  1  failed for a reason that the message tells
  2  the command line was not understood
  3  the configuration is wrong
  4  a server or store does not answer; trying again may help
  5  refused: login, rights or a value out of its bounds
  6  the data folder or an address is in use by another process
  7  the journal is damaged";

/// Moim, 모임: a chat engine for groups.
#[derive(Debug, Parser)]
#[command(name = "moim", version, after_help = EXAMPLES, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Bridge(bridge::Args),
    User(user::Args),
    Room(room::Args),
    Send(send::Args),
    Tail(tail::Args),
    Journal(journal::Args),
    Dues(dues::Args),
    Ledger(ledger::Args),
    Bank(bank::Args),
    Migrate(migrate::Args),
    Store(store::Args),
    Search(search::Args),
    Demo(demo::Args),
    Mock(mock::Args),
    Config(config::Args),
    Version(version::Args),
    Completions(completions::Args),
}

/// Carries out one command line and says how it went.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Bridge(args) => bridge::run(&args),
        Command::User(args) => user::run(args),
        Command::Room(args) => room::run(args),
        Command::Send(args) => send::run(args),
        Command::Tail(args) => tail::run(args),
        Command::Journal(args) => journal::run(&args),
        Command::Dues(args) => dues::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Bank(args) => bank::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Store(args) => store::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Mock(args) => mock::run(&args),
        Command::Config(args) => config::run(args),
        Command::Version(args) => version::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    };
    match outcome {
        Ok(()) => Exit::Done.into(),
        Err(failure) => failure.report().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_summary_and_an_example() {
        let mut cli = Cli::command();
        cli.build();
        let mut without = Vec::new();
        collect(&cli, "moim", &mut without);
        assert!(without.is_empty(), "{without:?}");
    }

    fn collect(command: &clap::Command, path: &str, without: &mut Vec<String>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = format!("{path} {}", sub.get_name());
            let example = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            let is_leaf = !sub.has_subcommands();
            if sub.get_about().is_none() || (is_leaf && !example.contains(&path)) {
                without.push(path.clone());
            }
            collect(sub, &path, without);
        }
    }
}
