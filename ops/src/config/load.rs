//! Gathers the configuration from its three layers: a file, the environment over it, flags over both.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::raw::Raw;
use super::{Error, explain};

/// Variables of the environment that begin with `MOIM_` and are no configuration: they belong to single commands.
const NOT_CONFIGURATION: [&str; 5] = ["MOIM_CONFIG", "MOIM_TOKEN", "MOIM_SERVER", "MOIM_EMAIL", "MOIM_DEVICE"];
/// What tests are told of their servers; a Moim that a test starts is not.
const OF_TESTS: &str = "MOIM_TEST_";
/// Beginning of the variables whose second part is a provider of logins.
const OF_PROVIDERS: &str = "OAUTH_";

/// Name of the layer of `--set` and its like.
pub(super) const FLAGS: &str = "the command line";
/// Name of the layer of the environment.
pub(super) const ENVIRONMENT: &str = "the environment";

/// Where the configuration comes from, weakest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    /// A TOML file that must exist.
    pub(crate) file: Option<PathBuf>,
    /// Name and value of variables; those without the prefix are passed over.
    pub(crate) environment: Vec<(String, String)>,
    /// Key (`section.name`) and value.
    pub(crate) flags: Vec<(String, String)>,
}

impl Layers {
    /// A file, if any, and this process's environment.
    pub(crate) fn of_process(file: Option<&Path>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file: file.map(Path::to_owned), environment, flags: Vec::new() }
    }

    /// Overrides `key` in the strongest layer when there is a value.
    pub(crate) fn flag(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.flags.push((key.to_owned(), value.to_string()));
        }
    }
}

/// Reads the layers into one. The first key that is unknown or of a wrong type is the error.
pub(crate) fn read(layers: &Layers) -> Result<Raw, Error> {
    let mut figment = Figment::new();
    if let Some(file) = &layers.file {
        if !file.is_file() {
            return Err(Error::NoFile(file.clone()));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    let environment = layers.environment.iter().filter_map(|(name, value)| {
        let key = name.strip_prefix("MOIM_")?;
        let is_configuration = !NOT_CONFIGURATION.contains(&name.as_str()) && !name.starts_with(OF_TESTS);
        is_configuration.then(|| (key_of_variable(key), value.clone()))
    });
    figment = figment.merge(Words { name: ENVIRONMENT, words: environment.collect() });
    figment = figment.merge(Words { name: FLAGS, words: layers.flags.clone() });
    figment.extract().map_err(|error| explain::key_error(&error))
}

/// `ENGINE_COMMIT_INTERVAL` is `engine.commit_interval`: sections have no underscore in their names, nor have the
/// providers that are sections in `oauth`.
fn key_of_variable(name: &str) -> String {
    let parts = if name.starts_with(OF_PROVIDERS) { 2 } else { 1 };
    name.to_ascii_lowercase().replacen('_', ".", parts)
}

/// Keys and values that came as plain text.
struct Words {
    name: &'static str,
    words: Vec<(String, String)>,
}

impl Provider for Words {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let defaults = Value::serialize(Raw::default())?;
        let mut dict = Dict::new();
        for (key, text) in &self.words {
            let value = typed_like(defaults.find_ref(key), text);
            insert(&mut dict, key, value);
        }
        Ok(Profile::Default.collect(dict))
    }
}

/// Puts a value where its key says, in sections of sections.
fn insert(dict: &mut Dict, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            dict.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = dict.entry(section.to_owned()).or_insert_with(|| Dict::new().into());
            if let Value::Dict(_, names) = section {
                insert(names, rest, value);
            }
        }
    }
}

/// Numbers and switches are read as such where the key takes one; every other text stays as it is, so that a secret of
/// digits remains a text.
fn typed_like(default: Option<&Value>, text: &str) -> Value {
    match default {
        Some(Value::Num(..) | Value::Bool(..)) => text.parse().unwrap_or_else(|never| match never {}),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::raw::Durability;
    use super::*;

    fn layers(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> (Layers, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moim.toml");
        fs::write(&path, file).unwrap();
        let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        (Layers { file: Some(path), environment: own(environment), flags: own(flags) }, folder)
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
        let file = "[engine]\nshards = 1\nlisten = \"127.0.0.1:1\"\ncommit_interval = \"3 ms\"";
        let environment = [("MOIM_ENGINE_SHARDS", "2"), ("MOIM_ENGINE_LISTEN", "127.0.0.1:2"), ("HOME", "/")];
        let (layers, _folder) = layers(file, &environment, &[("engine.shards", "3"), ("data", "elsewhere")]);
        let raw = read(&layers).unwrap();
        assert_eq!(raw.engine.shards, 3);
        assert_eq!(raw.engine.listen, "127.0.0.1:2");
        assert_eq!(raw.engine.commit_interval.to_string(), "3 ms");
        assert_eq!(raw.engine.durability, Durability::Durable);
        assert_eq!(raw.data, "elsewhere");
    }

    #[test]
    fn every_type_of_key_can_come_from_the_environment() {
        let environment = [
            ("MOIM_ENGINE_TRUNK_SECRET", "01234567890123456789"),
            ("MOIM_ENGINE_DURABILITY", "relaxed"),
            ("MOIM_BRIDGE_ALLOWED_ORIGINS", "http://a, http://b"),
            ("MOIM_JOURNAL_DISK_RESERVE", "1048576"),
            ("MOIM_TRIAL_ENABLED", "true"),
            ("MOIM_TOKEN", "of another command"),
            ("MOIM_TEST_CQL", "of a test"),
        ];
        let (layers, _folder) = layers("", &environment, &[]);
        let raw = read(&layers).unwrap();
        assert_eq!(raw.engine.trunk_secret, "01234567890123456789");
        assert_eq!(raw.engine.durability, Durability::Relaxed);
        assert_eq!(raw.bridge.allowed_origins, ["http://a", "http://b"]);
        assert_eq!(raw.journal.disk_reserve.to_string(), "1 MiB");
        assert!(raw.trial.enabled);
    }

    #[test]
    fn a_secret_of_a_provider_can_come_from_the_environment_beside_the_rest_in_a_file() {
        let file = "[oauth.naver]\nname = \"네이버\"\nissuer = \"https://nid.example\"";
        let environment = [("MOIM_OAUTH_NAVER_CLIENT_SECRET", "1234")];
        let (layers, _folder) = layers(file, &environment, &[("oauth.naver.client_id", "moim")]);
        let naver = &read(&layers).unwrap().oauth["naver"];
        assert_eq!((naver.name.as_str(), naver.client_id.as_str()), ("네이버", "moim"));
        assert_eq!(naver.client_secret, "1234");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let (in_file, _folder) = layers("[engine]\nlistn = \"127.0.0.1:1\"", &[], &[]);
        let told = read(&in_file).unwrap_err().to_string();
        assert!(told.contains("engine.listn") && told.contains("moim.toml"), "{told}");
        assert!(told.contains("did you mean \"engine.listen\"?"), "{told}");

        let (in_environment, _folder) = layers("", &[("MOIM_ENGIN_LISTEN", "x")], &[]);
        let told = read(&in_environment).unwrap_err().to_string();
        assert!(told.contains("MOIM_ENGIN"), "{told}");
        assert!(told.contains("did you mean \"engine\"?"), "{told}");

        let (in_flag, _folder) = layers("", &[], &[("journal.segmentt", "1")]);
        let told = read(&in_flag).unwrap_err().to_string();
        assert!(told.contains("journal.segmentt") && told.contains("command line"), "{told}");
    }

    #[test]
    fn a_value_of_a_wrong_type_is_named_with_what_would_be_right() {
        for (file, key, right) in [
            ("[engine]\nshards = \"two\"", "engine.shards", "a whole number is needed"),
            ("engine = 5", "engine", "a section, [engine], is needed"),
            ("[trial]\nenabled = 1", "trial.enabled", "true or false is needed"),
            ("[engine]\ndurability = \"lax\"", "engine.durability", "\"relaxed\""),
            ("[journal]\nsegment = \"64 MB\"", "journal.segment", "64 MiB"),
            ("[limits]\nheartbeat = 30", "limits.heartbeat", "\"30 s\""),
        ] {
            let (layers, _folder) = layers(file, &[], &[]);
            let told = read(&layers).unwrap_err().to_string();
            assert!(told.contains(key) && told.contains(right) && told.contains("moim.toml"), "{told}");
        }
    }

    #[test]
    fn a_file_that_is_no_toml_or_is_missing_is_an_error() {
        let (layers, folder) = layers("[engine\n", &[], &[]);
        assert!(read(&layers).unwrap_err().to_string().contains("moim.toml"));
        let missing = Layers { file: Some(folder.path().join("none.toml")), ..Layers::default() };
        assert!(read(&missing).unwrap_err().to_string().contains("none.toml"));
    }
}
