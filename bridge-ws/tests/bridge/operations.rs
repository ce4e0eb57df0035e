//! Health, metrics, and what holds for every answer.

use std::sync::Arc;

use hyper::Method;

use crate::support::{small, world, world_with};

#[tokio::test]
async fn health_joins_the_callers_part_with_the_bridges() {
    let world =
        world_with(|config| config.health = Arc::new(|| serde_json::json!({ "status": "UP", "journal": 7 }))).await;
    for path in ["/health", "/actuator/health"] {
        let health = world.http().get(path).await.ok();
        assert_eq!((health["status"].as_str(), health["journal"].as_u64()), (Some("UP"), Some(7)));
        assert_eq!(health["bridge"]["trunksUp"], 1);
    }
}

#[tokio::test]
async fn a_part_that_is_down_takes_health_down() {
    let world = world_with(|config| config.health = Arc::new(|| serde_json::json!({ "status": "DOWN" }))).await;
    assert_eq!(world.http().get("/health").await.status, 503);
}

#[tokio::test]
async fn metrics_append_the_bridges_lines_to_the_callers() {
    let world = world_with(|config| config.metrics = Arc::new(|| "moim_journal_bytes 5".to_owned())).await;
    for path in ["/metrics", "/actuator/prometheus"] {
        let answer = world.http().get(path).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        assert!(text.starts_with("moim_journal_bytes 5\n"));
        assert!(text.contains("\nmoim_bridge_trunks_up 1\n"), "{text}");
    }
}

#[tokio::test]
async fn every_error_of_the_interface_has_the_envelope() {
    let world = world_with(small(|limits| limits.body_bytes_max = 1_000)).await;
    let http = world.http();
    assert_eq!(http.get("/api/nothing/here").await.refused(404), "NoSuchRoute");
    assert_eq!(http.delete("/api/user/login").await.refused(405), "MethodNotAllowed");
    http.post("/health", "").await.refused(405);
    http.post("/api/user/login", "{not json").await.refused(400);
    http.post("/api/user/login", r#"["a list"]"#).await.refused(400);
    assert_eq!(http.post("/api/user/login", &"x".repeat(1_001)).await.refused(413), "BodyTooLarge");
    assert_eq!(http.get("/no/such/file.js").await.refused(404), "NoSuchRoute");
    assert_eq!(http.get("/api/user").await.refused(401), "Unauthorized");
    http.as_user("not a token").get("/api/user").await.refused(401);
}

#[tokio::test]
async fn a_page_is_always_answered_at_the_root() {
    let world = world().await;
    let answer = world.http().with("accept", "text/html").get("/").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let preflight = world.http().ask(Method::HEAD, "/", "").await;
    assert_eq!(preflight.status, 200);
}
