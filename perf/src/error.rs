//! Why a command of the harness ended early.

use crate::load::LoadError;
use crate::peer::PeerError;
use crate::profile::ProfileError;
use crate::workload::WorkloadError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error("{peer} under {workload}: {error}")]
    Load { peer: &'static str, workload: String, error: LoadError },
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    #[error("{path}: {error}")]
    Json { path: String, error: serde_json::Error },
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// Says what was being done when something of the machine failed.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
