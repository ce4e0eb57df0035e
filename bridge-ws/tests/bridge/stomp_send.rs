//! What STOMP clients say.

use moim_wire::schema::Kind;
use moim_wire::{ErrorCode, Opcode, body, schema};

use crate::support::engine::Carried;
use crate::support::stomp::{frame, talk};
use crate::support::{frames, small, world, world_with};

const MESSAGE: &str = "destination:/pub/chat/message";

fn sent(carried: &Carried) -> (u32, Kind, String, u64) {
    let send = body::read::<schema::Send<'_>>(carried.body()).unwrap();
    (send.room(), send.kind(), send.text().to_owned(), send.reference())
}

#[tokio::test]
async fn each_of_the_originals_bodies_becomes_a_send() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    let said = [
        (MESSAGE, r#"{"type":"TALK","channelId":7,"senderId":12,"senderName":"민지","message":"안녕"}"#),
        (MESSAGE, r#"{"type":"ENTER","channelId":"7","senderId":"12","senderName":"민지","message":""}"#),
        (MESSAGE, r#"{"type":"CALLOUT","channelId":7,"senderId":12,"message":"네","callOutId":40}"#),
        ("destination:/pub/delete/message", r#"{"channelId":7,"channelContentId":"40","sender":"민지"}"#),
    ];
    let expected = [(Kind::Talk, "안녕", 0), (Kind::Enter, "", 0), (Kind::Reply, "네", 40), (Kind::Delete, "", 40)];
    let mut sequence = 0;
    for ((destination, body), (kind, text, reference)) in said.into_iter().zip(expected) {
        stomp.send(&frame("SEND", &[destination], body)).await;
        let carried = world.engine.next(Opcode::Send).await;
        assert_eq!(sent(&carried), (7, kind, text.to_owned(), reference));
        assert_eq!(carried.header.session, session);
        let own = body::read::<schema::Send<'_>>(carried.body()).unwrap().sequence();
        assert!(own > sequence, "sequences rise");
        sequence = own;
        world.engine.send(&frames::ack(carried.header.request, session)).await;
    }
}

#[tokio::test]
async fn a_receipt_is_given_when_the_message_is_stored_and_not_before() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    stomp.send(&talk(7, "하나", &["receipt:r:1"])).await;
    stomp.send(&frame("ACK", &["id:x", "receipt:later"], "")).await;
    let request = world.engine.next(Opcode::Send).await.header.request;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "later");
    world.engine.send(&frames::ack(request, session)).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "r\\c1");
}

#[tokio::test]
async fn a_sender_other_than_the_session_is_refused_and_nothing_is_said() {
    let mut world = world().await;
    let (mut stomp, _) = world.stomp(12).await;
    let forged = r#"{"type":"TALK","channelId":7,"senderId":13,"senderName":"x","message":"x"}"#;
    stomp.send(&frame("SEND", &[MESSAGE, "receipt:r-1"], forged)).await;
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.header("receipt-id"), close), ("r-1", 1008));
    assert_eq!(error.body, "senderId 13 is not the session's user 12");
    // The session's end is the first thing that the engine hears.
    world.engine.next(Opcode::Detach).await;
    assert!(!world.engine.has(Opcode::Send));
}

#[tokio::test]
async fn what_the_engine_refuses_ends_the_connection_with_its_reason() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    stomp.send(&talk(7, "x", &["receipt:r-1"])).await;
    let request = world.engine.next(Opcode::Send).await.header.request;
    world.engine.send(&frames::error(request, session, ErrorCode::NotAMember, "join the room first")).await;
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.header("receipt-id"), close), ("r-1", 1008));
    assert_eq!(error.body, "NotAMember: join the room first");
}

#[tokio::test]
async fn what_the_engine_is_too_busy_for_is_sent_again_until_it_is_stored() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    stomp.send(&talk(7, "하나", &["receipt:r-1"])).await;
    let busy = world.engine.next(Opcode::Send).await;
    world.engine.send(&frames::busy(busy.header.request, session)).await;
    let limited = world.engine.next(Opcode::Send).await;
    assert!(limited.header.request > busy.header.request, "another attempt, another sequence");
    world.engine.send(&frames::error(limited.header.request, session, ErrorCode::RateLimited, "")).await;
    let again = world.engine.next(Opcode::Send).await;
    assert_eq!(sent(&again).2, "하나");
    world.engine.send(&frames::ack(again.header.request, session)).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "r-1");
}

#[tokio::test]
async fn a_client_is_read_no_faster_than_the_engine_answers() {
    const UNDER_WAY: usize = 16;
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    let all: String = (0..UNDER_WAY + 2).map(|number| talk(7, &number.to_string(), &[])).collect();
    stomp.send(&all).await;
    let mut requests = Vec::new();
    for _ in 0..UNDER_WAY {
        requests.push(world.engine.next(Opcode::Send).await.header.request);
    }
    // One more session's request shows that nothing else is on its way.
    let (mut other, _) = world.stomp(13).await;
    other.send(&talk(8, "other", &[])).await;
    assert_eq!(sent(&world.engine.next(Opcode::Send).await).2, "other");
    world.engine.send(&frames::ack(requests[0], session)).await;
    assert_eq!(sent(&world.engine.next(Opcode::Send).await).2, UNDER_WAY.to_string());
}

#[tokio::test]
async fn a_client_above_the_rate_waits_and_loses_nothing() {
    let mut world = world_with(small(|limits| {
        limits.frames_per_second = 1_000;
        limits.frames_burst = 2;
    }))
    .await;
    let (mut stomp, session) = world.stomp(12).await;
    let all: String = (0..12).map(|number| talk(7, &number.to_string(), &[])).collect();
    stomp.send(&all).await;
    for number in 0..12 {
        let carried = world.engine.next(Opcode::Send).await;
        assert_eq!(sent(&carried).2, number.to_string());
        world.engine.send(&frames::ack(carried.header.request, session)).await;
    }
    assert!(world.bridge.stats().frames_rate_limited > 0);
}

#[tokio::test]
async fn more_receipts_than_wait_at_once_are_all_given() {
    const RECEIPTS: usize = 200;
    let mut world = world().await;
    let (mut stomp, _) = world.stomp(12).await;
    let receipt = |number: usize| frame("ACK", &["id:x", &format!("receipt:{number}")], "");
    let all: String = (0..RECEIPTS).map(receipt).collect();
    stomp.send(&(all + "DISCONNECT\n\n\0")).await;
    for number in 0..RECEIPTS {
        assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), number.to_string());
    }
    assert_eq!(stomp.next_or_close().await.unwrap_err(), 1000);
}
