//! `/api/user` as the original's clients know it.

use serde_json::json;

use crate::support::{Answer, Http, World, world};

const ANNA: &str = r#"{"email":"anna@example.com","username":"Anna","password":"eight-or-more"}"#;
const LOGIN: &str = r#"{"email":"anna@example.com","password":"eight-or-more"}"#;

async fn logged_in(world: &World) -> (Http, Answer) {
    world.http().post("/api/user/signup", ANNA).await.ok();
    let login = world.http().post("/api/user/login", LOGIN).await;
    let token = login.header("authorization").strip_prefix("Bearer%20").unwrap().to_owned();
    (world.http().as_user(&token), login)
}

#[tokio::test]
async fn sign_up_and_login_answer_as_the_original_does() {
    let world = world().await;
    let shown = json!({ "email": "anna@example.com", "username": "Anna" });
    assert_eq!(world.http().post("/api/user/signup", ANNA).await.ok(), shown);
    let login = world.http().post("/api/user/login", LOGIN).await;
    assert_eq!(login.ok(), shown);
    assert!(login.header("authorization").starts_with("Bearer%20ey"));
}

#[tokio::test]
async fn the_token_is_taken_from_the_header_and_from_either_cookie() {
    let world = world().await;
    let (user, login) = logged_in(&world).await;
    assert_eq!(user.get("/api/user").await.ok()["username"], "Anna");
    let encoded = login.header("authorization");
    let token = encoded.strip_prefix("Bearer%20").unwrap();
    for (name, value) in [
        ("cookie", format!("Authorization={encoded}")),
        ("cookie", format!("Authorization=Bearer {token}")),
        ("cookie", format!("moim_session={token}")),
        ("authorization", encoded.to_owned()),
    ] {
        assert_eq!(world.http().with(name, &value).get("/api/user").await.ok()["email"], "anna@example.com", "{value}");
    }
}

#[tokio::test]
async fn login_sets_a_cookie_out_of_reach_of_scripts_and_clears_an_older_one() {
    let world = world().await;
    let (_, login) = logged_in(&world).await;
    let [session, script] = login.cookies()[..] else { panic!("{:?}", login.cookies()) };
    assert!(session.starts_with("moim_session=ey") && session.contains("; HttpOnly"), "{session}");
    assert!(session.contains("Path=/") && session.contains("SameSite=Lax") && !session.contains("Secure"));
    assert!(script.starts_with("Authorization=;") && script.contains("Max-Age=0"), "{script}");
}

#[tokio::test]
async fn what_the_caller_did_wrong_is_named() {
    let world = world().await;
    let http = world.http();
    http.post("/api/user/signup", ANNA).await.ok();
    assert_eq!(http.post("/api/user/signup", ANNA).await.refused(400), "EmailTaken");
    assert_eq!(http.post("/api/user/signup", "").await.refused(400), "InvalidField");
    let wrong = r#"{"email":"anna@example.com","password":"not this one"}"#;
    assert_eq!(http.post("/api/user/login", wrong).await.refused(400), "LoginFailed");
}

#[tokio::test]
async fn logout_ends_the_token_and_its_sockets_and_clears_the_cookies() {
    let mut world = world().await;
    let (user, _) = logged_in(&world).await;
    let leaving = user.clone();
    let asked = tokio::spawn(async move { leaving.get("/api/user/logout").await });
    let (revoked_user, login) = world.engine.revoke().await;
    assert!(revoked_user > 0 && login > 0);
    let answer = asked.await.unwrap();
    assert!(answer.ok().is_string());
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(user.get("/api/user").await.refused(401), "TokenRevoked");
}

#[tokio::test]
async fn a_changed_account_ends_all_its_logins() {
    let mut world = world().await;
    let (user, _) = logged_in(&world).await;
    let changing = user.clone();
    let asked = tokio::spawn(async move {
        let body = r#"{"email":"anna@example.com","username":"안나","password":"another-eight"}"#;
        changing.put("/api/user", body).await
    });
    assert_eq!(world.engine.revoke().await.1, 0);
    assert_eq!(asked.await.unwrap().ok(), json!({ "email": "anna@example.com", "username": "안나" }));
    user.get("/api/user").await.refused(401);
    world.http().post("/api/user/login", LOGIN).await.refused(400);
}

#[tokio::test]
async fn a_deleted_account_is_gone_from_its_rooms_too() {
    let mut world = world().await;
    let (user, _) = logged_in(&world).await;
    let channel = user.post("/api/channel", r#"{"channelName":"dues"}"#).await.ok()["channelId"].as_u64().unwrap();
    let leaving = user.clone();
    let asked = tokio::spawn(async move { leaving.delete("/api/user").await });
    assert_eq!(world.engine.revoke().await.1, 0);
    assert_eq!(u64::from(world.engine.settle().await.0), channel);
    assert!(asked.await.unwrap().ok().is_string());
    world.http().post("/api/user/login", LOGIN).await.refused(400);
}
