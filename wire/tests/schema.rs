//! The committed bodies, in Rust and for the web page, are what flatc makes of the schema.

#![allow(clippy::unwrap_used, reason = "the lint spares test functions only; everything here is a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Runs flatc on the schema with the language's option; gives the folder of its output.
fn generate(language: &str) -> tempfile::TempDir {
    let flatc = std::env::var_os("MOIM_FLATC")
        .map_or_else(|| root().join("target/tools/flatc/bin/flatc"), |path| root().join(path));
    let out = tempfile::tempdir().unwrap();
    let run = Command::new(&flatc)
        .args([language, "-o"])
        .arg(out.path())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/moim.fbs"))
        .output()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; `make test` installs flatc there, MOIM_FLATC names another", flatc.display())
        });
    assert!(run.status.success(), "flatc {language}: {}", String::from_utf8_lossy(&run.stderr));
    out
}

/// All files below `folder`, relative to it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries.map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn compare(generated: &Path, committed: &Path, command: &str) {
    assert_eq!(files(generated), files(committed), "{}: `{command}` makes other files", committed.display());
    for file in files(generated) {
        let same = std::fs::read(generated.join(&file)).unwrap() == std::fs::read(committed.join(&file)).unwrap();
        assert!(same, "{} is not what the schema gives: `{command}`", committed.join(&file).display());
    }
}

#[test]
fn the_committed_rust_is_what_the_schema_gives() {
    compare(
        generate("--rust").path(),
        &root().join("wire/src/generated"),
        "flatc --rust -o wire/src/generated wire/schema/moim.fbs",
    );
}

#[test]
fn the_committed_typescript_is_what_the_schema_gives() {
    let committed = root().join("bridge-ws/web/src/generated");
    compare(generate("--ts").path(), &committed, "flatc --ts -o bridge-ws/web/src/generated wire/schema/moim.fbs");
}
