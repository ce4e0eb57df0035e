//! Tells an operator what is wrong with a key: where it stands, what was found, what would be right.

use figment::error::Kind;

use super::Error;
use super::load::ENVIRONMENT;

/// How alike an unknown key and a known one must be for a suggestion (Jaro-Winkler, 0 to 1).
const LIKENESS_MIN: f64 = 0.75;

/// The error of one key, in words.
pub(super) fn key_error(error: &figment::Error) -> Error {
    let mut path = error.path.clone();
    let (what, suggestion) = match &error.kind {
        Kind::UnknownField(name, known) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            let section = &path[..path.len() - 1];
            ("is no key of the configuration".to_owned(), nearest(name, known).map(|near| join(section, near)))
        }
        Kind::UnknownVariant(value, known) => {
            let choices: Vec<String> = known.iter().map(|choice| format!("{choice:?}")).collect();
            (format!("is {value:?}, which is none of {}", choices.join(", ")), None)
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            (format!("is {found}; {} is needed", needed(expected, &path)), None)
        }
        kind => (kind.to_string(), None),
    };
    let hint = suggestion.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    if path.is_empty() {
        return Error::Layer { place: place(error, &path), what };
    }
    Error::Key { key: path.join("."), place: place(error, &path), what: format!("{what}{hint}") }
}

/// What a key takes, without the names of types.
fn needed(expected: &str, path: &[String]) -> String {
    match expected {
        "u16" | "u32" | "u64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        _ if expected.starts_with("struct ") => format!("a section, [{}],", path.join(".")),
        _ => expected.to_owned(),
    }
}

/// The file, variable or flag that the value stands in.
fn place(error: &figment::Error, path: &[String]) -> String {
    let Some(metadata) = &error.metadata else { return "the configuration".into() };
    match metadata.source.as_ref().and_then(|source| source.file_path()) {
        Some(file) => file.display().to_string(),
        None if metadata.name == ENVIRONMENT => format!("the variable MOIM_{}", path.join("_").to_ascii_uppercase()),
        None => metadata.name.to_string(),
    }
}

fn join(section: &[String], name: &str) -> String {
    section.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
}

/// The known name most like `name`, when it is like enough.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_made_only_where_a_name_is_near() {
        assert_eq!(nearest("lisen", &["listen", "shards"]), Some("listen"));
        assert_eq!(nearest("quux", &["listen", "shards"]), None);
    }
}
