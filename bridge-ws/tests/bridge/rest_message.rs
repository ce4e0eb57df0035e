//! What is said and taken back over REST, as native clients see it too.

use moim_wire::schema::Kind;
use serde_json::json;

use crate::support::{whole, whole_with};

#[tokio::test]
async fn a_message_said_over_rest_reaches_native_clients_at_once() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let mut native = world.follower(&boram, channel).await;
    let said = anna.say(channel, "회비 냈어요?").await;
    assert_eq!(native.next_of(Kind::Talk).await, (anna.id, 0, "회비 냈어요?".to_owned()));
    let row = json!({ "id": said["id"], "userId": anna.id, "userEmail": "anna@example.com", "userName": "anna",
        "channelId": channel, "callOutContentId": null, "createdAt": said["createdAt"], "notReadCount": 1,
        "text": "회비 냈어요?", "type": "TALK" });
    assert_eq!(said, row);
}

#[tokio::test]
async fn texts_out_of_their_bounds_are_refused_with_a_reason() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let path = format!("/api/message/{channel}");
    let long = json!({ "text": "가".repeat(4_001) }).to_string();
    for wrong in ["", "{}", r#"{"text":"  "}"#, r#"{"text":"a\u0000b"}"#, r#"{"text":["a"]}"#, "not json", &long] {
        anna.http.post(&path, wrong).await.refused(400);
    }
    assert_eq!(anna.say(channel, &"가".repeat(4_000)).await["text"].as_str().unwrap().chars().count(), 4_000);
    let decomposed = anna.say(channel, "\u{1112}\u{1161}\u{11ab}").await;
    assert_eq!(decomposed["text"], "한", "as it is stored");
    assert_eq!(anna.http.post(&path, r#"{"text": 1234}"#).await.ok()["text"], "1234");
}

#[tokio::test]
async fn its_author_or_an_admin_deletes_a_message_and_its_row_stays() {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let channel = world.channel(&anna, &[&boram, &chulsoo]).await;
    let mut native = world.follower(&chulsoo, channel).await;
    let (first, second) = (boram.say(channel, "first").await, boram.say(channel, "second").await);
    let delete = |id: &serde_json::Value| format!("/api/message/{id}?channelId={channel}");
    assert_eq!(chulsoo.http.delete(&delete(&first["id"])).await.refused(403), "NotAllowed");
    assert!(boram.http.delete(&delete(&first["id"])).await.ok().is_string());
    assert_eq!(native.next_of(Kind::Delete).await, (boram.id, first["id"].as_u64().unwrap(), String::new()));
    // Without the channel it is looked for among one's own.
    assert!(anna.http.delete(&format!("/api/message/{}", second["id"])).await.ok().is_string());

    let rows = chulsoo.content(channel).await;
    assert_eq!(rows.len(), 2, "what deletes has no row");
    for (row, said) in rows.iter().zip([&first, &second]) {
        assert_eq!((&row["id"], &row["type"], &row["text"]), (&said["id"], &json!("DELETE"), &json!("")));
        assert_eq!(row["userId"], boram.id);
    }
    for path in [delete(&first["id"]), delete(&json!(1)), "/api/message/5".into(), "/api/message/x".into()] {
        boram.http.delete(&path).await.refused(400);
    }
    let outsider = world.person("eve").await;
    assert_eq!(outsider.http.delete(&delete(&second["id"])).await.refused(403), "NotAMember");
}

#[tokio::test]
async fn a_notice_is_told_from_talk() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let mut native = world.follower(&boram, channel).await;
    let notice = anna.http.post(&format!("/api/notification/{channel}"), r#"{"text":"7시에 만나요"}"#).await.ok();
    assert_eq!((&notice["type"], &notice["text"]), (&json!("NOTICE"), &json!("7시에 만나요")));
    assert_eq!(native.next_of(Kind::Notice).await.2, "7시에 만나요");
    assert_eq!(boram.content(channel).await[0]["type"], "NOTICE");
}

#[tokio::test]
async fn the_load_tests_door_takes_the_originals_messages() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let send = async |body: serde_json::Value| anna.http.post("/api/message/jmeter", &body.to_string()).await;
    let enter = json!({ "type": "ENTER", "channelId": channel.to_string(), "senderId": anna.id.to_string(),
        "senderName": "whoever", "message": "whatever" });
    assert_eq!(send(enter).await.ok()["text"], "anna님이 입장하셨습니다.");
    let talk = json!({ "type": "TALK", "channelId": channel, "senderId": anna.id, "senderName": "anna",
        "message": "안녕" });
    let talk = send(talk).await.ok();
    let reply = json!({ "type": "CALLOUT", "channelId": channel, "senderId": anna.id, "senderName": "anna",
        "message": "네!", "callOutId": talk["id"] });
    let reply = send(reply).await.ok();
    assert_eq!((&reply["type"], &reply["callOutContentId"]), (&json!("CALLOUT"), &talk["id"]));

    let rows = boram.content(channel).await;
    let types: Vec<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ENTER", "TALK", "CALLOUT"]);
    assert_eq!(rows[0]["text"], "anna님이 입장하셨습니다.");
    assert_eq!(rows[2]["callOutContentId"], talk["id"]);

    let forged = json!({ "type": "TALK", "channelId": channel, "senderId": boram.id, "message": "as boram" });
    assert_eq!(send(forged).await.refused(403), "Forbidden");
    for wrong in [
        json!({ "type": "DELETE", "channelId": channel, "message": "x" }),
        json!({ "type": "TALK", "message": "nowhere" }),
        json!({ "type": "TALK", "channelId": "one", "message": "x" }),
        json!({ "type": "CALLOUT", "channelId": channel, "message": "to nothing" }),
    ] {
        send(wrong).await.refused(400);
    }
}

#[tokio::test]
async fn the_load_tests_door_is_shut_outside_a_trial() {
    let world = whole_with(|_| {}).await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let talk = json!({ "type": "TALK", "channelId": channel, "message": "x" }).to_string();
    assert_eq!(anna.http.post("/api/message/jmeter", &talk).await.refused(403), "Forbidden");
}

#[tokio::test]
async fn many_at_once_by_one_person_are_all_stored() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let path = format!("/api/message/{channel}");
    let sends = (0..100).map(|number| {
        let (http, path) = (anna.http.clone(), path.clone());
        tokio::spawn(async move { http.post(&path, &json!({ "text": number.to_string() }).to_string()).await.ok() })
    });
    let mut said: Vec<u64> = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        said.push(send.await.unwrap()["id"].as_u64().unwrap());
    }
    said.sort_unstable();
    let stored: Vec<u64> = anna.content(channel).await.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(stored, said);
    assert_eq!(world.bridge.stats().sessions, 1, "one session serves them all");
}

#[tokio::test]
async fn an_ended_login_says_nothing_more() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    anna.say(channel, "before").await;
    anna.http.get("/api/user/logout").await.ok();
    anna.http.post(&format!("/api/message/{channel}"), r#"{"text":"after"}"#).await.refused(401);
    world.until(|stats| stats.sessions == 0).await;
}
