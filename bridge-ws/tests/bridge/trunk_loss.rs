//! The engine goes away and comes back.

use moim_wire::{ErrorCode, Opcode};

use crate::support::{Browser, frames, small, world, world_with};

#[tokio::test]
async fn sessions_of_a_lost_trunk_are_told_to_come_back_and_can() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    world.engine.lose_trunks();
    assert_eq!(browser.next_close().await, 1012);
    world.engine.accept_all(1).await;
    world.until(|stats| stats.trunks_up == 1 && stats.trunks_lost == 1).await;
    world.welcomed().await;
}

#[tokio::test]
async fn without_a_trunk_a_browser_is_told_to_come_back() {
    let mut world = world().await;
    world.engine.lose_trunks();
    world.until(|stats| stats.trunks_up == 0).await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    browser.send(&frames::hello("token")).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::ShuttingDown, 1012));
    let health = world.http().get("/health").await;
    assert_eq!(health.status, 503);
}

#[tokio::test]
async fn the_engines_goodbye_reaches_every_browser_of_the_trunk() {
    let mut world = world().await;
    let (mut anna, _) = world.welcomed().await;
    let (mut boram, _) = world.welcomed().await;
    world.engine.send(&frames::goodbye(0, ErrorCode::ShuttingDown)).await;
    assert_eq!(anna.next_goodbye().await, (ErrorCode::ShuttingDown, 1012));
    assert_eq!(boram.next_goodbye().await, (ErrorCode::ShuttingDown, 1012));
}

#[tokio::test]
async fn garbage_from_the_engine_ends_the_trunk_not_the_bridge() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    world.engine.send(&[0xff; 64]).await;
    assert_eq!(browser.next_close().await, 1012);
    world.engine.lose_trunks();
    world.engine.accept_all(1).await;
    world.until(|stats| stats.trunks_up == 1).await;
}

#[tokio::test]
async fn sessions_spread_over_the_trunks_and_survive_the_loss_of_others() {
    let mut world = world_with(|config| config.trunks = 3).await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        let mut browser = Browser::connect(world.bridge.local_addr()).await;
        browser.send(&frames::hello("token")).await;
        // Each trunk counts its own sessions, so two on each make the numbers 1 and 2 three times.
        browsers.push((world.engine.next(Opcode::Attach).await.header.session, browser));
    }
    let mut sessions: Vec<u32> = browsers.iter().map(|(session, _)| *session).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [1, 1, 1, 2, 2, 2]);
}

#[tokio::test]
async fn a_full_trunk_answers_busy_and_loses_no_detach() {
    let mut world = world_with(small(|limits| limits.trunk_bytes_max = 0)).await;
    let (mut browser, _) = world.welcomed().await;
    browser.send(&frames::send(4, "too much")).await;
    assert_eq!(browser.next(Opcode::Busy).await.header.request, 4);
    browser.send(&frames::raw(Opcode::Typing as u8, 0, &[])).await;
    world.until(|stats| stats.frames_shed_in == 1 && stats.frames_busy == 1).await;
    browser.close().await;
    world.engine.next(Opcode::Detach).await;
}
