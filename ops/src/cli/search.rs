//! `moim search`: the index of what was said, built anew.

use std::io::Write;

use clap::Subcommand;
use moim_persistence::{Persistence, SearchState, SearchStats};

use super::Failure;
use super::layers::ConfigFlags;
use crate::{config, settings};

/// Look after the search index
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove the index and build it from the message store; stop the server first
    #[command(after_help = "Example:\n  moim search rebuild --config /etc/moim/moim.toml

Not needed in everyday life: a server mends its index itself, beside its work. Broken off, the next
server or rebuild goes on.")]
    Rebuild,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let Action::Rebuild = args.action;
    let config = config::load(&args.config.layers())?;
    let built = Persistence::rebuild_search(&settings::stores(&config), |stats| {
        // Without standard error there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "moim: {}", progress(stats));
    })?;
    writeln!(std::io::stdout(), "messages\t{}", built.messages)?;
    Ok(())
}

fn progress(stats: &SearchStats) -> String {
    match stats.state {
        SearchState::Failed => "the index failed; trying again".to_owned(),
        SearchState::Opening => "making the index".to_owned(),
        SearchState::Ready => format!("{} messages, {} rooms to go", stats.added_total, stats.rooms_behind),
    }
}
