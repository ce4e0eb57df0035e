//! The command line: one file a command.

mod bench;
mod compare;
mod list;
mod run;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::core::stay_on;
use crate::error::Error;
use crate::peer::Host;

const EXAMPLES: &str = "\
Examples:
  moim-perf run rooms                         the workload against all its peers, three times each, alternately
  moim-perf run rooms --peer floor,moim       against two of them
  moim-perf run my.toml --out results         an own workload; JSON, histogram logs and report.html into a folder
  moim-perf run steady --peer moim --address 127.0.0.1:7420 --seats seats.jsonl
                                              against a server that runs already
  moim-perf bench                             the short set, a table, and a line for each mark
  moim-perf compare old/moim new/moim         what changed beyond noise, in alternating pairs
  moim-perf list                              workloads and peers, and what is installed";

/// Load harness of Moim: its peers in the same run, latency from the instant a message was due.
#[derive(Debug, Parser)]
#[command(name = "moim-perf", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Arguments>),
    Bench(bench::Arguments),
    Compare(compare::Arguments),
    List(list::Arguments),
}

/// Where things run and lie.
#[derive(Clone, Debug, Args)]
struct Place {
    /// Cores of the server, a Moim shard on each
    #[arg(long, default_value = "0", value_delimiter = ',')]
    server_core: Vec<usize>,
    /// Core of the load generator
    #[arg(long, default_value_t = 1)]
    generator_core: usize,
    /// Folder with workload files
    #[arg(long, default_value = "perf/workloads", value_name = "DIR")]
    workloads: PathBuf,
    /// Folder with the peers that this project builds [default: beside this program, in ../peers]
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
    /// The server's binary [default: `moim` beside this program]
    #[arg(long, value_name = "FILE")]
    moim: Option<PathBuf>,
    /// Folder for the servers' data; the disk that it lies on is what durable figures measure
    #[arg(long, default_value = "target/perf-data", value_name = "DIR")]
    data: PathBuf,
    /// Let Moim acknowledge before the sync (the report says so)
    #[arg(long)]
    relaxed: bool,
}

impl Place {
    fn host(&self) -> Result<Host, Error> {
        let own = std::env::current_exe().map_err(Error::io("finding this program"))?;
        let folder = own.parent().map(PathBuf::from).unwrap_or_default();
        std::fs::create_dir_all(&self.data).map_err(Error::io(format!("creating {}", self.data.display())))?;
        let data = self.data.canonicalize().map_err(Error::io(format!("finding {}", self.data.display())))?;
        Ok(Host {
            server_cores: self.server_core.clone(),
            generator_core: self.generator_core,
            peers_folder: self.peers.clone().unwrap_or_else(|| folder.join("../peers")),
            moim: self.moim.clone().unwrap_or_else(|| folder.join("moim")),
            data,
            is_relaxed: self.relaxed,
        })
    }

    /// Makes this thread a generator: its core, and as many descriptors as it may have.
    fn settle(&self) -> Result<(), Error> {
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        stay_on(self.generator_core).map_err(Error::io(format!("staying on core {}", self.generator_core)))
    }
}

/// Carries out the command line.
pub(crate) fn run() -> Result<(), Error> {
    match Cli::parse().command {
        Command::Run(arguments) => run::run(*arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
