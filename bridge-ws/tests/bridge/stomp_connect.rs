//! A STOMP session from CONNECT to its end.

use moim_wire::{ErrorCode, Opcode, body, schema};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::browser::{refused, set};
use crate::support::stomp::{connect, frame, request, subscribe, talk};
use crate::support::{Stomp, World, frames, small, world, world_with};

const CONNECT: &str = "CONNECT\naccept-version:1.2\n\n\0";

async fn attached_token(world: &mut World, stomp: &mut Stomp, connect: &str) -> String {
    stomp.send(connect).await;
    let attach = world.engine.next(Opcode::Attach).await;
    let attach = body::read::<schema::Attach<'_>>(attach.body()).unwrap();
    assert_ne!(attach.device(), 0, "a session that may send has a device");
    assert_eq!(attach.address(), Some("127.0.0.1"));
    attach.token().unwrap().to_owned()
}

async fn with_header(world: &World, name: &'static str, value: &str) -> Stomp {
    let bridge = world.bridge.local_addr();
    let mut upgrade = request(bridge);
    set(&mut upgrade, name, value);
    Stomp::open_with(TcpStream::connect(bridge).await.unwrap(), upgrade).await.0
}

#[tokio::test]
async fn the_token_comes_from_connect_or_else_from_cookie_or_header_of_the_upgrade() {
    let mut world = world().await;
    let sources = [
        ("cookie", "theme=dark; Authorization=Bearer%20a.b.c"),
        ("cookie", "moim_session=a.b.c"),
        ("authorization", "Bearer a.b.c"),
    ];
    for (name, value) in sources {
        let mut stomp = with_header(&world, name, value).await;
        assert_eq!(attached_token(&mut world, &mut stomp, CONNECT).await, "a.b.c");
    }
    for own in ["Authorization:Bearer its.own", "authorization:Bearer%20its.own"] {
        let mut stomp = with_header(&world, "cookie", "Authorization=Bearer%20a.b.c").await;
        let connect = frame("STOMP", &["accept-version:1.1,1.2", own], "");
        assert_eq!(attached_token(&mut world, &mut stomp, &connect).await, "its.own");
    }
}

#[tokio::test]
async fn a_client_without_any_token_is_sent_to_log_in() {
    let world = world().await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send("CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0").await;
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.header("message"), close), ("no token\\c log in first", 1008));
    assert_eq!(error.body, "no token: log in first");
}

#[tokio::test]
async fn connected_names_the_version_and_the_heart_beats() {
    let mut world = world().await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send(&connect("token")).await;
    let attach = world.engine.next(Opcode::Attach).await.header;
    world.engine.send(&frames::welcome_user(attach.request, attach.session, 12)).await;
    let connected = stomp.next("CONNECTED").await;
    assert_eq!((connected.header("version"), connected.header("heart-beat")), ("1.2", "4000,4000"));
    world.until(|stats| stats.stomp_sockets == 1 && stats.sockets == 1).await;
    stomp.close().await;
    world.until(|stats| stats.stomp_sockets == 0 && stats.sockets == 0 && stats.sessions == 0).await;
}

#[tokio::test]
async fn a_client_of_other_versions_alone_is_told_which_one_is_spoken() {
    let world = world().await;
    for connect in ["CONNECT\naccept-version:1.0,1.1\n\n\0", "CONNECT\n\n\0"] {
        let mut stomp = Stomp::open(world.bridge.local_addr()).await;
        stomp.send(connect).await;
        let (error, close) = stomp.next_error().await;
        assert_eq!((error.header("version"), close), ("1.2", 1008));
    }
}

#[tokio::test]
async fn another_frame_before_connect_ends_the_socket() {
    let world = world().await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send(&subscribe("a", 7)).await;
    let (error, _) = stomp.next_error().await;
    assert_eq!(error.header("message"), "CONNECT must be the first frame, not SUBSCRIBE");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_not_waited_for() {
    let world = world_with(small(|limits| limits.hello_timeout = std::time::Duration::from_millis(20))).await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.header("message"), close), ("no CONNECT within the time allowed", 1008));
    world.until(|stats| stats.sockets_silent == 1).await;
}

#[tokio::test]
async fn frames_may_come_in_pieces_as_binary_messages_and_several_in_one() {
    let mut world = world().await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    let stream = format!("\n{}\r\n\n{}{}", connect("token"), subscribe("a", 7), subscribe("b", 8));
    let (first, rest) = stream.split_at(15);
    let (second, third) = rest.split_at(60);
    stomp.send(first).await;
    stomp.send_message(Message::binary(second.as_bytes().to_vec())).await;
    stomp.send(third).await;
    let attach = world.engine.next(Opcode::Attach).await.header;
    world.engine.send(&frames::welcome_user(attach.request, attach.session, 12)).await;
    for room in [7, 8] {
        let open = world.engine.next(Opcode::Open).await;
        assert_eq!(body::read::<schema::Open<'_>>(open.body()).unwrap().room(), room);
    }
}

#[tokio::test]
async fn of_the_subprotocols_that_stompjs_offers_the_newest_is_agreed() {
    let world = world().await;
    let bridge = world.bridge.local_addr();
    let mut offered = request(bridge);
    set(&mut offered, "sec-websocket-protocol", "v10.stomp, v11.stomp, v12.stomp");
    let (_, agreed) = Stomp::open_with(TcpStream::connect(bridge).await.unwrap(), offered).await;
    assert_eq!(agreed, "v12.stomp");
    let mut other = request(bridge);
    set(&mut other, "sec-websocket-protocol", "moim.v1");
    assert_eq!(refused(bridge, other).await, 400);
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_may_not_speak_stomp() {
    let world = world_with(|config| config.allowed_origins = vec!["http://localhost:3000".to_owned()]).await;
    let bridge = world.bridge.local_addr();
    let mut foreign = request(bridge);
    set(&mut foreign, "origin", "https://evil.example");
    assert_eq!(refused(bridge, foreign).await, 403);
    with_header(&world, "origin", "http://localhost:3000").await.close().await;
    world.http().get("/ws-stomp").await.refused(400);
}

#[tokio::test]
async fn a_session_whose_token_ends_is_told_so_and_loses_its_socket() {
    let mut world = world().await;
    for code in [ErrorCode::TokenRevoked, ErrorCode::TokenExpired] {
        let (mut stomp, session) = world.stomp(12).await;
        world.stomp_subscribed(&mut stomp, "a", 7, 0).await;
        world.engine.send(&frames::goodbye(session, code)).await;
        let (error, close) = stomp.next_error().await;
        assert!(error.header("message").starts_with(code.name()), "{error:?}");
        assert_eq!(close, 1008);
    }
}

#[tokio::test]
async fn a_token_that_the_engine_does_not_take_is_refused() {
    let mut world = world().await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send(&connect("forged")).await;
    let session = world.engine.next(Opcode::Attach).await.header.session;
    world.engine.send(&frames::goodbye(session, ErrorCode::TokenInvalid)).await;
    let (error, close) = stomp.next_error().await;
    assert!(error.header("message").starts_with("TokenInvalid"));
    assert_eq!(close, 1008);
}

#[tokio::test]
async fn a_lost_trunk_ends_the_session_for_the_client_to_come_back() {
    let mut world = world().await;
    let (mut stomp, _) = world.stomp(12).await;
    world.engine.lose_trunks();
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.header("message"), close), ("the session is over; connect again", 1012));
}

#[tokio::test]
async fn disconnect_is_confirmed_when_everything_before_it_is_settled() {
    let mut world = world().await;
    let (mut stomp, session) = world.stomp(12).await;
    let parting = frame("DISCONNECT", &["receipt:bye"], "");
    stomp.send(&format!("{}{parting}", talk(7, "마지막 말", &["receipt:said"]))).await;
    let send = world.engine.next(Opcode::Send).await;
    world.engine.send(&frames::ack(send.header.request, session)).await;
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "said");
    assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), "bye");
    assert_eq!(stomp.next_or_close().await.unwrap_err(), 1000);
    world.engine.next(Opcode::Detach).await;
}

#[tokio::test]
async fn a_client_that_leaves_is_detached() {
    let mut world = world().await;
    let (stomp, session) = world.stomp(12).await;
    stomp.close().await;
    assert_eq!(world.engine.next(Opcode::Detach).await.header.session, session);
}

#[tokio::test]
async fn heart_beats_come_as_agreed() {
    let mut world = world_with(small(|limits| limits.stomp_heartbeat = std::time::Duration::from_millis(20))).await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send("CONNECT\naccept-version:1.2\nheart-beat:0,10\nAuthorization:Bearer token\n\n\0").await;
    let attach = world.engine.next(Opcode::Attach).await.header;
    world.engine.send(&frames::welcome_user(attach.request, attach.session, 12)).await;
    // One may come before CONNECTED.
    while stomp.next_text().await.unwrap() == "\n" {}
    for _ in 0..3 {
        assert_eq!(stomp.next_text().await.unwrap(), "\n");
    }
}

#[tokio::test]
async fn a_client_that_promised_heart_beats_and_is_gone_is_given_up() {
    let mut world = world_with(small(|limits| limits.stomp_heartbeat = std::time::Duration::from_millis(20))).await;
    let mut stomp = Stomp::open(world.bridge.local_addr()).await;
    stomp.send("CONNECT\naccept-version:1.2\nheart-beat:10,0\nAuthorization:Bearer token\n\n\0").await;
    let attach = world.engine.next(Opcode::Attach).await.header;
    world.engine.send(&frames::welcome_user(attach.request, attach.session, 12)).await;
    // Answers to pings are written when the client reads, which it does not.
    assert_eq!(world.engine.next(Opcode::Detach).await.header.session, attach.session);
    world.until(|stats| stats.sockets_dead == 1).await;
}
