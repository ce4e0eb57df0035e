//! Search on a server that is killed, and the command that builds its index anew.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::server::{Server, operate, operated, person_in_a_room, serve};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a search answers: status and JSON.
fn search(server: &Server, token: &str, keyword: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(&server.page).unwrap();
    let path = format!("/api/v1/search?keyword={keyword}&limit=100");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        server.page
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// The texts found, newest first, once there are as many.
fn found(server: &Server, token: &str, keyword: &str, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let (status, page) = search(server, token, keyword);
        assert!(status == 200 || status == 503, "{page}");
        let hits = page["hits"].as_array().cloned().unwrap_or_default();
        if hits.len() == count {
            return hits.iter().map(|hit| hit["text"].as_str().unwrap().to_owned()).collect();
        }
        assert!(begun.elapsed() < PATIENCE, "{} of {count} found", hits.len());
        std::thread::yield_now();
    }
}

/// Says lines, and returns when all of them are acknowledged.
fn say(server: &Server, token: &str, room: &str, lines: &[String]) {
    let mut client = server.client(token).args(["send", room, "-"]).stdin(Stdio::piped()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    assert!(client.wait().unwrap().success());
}

fn documents(data: &Path) -> String {
    operated(data, &["search", "rebuild"], "")
}

#[test]
fn whatever_a_kill_left_unindexed_is_found_once_and_a_rebuild_finds_the_same() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let mut said = Vec::new();
    let mut server = Server::start(data.path());
    for round in 0..4 {
        let lines: Vec<String> = (0..20).map(|number| format!("round{round} message {number}")).collect();
        say(&server, &token, &room, &lines);
        said.extend(lines);
        // Acknowledged, stored or on the way there, and the index has not committed it.
        server.kill();
        server = Server::start(data.path());
    }
    let newest_first: Vec<String> = said.iter().rev().cloned().collect();
    assert_eq!(found(&server, &token, "message", 80), newest_first);
    assert_eq!(found(&server, &token, "round2", 20), newest_first[20..40]);

    let refused = operate(data.path(), &["search", "rebuild"], "");
    assert_eq!(refused.status.code(), Some(6), "a running server has the folder");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("in use by another process"));
    assert!(server.stop(Signal::TERM).success());
    assert_eq!(documents(data.path()), "messages\t80");
    let server = Server::start(data.path());
    assert_eq!(found(&server, &token, "message", 80), newest_first);
    let health: Value = serde_json::from_str(&server.get("/health").1).unwrap();
    assert_eq!((&health["search"]["state"], &health["search"]["messages"]), (&"UP".into(), &80.into()));
    assert!(server.get("/metrics").1.contains("\nmoim_search_messages 80\n"));
}

#[test]
fn switched_off_it_says_so_and_costs_no_message() {
    let data = tempfile::tempdir().unwrap();
    let (room, token) = person_in_a_room(data.path());
    let mut command = serve(data.path());
    command.args(["--set", "search.enabled=false"]);
    let server = Server::ready(command);
    say(&server, &token, &room, &["said while search was off".to_owned()]);
    let (status, envelope) = search(&server, &token, "said");
    assert_eq!((status, &envelope["exceptionName"]), (400, &"SearchOff".into()), "{envelope}");
    assert!(server.get("/health").1.contains("\"OFF\""));
    assert!(server.stop(Signal::TERM).success());
    let server = Server::start(data.path());
    assert_eq!(found(&server, &token, "off", 1), ["said while search was off"]);
}
