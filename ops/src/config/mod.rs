//! The configuration: read in layers, then judged as a whole.
//!
//! `raw` is what an operator writes, `load` gathers it (file, environment, flags), `check` turns it into what the
//! server is started with or says everything that is wrong with it.

mod check;
mod explain;
mod list;
mod load;
mod oauth;
mod raw;
mod size;
mod span;

use std::path::PathBuf;

pub(crate) use check::{Config, Log, Problem, check};
pub(crate) use load::{Layers, read};
pub(crate) use raw::{Durability, LogFormat};
pub(crate) use span::Span;

/// The commented file that `moim config default` prints; a test holds it equal to the defaults.
pub(crate) const DEFAULT_FILE: &str = include_str!("default.toml");

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no configuration file {}", .0.display())]
    NoFile(PathBuf),
    #[error("{key} in {place} {what}")]
    Key { key: String, place: String, what: String },
    #[error("{place} cannot be read: {what}")]
    Layer { place: String, what: String },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<Problem>),
}

/// Reads the layers and judges the result.
pub(crate) fn load(layers: &Layers) -> Result<Config, Error> {
    check(&read(layers)?).map_err(Error::Problems)
}
