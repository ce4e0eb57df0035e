//! What was said in a channel, as rows.

use serde_json::{Value, json};

use crate::support::{frames, whole};

fn texts(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn rows_come_oldest_first_and_events_are_none_of_them() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let first = anna.say(channel, "  안녕하세요\n").await;
    boram.say(channel, "네").await;

    let rows = anna.content(channel).await;
    assert_eq!(texts(&rows), ["안녕하세요", "네"]);
    let mut row = rows[0].clone();
    assert_eq!(row["notReadCount"], 0, "both have read it: who answers has read");
    row["notReadCount"] = first["notReadCount"].clone();
    assert_eq!(row, first, "as the sender was told");
    assert_eq!(row["createdAt"].as_str().unwrap().len(), "2026-11-22T09:30:00".len());
    assert_eq!(anna.http.get(&format!("/api/channel-content/{channel}")).await.ok(), json!(rows), "the other path");
}

#[tokio::test]
async fn only_members_read_and_say() {
    let world = whole().await;
    let (anna, eve) = (world.person("anna").await, world.person("eve").await);
    let channel = world.channel(&anna, &[]).await;
    anna.say(channel, "between us").await;
    for path in [format!("/api/channel/{channel}/content"), format!("/api/channel-content/{channel}")] {
        assert_eq!(eve.http.get(&path).await.refused(403), "NotAMember");
        world.http().get(&path).await.refused(401);
    }
    for path in [format!("/api/message/{channel}"), format!("/api/notification/{channel}")] {
        assert_eq!(eve.http.post(&path, r#"{"text":"hello"}"#).await.refused(403), "NotAMember");
    }
    assert_eq!(anna.http.get("/api/channel/4000000/content").await.refused(400), "NoSuchRoom");
    assert_eq!(anna.http.post("/api/message/4000000", r#"{"text":"x"}"#).await.refused(400), "NoSuchRoom");
    for path in ["/api/channel/abc/content", "/api/channel-content/-1", "/api/channel/99999999999/content"] {
        anna.http.get(path).await.refused(400);
    }
}

#[tokio::test]
async fn pages_go_back_from_an_id() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let mut ids = Vec::new();
    for number in 0..230 {
        ids.push(anna.say(channel, &format!("number {number}")).await["id"].as_u64().unwrap());
    }
    let page = async |query: &str| {
        let rows = anna.http.get(&format!("/api/channel/{channel}/content?{query}")).await.ok();
        rows.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(page("").await, ids, "all of them, over more than one page of the engine's");
    assert_eq!(page("limit=3").await, ids[227..]);
    assert_eq!(page(&format!("before={}&limit=2", ids[10])).await, ids[8..10]);
    assert_eq!(page(&format!("before={}", ids[0])).await, [0; 0]);
    for wrong in ["limit=0", "limit=1001", "limit=x", "before=-1", "before=9007199254740992"] {
        anna.http.get(&format!("/api/channel/{channel}/content?{wrong}")).await.refused(400);
    }
}

#[tokio::test]
async fn reading_is_counted_live_and_in_the_list_of_channels() {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let channel = world.channel(&anna, &[&boram, &chulsoo]).await;
    let said = anna.say(channel, "who reads this?").await;
    assert_eq!(said["notReadCount"], 2);

    assert_eq!(boram.content(channel).await[0]["notReadCount"], 1, "who asks has read");
    assert_eq!(anna.content(channel).await[0]["notReadCount"], 1);
    // A native read mark counts as well.
    let mut native = world.follower(&chulsoo, channel).await;
    native.send(&frames::read(channel as u32, said["id"].as_u64().unwrap())).await;
    native.until(moim_wire::Opcode::Done).await;
    assert_eq!(anna.content(channel).await[0]["notReadCount"], 0);
    // Looking at an old page is not reading the newest.
    let second = anna.say(channel, "and this?").await;
    boram.http.get(&format!("/api/channel/{channel}/content?before={}", second["id"])).await.ok();
    assert_eq!(anna.content(channel).await[1]["notReadCount"], 2);
    boram.content(channel).await;
    world.until_read(&boram, channel, second["createdAt"].as_str().unwrap()).await;
}

#[tokio::test]
async fn what_somebody_said_stays_under_a_neutral_name() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    boram.say(channel, "I was here").await;
    assert_eq!(anna.content(channel).await[0]["userName"], "boram");
    boram.http.delete("/api/user").await.ok();
    let row = &anna.content(channel).await[0];
    assert_eq!((row["text"].as_str(), row["userEmail"].as_str()), (Some("I was here"), Some("")));
    assert_eq!(row["userName"], "(탈퇴한 회원)");
    boram.http.get(&format!("/api/channel/{channel}/content")).await.refused(401);
}
