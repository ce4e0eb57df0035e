//! Which crate may use which: the directions that keep the wire free of I/O and the engine free of the web.

use std::collections::BTreeSet;

use serde_json::Value;

use super::workspace;

/// Each crate and those of ours that it may use.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("moim-wire", &[]),
    ("moim-client", &["moim-wire"]),
    ("moim-persistence", &["moim-wire"]),
    ("moim-engine", &["moim-wire", "moim-persistence"]),
    ("moim-bridge", &["moim-wire", "moim-persistence"]),
    ("moim", &["moim-wire", "moim-client", "moim-persistence", "moim-engine", "moim-bridge"]),
    ("moim-perf", &["moim-wire"]),
];

/// Crates that bring threads, sockets or files: nothing of them may be in the protocol.
const RUNTIMES: [&str; 8] = ["tokio", "glommio-ng", "monoio", "socket2", "libc", "axum", "sqlx", "fjall"];

fn dependencies(package: &Value, kinds: &[Option<&str>]) -> BTreeSet<String> {
    let list = package["dependencies"].as_array().expect("a package lists its dependencies");
    list.iter()
        .filter(|dependency| kinds.contains(&dependency["kind"].as_str()))
        .map(|dependency| dependency["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn dependencies_follow_the_allowed_directions() {
    for package in workspace::crates() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
            panic!("{name} is in no row of the table of directions; decide what it may use");
        };
        let ours = dependencies(&package, &[None, Some("build")]);
        let wrong: Vec<_> =
            ours.iter().filter(|used| used.starts_with("moim") && !allowed.contains(&used.as_str())).collect();
        assert!(wrong.is_empty(), "{name} may use {allowed:?}, not {wrong:?}");
    }
}

#[test]
fn the_protocol_has_no_runtime() {
    let crates = workspace::crates();
    let wire = crates.iter().find(|package| package["name"] == "moim-wire").expect("the protocol is a crate");
    let used = dependencies(wire, &[None, Some("build")]);
    let wrong: Vec<_> = used.iter().filter(|used| RUNTIMES.contains(&used.as_str())).collect();
    assert!(wrong.is_empty(), "moim-wire does no I/O, but uses {wrong:?}");
}

#[test]
fn the_load_generator_and_the_engine_run_on_different_runtimes() {
    for package in workspace::crates() {
        let used = dependencies(&package, &[None]);
        match package["name"].as_str().unwrap_or_default() {
            "moim-perf" => assert!(!used.contains("glommio-ng"), "a fault of glommio would hide on both ends"),
            "moim-engine" => assert!(!used.contains("monoio"), "a fault of monoio would hide on both ends"),
            _ => {}
        }
    }
}

#[test]
fn the_engines_shard_is_free_of_io_and_clocks() {
    let shard = workspace::root().join("engine/src/shard");
    for file in workspace::files(&shard, &[".rs"]) {
        let text = std::fs::read_to_string(&file).expect("a source file can be read");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let banned = [
            "glommio",
            "tokio",
            "std::fs",
            "std::net",
            "std::thread",
            "Instant::now",
            "SystemTime",
            "getrandom",
            ".await",
        ];
        for word in banned {
            assert!(!code.contains(word), "{} must stay a plain state machine, but has {word}", file.display());
        }
    }
}
