//! `moim version`.

use std::io::Write;

use super::Failure;

/// Print the version of the program and of the protocol it speaks
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  moim version --json")]
pub(crate) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let protocol = format!("{}.{}", moim_wire::VERSION, moim_wire::MINOR);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::json!({ "version": version, "protocol": protocol }))?;
    } else {
        writeln!(out, "moim {version} (protocol {protocol})")?;
    }
    Ok(())
}
