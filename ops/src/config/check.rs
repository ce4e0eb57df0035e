//! Judges a configuration as a whole. All problems are told at once, each with its key, its value and what would do.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use moim_bridge::{BankSecrets, FileTypes, OauthProvider};
use moim_persistence::{MessageStore, StoreAddress};

use super::oauth;
use super::raw::{self, Durability, Journal, Limits, LogFormat, Raw, Search};
use super::size::Size;
use super::span::Span;

/// Shortest secret of a bank: 32 hexadecimal digits are 128 bits.
const BANK_SECRET_CHARS_MIN: usize = 32;
/// One, and one that takes its place.
const BANK_SECRETS_MAX: usize = 2;
/// Shortest trunk secret: as many characters as cannot be guessed.
const TRUNK_SECRET_CHARS_MIN: usize = 16;
/// Four batches of a group commit go into a segment, and the largest frame many times into a batch.
const SEGMENT_MIN: Size = Size::mib(8);
const SEGMENT_MAX: Size = Size::mib(1024);

/// A configuration that a server can be started with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    pub(crate) journal: Journal,
    pub(crate) bridge: Bridge,
    pub(crate) store: Store,
    pub(crate) search: Search,
    pub(crate) files: Files,
    pub(crate) bank: BankSecrets,
    pub(crate) trial: bool,
    pub(crate) log: Log,
}

#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) listen: SocketAddr,
    /// At least 1.
    pub(crate) shards: u16,
    pub(crate) durability: Durability,
    pub(crate) commit_interval: Duration,
    /// `None`: the one kept in the data folder.
    pub(crate) trunk_secret: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    pub(crate) listen: SocketAddr,
    pub(crate) engine: SocketAddr,
    pub(crate) trunks: u16,
    pub(crate) sockets_max: u32,
    pub(crate) allowed_origins: Vec<Origin>,
    /// Empty where no provider needs it.
    pub(crate) public_url: String,
    pub(crate) oauth: Vec<OauthProvider>,
    pub(crate) secure_cookies: bool,
    pub(crate) trust_forwarded: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// Shown without its password.
    pub(crate) accounts: StoreAddress,
    pub(crate) connections: u32,
    pub(crate) wait: Duration,
    pub(crate) migrate: bool,
    pub(crate) messages: StoreAddress,
}

#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// Shown without its secret.
    pub(crate) store: StoreAddress,
    pub(crate) size_max: Size,
    pub(crate) per_user_max: Size,
    pub(crate) types: FileTypes,
}

#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// Where a page came from, as browsers write it: `scheme://host` or `scheme://host:port`, in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.ok_or("an origin begins with http:// or https://")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err("an origin is scheme://host or scheme://host:port in small letters, without a path");
        }
        Ok(Self(text.to_owned()))
    }
}

/// What is wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) key: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.what)
    }
}

/// Turns what was written into what the server is started with.
pub(crate) fn check(raw: &Raw) -> Result<Config, Vec<Problem>> {
    let mut problems = Problems::default();
    if raw.data.trim().is_empty() {
        problems.add("data", "is empty; name the folder that keeps everything");
    }
    limits(&raw.limits, &mut problems);
    journal(&raw.journal, &mut problems);
    disk(raw, &mut problems);
    let store = store(&raw.store, &mut problems);
    problems.within("search.memory", raw.search.memory, Size::mib(15), Size::mib(2 * 1024));
    let files = files(&raw.files, &mut problems);
    if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&raw.log.filter) {
        problems.add("log.filter", format!("is {:?}: {error}", raw.log.filter));
    }
    let bank = bank(&raw.bank, &mut problems);
    let engine = engine(raw, &mut problems);
    let bridge = bridge(raw, &mut problems);
    let (Some(engine), Some(bridge), true) = (engine, bridge, problems.0.is_empty()) else {
        return Err(problems.0);
    };
    Ok(Config {
        data: PathBuf::from(&raw.data),
        engine,
        bridge,
        limits: raw.limits.clone(),
        journal: raw.journal.clone(),
        store,
        search: raw.search.clone(),
        files,
        bank,
        trial: raw.trial.enabled,
        log: Log { format: raw.log.format, filter: raw.log.filter.clone() },
    })
}

fn engine(raw: &Raw, problems: &mut Problems) -> Option<Engine> {
    let secret = &raw.engine.trunk_secret;
    if !secret.is_empty() && secret.chars().count() < TRUNK_SECRET_CHARS_MIN {
        problems.add("engine.trunk_secret", format!("is shorter than {TRUNK_SECRET_CHARS_MIN} characters"));
    }
    problems.within("engine.commit_interval", raw.engine.commit_interval, Span::us(0), Span::ms(100));
    let shards = shards(raw);
    problems.within("engine.shards", shards, 1, 256);
    Some(Engine {
        listen: problems.address("engine.listen", &raw.engine.listen)?,
        shards,
        durability: raw.engine.durability,
        commit_interval: raw.engine.commit_interval.duration(),
        trunk_secret: (!secret.is_empty()).then(|| secret.clone()),
    })
}

fn bridge(raw: &Raw, problems: &mut Problems) -> Option<Bridge> {
    problems.within("bridge.trunks", raw.bridge.trunks, 1, 64);
    problems.within("bridge.sockets_max", raw.bridge.sockets_max, 1, 1_000_000);
    let mut allowed_origins = Vec::new();
    for text in &raw.bridge.allowed_origins {
        match text.parse() {
            Ok(origin) => allowed_origins.push(origin),
            Err(why) => problems.add("bridge.allowed_origins", format!("has {text:?}: {why}")),
        }
    }
    let engine = if raw.bridge.engine.is_empty() {
        raw.engine.listen.parse().ok()
    } else {
        problems.address("bridge.engine", &raw.bridge.engine)
    };
    let oauth = oauth::check(raw, problems);
    let listen = problems.address("bridge.listen", &raw.bridge.listen)?;
    Some(Bridge {
        listen,
        engine: engine?,
        trunks: raw.bridge.trunks,
        sockets_max: raw.bridge.sockets_max,
        allowed_origins,
        public_url: raw.bridge.public_url.clone(),
        oauth,
        secure_cookies: raw.bridge.secure_cookies,
        trust_forwarded: raw.bridge.trust_forwarded,
    })
}

fn bank(bank: &raw::Bank, problems: &mut Problems) -> BankSecrets {
    if bank.secrets.len() > BANK_SECRETS_MAX {
        problems.add("bank.secrets", format!("has {}; {BANK_SECRETS_MAX} are the most", bank.secrets.len()));
    }
    if bank.secrets.iter().any(|secret| secret.chars().count() < BANK_SECRET_CHARS_MIN) {
        problems.add("bank.secrets", format!("has one of fewer than {BANK_SECRET_CHARS_MIN} characters"));
    }
    BankSecrets::new(bank.secrets.clone())
}

fn limits(limits: &Limits, problems: &mut Problems) {
    problems.within("limits.connections_max", limits.connections_max, 1, 1_000_000);
    problems.within("limits.sessions_per_trunk_max", limits.sessions_per_trunk_max, 1, 1_000_000);
    problems.within("limits.rooms_per_session_max", limits.rooms_per_session_max, 1, 100_000);
    if limits.sends_per_second_max > 0 {
        problems.within("limits.sends_burst_max", limits.sends_burst_max, 1, 1_000_000);
    }
    // Below two full pages of history a reader would be called slow for asking.
    problems.within("limits.out_queue_max", limits.out_queue_max, Size::mib(1), Size::mib(1024));
    problems.within("limits.hello_timeout", limits.hello_timeout, Span::ms(100), Span::seconds(300));
    problems.within("limits.heartbeat", limits.heartbeat, Span::ms(500), Span::seconds(3_600));
}

fn journal(journal: &Journal, problems: &mut Problems) {
    problems.within("journal.segment", journal.segment, SEGMENT_MIN, SEGMENT_MAX);
    if !journal.segment.0.is_multiple_of(Size::kib(4).0) {
        problems.add("journal.segment", format!("is {}; it must be a multiple of 4 KiB", journal.segment));
    }
}

/// The shards share the disk evenly, and each needs two segments of it to give up one while it writes the other.
fn disk(raw: &Raw, problems: &mut Problems) {
    let (disk_max, segment) = (raw.journal.disk_max, raw.journal.segment);
    let least = u64::from(shards(raw)).saturating_mul(2).saturating_mul(segment.0);
    if disk_max.0 < least {
        let what = format!("is {disk_max}; two segments of {segment} for each shard are the least: {}", Size(least));
        problems.add("journal.disk_max", what);
    }
    problems.within("journal.keep_confirmed", raw.journal.keep_confirmed, Span::ms(0), Span::seconds(3_600));
}

/// As many as there are cores where none are said.
fn shards(raw: &Raw) -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if raw.engine.shards == 0 { u16::try_from(cores).unwrap_or(u16::MAX) } else { raw.engine.shards }
}

fn store(store: &raw::Store, problems: &mut Problems) -> Store {
    let accounts = StoreAddress::from(&*store.accounts);
    if !is_place(&store.accounts, "sqlite") && !is_database(&store.accounts) {
        let known = "\"sqlite\", \"sqlite:PATH\" or \"mysql://user:password@host:port/database\" is needed";
        problems.add("store.accounts", format!("is \"{accounts}\"; {known}"));
    }
    problems.within("store.connections", store.connections, 1, 10_000);
    problems.within("store.wait", store.wait, Span::ms(100), Span::seconds(300));
    let messages = StoreAddress::from(&*store.messages);
    if let Err(moim_persistence::Error::Setting { reason, .. }) = MessageStore::check(&messages) {
        problems.add("store.messages", format!("is \"{messages}\"; {reason}"));
    }
    Store { accounts, connections: store.connections, wait: store.wait.duration(), migrate: store.migrate, messages }
}

fn files(files: &raw::Files, problems: &mut Problems) -> Files {
    let store = StoreAddress::from(&*files.store);
    let is_bucket = files.store.strip_prefix("s3://").is_some_and(|bucket| !bucket.is_empty());
    if !is_place(&files.store, "file") && !is_bucket {
        let known = "\"file\", \"file:FOLDER\" or \"s3://key:secret@bucket/prefix?endpoint=URL\" is needed";
        problems.add("files.store", format!("is \"{store}\"; {known}"));
    }
    problems.within("files.size_max", files.size_max, Size(1), Size::mib(16 * 1024));
    problems.within("files.per_user_max", files.per_user_max, files.size_max, Size::mib(1024 * 1024));
    for (key, types) in [("files.types_allowed", &files.types_allowed), ("files.types_denied", &files.types_denied)] {
        for entry in types.iter().filter(|entry| !entry.contains('/')) {
            problems.add(key, format!("has {entry:?}; a type is written as image/png, all of a kind as image/*"));
        }
    }
    let types = FileTypes { allowed: files.types_allowed.clone(), denied: files.types_denied.clone() };
    Files { store, size_max: files.size_max, per_user_max: files.per_user_max, types }
}

/// `KIND` or `KIND:PATH`.
fn is_place(value: &str, kind: &str) -> bool {
    let place = value.strip_prefix(kind).map(|rest| rest.strip_prefix(':'));
    value == kind || matches!(place, Some(Some(place)) if !place.is_empty())
}

/// A MySQL address with a host and a database; what else may be wrong with it is told where it is used.
fn is_database(value: &str) -> bool {
    let place = value.strip_prefix("mysql://").map(|rest| rest.rsplit_once('@').map_or(rest, |(_, place)| place));
    place
        .and_then(|place| place.split_once('/'))
        .is_some_and(|(host, name)| !host.is_empty() && !name.is_empty() && !name.starts_with('?'))
}

#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, key: &'static str, what: impl Into<String>) {
        self.0.push(Problem { key, what: what.into() });
    }

    fn within<T: Copy + PartialOrd + fmt::Display>(&mut self, key: &'static str, value: T, min: T, max: T) {
        if value < min || value > max {
            self.add(key, format!("is {value}; it must be from {min} to {max}"));
        }
    }

    fn address(&mut self, key: &'static str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.add(key, format!("is {text:?}; an address and a port are needed, such as \"127.0.0.1:8080\""));
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::super::DEFAULT_FILE;
    use super::*;

    #[test]
    fn the_printed_default_file_is_the_default_with_every_key() {
        let of_file: figment::value::Value = toml_value(DEFAULT_FILE);
        let of_code = figment::value::Value::serialize(Raw::default()).unwrap();
        let keys = [&of_file, &of_code].map(|value| {
            let mut keys = Vec::new();
            collect_keys(value, "", &mut keys);
            keys
        });
        assert_eq!(keys[0], keys[1]);
        assert_eq!(of_file.deserialize::<Raw>().unwrap(), Raw::default());
        assert!(check(&Raw::default()).is_ok());
    }

    #[test]
    fn the_engines_own_defaults_are_these() {
        let ours = Raw::default().limits;
        let theirs = moim_engine::Limits::default();
        assert_eq!(ours.connections_max as usize, theirs.connections_max);
        assert_eq!(ours.rooms_per_session_max as usize, theirs.rooms_per_session_max);
        assert_eq!(ours.sends_per_second_max, theirs.sends_per_second);
        assert_eq!(ours.sends_burst_max, theirs.sends_burst);
        assert_eq!(ours.out_queue_max.as_usize(), theirs.session_queue_bytes_max);
        assert_eq!(ours.hello_timeout.duration(), theirs.hello_timeout);
        assert_eq!(ours.heartbeat.duration(), theirs.heartbeat);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut raw = Raw { data: " ".into(), ..Raw::default() };
        raw.engine.listen = "localhost".into();
        raw.engine.trunk_secret = "short".into();
        raw.bridge.allowed_origins = vec!["https://chat.example.org/path".into(), "https://good.example.org".into()];
        raw.bridge.trunks = 0;
        raw.journal.segment = Size(5_000_001);
        raw.journal.disk_max = Size::mib(1);
        raw.store.accounts = "postgres".into();
        raw.store.messages = "scylla://host".into();
        raw.log.filter = "info,=,".into();
        raw.bank.secrets = vec!["short".into(), String::new(), "one too many".into()];
        let problems = check(&raw).unwrap_err();
        let keys: Vec<&str> = problems.iter().map(|problem| problem.key).collect();
        let of_each = [
            "data",
            "journal.segment",
            "journal.segment",
            "journal.disk_max",
            "store.accounts",
            "store.messages",
            "log.filter",
            "bank.secrets",
            "bank.secrets",
            "engine.trunk_secret",
            "engine.listen",
            "bridge.trunks",
            "bridge.allowed_origins",
        ];
        assert_eq!(keys, of_each, "{problems:?}");
    }

    #[test]
    fn an_address_of_a_database_is_told_without_its_password() {
        for good in ["mysql://moim:geheim@db:3306/moim", "mysql://moim@db/moim?ssl-mode=REQUIRED", "sqlite:/srv/a.db"] {
            let mut raw = Raw::default();
            raw.store.accounts = good.into();
            assert!(!format!("{:?}", check(&raw).unwrap()).contains("geheim"));
        }
        for bad in ["mysql://moim:geheim@db", "mysql://moim:geheim@/moim", "mysql://moim:geheim@db/?a=b", "mysql:moim"]
        {
            let mut raw = Raw::default();
            raw.store.accounts = bad.into();
            let problems = check(&raw).unwrap_err();
            assert!(problems[0].key == "store.accounts" && !problems[0].what.contains("geheim"), "{problems:?}");
        }
    }

    #[test]
    fn the_stores_own_defaults_are_these() {
        let ours = check(&Raw::default()).unwrap().store;
        let theirs = moim_persistence::Config::new("data");
        assert_eq!(
            (ours.connections, ours.wait, ours.migrate),
            (theirs.connections, theirs.store_wait, theirs.migrate)
        );
        assert_eq!((ours.accounts, ours.messages), (theirs.accounts, theirs.messages));
        let ours = Raw::default().search;
        assert_eq!((ours.enabled, ours.memory.as_usize()), (theirs.search, theirs.search_memory_bytes));
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in ["http://localhost:3000", "https://chat.example.org", "http://[::1]:8080"] {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
        for bad in ["localhost:3000", "https://", "https://Chat.example.org", "https://a/b", "ftp://a", "*"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    fn toml_value(text: &str) -> figment::value::Value {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }

    fn collect_keys(value: &figment::value::Value, path: &str, keys: &mut Vec<String>) {
        match value {
            figment::value::Value::Dict(_, names) => {
                for (name, value) in names {
                    collect_keys(value, &format!("{path}.{name}"), keys);
                }
            }
            _ => keys.push(path.to_owned()),
        }
    }
}
