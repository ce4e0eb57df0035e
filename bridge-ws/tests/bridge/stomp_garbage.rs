//! What a STOMP client may not send, and what becomes of it.

use crate::support::stomp::{frame, subscribe};
use crate::support::{World, small, world, world_with};

/// Sends `text` on a session of user 12; gives the ERROR's body and the close code.
async fn refused(world: &mut World, text: &str) -> (String, u16) {
    let (mut stomp, _) = world.stomp(12).await;
    stomp.send(text).await;
    let (error, close) = stomp.next_error().await;
    drop(stomp);
    world.until(|stats| stats.sockets == 0 && stats.sessions == 0).await;
    (error.body, close)
}

#[tokio::test]
async fn what_is_no_frame_is_refused_with_the_reason() {
    let garbage = [
        ("hello\n", "\"hello\" is no command of STOMP 1.2"),
        ("SEND\ndestination\n\n\0", "the header \"destination\" has no colon"),
        ("SEND\na:\\t\n\n\0", "the header \"a\" has an escape that is not \\r, \\n, \\c or \\\\"),
        ("SEND\ncontent-length:9999999\n\n", "a body above 65536 bytes"),
        ("SEND\ncontent-length:1\n\nxyz\0", "the body does not end with a NUL after the 1 bytes of its content-length"),
    ];
    let mut world = world().await;
    for (text, why) in garbage {
        assert_eq!(refused(&mut world, text).await, (why.to_owned(), 1002));
    }
    assert_eq!(world.bridge.stats().stomp_errors, garbage.len() as u64);
}

#[tokio::test]
async fn what_this_server_does_not_speak_is_refused_with_the_reason() {
    let unspoken = [
        (frame("BEGIN", &["transaction:t"], ""), "this server knows no transactions"),
        (frame("SEND", &["destination:/pub/chat/message", "transaction:t"], "{}"), "this server knows no transactions"),
        (frame("SEND", &["destination:/queue/x"], "{}"), "nothing can be sent to \"/queue/x\""),
        (frame("SEND", &[], "{}"), "SEND without the header destination"),
        (frame("SUBSCRIBE", &["id:a", "destination:/topic/x"], ""), "nothing can be subscribed to at \"/topic/x\""),
        (frame("SUBSCRIBE", &["destination:/sub/chat/room/7"], ""), "SUBSCRIBE without the header id"),
        (subscribe("a", 7) + &subscribe("a", 8), "the id \"a\" is another subscription's"),
        (frame("UNSUBSCRIBE", &[], ""), "UNSUBSCRIBE without the header id"),
        (frame("ACK", &[], ""), "ACK without the header id"),
        (frame("MESSAGE", &[], ""), "MESSAGE is for servers to say"),
        (frame("CONNECT", &["accept-version:1.2"], ""), "the session stands already"),
        (
            frame("SUBSCRIBE", &["id:a", "destination:/sub/chat/room/7", "ack:never"], ""),
            "ack \"never\" is none of STOMP's modes",
        ),
    ];
    let mut world = world().await;
    for (text, why) in unspoken {
        assert_eq!(refused(&mut world, &text).await, (why.to_owned(), 1008));
    }
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_socket_before_it_is_read() {
    let mut world = world_with(small(|limits| limits.socket_message_bytes_max = 4 * 1024)).await;
    let (mut stomp, _) = world.stomp(12).await;
    stomp.send(&frame("SEND", &["destination:/pub/chat/message"], &"x".repeat(5 * 1024))).await;
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.body.as_str(), close), ("the message is larger than this server takes", 1009));
}

#[tokio::test]
async fn one_subscription_too_many_is_refused() {
    let mut world = world_with(small(|limits| limits.stomp_subscriptions_max = 2)).await;
    let (mut stomp, _) = world.stomp(12).await;
    stomp.send(&(1..=3).map(|room| subscribe(&room.to_string(), room)).collect::<String>()).await;
    assert_eq!(stomp.next_error().await.0.body, "more subscriptions than a session may have");
}
