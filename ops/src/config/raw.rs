//! The configuration as it is written: every key, its type and its default. What the values mean together is judged in
//! `check`. A key is `section.name`; no section's name holds an underscore, so that `MOIM_SECTION_NAME` is unambiguous.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::size::Size;
use super::span::Span;

/// Everything that can be configured; a key left out has the default of `default.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Raw {
    pub(crate) data: String,
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    pub(crate) journal: Journal,
    pub(crate) bridge: Bridge,
    /// By id, which is in paths and in the names of variables.
    pub(crate) oauth: BTreeMap<String, OauthProvider>,
    pub(crate) store: Store,
    pub(crate) search: Search,
    pub(crate) files: Files,
    pub(crate) bank: Bank,
    pub(crate) trial: Trial,
    pub(crate) log: Log,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            data: "data".into(),
            engine: Engine::default(),
            limits: Limits::default(),
            journal: Journal::default(),
            bridge: Bridge::default(),
            oauth: BTreeMap::new(),
            store: Store::default(),
            search: Search::default(),
            files: Files::default(),
            bank: Bank::default(),
            trial: Trial::default(),
            log: Log::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Engine {
    pub(crate) listen: String,
    pub(crate) shards: u16,
    pub(crate) durability: Durability,
    pub(crate) commit_interval: Span,
    pub(crate) trunk_secret: String,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7420".into(),
            shards: 0,
            durability: Durability::Durable,
            commit_interval: Span::ms(2),
            trunk_secret: String::new(),
        }
    }
}

/// When a message counts as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Durability {
    /// Acknowledged and shown after the journal's sync.
    Durable,
    /// Acknowledged and shown before it: a crash may take back the last moments.
    Relaxed,
}

impl Durability {
    /// As the configuration writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Relaxed => "relaxed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) connections_max: u32,
    pub(crate) sessions_per_trunk_max: u32,
    pub(crate) rooms_per_session_max: u32,
    pub(crate) sends_per_second_max: u32,
    pub(crate) sends_burst_max: u32,
    pub(crate) out_queue_max: Size,
    pub(crate) hello_timeout: Span,
    pub(crate) heartbeat: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            sessions_per_trunk_max: 65_536,
            rooms_per_session_max: 500,
            sends_per_second_max: 100,
            sends_burst_max: 200,
            out_queue_max: Size::mib(4),
            hello_timeout: Span::seconds(10),
            heartbeat: Span::seconds(30),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    pub(crate) segment: Size,
    pub(crate) disk_reserve: Size,
    pub(crate) disk_max: Size,
    pub(crate) keep_confirmed: Span,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            segment: Size::mib(64),
            disk_reserve: Size::mib(256),
            disk_max: Size::mib(8 * 1024),
            keep_confirmed: Span::seconds(30),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bridge {
    pub(crate) listen: String,
    pub(crate) engine: String,
    pub(crate) trunks: u16,
    pub(crate) sockets_max: u32,
    #[serde(deserialize_with = "super::list::strings")]
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) public_url: String,
    pub(crate) secure_cookies: bool,
    pub(crate) trust_forwarded: bool,
}

impl Default for Bridge {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            engine: String::new(),
            trunks: 2,
            sockets_max: 20_000,
            allowed_origins: Vec::new(),
            public_url: String::new(),
            secure_cookies: false,
            trust_forwarded: false,
        }
    }
}

/// A provider of logins.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OauthProvider {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) client_secret_file: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    pub(crate) accounts: String,
    pub(crate) connections: u32,
    pub(crate) wait: Span,
    pub(crate) migrate: bool,
    pub(crate) messages: String,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            accounts: "sqlite".into(),
            connections: 16,
            wait: Span::seconds(10),
            migrate: true,
            messages: "embedded".into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Search {
    pub(crate) enabled: bool,
    pub(crate) memory: Size,
}

impl Default for Search {
    fn default() -> Self {
        Self { enabled: true, memory: Size::mib(32) }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Files {
    pub(crate) store: String,
    pub(crate) size_max: Size,
    pub(crate) per_user_max: Size,
    #[serde(deserialize_with = "super::list::strings")]
    pub(crate) types_allowed: Vec<String>,
    #[serde(deserialize_with = "super::list::strings")]
    pub(crate) types_denied: Vec<String>,
}

impl Default for Files {
    fn default() -> Self {
        let moim_bridge::FileTypes { allowed, denied } = moim_bridge::FileTypes::default();
        Self {
            store: "file".into(),
            size_max: Size::mib(50),
            per_user_max: Size::mib(1024),
            types_allowed: allowed,
            types_denied: denied,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bank {
    #[serde(deserialize_with = "super::list::strings")]
    pub(crate) secrets: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Trial {
    pub(crate) enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// One line an event, for people.
    Text,
    /// One JSON object an event, for machines.
    Json,
}
