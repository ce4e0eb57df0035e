//! `moim config`: the commented defaults, and a judgement of a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::Failure;
use crate::config::{self, Layers};

/// Print or check the configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a commented file with every key at its default
    #[command(after_help = "Example:\n  moim config default > moim.toml")]
    Default,
    /// Judge a file together with the environment; every problem is told
    #[command(after_help = "Examples:\n  moim config check moim.toml\n  MOIM_ENGINE_SHARDS=2 moim config check")]
    Check {
        /// The file; without one, only the environment is judged
        #[arg(env = "MOIM_CONFIG")]
        file: Option<PathBuf>,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match args.action {
        Action::Default => out.write_all(config::DEFAULT_FILE.as_bytes())?,
        Action::Check { file } => {
            let config = config::load(&Layers::of_process(file.as_deref()))?;
            let what = file.map_or_else(|| "the environment".into(), |file| file.display().to_string());
            writeln!(
                out,
                "{what}: a good configuration ({} shards, data in {})",
                config.engine.shards,
                config.data.display()
            )?;
        }
    }
    Ok(())
}
