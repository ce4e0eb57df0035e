//! How a command ends: exit codes, and failures that know theirs.

use std::io::Write;
use std::process::ExitCode;

use crate::config;

/// The program's exit codes, as the help tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Configuration = 3,
    Unreachable = 4,
    Refused = 5,
    InUse = 6,
    Damaged = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    /// The reader of our output went away; there is nobody to tell and nothing went wrong.
    quiet: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), quiet: false }
    }

    /// Writes the message to standard error and gives the exit code.
    pub(crate) fn report(self) -> Exit {
        if self.quiet {
            return Exit::Done;
        }
        for line in self.message.lines() {
            // Without standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "moim: {line}");
        }
        self.exit
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::new(Exit::Configuration, error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { exit: Exit::Failed, message: error.to_string(), quiet }
    }
}
