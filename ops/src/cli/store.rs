//! `moim store`: the tables of a message store that does not make its own, and how far behind it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use clap::Subcommand;
use moim_persistence::{MessageStore, SetUp};
use serde_json::Value;

use super::accounts::wait;
use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::config::{self, Config};
use crate::settings;

/// How long a running server may take to tell its health.
const PATIENCE: Duration = Duration::from_secs(5);
/// A health page is far smaller.
const HEALTH_BYTES_MAX: u64 = 1024 * 1024;

/// Prepare and look at the message store that store.messages names
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make keyspace and tables where they are missing; what is there is left as it is
    #[command(after_help = "Example:\n  moim store init --set store.messages=scylla://db1,db2/moim?dc=seoul")]
    Init,
    /// Whether the store answers and has its tables, and how far a running server is ahead of it
    #[command(after_help = "Example:\n  moim store status")]
    Status,
    /// Print the CQL that `init` runs, for those who run it themselves
    #[command(after_help = "Example:\n  moim store plan | cqlsh db1")]
    Plan,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let config = config::load(&args.config.layers())?;
    let messages = settings::stores(&config).messages;
    let tables = MessageStore::set_up(&messages)?;
    let mut out = std::io::stdout().lock();
    match (&args.action, tables) {
        (Action::Init | Action::Plan, None) => {
            writeln!(std::io::stderr(), "moim: {messages} makes its tables itself; there is nothing to do")?;
        }
        (Action::Plan, Some(tables)) => {
            for statement in tables.plan() {
                writeln!(out, "{statement};")?;
            }
        }
        (Action::Init, Some(tables)) => {
            writeln!(out, "store\t{messages}")?;
            let made = wait(tables.make())?;
            writeln!(out, "ready\t{} statements", made.len())?;
        }
        (Action::Status, tables) => {
            writeln!(out, "store\t{messages}")?;
            // Both are told, whatever the other is.
            let answers = tables.map_or(Ok(()), |tables| tell_tables(&mut out, &tables));
            tell_lag(&mut out, &config)?;
            return answers;
        }
    }
    Ok(())
}

fn tell_tables(out: &mut impl Write, tables: &SetUp) -> Result<(), Failure> {
    let examined = match wait(tables.examine()) {
        Ok(examined) => examined,
        Err(failure) => {
            writeln!(out, "answers\tno")?;
            return Err(failure);
        }
    };
    writeln!(out, "answers\tyes\nnodes\t{} of {} connected", examined.connected, examined.nodes)?;
    match examined.version {
        Some(found) if found == examined.needed => writeln!(out, "tables\tversion {found}")?,
        Some(found) => {
            writeln!(out, "tables\tversion {found}; this binary knows version {}", examined.needed)?;
            return Err(Failure::new(Exit::Configuration, "the tables are of another version than this binary's"));
        }
        None => {
            writeln!(out, "tables\tmissing")?;
            return Err(Failure::new(Exit::Configuration, "the tables are missing; run `moim store init`"));
        }
    }
    Ok(())
}

/// What a running server says of its store. None that runs is no failure.
fn tell_lag(out: &mut impl Write, config: &Config) -> Result<(), Failure> {
    let Some(health) = health(config) else {
        writeln!(out, "server\tnot running at {}", config.bridge.listen)?;
        return Ok(());
    };
    writeln!(out, "server\trunning at {}", config.bridge.listen)?;
    let store = health["store"].as_object().cloned().unwrap_or_default();
    for (name, value) in store {
        writeln!(out, "{name}\t{value}")?;
    }
    Ok(())
}

/// The health page of the configured server; `None` where none answers there.
fn health(config: &Config) -> Option<Value> {
    let mut stream = TcpStream::connect_timeout(&config.bridge.listen, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let host = config.bridge.listen;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.take(HEALTH_BYTES_MAX).read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}
