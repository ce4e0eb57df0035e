//! What was said is found by members of its room, and by nobody else.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::whole::Person;
use crate::support::{whole, world};

/// A keyword as a query carries it.
fn encoded(keyword: &str) -> String {
    keyword.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn in_channel(channel: u64, keyword: &str) -> String {
    format!("/api/channel/{channel}/message/search?keyword={}", encoded(keyword))
}

fn everywhere(keyword: &str) -> String {
    format!("/api/v1/search?keyword={}", encoded(keyword))
}

/// What a person is shown at a path, once it is as many.
async fn until(person: &Person, path: &str, hits: usize) -> Vec<Value> {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    loop {
        looks.tick().await;
        let answer = person.http.get(path).await;
        // The index of a new installation may not be open yet.
        if answer.status == 503 {
            continue;
        }
        let shown = answer.ok();
        let shown = shown.get("hits").unwrap_or(&shown).as_array().unwrap().clone();
        if shown.len() == hits {
            return shown;
        }
    }
}

#[tokio::test]
async fn a_row_is_found_as_the_content_has_it_with_the_places_of_the_keyword() {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    anna.say(channel, "😀 이번 등산모임 회비 보냈어요").await;
    boram.say(channel, "네").await;
    let found = until(&boram, &in_channel(channel, "산모"), 1).await;
    let mut expected = boram.content(channel).await[0].clone();
    expected["highlights"] = json!([[7, 9]]);
    expected["notReadCount"] = found[0]["notReadCount"].clone();
    assert_eq!(found[0], expected);

    let all = until(&boram, &everywhere("회비"), 1).await;
    let hit = &all[0];
    assert_eq!((&hit["roomId"], &hit["roomName"]), (&json!(channel), &json!("모임")));
    assert_eq!((&hit["authorId"], &hit["authorName"]), (&json!(anna.id), &json!("anna")));
    assert_eq!(hit["messageId"], json!(expected["id"].to_string()));
    assert_eq!(hit["highlights"], json!([[11, 13]]));
    assert!(hit["sentAt"].as_str().unwrap().ends_with('Z'), "{hit}");
}

#[tokio::test]
async fn nobody_finds_what_was_said_where_he_is_no_member() {
    let world = whole().await;
    let (anna, boram, eve) = (world.person("anna").await, world.person("boram").await, world.person("eve").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let other = world.channel(&eve, &[]).await;
    anna.say(channel, "between the two of us").await;
    eve.say(other, "between me and myself").await;
    until(&boram, &everywhere("between"), 1).await;
    let mine = until(&eve, &everywhere("between"), 1).await;
    assert_eq!(mine[0]["roomId"], json!(other));
    assert_eq!(eve.http.get(&in_channel(channel, "between")).await.refused(403), "NotAMember");
    assert_eq!(eve.http.get(&format!("{}&room={channel}", everywhere("between"))).await.refused(403), "NotAMember");
    for path in [in_channel(channel, "between"), everywhere("between")] {
        world.http().get(&path).await.refused(401);
    }
    assert_eq!(anna.http.get(&in_channel(4_000_000, "x")).await.refused(400), "NoSuchRoom");
    assert_eq!(anna.http.get(&format!("{}&room=4000000", everywhere("x"))).await.refused(400), "NoSuchRoom");

    anna.http.delete(&format!("/api/channel/{channel}/user/{}", boram.id)).await.ok();
    until(&boram, &everywhere("between"), 0).await;
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    while boram.http.get(&in_channel(channel, "between")).await.status != 403 {
        looks.tick().await;
    }
}

#[tokio::test]
async fn a_withdrawn_message_is_not_found_any_more() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let said = anna.say(channel, "said in haste").await;
    anna.say(channel, "said with care").await;
    until(&anna, &in_channel(channel, "said"), 2).await;
    anna.http.delete(&format!("/api/message/{}?channelId={channel}", said["id"])).await.ok();
    assert_eq!(until(&anna, &in_channel(channel, "said"), 1).await[0]["text"], "said with care");
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_says() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channels = [world.channel(&anna, &[]).await, world.channel(&anna, &[]).await];
    for number in 0..10 {
        for channel in channels {
            anna.say(channel, &format!("number {number}")).await;
        }
    }
    until(&anna, &everywhere("number"), 20).await;
    let mut seen = Vec::new();
    let mut path = format!("{}&limit=7", everywhere("number"));
    loop {
        let page = anna.http.get(&path).await.ok();
        seen.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["messageId"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{}&limit=7&before={next}", everywhere("number"));
    }
    assert_eq!(seen.len(), 20);
    assert!(seen.is_sorted_by_key(|id| std::cmp::Reverse(id.parse::<u64>().unwrap())));
    let one = until(&anna, &format!("{}&before={}", in_channel(channels[0], "number"), seen[10]), 5).await;
    assert!(one.iter().all(|row| row["channelId"] == json!(channels[0])));
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused_with_the_reason() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    until(&anna, &everywhere("x"), 0).await;
    for path in [in_channel(channel, "x"), everywhere("x")] {
        for wrong in ["limit=0", "limit=101", "limit=x", "before=-1", "before=9007199254740992", "order=oldest"] {
            anna.http.get(&format!("{path}&{wrong}")).await.refused(400);
        }
        let without = path.split("keyword=").next().unwrap();
        for wrong in ["", "keyword=", "keyword=%20%09", "keyword=a%00b", &format!("keyword={}", "x".repeat(101))] {
            assert_eq!(anna.http.get(&format!("{without}{wrong}")).await.refused(400), "InvalidField", "{wrong}");
        }
        assert_eq!(anna.http.get(&format!("{path}&order=best")).await.status, 200);
    }
    assert_eq!(anna.http.get(&everywhere("!?")).await.ok()["hits"], json!([]), "nothing to look for");
    anna.http.get(&format!("{}&room=x", everywhere("x"))).await.refused(400);
}

#[tokio::test]
async fn the_document_says_what_hits_look_like() {
    let world = world().await;
    let document = world.http().get("/v3/api-docs").await.ok();
    let hit = &document["components"]["schemas"]["SearchHit"]["properties"];
    for field in ["roomId", "roomName", "messageId", "authorId", "authorName", "sentAt", "text", "highlights"] {
        assert!(hit[field].is_object(), "{field}");
    }
}
