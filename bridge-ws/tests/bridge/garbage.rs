//! What a browser may not send, and what becomes of it.

use moim_wire::limits::REQUEST_BYTES_MAX;
use moim_wire::{ErrorCode, Opcode};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Browser, frames, small, world, world_with};

#[tokio::test]
async fn bytes_that_are_no_frame_end_the_socket() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    browser.send(&[0xff; 40]).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::FrameSize, 1009));
    world.engine.next(Opcode::Detach).await;
    drop(browser);
    world.until(|stats| stats.sockets == 0 && stats.sockets_garbage == 1 && stats.sessions == 0).await;
}

#[tokio::test]
async fn a_frame_of_another_version_ends_the_socket() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    let mut frame = frames::open(1);
    frame[4] = 9;
    browser.send(&frame).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::Version, 1002));
}

#[tokio::test]
async fn a_frame_cut_by_the_end_of_its_message_ends_the_socket() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    let frame = frames::open(1);
    browser.send(&frame[..frame.len() - 1]).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::FrameSize, 1002));
}

#[tokio::test]
async fn a_frame_above_the_limit_ends_the_socket_and_one_at_it_passes() {
    let mut world = world().await;
    let (mut browser, session) = world.welcomed().await;
    let largest = frames::raw(Opcode::Send as u8, 3, &vec![0; REQUEST_BYTES_MAX - moim_wire::HEADER_BYTES]);
    browser.send(&largest).await;
    assert_eq!(world.engine.next(Opcode::Send).await.bytes, frames::stamped(&largest, session));
    browser.send(&frames::raw(Opcode::Send as u8, 4, &vec![0; REQUEST_BYTES_MAX])).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::FrameSize, 1009));
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_socket_before_it_is_read() {
    let mut world = world_with(small(|limits| limits.socket_message_bytes_max = 4 * 1024)).await;
    let (mut browser, _) = world.welcomed().await;
    browser.send(&frames::raw(Opcode::Send as u8, 3, &[0; 5 * 1024])).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::FrameSize, 1009));
}

#[tokio::test]
async fn text_ends_the_socket_before_and_after_hello() {
    let mut world = world().await;
    let mut early = Browser::connect(world.bridge.local_addr()).await;
    early.send_message(Message::text("hello?")).await;
    assert_eq!(early.next_close().await, 1003);
    let (mut late, _) = world.welcomed().await;
    late.send_message(Message::text("hello?")).await;
    assert_eq!(late.next_close().await, 1003);
}

#[tokio::test]
async fn a_hello_whose_body_does_not_verify_ends_the_socket() {
    let world = world().await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    browser.send(&frames::raw(Opcode::Hello as u8, 1, &[0xff; 16])).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::Malformed, 1002));
}

#[tokio::test]
async fn another_operation_before_hello_ends_the_socket() {
    let world = world().await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    browser.send(&frames::open(1)).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::HelloExpected, 1008));
}

#[tokio::test]
async fn a_socket_that_says_nothing_ends() {
    let world = world_with(small(|limits| limits.hello_timeout = std::time::Duration::from_millis(20))).await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::HelloExpected, 1008));
    world.until(|stats| stats.sockets_silent == 1).await;
}

#[tokio::test]
async fn what_trunks_and_servers_say_is_refused_from_a_browser() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    let refused = [Opcode::Attach, Opcode::Detach, Opcode::Sync, Opcode::Revoke, Opcode::Message, Opcode::Login];
    for (request, opcode) in (10..).zip(refused) {
        browser.send(&frames::raw(opcode as u8, request, &[])).await;
        assert_eq!(browser.next_error().await, (request, ErrorCode::NotAllowedHere));
    }
    // The session goes on.
    browser.send(&frames::open(1)).await;
    world.engine.next(Opcode::Open).await;
}

#[tokio::test]
async fn frames_above_the_rate_are_refused_and_the_session_goes_on() {
    let mut world = world_with(small(|limits| {
        limits.frames_per_second = 1;
        limits.frames_burst = 3;
    }))
    .await;
    let (mut browser, _) = world.welcomed().await;
    browser
        .send(&[frames::send(1, "a"), frames::send(2, "b"), frames::send(3, "c"), frames::send(4, "d")].concat())
        .await;
    assert_eq!(browser.next_error().await, (4, ErrorCode::RateLimited));
    for request in 1..=3 {
        assert_eq!(world.engine.next(Opcode::Send).await.header.request, request);
    }
    assert_eq!(world.bridge.stats().frames_rate_limited, 1);
}
