//! A STOMP client that reads slowly costs no more than its cap, and misses nothing: STOMP could not tell it of a gap.

use moim_wire::schema::{Kind, MessageHead};
use moim_wire::{Opcode, body, schema};
use tokio::task::JoinHandle;

use crate::support::{Stomp, World, frames, small, world_with};

const ROOM: u32 = 7;
const TEXT_BYTES: usize = 8 * 1024;
const PAGE_MESSAGES: usize = 20;

/// A room's messages, as the engine keeps them.
struct Told {
    sender: u32,
    messages: Vec<Vec<u8>>,
}

impl Told {
    /// Says something; ids rise by one.
    async fn say(&mut self, world: &mut World) {
        let id = self.messages.len() as u64 + 1;
        let head = MessageHead::new(id, id - 1, ROOM, self.sender, 1, 1);
        self.messages.push(frames::message_of(head, Kind::Talk, 0, &"x".repeat(TEXT_BYTES)));
        world.engine.send(&self.messages[id as usize - 1]).await;
    }

    /// Answers requests for the history until the client has read everything; gives the ids in its order.
    async fn answer(&self, world: &mut World, mut reading: JoinHandle<Vec<u64>>) -> Vec<u64> {
        loop {
            let asked = tokio::select! {
                asked = world.engine.next(Opcode::History) => asked,
                read = &mut reading => return read.unwrap(),
            };
            let after = body::read::<schema::History<'_>>(asked.body()).unwrap().after() as usize;
            // 1 asks for all: no message of an engine's has so low an id, but here the first has.
            let from = if after == 1 { 0 } else { after };
            let page = &self.messages[from..self.messages.len().min(from + PAGE_MESSAGES)];
            let (header, more) = (asked.header, from + page.len() < self.messages.len());
            let answer = frames::history_page(header.request, header.session, ROOM, &page.concat(), more);
            world.engine.send(&answer).await;
        }
    }
}

/// Reads up to the message of that id.
async fn read_until(mut stomp: Stomp, last: u64) -> Vec<u64> {
    let mut ids = Vec::new();
    while ids.last() != Some(&last) {
        ids.push(stomp.next("MESSAGE").await.json()["id"].as_u64().unwrap());
    }
    ids
}

#[tokio::test]
async fn a_slow_client_gets_what_was_left_out_from_the_history_in_order_and_once() {
    let mut world = world_with(small(|limits| limits.socket_room_bytes_max = 64 * 1024)).await;
    let (sender, _) = world.http().sign_up("anna").await;
    let stomp = Stomp::open_narrow(world.bridge.local_addr()).await;
    let (mut stomp, _) = world.stomp_connected(stomp, 12).await;
    world.stomp_subscribed(&mut stomp, "a", ROOM, 0).await;
    let mut told = Told { sender, messages: Vec::new() };
    while world.bridge.stats().messages_left_out == 0 {
        told.say(&mut world).await;
        tokio::task::yield_now().await;
    }
    for _ in 0..3 * PAGE_MESSAGES {
        told.say(&mut world).await;
    }
    let last = told.messages.len() as u64;
    let ids = told.answer(&mut world, tokio::spawn(read_until(stomp, last))).await;
    assert_eq!(ids, (1..=last).collect::<Vec<_>>());
    let stats = world.bridge.stats();
    assert!(stats.gaps > 0 && stats.stomp_fills > 1, "{stats:?}");
}

#[tokio::test]
async fn a_slow_client_slows_nobody_else() {
    let mut world = world_with(small(|limits| limits.socket_room_bytes_max = 64 * 1024)).await;
    let (sender, _) = world.http().sign_up("anna").await;
    let slow = Stomp::open_narrow(world.bridge.local_addr()).await;
    let (mut slow, _) = world.stomp_connected(slow, 12).await;
    world.stomp_subscribed(&mut slow, "a", ROOM, 0).await;
    let (mut quick, _) = world.stomp(13).await;
    world.stomp_subscribed(&mut quick, "a", ROOM, 0).await;
    let mut told = Told { sender, messages: Vec::new() };
    while world.bridge.stats().messages_left_out == 0 {
        told.say(&mut world).await;
        let id = told.messages.len() as u64;
        assert_eq!(quick.next("MESSAGE").await.json()["id"].as_u64(), Some(id));
    }
}
