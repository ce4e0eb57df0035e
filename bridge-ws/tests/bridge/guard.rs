//! Foreign pages and their visitors' cookies.

use hyper::Method;

use crate::support::{world, world_with};

const ROOM: &str = r#"{"channelName":"dues"}"#;

#[tokio::test]
async fn a_foreign_page_cannot_act_with_its_visitors_cookie() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    for cookie in [format!("moim_session={token}"), format!("Authorization=Bearer%20{token}")] {
        let visitor = world.http().with("cookie", &cookie);
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            let lured = visitor.with(name, value);
            assert_eq!(lured.post("/api/channel", ROOM).await.refused(403), "Forbidden");
            // A proxy's password is the browser's to send, too.
            lured.with("authorization", "Basic YW5uYTphbm5h").post("/api/channel", ROOM).await.refused(403);
            lured.get("/api/user/logout").await.refused(403);
            lured.delete("/api/user").await.refused(403);
            // Reading marks as read.
            lured.get("/api/channel/1/content").await.refused(403);
            lured.get("/api/channel-content/1").await.refused(403);
        }
        let own = visitor.with("origin", &format!("http://{}", world.bridge.local_addr()));
        own.post("/api/channel", ROOM).await.ok();
        visitor.post("/api/channel", ROOM).await.ok();
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_log_its_visitor_in() {
    let world = world().await;
    world.http().sign_up("anna").await;
    let login = r#"{"email":"anna@example.com","password":"secret-anna"}"#;
    world.http().with("origin", "https://evil.example").post("/api/user/login", login).await.refused(403);
}

#[tokio::test]
async fn scripts_of_an_allowed_origin_may_read_answers_and_the_token() {
    let world = world_with(|config| config.allowed_origins = vec!["http://localhost:3000".to_owned()]).await;
    world.http().sign_up("anna").await;
    let page = world.http().with("origin", "http://localhost:3000");
    let asked = page.with("access-control-request-method", "PUT").ask(Method::OPTIONS, "/api/user", "").await;
    assert_eq!(asked.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(asked.header("access-control-allow-credentials"), "true");
    let login = page.post("/api/user/login", r#"{"email":"anna@example.com","password":"secret-anna"}"#).await;
    login.ok();
    assert_eq!(login.header("access-control-expose-headers"), "authorization,content-disposition");
    let foreign = world.http().with("origin", "https://evil.example").get("/api/user").await;
    assert_eq!(foreign.header("access-control-allow-origin"), "");
}
