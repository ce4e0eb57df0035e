//! Rules of the house that no linter knows.

use std::fs;
use std::path::Path;

use super::workspace::{crates, files, root};

const LINES_MAX: usize = 500;
const SOURCES: [&str; 5] = [".rs", ".ts", ".tsx", ".css", ".sh"];

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file is text")
}

#[test]
fn no_file_holds_more_than_one_idea_can_fill() {
    let long: Vec<String> = files(&root(), &SOURCES)
        .iter()
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{} has {lines} lines, {LINES_MAX} are the most", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    // Written in pieces, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    let endings: Vec<&str> = SOURCES.into_iter().chain([".toml", ".md", ".fbs", ".yaml", ".sql"]).collect();
    let mut left = Vec::new();
    for path in files(&root(), &endings) {
        for (number, line) in read(&path).lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                left.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn unsafe_code_stays_in_engine_and_wire() {
    let root = root();
    // A peer is measured against, not run.
    let allowed = ["engine", "wire/src", "perf/peers"].map(|folder| root.join(folder));
    let outside: Vec<_> = files(&root, &[".rs"])
        .into_iter()
        .filter(|path| !allowed.iter().any(|folder| path.starts_with(folder)))
        .filter(|path| read(path).lines().any(|line| is_unsafe(line.trim_start())))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
}

fn is_unsafe(line: &str) -> bool {
    let keyword = concat!("un", "safe");
    !line.starts_with("//")
        && [" {", " fn", " impl", " extern"].iter().any(|next| line.contains(&format!("{keyword}{next}")))
}

#[test]
fn every_crate_takes_its_lints_and_versions_from_the_workspace() {
    for package in crates() {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = read(Path::new(package["manifest_path"].as_str().unwrap_or_default()));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} does not inherit the workspace's lints");
        let own = manifest.lines().find(|line| line.contains("version = \""));
        assert_eq!(own, None, "{name} names a version of its own; the table is in the top Cargo.toml");
        let description = package["description"].as_str().unwrap_or_default();
        assert!(description.split(' ').count() >= 4, "{name} does not say what it is");
    }
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let endings = [".rs", ".ts", ".tsx", ".sh", ".toml", ".md", ".yaml", ".json", "Makefile"];
    let places = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    for path in files(&root(), &endings) {
        let text = read(&path);
        for place in places {
            assert!(!text.contains(place), "{} names a place of one machine: {place}", path.display());
        }
    }
}
