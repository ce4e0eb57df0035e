//! HTTP peers that are slow, many or talk too much.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{World, small, world, world_with};

/// Sends bytes and reads until the bridge closes.
async fn exchange(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.bridge.local_addr()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A close with unread bytes behind it reaches the client as a reset.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn headers_that_never_end_close_the_connection() {
    let world = world_with(small(|limits| limits.header_timeout = Duration::from_millis(20))).await;
    exchange(&world, b"GET / HTTP/1.1\r\nhost: a\r\n").await;
    exchange(&world, b"").await;
    world.until(|stats| stats.connections == 0).await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_408_in_the_envelope() {
    let world = world_with(small(|limits| limits.request_timeout = Duration::from_millis(20))).await;
    let request = b"POST /api/user/login HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{";
    let answer = exchange(&world, request).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"exceptionName\":\"RequestTimeout\""), "{answer}");
}

#[tokio::test]
async fn too_long_headers_are_refused() {
    let world = world().await;
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(64 * 1024));
    let answer = exchange(&world, request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    world.http().get("/health").await.ok();
}

#[tokio::test]
async fn garbage_instead_of_http_is_refused() {
    let world = world().await;
    let answer = exchange(&world, &[0xfe; 200]).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    world.until(|stats| stats.connections == 0).await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let world = world_with(small(|limits| limits.connections_max = 1)).await;
    let first = TcpStream::connect(world.bridge.local_addr()).await.unwrap();
    world.until(|stats| stats.connections == 1).await;
    assert_eq!(exchange(&world, b"").await, "");
    world.until(|stats| stats.connections_refused == 1).await;
    drop(first);
    world.until(|stats| stats.connections == 0).await;
    world.http().get("/health").await.ok();
}
