//! The server as an operator starts and stops it.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use rustix::process::Signal;

use super::server::{Server, operate, operated, person_in_a_room, serve};

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn sigterm_and_ctrl_c_stop_it_in_order() {
    let data = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(data.path());
        assert_eq!(server.stop(signal).code(), Some(0));
    }
}

#[test]
fn two_signals_at_once_are_one_wish() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let server = Server::start(data.path());
    assert!(server.client(&token).args(["send", &room, "the last word"]).status().unwrap().success());
    // A group's signal and the one that `make` passes on.
    rustix::process::kill_process(server.pid(), Signal::TERM).unwrap();
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
}

#[test]
fn a_data_folder_in_use_is_named_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let second = serve(data.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(6));
    assert!(told(&second).contains(&data.path().display().to_string()), "{}", told(&second));
    assert_eq!(server.get("/health").0, 200);
}

#[test]
fn an_address_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for key in ["bridge.listen", "engine.listen"] {
        let output = serve(data.path()).args(["--set", &format!("{key}={address}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{key}: {}", told(&output));
        assert!(told(&output).contains(&address), "{}", told(&output));
    }
}

#[test]
fn health_and_metrics_say_how_it_is() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (status, health) = server.get("/health");
    assert_eq!(status, 200);
    let health: serde_json::Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["status"], "UP");
    assert_eq!(health["shards"], 2);
    assert_eq!(health["durability"], "durable");
    let (status, metrics) = server.get("/metrics");
    assert_eq!(status, 200);
    for name in ["moim_build_info", "moim_process_resident_bytes", "moim_engine_commits_total", "moim_bridge_sockets"] {
        let kind = metrics.lines().find(|line| line.starts_with(&format!("# TYPE {name} ")));
        assert!(kind.is_some(), "no {name} in {metrics}");
    }
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("moim_") && line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn what_send_says_tail_prints() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let server = Server::start(data.path());
    let sent = server.client(&token).args(["send", &room, "안녕하세요", "여러분", "--ids"]).output().unwrap();
    assert!(sent.status.success(), "{}", told(&sent));
    let id = String::from_utf8(sent.stdout).unwrap().trim().to_owned();
    let tail = server.client(&token).args(["tail", &room, "--from", "0", "--count", "1", "--json"]).output().unwrap();
    assert!(tail.status.success(), "{}", told(&tail));
    let message: serde_json::Value = serde_json::from_slice(&tail.stdout).unwrap();
    assert_eq!(message["id"].to_string(), id);
    assert_eq!(message["text"], "안녕하세요 여러분");
    assert_eq!(message["name"], "하늘");
}

#[test]
fn an_operator_works_beside_the_running_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (room, token) = person_in_a_room(data.path());
    operated(data.path(), &["user", "add", "minjun@example.org", "민준"], "correct horse\n");
    operated(data.path(), &["room", "join", &room, "minjun@example.org"], "");
    assert!(operated(data.path(), &["room", "members", &room], "").contains("민준"));
    // The running server tells the room by itself.
    let tail = server.client(&token).args(["tail", &room, "--from", "0", "--count", "1", "--json"]).output().unwrap();
    let message: serde_json::Value = serde_json::from_slice(&tail.stdout).unwrap();
    assert_eq!((message["kind"].as_str(), message["text"].as_str()), (Some("MemberJoined"), Some("민준")));
}

#[test]
fn an_operator_lists_people_and_rooms() {
    let data = tempfile::tempdir().unwrap();
    person_in_a_room(data.path());
    operated(data.path(), &["user", "add", "minjun@example.org", "민준"], "correct horse\n");
    operated(data.path(), &["room", "create", "책모임", "--by", "minjun@example.org", "--private"], "sesame\n");
    let people = operated(data.path(), &["user", "list"], "");
    assert_eq!(people, "1\thaneul@example.org\t하늘\n2\tminjun@example.org\t민준");
    let rooms = operated(data.path(), &["room", "list"], "");
    assert_eq!(rooms, "1\topen\t1\t등산모임\n2\tprivate\t1\t책모임");
    operated(data.path(), &["user", "delete", "minjun@example.org"], "");
    assert!(!operated(data.path(), &["user", "list"], "").contains("minjun"));
}

#[test]
fn a_bridge_alone_serves_browsers_of_an_engine_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let mut command = super::command_line::moim();
    command.args(["bridge", "--listen", "127.0.0.1:0", "--engine", &server.engine, "--data"]).arg(data.path());
    let bridge = Server::ready(command);
    assert_eq!(bridge.engine, server.engine);
    bridge.wait_for_health(200);
    assert!(bridge.get("/metrics").1.contains("moim_bridge_trunks_up "));
    // The engine goes, and the bridge says so.
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    bridge.wait_for_health(503);
    assert_eq!(bridge.stop(Signal::TERM).code(), Some(0));
}

#[test]
fn a_talk_that_cannot_be_tells_why_by_its_exit_code() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let server = Server::start(data.path());
    let forged = server.client("no.such.token").args(["send", &room, "x"]).output().unwrap();
    assert_eq!(forged.status.code(), Some(5), "{}", told(&forged));
    let elsewhere = server.client(&token).args(["send", "4000000000", "x"]).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(5), "{}", told(&elsewhere));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let unreachable = server.client(&token).args(["send", &room, "x", "--server", &nobody]).output().unwrap();
    assert_eq!(unreachable.status.code(), Some(4), "{}", told(&unreachable));
}

#[test]
fn a_damaged_journal_stops_the_start_and_is_told_with_its_place() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let mut server = Server::start(data.path());
    for text in ["one", "two", "three"] {
        assert!(server.client(&token).args(["send", &room, text]).status().unwrap().success());
    }
    server.kill();
    let listed = operated(data.path(), &["journal", "inspect"], "");
    let segment =
        listed.lines().find(|line| line.split('\t').nth(2) >= Some("3")).expect("three batches lie in one segment");
    let file = segment.split('\t').nth(1).unwrap();
    // Batches begin on blocks of 4096 bytes, the first one behind the header's block.
    let mut bytes = fs::read(file).unwrap();
    bytes[2 * 4096 + 40] ^= 1;
    fs::write(file, bytes).unwrap();

    let verified = operate(data.path(), &["journal", "verify"], "");
    assert_eq!(verified.status.code(), Some(7));
    let started = serve(data.path()).output().unwrap();
    assert_eq!(started.status.code(), Some(7));
    assert!(told(&started).contains(file) && told(&started).contains("8192"), "{}", told(&started));
}

#[test]
fn the_demos_people_talk() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    let arguments: Vec<_> = command.get_args().skip(1).map(ToOwned::to_owned).collect();
    command = super::command_line::moim();
    command.args(["demo", "--serve", "--pause", "100 ms", "--set", "trial.enabled=true"]).args(arguments);
    let server = Server::ready(command);
    let guest = server.says("e-mail").split_whitespace().nth(1).unwrap().to_owned();
    let token = operated(data.path(), &["user", "token", &guest], "");
    let tail = server.client(&token).args(["tail", "1", "--last", "0", "--count", "5", "--json"]).output().unwrap();
    assert!(tail.status.success(), "{}", told(&tail));
    let spoken = String::from_utf8(tail.stdout).unwrap();
    assert_eq!(spoken.lines().count(), 5);
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
}

#[test]
fn a_demo_without_a_trial_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let output = operate(data.path(), &["demo", "--serve"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(told(&output).contains("trial.enabled"));
}
