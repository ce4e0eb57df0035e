//! A STOMP page, REST and our page's native frames in one room of a real engine.

use serde_json::{Value, json};

use crate::support::stomp::{connect, frame, talk};
use crate::support::whole::{Person, Whole};
use crate::support::{Stomp, whole};

/// A page of the person's that is connected.
async fn page(whole: &Whole, person: &Person) -> Stomp {
    let mut stomp = Stomp::open(whole.bridge.local_addr()).await;
    stomp.send(&connect(&person.token)).await;
    stomp.next("CONNECTED").await;
    stomp
}

/// And has subscribed to the channel.
async fn page_in(whole: &Whole, person: &Person, channel: u64) -> Stomp {
    let mut stomp = page(whole, person).await;
    let destination = format!("destination:/sub/chat/room/{channel}");
    stomp.send(&frame("SUBSCRIBE", &["id:sub-0", &destination, "receipt:subscribed"], "")).await;
    stomp.next("RECEIPT").await;
    stomp
}

fn said(kind: &str, channel: u64, sender: u32, message: &str) -> String {
    json!({ "type": kind, "channelId": channel.to_string(), "senderId": sender, "senderName": "x", "message": message })
        .to_string()
}

/// Sends and waits for the receipt and the message, in whichever order they come; gives the message's body.
async fn send(stomp: &mut Stomp, destination: &str, body: &str) -> Value {
    stomp.send(&frame("SEND", &[&format!("destination:{destination}"), "receipt:stored"], body)).await;
    let frames = [stomp.next_or_close().await.unwrap(), stomp.next_or_close().await.unwrap()];
    assert!(frames.iter().any(|frame| frame.command == "RECEIPT"), "{frames:?}");
    frames.iter().find(|frame| frame.command == "MESSAGE").unwrap().json()
}

#[tokio::test]
async fn what_a_page_says_is_in_the_content_when_its_receipt_comes_and_everyone_sees_it() {
    let whole = whole().await;
    let (anna, boram) = (whole.person("anna").await, whole.person("boram").await);
    let channel = whole.channel(&anna, &[&boram]).await;
    let mut hers = page_in(&whole, &anna, channel).await;
    let mut his = page_in(&whole, &boram, channel).await;
    let mut browser = whole.follower(&boram, channel).await;
    let row = send(&mut hers, "/pub/chat/message", &said("TALK", channel, anna.id, " 안녕하세요 ")).await;
    assert_eq!(
        (&row["text"], &row["notReadCount"], &row["userId"]),
        (&json!("안녕하세요"), &json!(1), &json!(anna.id))
    );
    assert_eq!(anna.content(channel).await.last(), Some(&row), "REST shows the same row");
    assert_eq!(his.next("MESSAGE").await.json(), row);
    assert_eq!(browser.next_message().await.1, row["id"].as_u64().unwrap());

    let by_rest = boram.say(channel, "저도요").await;
    for stomp in [&mut hers, &mut his] {
        let shown = stomp.next("MESSAGE").await.json();
        assert_eq!((&shown["id"], &shown["text"]), (&by_rest["id"], &json!("저도요")));
    }
}

#[tokio::test]
async fn greetings_and_replies_are_as_the_original_has_them() {
    let whole = whole().await;
    let anna = whole.person("anna").await;
    let channel = whole.channel(&anna, &[]).await;
    let mut page = page_in(&whole, &anna, channel).await;
    let greeting = send(&mut page, "/pub/chat/message", &said("ENTER", channel, anna.id, "")).await;
    assert_eq!((&greeting["type"], &greeting["text"]), (&json!("ENTER"), &json!("anna님이 입장하셨습니다.")));
    let mut reply: Value = serde_json::from_str(&said("CALLOUT", channel, anna.id, "반가워요")).unwrap();
    reply["callOutId"] = greeting["id"].clone();
    let reply = send(&mut page, "/pub/chat/message", &reply.to_string()).await;
    assert_eq!((&reply["type"], &reply["callOutContentId"]), (&json!("CALLOUT"), &greeting["id"]));
    assert_eq!(anna.content(channel).await, [greeting, reply]);
}

#[tokio::test]
async fn a_page_takes_back_its_own_message_and_nobody_elses() {
    let whole = whole().await;
    let (anna, boram) = (whole.person("anna").await, whole.person("boram").await);
    let channel = whole.channel(&anna, &[&boram]).await;
    let by_anna = anna.say(channel, "관리자의 말").await;
    let by_boram = boram.say(channel, "성급한 말").await;
    let mut his = page_in(&whole, &boram, channel).await;
    // Whatever the body claims about the sender.
    let delete = |id: &Value| json!({ "channelId": channel, "channelContentId": id, "sender": "anna" }).to_string();
    let deleted = send(&mut his, "/pub/delete/message", &delete(&by_boram["id"])).await;
    assert_eq!(deleted, json!({ "type": "DELETE", "channelId": channel, "channelContentId": by_boram["id"] }));
    let left = anna.content(channel).await;
    assert_eq!(
        (&left[1]["type"], &left[1]["text"], &left[0]["text"]),
        (&json!("DELETE"), &json!(""), &json!("관리자의 말"))
    );

    let destination = "destination:/pub/delete/message";
    his.send(&frame("SEND", &[destination], &delete(&by_anna["id"]))).await;
    let (error, close) = his.next_error().await;
    assert!(error.body.starts_with("NotAllowed"), "{error:?}");
    assert_eq!(close, 1008);
    assert_eq!(anna.content(channel).await[0]["text"], "관리자의 말");
}

#[tokio::test]
async fn only_members_subscribe_and_send() {
    let whole = whole().await;
    let (anna, stranger) = (whole.person("anna").await, whole.person("stranger").await);
    let channel = whole.channel(&anna, &[]).await;
    let destination = format!("destination:/sub/chat/room/{channel}");
    let tries = [
        frame("SUBSCRIBE", &["id:a", &destination], ""),
        frame("SUBSCRIBE", &["id:a", "destination:/sub/chat/room/4000000"], ""),
        talk(channel as u32, "안녕?", &[]),
        frame(
            "SEND",
            &["destination:/pub/delete/message"],
            &format!(r#"{{"channelId":{channel},"channelContentId":1}}"#),
        ),
    ];
    for (text, code) in tries.iter().zip(["NotAMember", "NoSuchRoom", "NotAMember", "NotAMember"]) {
        let mut page = page(&whole, &stranger).await;
        page.send(text).await;
        let (error, close) = page.next_error().await;
        assert!(error.body.starts_with(code), "{error:?}");
        assert_eq!(close, 1008);
    }
    assert_eq!(anna.content(channel).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_open_socket_loses_its_rights_with_its_login_and_its_room_with_its_membership() {
    let whole = whole().await;
    let (anna, boram) = (whole.person("anna").await, whole.person("boram").await);
    let channel = whole.channel(&anna, &[&boram]).await;
    let mut his = page_in(&whole, &boram, channel).await;
    let mut hers = page_in(&whole, &anna, channel).await;
    let removed = anna.http.delete(&format!("/api/channel/{channel}/user/{}", boram.id)).await;
    assert_eq!(removed.status, 204);
    anna.say(channel, "나간 뒤의 말").await;
    assert_eq!(hers.next("MESSAGE").await.json()["notReadCount"], 0, "he is not waited for");
    // What he still asks is answered, and nothing of the room came before it.
    his.send(&frame("ACK", &["id:x", "receipt:here"], "")).await;
    assert_eq!(his.next("RECEIPT").await.header("receipt-id"), "here");

    assert_eq!(anna.http.get("/api/user/logout").await.status, 200);
    let (error, close) = hers.next_error().await;
    assert!(error.body.starts_with("TokenRevoked"), "{error:?}");
    assert_eq!(close, 1008);
}

#[tokio::test]
async fn a_text_that_may_not_be_is_refused_with_its_reason() {
    let whole = whole().await;
    let anna = whole.person("anna").await;
    let channel = whole.channel(&anna, &[]).await;
    for text in ["  ".to_owned(), "가".repeat(4_001), "bell\u{7}".to_owned()] {
        let mut page = page(&whole, &anna).await;
        page.send(&frame("SEND", &["destination:/pub/chat/message"], &said("TALK", channel, anna.id, &text))).await;
        let (error, _) = page.next_error().await;
        assert!(error.body.starts_with("InvalidField: text"), "{error:?}");
    }
    let mut page = page_in(&whole, &anna, channel).await;
    let longest = "가".repeat(4_000);
    let row = send(&mut page, "/pub/chat/message", &said("TALK", channel, anna.id, &longest)).await;
    assert_eq!(row["text"], longest);
}

#[tokio::test]
async fn many_pages_see_one_order() {
    const SENDS: usize = 50;
    let whole = whole().await;
    let (anna, boram) = (whole.person("anna").await, whole.person("boram").await);
    let channel = whole.channel(&anna, &[&boram]).await;
    let mut pages = Vec::new();
    for person in [&anna, &boram, &anna] {
        pages.push(page_in(&whole, person, channel).await);
    }
    let mut browser = whole.follower(&boram, channel).await;
    for (page, person) in pages.iter_mut().zip([&anna, &boram]) {
        let all: String = (0..SENDS)
            .map(|n| {
                frame("SEND", &["destination:/pub/chat/message"], &said("TALK", channel, person.id, &n.to_string()))
            })
            .collect();
        page.send(&all).await;
    }
    let mut seen = Vec::new();
    for _ in 0..2 * SENDS {
        seen.push(browser.next_message().await.1);
    }
    for page in &mut pages {
        for id in &seen {
            assert_eq!(page.next("MESSAGE").await.json()["id"].as_u64(), Some(*id));
        }
    }
    assert_eq!(whole.bridge.stats().stomp_bodies, 2 * SENDS as u64);
}
