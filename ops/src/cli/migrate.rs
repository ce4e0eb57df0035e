//! `moim migrate`: the accounts' schema brought up to date by hand.

use std::io::Write;

use moim_persistence::Persistence;

use super::Failure;
use super::layers::ConfigFlags;
use crate::{config, settings};

/// Bring the schema of the accounts' database up to date, where store.migrate is off
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim migrate --check --config /etc/moim/moim.toml    prints what would run, and changes nothing
  moim migrate --config /etc/moim/moim.toml

Stop the servers of an older version first. A database of a newer schema is refused.")]
pub(crate) struct Args {
    /// Print the statements that are lacking instead of running them
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    config: ConfigFlags,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let config = config::load(&args.config.layers())?;
    let stores = settings::stores(&config);
    let mut out = std::io::stdout().lock();
    if args.check {
        for migration in Persistence::lacking_migrations(&stores)? {
            writeln!(out, "-- {}\n{}", migration.name, migration.sql.trim_end())?;
        }
        return Ok(());
    }
    let applied = Persistence::migrate(&stores)?;
    for migration in &applied {
        writeln!(out, "applied {}", migration.name)?;
    }
    if applied.is_empty() {
        writeln!(out, "{}: nothing is lacking", config.store.accounts)?;
    }
    Ok(())
}
