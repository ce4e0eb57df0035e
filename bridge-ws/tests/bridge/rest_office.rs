//! Treasurer and auditors of a room.

use moim_wire::schema::Kind;
use serde_json::json;

use crate::support::whole;

const TREASURER: &str = r#"{"office":"TREASURER"}"#;
const AUDITOR: &str = r#"{"office":"AUDITOR"}"#;

#[tokio::test]
async fn an_admin_appoints_the_treasurer_hands_over_and_the_room_is_told() {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let room = world.channel(&anna, &[&boram, &chulsoo]).await;
    let offices = format!("/api/v1/rooms/{room}/offices");
    let of = |id: u32| format!("{offices}/{id}");
    let mut follower = world.follower(&chulsoo, room).await;
    assert_eq!(anna.http.put(&of(boram.id), TREASURER).await.status, 204);
    assert_eq!(anna.http.put(&of(chulsoo.id), AUDITOR).await.status, 204);
    assert_eq!(boram.http.put(&of(chulsoo.id), TREASURER).await.status, 204);
    for (by, whose) in [(&anna, "boram"), (&anna, "chulsoo"), (&boram, "boram"), (&boram, "chulsoo")] {
        let (sender, _, text) = follower.next_of(Kind::OfficeChanged).await;
        assert_eq!((sender, text.as_str()), (by.id, whose));
    }
    let holders = boram.http.get(&offices).await.ok();
    let since = holders[0]["sinceMs"].as_u64().unwrap();
    assert_eq!(holders, json!([{ "id": chulsoo.id, "name": "chulsoo", "office": "TREASURER", "sinceMs": since }]));
    let members = boram.http.get(&format!("/api/v1/rooms/{room}/members")).await.ok();
    let seen: Vec<_> = members.as_array().unwrap().iter().map(|member| &member["office"]).collect();
    assert_eq!(seen, [&json!(null), &json!(null), &json!("TREASURER")]);
    assert_eq!(chulsoo.http.delete(&of(chulsoo.id)).await.status, 204);
    assert_eq!(boram.http.get(&offices).await.ok(), json!([]));
}

#[tokio::test]
async fn others_neither_appoint_nor_see_who_is_in_office() {
    let world = whole().await;
    let (anna, boram, stranger) =
        (world.person("anna").await, world.person("boram").await, world.person("stranger").await);
    let room = world.channel(&anna, &[&boram]).await;
    let offices = format!("/api/v1/rooms/{room}/offices");
    let of = |id: u32| format!("{offices}/{id}");
    assert_eq!(boram.http.put(&of(boram.id), TREASURER).await.refused(403), "NotAllowed");
    assert_eq!(stranger.http.put(&of(boram.id), TREASURER).await.refused(403), "NotAMember");
    assert_eq!(stranger.http.get(&offices).await.refused(403), "NotAMember");
    assert_eq!(anna.http.put(&of(stranger.id), AUDITOR).await.refused(403), "NotAMember");
    for wrong in ["", r#"{"office":"KING"}"#, r#"{"office":null}"#] {
        assert_eq!(anna.http.put(&of(boram.id), wrong).await.refused(400), "BadRequest", "{wrong}");
    }
    anna.http.put("/api/v1/rooms/999/offices/1", AUDITOR).await.refused(400);
    assert_eq!(anna.http.get("/api/v1/rooms/999/offices").await.refused(400), "NoSuchRoom");
    assert_eq!(anna.http.get(&offices).await.ok(), json!([]));
}
