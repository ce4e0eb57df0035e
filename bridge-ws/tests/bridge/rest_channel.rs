//! `/api/channel` as the original's clients know it.

use serde_json::{Value, json};

use crate::support::{Answer, Http, World, world};

/// Runs a request that changes a room, and answers its SYNC meanwhile.
async fn changing(world: &mut World, request: impl Future<Output = Answer> + Send + 'static) -> Answer {
    let asked = tokio::spawn(request);
    world.engine.settle().await;
    asked.await.unwrap()
}

async fn create(user: &Http, body: &str) -> (u64, Value) {
    let channel = user.post("/api/channel", body).await.ok();
    (channel["channelId"].as_u64().unwrap(), channel)
}

fn has(row: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} in {row}");
    }
}

#[tokio::test]
async fn a_channel_is_created_listed_and_shown_with_the_originals_fields() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    let anna = world.http().as_user(&token);
    let body = r#"{"channelName":"회비","channelPassword":1234,"channelDescription":"monthly","isPrivate":"true"}"#;
    let (id, created) = create(&anna, body).await;
    let fields = json!({ "channelCreateUsername": "anna", "channelName": "회비", "channelDescription": "monthly",
        "isPrivate": true });
    has(&created, &fields);

    let mine = anna.get("/api/channel").await.ok();
    has(&mine[0], &json!({ "channelId": id, "channelName": "회비", "admin": true }));
    assert_eq!(mine[0]["readTimestamp"].as_str().unwrap().len(), "2026-11-22T09:30:00".len());

    let shown = anna.get(&format!("/api/channel/{id}")).await.ok();
    has(&shown, &json!({ "channelId": id, "channelCreateUserName": "anna", "isPrivate": true, "userCount": 1 }));
    assert!(shown.to_string().find("1234").is_none());
}

#[tokio::test]
async fn a_search_finds_by_part_of_the_name_whatever_its_case() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    let anna = world.http().as_user(&token);
    let (id, _) = create(&anna, r#"{"channelName":"Hiking Club","isPrivate":false}"#).await;
    let found = anna.get("/api/channel/search?keyword=kING").await.ok();
    has(&found[0], &json!({ "channelId": id, "channelName": "Hiking Club", "channelCreateUsername": "anna" }));
    assert_eq!(anna.get("/api/channel/search?keyword=nothing").await.ok(), json!([]));
    for empty in ["/api/channel/search?keyword=", "/api/channel/search", "/api/channel/search?keyword=%20"] {
        anna.get(empty).await.refused(400);
    }
}

#[tokio::test]
async fn joining_a_private_channel_takes_its_password() {
    let mut world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    let (_, other) = world.http().sign_up("boram").await;
    let (anna, boram) = (world.http().as_user(&token), world.http().as_user(&other));
    let (id, _) = create(&anna, r#"{"channelName":"dues","channelPassword":"open!sesame","isPrivate":true}"#).await;

    assert_eq!(boram.get(&format!("/api/channel/{id}")).await.refused(403), "NotAMember");
    let join = format!("/api/channel/{id}/signup");
    assert_eq!(boram.post(&join, "").await.refused(400), "WrongPassword");
    assert_eq!(boram.post(&format!("{join}?channelPassword=guess"), "").await.refused(400), "WrongPassword");
    let with_password = format!("{join}?channelPassword=open!sesame");
    let asking = boram.clone();
    let joined = changing(&mut world, async move { asking.post(&with_password, "").await }).await.ok();
    let fields = json!({ "channelId": id, "channelName": "dues", "userName": "boram",
        "userEmail": "boram@example.com" });
    assert_eq!(joined, fields);
    assert_eq!(boram.get(&format!("/api/channel/{id}")).await.ok()["userCount"], 2);
}

#[tokio::test]
async fn a_member_may_add_others_and_an_admin_may_remove_them() {
    let mut world = world().await;
    let (_, a) = world.http().sign_up("anna").await;
    let (b_id, b) = world.http().sign_up("boram").await;
    let (c_id, c) = world.http().sign_up("chulsoo").await;
    let [anna, boram, chulsoo] = [a, b, c].map(|token| world.http().as_user(&token));
    let (id, _) = create(&anna, r#"{"channelName":"dues"}"#).await;

    let member = |user: u32| format!("/api/channel/{id}/user/{user}");
    chulsoo.post(&member(b_id), "").await.refused(403);
    let (asking, path) = (anna.clone(), member(b_id));
    assert_eq!(changing(&mut world, async move { asking.post(&path, "").await }).await.status, 204);
    let (asking, path) = (boram.clone(), member(c_id));
    assert_eq!(changing(&mut world, async move { asking.post(&path, "").await }).await.status, 204);
    assert_eq!(boram.delete(&member(c_id)).await.refused(403), "NotAllowed");
    let (asking, path) = (anna.clone(), member(c_id));
    assert_eq!(changing(&mut world, async move { asking.delete(&path).await }).await.status, 204);
    chulsoo.get(&format!("/api/channel/{id}")).await.refused(403);
    assert_eq!(anna.post(&member(4_000_000), "").await.refused(400), "NoSuchUser");
}

#[tokio::test]
async fn only_an_admin_changes_or_deletes_a_channel() {
    let mut world = world().await;
    let (_, a) = world.http().sign_up("anna").await;
    let (_, b) = world.http().sign_up("boram").await;
    let [anna, boram] = [a, b].map(|token| world.http().as_user(&token));
    let (id, _) = create(&anna, r#"{"channelName":"dues"}"#).await;
    let path = format!("/api/channel/{id}");
    let changed = r#"{"channelName":"Dues 2026","channelDescription":"paid on the 5th"}"#;
    boram.put(&path, changed).await.refused(403);
    boram.delete(&path).await.refused(403);

    let (asking, to) = (anna.clone(), path.clone());
    let answer = changing(&mut world, async move { asking.put(&to, changed).await }).await.ok();
    let fields = json!({ "channelId": id, "channelName": "Dues 2026", "channelDescription": "paid on the 5th" });
    assert_eq!(answer, fields);
    let (asking, to) = (anna.clone(), path.clone());
    assert!(changing(&mut world, async move { asking.delete(&to).await }).await.ok().is_string());
    assert_eq!(anna.get("/api/channel").await.ok(), json!([]));
    assert_eq!(anna.get(&path).await.refused(400), "NoSuchRoom");
}

#[tokio::test]
async fn an_id_that_is_none_is_the_callers_fault() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    let anna = world.http().as_user(&token);
    for path in ["/api/channel/abc", "/api/channel/-1", "/api/channel/99999999999999999999", "/api/channel/0"] {
        anna.get(path).await.refused(400);
    }
}

#[tokio::test]
async fn a_change_stands_when_the_engine_does_not_answer() {
    let mut world = crate::support::world_with(crate::support::small(|limits| {
        limits.engine_timeout = std::time::Duration::from_millis(10);
    }))
    .await;
    let (_, a) = world.http().sign_up("anna").await;
    let (_, b) = world.http().sign_up("boram").await;
    let [anna, boram] = [a, b].map(|token| world.http().as_user(&token));
    let (id, _) = create(&anna, r#"{"channelName":"dues"}"#).await;
    boram.post(&format!("/api/channel/{id}/signup"), "").await.ok();
    assert_eq!(world.bridge.stats().syncs_late, 1);
    world.engine.lose_trunks();
    world.until(|stats| stats.trunks_up == 0).await;
    assert_eq!(boram.delete(&format!("/api/v1/rooms/{id}/membership")).await.status, 204);
    assert_eq!(world.bridge.stats().syncs_late, 2);
}
