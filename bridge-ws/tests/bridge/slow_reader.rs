//! A browser that reads slowly costs no more than its cap, and misses nothing without being told.

use moim_wire::{Opcode, body, schema};

use crate::support::{Browser, World, frames, small, world_with};

const MESSAGE_BYTES: usize = 8 * 1024;

async fn narrow(world: &mut World) -> (Browser, u32) {
    let mut browser = Browser::connect_narrow(world.bridge.local_addr()).await;
    browser.send(&frames::hello("token")).await;
    let session = world.engine.next(Opcode::Attach).await.header.session;
    world.engine.send(&frames::opened(1, session)).await;
    browser.next(Opcode::Opened).await;
    (browser, session)
}

/// Sends messages of room 1 until the bridge has left some out, and a last one; gives its id.
async fn flood(world: &mut World) -> u64 {
    let mut id = 0;
    while world.bridge.stats().messages_left_out == 0 {
        world.engine.send(&frames::large_message(1, id, id + 1, MESSAGE_BYTES)).await;
        id += 1;
        tokio::task::yield_now().await;
    }
    world.engine.send(&frames::message(1, id, id + 1, "last")).await;
    id + 1
}

#[tokio::test]
async fn a_slow_browsers_gaps_join_on_to_what_it_saw_before_and_after() {
    let mut world = world_with(small(|limits| limits.socket_room_bytes_max = 64 * 1024)).await;
    let (mut browser, _) = narrow(&mut world).await;
    let last = flood(&mut world).await;
    let (mut last_seen, mut gaps) = (0, 0);
    while last_seen < last {
        let frame = browser.next_or_close().await.unwrap();
        if frame.opcode() == Some(Opcode::Gap) {
            let gap = body::read::<schema::Gap<'_>>(frame.body()).unwrap();
            assert_eq!((gap.room(), gap.after()), (1, last_seen));
            last_seen = gap.newest_id();
            gaps += 1;
        } else {
            let head = *body::read::<schema::Message<'_>>(frame.body()).unwrap().head();
            assert_eq!(head.prev_id(), last_seen);
            last_seen = head.id();
        }
    }
    assert!(gaps > 0);
    assert_eq!(world.bridge.stats().gaps, gaps);
}

#[tokio::test]
async fn a_slow_browser_slows_nobody_else() {
    let mut world = world_with(small(|limits| limits.socket_room_bytes_max = 64 * 1024)).await;
    let (_slow, _) = narrow(&mut world).await;
    let (mut quick, session) = world.welcomed().await;
    world.engine.send(&frames::opened(1, session)).await;
    quick.next(Opcode::Opened).await;
    let reading = tokio::spawn(async move {
        let mut seen = 0;
        loop {
            let (prev_id, id) = quick.next_message().await;
            assert_eq!(prev_id, seen);
            seen = id;
            if id == 1 << 40 {
                return;
            }
        }
    });
    let mut id = 0;
    while world.bridge.stats().messages_left_out == 0 {
        world.engine.send(&frames::large_message(1, id, id + 1, MESSAGE_BYTES)).await;
        id += 1;
        world.until(|stats| stats.frames_out >= 2 * id).await;
    }
    world.engine.send(&frames::message(1, id, 1 << 40, "last")).await;
    reading.await.unwrap();
}

#[tokio::test]
async fn a_browser_that_does_not_even_read_answers_is_closed() {
    let mut world = world_with(small(|limits| limits.socket_bytes_max = 128 * 1024)).await;
    let (mut browser, session) = narrow(&mut world).await;
    let answer = frames::stamped(&frames::raw(Opcode::HistoryPage as u8, 3, &vec![0; 64 * 1024]), session);
    while world.bridge.stats().sockets_slow == 0 {
        world.engine.send(&answer).await;
        tokio::task::yield_now().await;
    }
    world.engine.next(Opcode::Detach).await;
    while let Ok(frame) = browser.next_or_close().await {
        assert_eq!(frame.opcode(), Some(Opcode::HistoryPage));
    }
}
