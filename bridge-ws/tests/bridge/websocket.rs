//! What WebSocket itself allows: messages in fragments, control frames anywhere, bytes cut anywhere.

use moim_wire::Opcode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Browser, frames, small, world, world_with};

fn fragment(bytes: &[u8], data: Data, is_final: bool) -> Message {
    Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(data), is_final))
}

#[tokio::test]
async fn a_message_in_fragments_with_a_ping_between_them_arrives_whole() {
    let mut world = world().await;
    let (mut browser, session) = world.welcomed().await;
    let send = frames::send(4, "in three parts");
    browser.send_message(fragment(&send[..5], Data::Binary, false)).await;
    browser.send_message(fragment(&send[5..9], Data::Continue, false)).await;
    browser.send_message(Message::Ping("still there?".into())).await;
    browser.send_message(fragment(&send[9..], Data::Continue, true)).await;
    browser.send(&frames::open(1)).await;
    assert_eq!(world.engine.next(Opcode::Send).await.bytes, frames::stamped(&send, session));
    assert_eq!(world.engine.next(Opcode::Open).await.bytes, frames::stamped(&frames::open(1), session));
    assert_eq!(browser.next_pong().await, "still there?");
}

#[tokio::test]
async fn hello_in_one_packet_with_the_request_begins_the_session() {
    let mut world = world().await;
    let bridge = world.bridge.local_addr();
    let mut hello = Frame::message(frames::hello("token"), OpCode::Data(Data::Binary), true);
    hello.header_mut().mask = Some([1, 2, 3, 4]);
    let mut bytes = format!(
        "GET /ws HTTP/1.1\r\nHost: {bridge}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: bW9pbS1tb2ltLW1vaW0tbQ==\r\nSec-WebSocket-Protocol: moim.v1\r\n\r\n"
    )
    .into_bytes();
    hello.format(&mut bytes).unwrap();
    let mut stream = TcpStream::connect(bridge).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let attach = world.engine.next(Opcode::Attach).await;
    let welcome = frames::welcome(1, attach.header.session);
    world.engine.send(&welcome).await;
    let mut answer = Vec::new();
    while !answer.ends_with(&welcome) {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed");
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

#[tokio::test]
async fn what_a_socket_took_in_part_is_followed_by_its_rest_and_then_by_all_else() {
    let mut world = world().await;
    let mut browser = Browser::connect_narrow(world.bridge.local_addr()).await;
    browser.send(&frames::hello("token")).await;
    let session = world.engine.next(Opcode::Attach).await.header.session;
    // More than the system's buffers take while nobody reads.
    let pages: Vec<_> = (1..=12)
        .map(|n| frames::stamped(&frames::raw(Opcode::HistoryPage as u8, n, &[n as u8; 300_000]), session))
        .collect();
    for page in &pages {
        world.engine.send(page).await;
    }
    world.until(|stats| stats.frames_out == 12).await;
    browser.send_message(Message::Ping("hurry".into())).await;
    browser.send(&frames::raw(Opcode::Ping as u8, 99, b"stamp")).await;
    // What the engine hears was heard by the bridge, and so was all before it.
    browser.send(&frames::open(1)).await;
    world.engine.next(Opcode::Open).await;
    for page in &pages {
        assert!(browser.next(Opcode::HistoryPage).await.bytes == *page, "a page that is not as it was sent");
    }
    assert_eq!(browser.next(Opcode::Pong).await.header.request, 99);
}

#[tokio::test]
async fn browsers_on_all_threads_get_a_rooms_messages() {
    let mut world = world_with(|config| config.threads = 3).await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        let (browser, session) = world.welcomed().await;
        world.engine.send(&frames::opened(1, session)).await;
        browsers.push(browser);
    }
    for id in 1..=100 {
        world.engine.send(&frames::message(1, id - 1, id, "to all")).await;
    }
    for browser in &mut browsers {
        browser.next(Opcode::Opened).await;
        for id in 1..=100 {
            assert_eq!(browser.next_message().await, (id - 1, id));
        }
    }
}

#[tokio::test]
async fn a_rate_of_nothing_is_no_limit() {
    let mut world = world_with(small(|limits| {
        limits.frames_per_second = 0;
        limits.frames_burst = 1;
    }))
    .await;
    let (mut browser, _) = world.welcomed().await;
    for request in 1..=500 {
        browser.send(&frames::send(request, "a")).await;
    }
    for request in 1..=500 {
        assert_eq!(world.engine.next(Opcode::Send).await.header.request, request);
    }
    assert_eq!(world.bridge.stats().frames_rate_limited, 0);
}
