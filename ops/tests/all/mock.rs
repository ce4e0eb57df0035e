//! Made-up people, rooms and talk, from the command line.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use super::server::{Server, operate, operated, serve};

const TRIAL: &str = "trial.enabled=true";

/// What is in a room: who said what.
fn content(server: &Server, room: u64, token: &str) -> Vec<(String, String)> {
    let mut stream = TcpStream::connect(&server.page).unwrap();
    let (host, path) = (&server.page, format!("/api/channel/{room}/content"));
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    let rows: Vec<Value> = serde_json::from_str(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(&row["userName"]), text(&row["text"]))).collect()
}

/// Runs `moim mock` with talk; gives the first user's seat.
fn mock(data: &Path, server: &Server, seed: &str) -> Value {
    let seats = data.join("seats.jsonl");
    let engine = format!("bridge.engine={}", server.engine);
    let arguments = [
        "mock",
        "--set",
        TRIAL,
        "--users",
        "6",
        "--rooms",
        "2",
        "--members",
        "3",
        "--each",
        "4",
        "--seed",
        seed,
        "--set",
        &engine,
    ];
    let printed = operated(data, &[&arguments[..], &["--seats", seats.to_str().unwrap()]].concat(), "");
    assert_eq!(printed, "6 users and 2 rooms of 3, 24 messages");
    serde_json::from_str(std::fs::read_to_string(seats).unwrap().lines().next().unwrap()).unwrap()
}

#[test]
fn the_same_seed_makes_the_same_people_rooms_and_talk() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::ready(serve(data.path()));
    let said = |seed| {
        let seat = mock(data.path(), &server, seed);
        (content(&server, seat["rooms"][0].as_u64().unwrap(), seat["token"].as_str().unwrap()), seat["user"].clone())
    };
    let (first, again, other) = (said("7"), said("7"), said("8"));
    assert_eq!(first.0.len(), 12);
    assert_eq!(first, again, "people are met again, and say the same in a new room");
    assert_ne!(first.0, other.0);
}

#[test]
fn a_running_server_knows_everybody_before_the_first_speaks() {
    // Members enough that it looks for changes while they are still coming.
    let data = tempfile::tempdir().unwrap();
    let server = Server::ready(serve(data.path()));
    let engine = format!("bridge.engine={}", server.engine);
    let arguments =
        ["mock", "--set", TRIAL, "--users", "60", "--rooms", "2", "--members", "60", "--each", "1", "--set", &engine];
    assert_eq!(operated(data.path(), &arguments, ""), "60 users and 2 rooms of 60, 120 messages");
}

#[test]
fn more_than_one_run_may_make_is_refused_before_anything_is_made() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    for (rooms, members, each, told) in [
        ("1000", "20", "1000", "lower --each or --rooms"),
        ("1000000", "1000000", "0", "lower --members or --rooms"),
        ("1", "1", "10001", "10001 is not in 0..=10000"),
    ] {
        let arguments = ["mock", "--users", "20", "--rooms", rooms, "--members", members, "--each", each];
        let output = operate(&folder, &arguments, "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(told), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!folder.exists());
    }
}

#[test]
fn accounts_with_a_password_that_all_know_are_made_in_a_trial_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let output = operate(&folder, &["mock", "--users", "2", "--rooms", "1", "--members", "2"], "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("trial.enabled"), "{told}");
    assert!(!folder.exists());
}
