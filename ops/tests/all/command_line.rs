//! The program as it is typed.

use std::process::{Command, Output};

pub(crate) fn moim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moim"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("MOIM_")) {
            command.env_remove(name);
        }
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    moim().args(arguments).output().expect("the program was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_help_tells_the_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Exit codes:"));
}

#[test]
fn a_mistyped_command_is_usage_and_gets_a_suggestion() {
    let output = run(&["verison"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("version"), "{}", text(&output.stderr));
}

#[test]
fn the_printed_defaults_are_a_good_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moim.toml");
    std::fs::write(&file, run(&["config", "default"]).stdout).unwrap();
    let output = moim().args(["config", "check"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn an_unknown_key_ends_with_code_3_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moim.toml");
    std::fs::write(&file, "[bridge]\nlisten_on = \"127.0.0.1:1\"\n").unwrap();
    let output = moim().args(["config", "check"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let told = text(&output.stderr);
    assert!(
        told.contains("bridge.listen_on") && told.contains("bridge.listen\"") && told.contains("moim.toml"),
        "{told}"
    );
}

#[test]
fn the_environment_is_judged_too() {
    let output = moim().args(["config", "check"]).env("MOIM_ENGINE_SHARDS", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("MOIM_ENGINE_SHARDS"), "{}", text(&output.stderr));
}

#[test]
fn the_shipped_configurations_are_good() {
    for file in super::workspace::files(&super::workspace::root().join("ops/deploy"), &[".toml"]) {
        let output = moim().args(["config", "check"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}: {}", file.display(), text(&output.stderr));
    }
}

#[test]
fn completions_exist_for_the_common_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("moim"));
    }
}

#[test]
fn a_command_on_a_missing_data_folder_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none");
    let output = moim().args(["user", "show", "1", "--data"]).arg(&missing).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("no data folder"));
    assert!(!missing.exists(), "looking must not make a folder");
}

#[test]
fn migrate_shows_what_is_lacking_and_then_applies_it() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |arguments: &[&str]| {
        let output = moim().arg("migrate").args(arguments).arg("--data").arg(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(migrate(&["--check"]).contains("CREATE TABLE users"));
    assert!(!folder.path().join("accounts.sqlite").exists(), "looking must not make a file");
    assert!(migrate(&[]).starts_with("applied 0001_accounts"));
    assert_eq!(migrate(&["--check"]), "");
    assert!(migrate(&[]).contains("nothing is lacking"));
}

#[test]
fn the_password_of_a_database_is_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["mysql://moim:geheim@127.0.0.1:1/moim", "mysql://moim:geheim@127.0.0.1:1"] {
        let mut command = moim();
        command.args(["serve", "--set", "log.filter=trace", "--data"]).arg(folder.path());
        let output = command.env("MOIM_STORE_ACCOUNTS", address).output().unwrap();
        assert!(matches!(output.status.code(), Some(3 | 4)), "{:?}", output.status);
        let told = text(&output.stdout) + &text(&output.stderr);
        assert!(told.contains("127.0.0.1:1") && !told.contains("geheim"), "{told}");
    }
}

#[test]
fn the_tables_of_a_cql_store_are_planned_without_it_and_its_absence_is_told() {
    let address = "scylla://moim:geheim@127.0.0.1:1/moim?dc=seoul&replication=2&ttl=90d";
    let store = |action| moim().args(["store", action]).env("MOIM_STORE_MESSAGES", address).output().unwrap();
    let plan = text(&store("plan").stdout);
    assert!(plan.contains("'seoul': 2") && plan.contains("CREATE TABLE IF NOT EXISTS moim.messages"), "{plan}");
    for action in ["status", "init"] {
        let output = store(action);
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        let told = text(&output.stdout) + &text(&output.stderr);
        assert!(told.contains("127.0.0.1:1") && !told.contains("geheim"), "{told}");
    }
}

#[test]
fn the_embedded_store_needs_no_tables() {
    let output = run(&["store", "init"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""));
    assert!(text(&output.stderr).contains("nothing to do"));
}
