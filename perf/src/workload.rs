//! Workload files: who sits where, what is said how fast, what happens meanwhile, and which marks are to be met.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::load::Layout;
use crate::mark::Mark;
use crate::peer::Peer;
use crate::schedule::Arrivals;
use crate::stamp::STAMP_BYTES;

/// One workload, as its file describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    /// The file's name without its ending; files do not set it.
    #[serde(default)]
    pub(crate) name: String,
    /// A line for tables and headings.
    pub(crate) title: String,
    /// What of the world it stands for.
    pub(crate) about: String,
    /// Number of rooms.
    pub(crate) rooms: usize,
    /// Connections in each room; a user has one connection, in one room.
    pub(crate) members: usize,
    /// Of the members of each room those that publish; all of them where it is left out.
    pub(crate) senders: Option<usize>,
    /// Length of each message's text.
    #[serde(default = "text_bytes")]
    pub(crate) text_bytes: usize,
    /// Load before the measured window.
    #[serde(default = "warm_up_s")]
    pub(crate) warm_up_s: f64,
    /// The measured window.
    #[serde(default = "measure_s")]
    pub(crate) measure_s: f64,
    /// Peers that can carry it, in the order of the table.
    pub(crate) peers: Vec<Peer>,
    /// Cores that the server gets, where it is more than one.
    #[serde(default = "one")]
    pub(crate) server_cores: usize,
    /// Keys of Moim's configuration that this workload sets, `limits.out_queue_max` for one.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    /// How fast what is said.
    pub(crate) load: Load,
    /// What happens while the load runs.
    #[serde(default)]
    pub(crate) during: During,
    /// Whether all that was sent is read back from the history at the end and compared.
    #[serde(default)]
    pub(crate) read_back: bool,
    /// How it runs in the short set of `bench`; workloads without this are not in it.
    pub(crate) short: Option<Short>,
    /// Ratios and limits that are to be met.
    #[serde(default)]
    pub(crate) marks: Vec<Mark>,
}

/// A workload's part in the short set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Short {
    /// Place in the set.
    order: u32,
    /// How often each peer has its turn.
    #[serde(default = "three")]
    pub(crate) rounds: u32,
    /// Instead of the workload's own.
    warm_up_s: Option<f64>,
    measure_s: Option<f64>,
    peers: Option<Vec<Peer>>,
    /// Peers that no mark is held against: they run in the first round alone.
    #[serde(default)]
    once: Vec<Peer>,
}

impl Short {
    /// Who has a turn in a round, counted from 1.
    pub(crate) fn has_turn(&self, peer: Peer, round: u32) -> bool {
        round <= self.rounds && (round == 1 || !self.once.contains(&peer))
    }
}

/// How fast what is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Load {
    /// As fast as it goes: each sender keeps `window` messages under way.
    Saturated {
        /// Messages under way of each sender.
        window: u32,
        /// What makes room for the next.
        #[serde(default)]
        paced_by: PacedBy,
    },
    /// By a schedule that does not wait for the server.
    Open {
        /// Of all senders together.
        publishes_per_s: f64,
        /// How the instants lie.
        #[serde(default)]
        arrivals: Arrivals,
    },
    /// Nobody says anything.
    Idle {},
    /// Peers that are alone make it themselves.
    InProcess {},
    /// By a schedule in steps, with more and more users.
    Steps {
        /// One after the other; users must rise in whole rooms.
        steps: Vec<Step>,
        /// Length of each step.
        step_s: f64,
        /// At most so long is waited for the server to be back to normal after the last step.
        recovery_s: f64,
    },
}

/// What ends a message's time under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PacedBy {
    /// Its delivery to its own sender.
    #[default]
    Delivery,
    /// Its acknowledgement; nobody follows the rooms.
    Acknowledgement,
}

/// One step of a stepwise load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Connected during the step.
    pub(crate) users: usize,
    /// Of all of them together.
    pub(crate) publishes_per_s: f64,
}

/// What happens while the load runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct During {
    /// Everybody drops at once and returns.
    pub(crate) reconnect: Option<Reconnect>,
    /// Some read nothing for a while.
    pub(crate) stall: Option<Stall>,
    /// Pages of the past are read.
    pub(crate) pages: Option<Pages>,
}

/// Everybody drops at once and returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reconnect {
    /// How often within the measured window.
    pub(crate) times: u32,
}

/// Some read nothing for the whole of the measured window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stall {
    /// Of all connections; at least one stalls.
    pub(crate) share: f64,
}

/// Pages of the past are read at random depths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    /// Of all connections together.
    pub(crate) per_s: f64,
    /// Messages of a page.
    pub(crate) limit: u16,
    /// Messages in each room before the load begins.
    pub(crate) past: u32,
}

const fn text_bytes() -> usize {
    108
}

const fn warm_up_s() -> f64 {
    2.0
}

const fn measure_s() -> f64 {
    8.0
}

const fn three() -> u32 {
    3
}

const fn one() -> usize {
    1
}

/// A workload file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkloadError {
    /// There is none of that name.
    #[error("no workload {name}: neither a file nor in {folder}; there are {known}")]
    Unknown { name: String, folder: String, known: String },
    /// It cannot be read.
    #[error("{path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
    /// It is no TOML, or has keys that no workload has.
    #[error("{path}: {error}")]
    Malformed { path: String, error: Box<toml::de::Error> },
    /// Its values do not fit together.
    #[error("{path}: {what}")]
    Senseless { path: String, what: String },
}

impl Workload {
    /// Finds a workload by its name in `folder`, or by the path of its file.
    pub(crate) fn find(name: &str, folder: &Path) -> Result<Self, WorkloadError> {
        let by_name = folder.join(format!("{name}.toml"));
        let path = if name.ends_with(".toml") { PathBuf::from(name) } else { by_name };
        if !path.is_file() {
            let (name, folder_text) = (name.to_owned(), folder.display().to_string());
            return Err(WorkloadError::Unknown { name, folder: folder_text, known: known(folder).join(", ") });
        }
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|error| WorkloadError::Unreadable { path: shown.clone(), error })?;
        let name = path.file_stem().map_or(name.into(), |stem| stem.to_string_lossy().into_owned());
        Self::parse(&name, &shown, &text)
    }

    /// Reads a workload from the text of its file.
    fn parse(name: &str, path: &str, text: &str) -> Result<Self, WorkloadError> {
        let path = path.to_owned();
        let mut workload: Self = toml::from_str(text)
            .map_err(|error| WorkloadError::Malformed { path: path.clone(), error: error.into() })?;
        if !workload.name.is_empty() {
            return Err(WorkloadError::Senseless { path, what: "a workload's name is that of its file".into() });
        }
        workload.name = name.to_owned();
        match workload.complaint() {
            Some(what) => Err(WorkloadError::Senseless { path, what }),
            None => Ok(workload),
        }
    }

    /// What does not fit together, if anything.
    fn complaint(&self) -> Option<String> {
        let senders = self.senders.unwrap_or(self.members);
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        if self.rooms == 0 || self.members == 0 {
            return Some("rooms and members must be at least 1".into());
        }
        if senders == 0 || senders > self.members {
            return Some(format!("senders is {senders}; it must lie between 1 and members, {}", self.members));
        }
        if !(STAMP_BYTES..=4_000).contains(&self.text_bytes) {
            return Some(format!("text_bytes is {}; it must lie between {STAMP_BYTES} and 4000", self.text_bytes));
        }
        if !is_positive(self.measure_s) || !self.warm_up_s.is_finite() || self.warm_up_s < 0.0 {
            return Some("measure_s must be above 0 and warm_up_s not below it".into());
        }
        if self.marks.iter().any(|mark| mark.at_least.is_some() == mark.at_most.is_some()) {
            return Some("each of the marks needs either at_least or at_most".into());
        }
        match &self.load {
            Load::InProcess {} if !self.peers.iter().all(|peer| peer.is_alone()) => {
                Some("a load in_process is for peers that make it themselves".into())
            }
            Load::Saturated { window: 0, .. } => Some("window must be at least 1".into()),
            Load::Open { publishes_per_s, .. } if !is_positive(*publishes_per_s) => {
                Some("publishes_per_s must be above 0".into())
            }
            Load::Steps { steps, step_s, .. } => self.complaint_about_steps(steps, *step_s),
            _ => None,
        }
    }

    fn complaint_about_steps(&self, steps: &[Step], step_s: f64) -> Option<String> {
        if steps.is_empty() || step_s <= 0.0 {
            return Some("steps needs at least one step, and step_s must be above 0".into());
        }
        if !steps.is_sorted_by_key(|step| step.users) || steps.iter().any(|step| step.publishes_per_s <= 0.0) {
            return Some("users must not fall from step to step, and publishes_per_s must be above 0".into());
        }
        let most = steps.last().map_or(0, |step| step.users);
        if most > self.rooms * self.members || steps.iter().any(|step| step.users % self.members != 0) {
            return Some(format!("users must be whole rooms of {}, at most {} of them", self.members, self.rooms));
        }
        None
    }

    /// The workloads of the short set in their order, each as it runs there.
    pub(crate) fn short_set(folder: &Path) -> Result<Vec<(Self, Short)>, WorkloadError> {
        let mut set = Vec::new();
        for name in known(folder) {
            let mut workload = Self::find(&name, folder)?;
            let Some(short) = workload.short.clone() else { continue };
            workload.warm_up_s = short.warm_up_s.unwrap_or(workload.warm_up_s);
            workload.measure_s = short.measure_s.unwrap_or(workload.measure_s);
            workload.peers = short.peers.clone().unwrap_or(workload.peers);
            set.push((workload, short));
        }
        set.sort_by_key(|(_, short)| short.order);
        Ok(set)
    }

    /// Who sits where.
    pub(crate) fn layout(&self) -> Layout {
        let Self { rooms, members, text_bytes, .. } = *self;
        Layout { rooms, members, senders: self.senders.unwrap_or(members), text_bytes }
    }

    /// Whether connections follow their room's messages.
    pub(crate) const fn follows(&self) -> bool {
        !matches!(self.load, Load::Saturated { paced_by: PacedBy::Acknowledgement, .. })
    }
}

/// Names of the workloads in a folder.
pub(crate) fn known(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        title = "Small"
        about = "A test"
        rooms = 3
        members = 2
        peers = ["floor", "moim"]
        [load]
        kind = "saturated"
        window = 4
    "#;

    fn parse(text: &str) -> Result<Workload, WorkloadError> {
        Workload::parse("small", "small.toml", text)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let workload = parse(SMALL).unwrap();
        assert_eq!((workload.text_bytes, workload.measure_s, workload.layout().senders), (108, 8.0, 2));
        assert_eq!(workload.load, Load::Saturated { window: 4, paced_by: PacedBy::Delivery });
    }

    #[test]
    fn unknown_keys_are_errors_that_name_them() {
        for (broken, key) in [
            (SMALL.replace("rooms", "roms = 1\nrooms"), "roms"),
            (SMALL.replace("window", "windows = 1\nwindow"), "windows"),
            (format!("{SMALL}\n[during]\nstorm = 1"), "storm"),
            (SMALL.replace("\"moim\"", "\"mioim\""), "mioim"),
        ] {
            let error = parse(&broken).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn values_that_do_not_fit_together_are_refused() {
        for broken in [
            SMALL.replace("members = 2", "members = 2\nsenders = 3"),
            SMALL.replace("rooms = 3", "rooms = 0"),
            SMALL.replace("rooms = 3", "rooms = 3\nname = \"large\""),
            SMALL.replace("window = 4", "window = 0"),
            SMALL.replace("rooms = 3", "rooms = 3\ntext_bytes = 8"),
        ] {
            assert!(matches!(parse(&broken), Err(WorkloadError::Senseless { .. })), "{broken}");
        }
    }

    #[test]
    fn every_workload_of_the_project_can_be_used() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
        let names = known(&folder);
        assert!(names.len() >= 12, "{names:?}");
        for name in names {
            Workload::find(&name, &folder).unwrap();
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
        let error = Workload::find("roms", &folder).unwrap_err().to_string();
        assert!(error.contains("rooms, "), "{error}");
    }
}
