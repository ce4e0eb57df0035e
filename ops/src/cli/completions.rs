//! `moim completions`.

use std::io::Write;

use clap_complete::Shell;

use super::Failure;

/// Print a script that completes moim's commands in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim completions bash > /etc/bash_completion.d/moim
  moim completions zsh > ~/.zfunc/_moim
  moim completions fish > ~/.config/fish/completions/moim.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, cli: &mut clap::Command) -> Result<(), Failure> {
    // Into memory first: the generator would panic on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, cli, "moim", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(())
}
