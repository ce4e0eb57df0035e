//! A session from HELLO to its end.

use moim_wire::{ErrorCode, Opcode, body, schema};

use crate::support::browser::{request, set};
use crate::support::{Browser, World, frames, small, world, world_with};

async fn attached_token(world: &mut World, browser: &mut Browser, hello: &[u8]) -> String {
    browser.send(hello).await;
    let attach = world.engine.next(Opcode::Attach).await;
    let attach = body::read::<schema::Attach<'_>>(attach.body()).unwrap();
    assert_eq!((attach.device(), attach.address()), (77, Some("127.0.0.1")));
    attach.token().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_comes_from_hello_or_else_from_cookie_or_header() {
    let mut world = world().await;
    let bridge = world.bridge.local_addr();
    let sources = [
        ("cookie", "theme=dark; Authorization=Bearer%20a.b.c"),
        ("cookie", "moim_session=a.b.c"),
        ("authorization", "Bearer a.b.c"),
    ];
    for (name, value) in sources {
        let mut upgrade = request(bridge);
        set(&mut upgrade, name, value);
        let mut browser = Browser::connect_with(bridge, upgrade).await;
        assert_eq!(attached_token(&mut world, &mut browser, &frames::hello_without_token()).await, "a.b.c");
    }
    let mut upgrade = request(bridge);
    set(&mut upgrade, "cookie", "Authorization=Bearer%20a.b.c");
    let mut browser = Browser::connect_with(bridge, upgrade).await;
    assert_eq!(attached_token(&mut world, &mut browser, &frames::hello("its own")).await, "its own");
}

#[tokio::test]
async fn a_browser_without_any_token_is_sent_to_log_in() {
    let world = world().await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    browser.send(&frames::hello_without_token()).await;
    assert_eq!(browser.next_goodbye().await, (ErrorCode::TokenInvalid, 1008));
}

#[tokio::test]
async fn frames_behind_hello_in_one_message_follow_the_attach() {
    let mut world = world().await;
    let mut browser = Browser::connect(world.bridge.local_addr()).await;
    browser.send(&[frames::hello("token"), frames::open(7)].concat()).await;
    let session = world.engine.next(Opcode::Attach).await.header.session;
    assert_eq!(world.engine.next(Opcode::Open).await.bytes, frames::stamped(&frames::open(7), session));
}

#[tokio::test]
async fn a_rooms_message_reaches_its_followers_once_each_and_nobody_else() {
    let mut world = world().await;
    let (mut anna, a) = world.welcomed().await;
    let (mut boram, b) = world.welcomed().await;
    let (mut chulsoo, c) = world.welcomed().await;
    for (session, room) in [(a, 1), (b, 1), (c, 2)] {
        world.engine.send(&frames::opened(room, session)).await;
    }
    let live = frames::message(1, 0, 10, "안녕");
    world.engine.send(&live).await;
    world.engine.send(&frames::message(2, 0, 11, "elsewhere")).await;
    for browser in [&mut anna, &mut boram] {
        browser.next(Opcode::Opened).await;
        assert_eq!(browser.next(Opcode::Message).await.bytes, live);
    }
    chulsoo.next(Opcode::Opened).await;
    assert_eq!(chulsoo.next_message().await, (0, 11));
}

#[tokio::test]
async fn after_closed_a_room_is_silent() {
    let mut world = world().await;
    let (mut browser, session) = world.welcomed().await;
    let carried = [
        frames::opened(1, session),
        frames::opened(2, session),
        frames::closed(1, session),
        frames::message(1, 0, 10, "not for you"),
        frames::message(2, 0, 11, "for you"),
    ];
    world.engine.send(&carried.concat()).await;
    browser.next(Opcode::Opened).await;
    browser.next(Opcode::Opened).await;
    browser.next(Opcode::Closed).await;
    assert_eq!(browser.next_message().await, (0, 11));
}

#[tokio::test]
async fn a_session_number_that_a_browser_writes_is_replaced() {
    let mut world = world().await;
    let (mut browser, session) = world.welcomed().await;
    let forged = frames::stamped(&frames::open(1), session + 1);
    browser.send(&forged).await;
    assert_eq!(world.engine.next(Opcode::Open).await.bytes, frames::stamped(&frames::open(1), session));
}

#[tokio::test]
async fn an_operation_that_only_the_engine_may_know_is_passed_on() {
    let mut world = world().await;
    let (mut browser, session) = world.welcomed().await;
    let unknown = frames::raw(0xee, 5, b"body");
    browser.send(&unknown).await;
    assert_eq!(world.engine.next_raw(0xee).await.bytes, frames::stamped(&unknown, session));
}

#[tokio::test]
async fn a_ping_is_answered_by_the_bridge_with_its_stamp() {
    let mut world = world().await;
    let (mut browser, _) = world.welcomed().await;
    browser.send(&frames::raw(Opcode::Ping as u8, 9, b"stamp")).await;
    let pong = browser.next(Opcode::Pong).await;
    assert_eq!((pong.header.request, pong.body()), (9, &b"stamp"[..]));
}

#[tokio::test]
async fn goodbye_to_a_session_is_passed_on_and_closes_its_socket() {
    let mut world = world().await;
    let (mut ended, session) = world.welcomed().await;
    let (mut other, _) = world.welcomed().await;
    world.engine.send(&frames::goodbye(session, ErrorCode::TokenRevoked)).await;
    assert_eq!(ended.next_goodbye().await, (ErrorCode::TokenRevoked, 1000));
    other.send(&frames::open(1)).await;
    world.engine.next(Opcode::Open).await;
}

#[tokio::test]
async fn a_browser_that_leaves_is_detached() {
    let mut world = world().await;
    let (browser, session) = world.welcomed().await;
    browser.close().await;
    assert_eq!(world.engine.next(Opcode::Detach).await.header.session, session);
    let (mut polite, session) = world.welcomed().await;
    polite.send(&frames::raw(Opcode::Goodbye as u8, 0, &[])).await;
    assert_eq!(polite.next_close().await, 1000);
    drop(polite);
    assert_eq!(world.engine.next(Opcode::Detach).await.header.session, session);
    world.until(|stats| stats.sockets == 0 && stats.sessions == 0).await;
}

#[tokio::test]
async fn one_session_too_many_for_the_trunk_is_told_to_come_back() {
    let mut world = world_with(small(|limits| limits.trunk_sessions_max = 1)).await;
    let (_first, _) = world.welcomed().await;
    let mut second = Browser::connect(world.bridge.local_addr()).await;
    second.send(&frames::hello("token")).await;
    assert_eq!(second.next_goodbye().await, (ErrorCode::TooManySessions, 1013));
}

#[tokio::test]
async fn a_browser_that_answers_no_pings_is_given_up() {
    let mut world = world_with(small(|limits| limits.ping_interval = std::time::Duration::from_millis(20))).await;
    // Answers to pings are written when the browser reads, which it does not.
    let (_dead, session) = world.welcomed().await;
    assert_eq!(world.engine.next(Opcode::Detach).await.header.session, session);
    world.until(|stats| stats.sockets_dead == 1).await;
}
