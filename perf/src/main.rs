//! `moim-perf`: puts loads on Moim and its peers and reports what it saw. `README.md` says how to read it.

mod bench;
mod checker;
mod command;
mod core;
mod disk;
mod error;
mod figures;
mod load;
mod machine;
mod mark;
mod peer;
mod profile;
mod protocol;
mod report;
mod schedule;
mod stamp;
mod usage;
mod workload;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "moim-perf: {error}");
            ExitCode::FAILURE
        }
    }
}
