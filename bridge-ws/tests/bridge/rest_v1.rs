//! `/api/v1`.

use bytes::Bytes;
use moim_wire::RoomId;
use serde_json::json;

use crate::support::{frames, world};

#[tokio::test]
async fn signup_and_login_give_the_token_in_the_body() {
    let world = world().await;
    let (id, token) = world.http().sign_up("anna").await;
    let me = world.http().as_user(&token).get("/api/v1/me").await.ok();
    assert_eq!((me["id"].as_u64(), me["username"].as_str()), (Some(id.into()), Some("anna")));
    let login = r#"{"email":"anna@example.com","password":"secret-anna"}"#;
    let answer = world.http().post("/api/v1/login", login).await.ok();
    assert_ne!(answer["token"], token);
    assert_eq!(answer["id"], id);
}

#[tokio::test]
async fn my_rooms_tell_role_members_read_mark_and_unread() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    let anna = world.http().as_user(&token);
    let created = anna.post("/api/v1/rooms", r#"{"name":"dues","description":"monthly"}"#).await;
    assert_eq!(created.status, 201);
    let room = created.ok()["id"].as_u64().unwrap() as u32;

    let mut stored = Vec::new();
    for id in 1..=120 {
        stored.extend(frames::message(room, id - 1, id, "hello"));
    }
    world.persistence.messages().write(&[Bytes::from(stored)]).await.unwrap();
    let rooms = anna.get("/api/v1/rooms").await.ok();
    let expected = json!([{ "id": room, "name": "dues", "description": "monthly", "private": false, "members": 1,
        "role": "ADMIN", "readMark": "0", "unread": 100, "newestId": "120" }]);
    assert_eq!(rooms, expected);
    assert_eq!(anna.get(&format!("/api/v1/rooms?after={room}&limit=10")).await.ok(), json!([]));
    anna.get("/api/v1/rooms?limit=0").await.refused(400);
    anna.get("/api/v1/rooms?limit=501").await.refused(400);
}

#[tokio::test]
async fn members_are_paged_and_for_members_only() {
    let mut world = world().await;
    let (a_id, a) = world.http().sign_up("anna").await;
    let (b_id, b) = world.http().sign_up("boram").await;
    let [anna, boram] = [a, b].map(|token| world.http().as_user(&token));
    let room = anna.post("/api/v1/rooms", r#"{"name":"dues"}"#).await.ok()["id"].as_u64().unwrap() as u32;
    let members = format!("/api/v1/rooms/{room}/members");
    assert_eq!(boram.get(&members).await.refused(403), "NotAMember");

    let (asking, path) = (boram.clone(), format!("/api/v1/rooms/{room}/join"));
    let asked = tokio::spawn(async move { asking.post(&path, "").await });
    assert_eq!(world.engine.settle().await.0, room);
    assert_eq!(asked.await.unwrap().ok()["role"], "MEMBER");
    let first = boram.get(&format!("{members}?limit=1")).await.ok();
    let anna = json!({ "id": a_id, "name": "anna", "role": "ADMIN", "readMark": "0", "left": false, "office": null });
    assert_eq!(first, json!([anna]));
    assert_eq!(boram.get(&format!("{members}?after={a_id}")).await.ok()[0]["id"], b_id);

    let (asking, path) = (boram.clone(), format!("/api/v1/rooms/{room}/membership"));
    let asked = tokio::spawn(async move { asking.delete(&path).await });
    world.engine.settle().await;
    assert_eq!(asked.await.unwrap().status, 204);
    assert_eq!(boram.get(&members).await.refused(403), "NotAMember");
    assert!(!world.persistence.accounts().rooms().is_member(RoomId(room), moim_wire::UserId(b_id)).await.unwrap());
}

#[tokio::test]
async fn a_member_brings_others_in_by_their_address_and_nobody_else_does() {
    let mut world = world().await;
    let (_, a) = world.http().sign_up("anna").await;
    let (b_id, b) = world.http().sign_up("boram").await;
    let [anna, boram] = [a, b].map(|token| world.http().as_user(&token));
    let room = anna.post("/api/v1/rooms", r#"{"name":"dues","private":true,"password":"hush"}"#).await;
    let members = format!("/api/v1/rooms/{}/members", room.ok()["id"]);
    let whom = r#"{"email":"Boram@Example.com"}"#;
    assert_eq!(boram.post(&members, whom).await.refused(403), "NotAMember");
    assert_eq!(boram.post(&members, r#"{"email":"nobody@example.com"}"#).await.refused(403), "NotAMember");
    assert_eq!(anna.post(&members, r#"{"email":"nobody@example.com"}"#).await.refused(400), "NoSuchUser");
    assert_eq!(anna.post(&members, r#"{"email":"no address"}"#).await.refused(400), "InvalidField");

    let (asking, path) = (anna.clone(), members.clone());
    let asked = tokio::spawn(async move { asking.post(&path, whom).await });
    world.engine.settle().await;
    assert_eq!(asked.await.unwrap().status, 204);
    assert_eq!(boram.get(&members).await.ok()[1]["id"], b_id);
    assert_eq!(anna.post(&members, whom).await.refused(400), "AlreadyMember");
}

#[tokio::test]
async fn about_names_version_and_trial() {
    let world = crate::support::world_with(|config| config.trial = true).await;
    let about = world.http().get("/api/v1/about").await.ok();
    assert_eq!((about["trial"].as_bool(), about["protocolVersion"].as_u64()), (Some(true), Some(1)));
}
