//! Who may upgrade.

use crate::support::browser::{Browser, refused, request, set};
use crate::support::{small, world, world_with};

#[tokio::test]
async fn a_page_of_a_foreign_origin_may_not_connect() {
    let world = world().await;
    let bridge = world.bridge.local_addr();
    let mut foreign = request(bridge);
    set(&mut foreign, "origin", "https://evil.example");
    assert_eq!(refused(bridge, foreign).await, 403);
    world.until(|stats| stats.upgrades_refused == 1).await;
}

#[tokio::test]
async fn a_page_of_the_bridge_or_of_an_allowed_origin_may_connect() {
    let world = world_with(|config| config.allowed_origins = vec!["http://localhost:3000".to_owned()]).await;
    let bridge = world.bridge.local_addr();
    for origin in [format!("http://{bridge}"), "http://localhost:3000".to_owned()] {
        let mut allowed = request(bridge);
        set(&mut allowed, "origin", &origin);
        Browser::connect_with(bridge, allowed).await.close().await;
    }
}

#[tokio::test]
async fn an_upgrade_that_offers_no_or_another_subprotocol_is_refused() {
    let world = world().await;
    let bridge = world.bridge.local_addr();
    let mut without = request(bridge);
    without.headers_mut().remove("sec-websocket-protocol");
    assert_eq!(refused(bridge, without).await, 400);
}

#[tokio::test]
async fn a_plain_request_to_the_socket_path_is_told_so() {
    let world = world().await;
    assert_eq!(world.http().get("/ws").await.refused(400), "BadRequest");
    world.http().post("/ws", "").await.refused(405);
}

#[tokio::test]
async fn one_socket_too_many_is_told_to_come_back() {
    let world = world_with(small(|limits| limits.sockets_max = 1)).await;
    let bridge = world.bridge.local_addr();
    let first = Browser::connect(bridge).await;
    assert_eq!(refused(bridge, request(bridge)).await, 503);
    first.close().await;
    world.until(|stats| stats.sockets == 0 && stats.sockets_refused == 1).await;
    Browser::connect(bridge).await.close().await;
}
