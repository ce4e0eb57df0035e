//! `moim journal`: what lies in a journal, and whether a start would accept it.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use moim_engine::Error;
use moim_engine::journal::{self, SegmentReport, Tail};

use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::{config, settings};

/// Look into the journal; nothing on disk is changed
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the segments: shard, file, batches, records, bytes used, first position, checkpoint, end
    #[command(after_help = "Examples:\n  moim journal inspect\n  moim journal inspect /srv/moim/journal")]
    Inspect {
        /// The journal's folder; without one, the configured data folder's
        folder: Option<PathBuf>,
    },
    /// Read everything as a start would; damage is told with its place (exit code 7)
    #[command(after_help = "Example:\n  moim journal verify /srv/moim/journal && echo sound")]
    Verify {
        /// The journal's folder; without one, the configured data folder's
        folder: Option<PathBuf>,
    },
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (Action::Inspect { folder } | Action::Verify { folder }) = &args.action;
    let folder = match folder {
        Some(folder) => folder.clone(),
        None => settings::journal_folder(&config::load(&args.config.layers())?.data),
    };
    let mut out = std::io::stdout().lock();
    match &args.action {
        Action::Inspect { .. } => {
            for segment in journal::inspect(&folder)? {
                writeln!(out, "{}", line(&segment))?;
            }
        }
        Action::Verify { .. } => {
            let shards = journal::verify(&folder)?;
            for (shard, records) in &shards {
                writeln!(out, "shard {shard}: sound, {records} records not yet confirmed by the message store")?;
            }
            if shards.is_empty() {
                writeln!(out, "{}: no shard has a journal here", folder.display())?;
            }
        }
    }
    Ok(())
}

fn line(segment: &SegmentReport) -> String {
    let first = segment.header.as_ref().map_or_else(|| "-".into(), |header| header.first_position.to_string());
    let end = match (&segment.header, &segment.tail) {
        (None, _) => "unreadable".to_owned(),
        (_, Tail::Clean) => "clean".to_owned(),
        (_, Tail::Torn) => "torn".to_owned(),
        (_, Tail::Damaged { intact_at }) => format!("damaged (intact again at byte {intact_at})"),
    };
    format!(
        "{}\t{}\t{}\t{}\t{}/{}\t{first}\t{}\t{end}",
        segment.shard,
        segment.path.display(),
        segment.batches,
        segment.records,
        segment.used_bytes,
        segment.bytes,
        segment.checkpoint,
    )
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match error {
            Error::Persistence(stores) => return stores.into(),
            Error::Setting { .. } => Exit::Configuration,
            Error::Damaged { .. } | Error::Missing { .. } => Exit::Damaged,
            Error::Locked(_) => Exit::InUse,
            Error::Listen { ref source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => Exit::InUse,
            Error::Listen { .. } | Error::File { .. } | Error::Shard { .. } => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
