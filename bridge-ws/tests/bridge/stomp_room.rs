//! Rooms as STOMP clients see them.

use moim_wire::schema::{Kind, MessageHead};
use moim_wire::{ErrorCode, Opcode, body, schema};
use serde_json::json;

use crate::support::stomp::{frame, subscribe};
use crate::support::{World, frames, world};

const DESTINATION: &str = "/sub/chat/room/";

/// Anna and a room of hers, with `others` in it.
async fn room_of_anna(world: &World, others: &[u32]) -> (u32, u32) {
    let (anna, token) = world.http().sign_up("anna").await;
    let room = world.http().as_user(&token).post("/api/v1/rooms", r#"{"name":"dues"}"#).await.ok();
    let room = room["id"].as_u64().unwrap() as u32;
    for &other in others {
        join(world, room, other).await;
    }
    (anna, room)
}

async fn join(world: &World, room: u32, user: u32) {
    world.persistence.accounts().rooms().join(moim_wire::UserId(user), moim_wire::RoomId(room), None).await.unwrap();
}

fn said(room: u32, sender: u32, prev_id: u64, id: u64, text: &str) -> Vec<u8> {
    frames::message_of(MessageHead::new(id, prev_id, room, sender, 1, 1), Kind::Talk, 0, text)
}

#[tokio::test]
async fn a_message_reaches_every_subscription_of_its_room_and_is_encoded_once() {
    let mut world = world().await;
    let (boram, _) = world.http().sign_up("boram").await;
    let (anna, room) = room_of_anna(&world, &[boram]).await;
    let (mut hers, _) = world.stomp(anna).await;
    let (mut his, _) = world.stomp(boram).await;
    world.stomp_subscribed(&mut hers, "sub-0", room, 0).await;
    hers.send(&subscribe("sub-1", room)).await;
    world.stomp_subscribed(&mut his, "sub-0", room, 0).await;
    hers.send(&frame("ACK", &["id:none", "receipt:both"], "")).await;
    hers.next("RECEIPT").await;

    let id = 244_327_231_488_000;
    world.engine.send(&said(room, anna, 0, id, "회비 : 3만 원")).await;
    let row = json!({ "id": id, "userId": anna, "userEmail": "anna@example.com", "userName": "anna", "channelId": room,
        "callOutContentId": null, "createdAt": "2026-11-04T09:48:00", "notReadCount": 1, "text": "회비 : 3만 원",
        "type": "TALK" });
    for (stomp, subscription) in [(&mut hers, "sub-0"), (&mut his, "sub-0")] {
        let message = stomp.next("MESSAGE").await;
        assert_eq!(message.header("subscription"), subscription);
        assert_eq!(message.header("destination"), format!("{DESTINATION}{room}"));
        assert_eq!(message.header("message-id"), format!("{room}-{id}"));
        assert_eq!(message.header("ack"), "", "nothing is to be acknowledged");
        let mut shown = message.json();
        assert_eq!(shown["createdAt"].as_str().unwrap().len(), "2026-11-04T09:48:00".len());
        shown["createdAt"] = row["createdAt"].clone();
        assert_eq!(shown, row);
    }
    assert_eq!(hers.next("MESSAGE").await.header("subscription"), "sub-1");
    let stats = world.bridge.stats();
    assert_eq!((stats.stomp_bodies, stats.stomp_messages), (1, 3));
}

#[tokio::test]
async fn a_stomp_page_and_our_page_see_the_same_message() {
    let mut world = world().await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, _) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 0).await;
    let (mut browser, session) = world.welcomed().await;
    world.engine.send(&frames::opened(room, session)).await;
    browser.next(Opcode::Opened).await;
    world.engine.send(&said(room, anna, 0, 10, "안녕")).await;
    assert_eq!(browser.next_message().await, (0, 10));
    assert_eq!(stomp.next("MESSAGE").await.json()["text"], "안녕");
}

#[tokio::test]
async fn who_is_no_member_is_refused_by_an_error_that_names_the_frame() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    stomp.send(&frame("SUBSCRIBE", &["id:a", "destination:/sub/chat/room/7", "receipt:r-1"], "")).await;
    let request = world.engine.next(Opcode::Open).await.header.request;
    world.engine.send(&frames::error(request, session, ErrorCode::NotAMember, "join first")).await;
    let (error, close) = stomp.next_error().await;
    assert_eq!(error.header("receipt-id"), "r-1");
    assert_eq!(error.body, "NotAMember: /sub/chat/room/7: join first");
    assert_eq!(close, 1008);
}

#[tokio::test]
async fn the_last_unsubscription_closes_the_room_and_nothing_comes_after_it() {
    let mut world = world().await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, session) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 0).await;
    stomp.send(&subscribe("b", room)).await;
    stomp.send(&frame("UNSUBSCRIBE", &["id:a", "receipt:r-1"], "")).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "r-1");
    world.engine.send(&said(room, anna, 0, 10, "for b")).await;
    assert_eq!(stomp.next("MESSAGE").await.header("subscription"), "b");

    stomp.send(&frame("UNSUBSCRIBE", &["id:b", "receipt:r-2"], "")).await;
    let close = world.engine.next(Opcode::Close).await;
    assert_eq!(body::read::<schema::Close<'_>>(close.body()).unwrap().room(), room);
    world.engine.send(&said(room, anna, 10, 11, "for nobody")).await;
    world.engine.send(&frames::closed_as_asked(close.header.request, room, session)).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "r-2");
    world.stomp_subscribed(&mut stomp, "b", room, 11).await;
    world.engine.send(&said(room, anna, 11, 12, "for b again")).await;
    assert_eq!(stomp.next("MESSAGE").await.json()["text"], "for b again");
}

#[tokio::test]
async fn modes_of_acknowledgement_are_taken_and_their_messages_can_be_acknowledged() {
    let mut world = world().await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, _) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 0).await;
    for (id, mode) in [("b", "client"), ("c", "client-individual"), ("d", "auto")] {
        let destination = format!("destination:{DESTINATION}{room}");
        stomp.send(&frame("SUBSCRIBE", &[&format!("id:{id}"), &destination, &format!("ack:{mode}")], "")).await;
    }
    stomp.send(&frame("NACK", &["id:x", "receipt:subscribed"], "")).await;
    stomp.next("RECEIPT").await;
    world.engine.send(&said(room, anna, 0, 10, "x")).await;
    for (id, acknowledged) in [("a", ""), ("b", "1-10"), ("c", "1-10"), ("d", "")] {
        let message = stomp.next("MESSAGE").await;
        assert_eq!((message.header("subscription"), message.header("ack")), (id, acknowledged));
    }
    stomp.send(&frame("ACK", &["id:1-10", "receipt:r-1"], "")).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "r-1");
}

#[tokio::test]
async fn replies_greetings_and_withdrawals_come_in_the_originals_words() {
    let mut world = world().await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, _) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 9).await;
    let head = |prev_id, id| MessageHead::new(id, prev_id, room, anna, 1, 1);
    let carried = [
        frames::message_of(head(9, 10), Kind::Reply, 5, "네"),
        frames::message_of(head(10, 11), Kind::Enter, 0, ""),
        frames::message_of(head(11, 12), Kind::Delete, 10, ""),
        frames::message_of(head(12, 13), Kind::Notice, 0, "공지"),
    ];
    world.engine.send(&carried.concat()).await;
    let reply = stomp.next("MESSAGE").await.json();
    assert_eq!((&reply["type"], &reply["callOutContentId"]), (&json!("CALLOUT"), &json!(5)));
    let greeting = stomp.next("MESSAGE").await.json();
    assert_eq!((&greeting["type"], &greeting["text"]), (&json!("ENTER"), &json!("anna님이 입장하셨습니다.")));
    let withdrawal = json!({ "type": "DELETE", "channelId": room, "channelContentId": 10 });
    assert_eq!(stomp.next("MESSAGE").await.json(), withdrawal);
    assert_eq!(stomp.next("MESSAGE").await.json()["type"], "NOTICE");
}

#[tokio::test]
async fn who_comes_is_not_told_but_counted_among_those_who_have_not_read() {
    let mut world = world().await;
    let (boram, _) = world.http().sign_up("boram").await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, _) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 9).await;
    world.engine.send(&said(room, anna, 9, 10, "alone")).await;
    assert_eq!(stomp.next("MESSAGE").await.json()["notReadCount"], 0);
    join(&world, room, boram).await;
    let joined = MessageHead::new(11, 10, room, boram, 0, 1);
    world.engine.send(&frames::message_of(joined, Kind::MemberJoined, boram.into(), "boram")).await;
    world.engine.send(&said(room, anna, 11, 12, "together")).await;
    let shown = stomp.next("MESSAGE").await.json();
    assert_eq!((&shown["text"], &shown["notReadCount"]), (&json!("together"), &json!(1)));
}

#[tokio::test]
async fn a_client_that_is_put_out_of_a_room_hears_of_its_other_rooms_alone() {
    let mut world = world().await;
    let (anna, room) = room_of_anna(&world, &[]).await;
    let (mut stomp, session) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 0).await;
    world.stomp_subscribed(&mut stomp, "b", room + 1, 0).await;
    let carried =
        [frames::closed(room, session), said(room, anna, 0, 10, "not for you"), said(room + 1, anna, 0, 10, "for you")];
    world.engine.send(&carried.concat()).await;
    assert_eq!(stomp.next("MESSAGE").await.json()["text"], "for you");
}

#[tokio::test]
async fn a_message_out_of_the_rooms_chain_is_fetched_from_the_history() {
    let mut world = world().await;
    let (boram, _) = world.http().sign_up("boram").await;
    let (anna, room) = room_of_anna(&world, &[boram]).await;
    let rooms = world.persistence.accounts().rooms();
    let mark = (moim_wire::RoomId(room), moim_wire::UserId(boram), moim_wire::MessageId(11));
    rooms.set_read_marks(&[mark]).await.unwrap();
    let (mut stomp, session) = world.stomp(anna).await;
    world.stomp_subscribed(&mut stomp, "a", room, 10).await;
    world.engine.send(&said(room, anna, 12, 13, "third")).await;
    let asked = world.engine.next(Opcode::History).await;
    let history = body::read::<schema::History<'_>>(asked.body()).unwrap();
    assert_eq!((history.room(), history.after()), (room, 10));
    let missed = [said(room, anna, 10, 11, "first"), said(room, anna, 11, 12, "second")].concat();
    world.engine.send(&frames::history_page(asked.header.request, session, room, &missed, true)).await;
    let asked = world.engine.next(Opcode::History).await;
    assert_eq!(body::read::<schema::History<'_>>(asked.body()).unwrap().after(), 12);
    let third = said(room, anna, 12, 13, "third");
    world.engine.send(&frames::history_page(asked.header.request, session, room, &third, false)).await;
    world.engine.send(&said(room, anna, 13, 14, "fourth")).await;
    for (text, not_read) in [("first", 0), ("second", 1), ("third", 1), ("fourth", 1)] {
        let shown = stomp.next("MESSAGE").await.json();
        assert_eq!((&shown["text"], &shown["notReadCount"]), (&json!(text), &json!(not_read)), "{text}");
    }
}
