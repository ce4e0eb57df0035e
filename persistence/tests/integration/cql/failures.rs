//! The server is gone, stands still, or does not tell what it did. A journal that keeps everything offers it again when
//! it is asked to.

use std::time::Duration;

use moim_persistence::{Batch, Error, Lane, MessageStore, PageQuery, Persistence};
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{DeviceId, MessageId, RoomId, UserId};
use tempfile::TempDir;

use super::node::Node;
use super::proxy::Proxy;
use crate::message_arm::{Keyspace, cql_host};
use crate::support::{config, frames, ids};

const ROOM: RoomId = RoomId(7);
/// Messages of a batch.
const OF_BATCH: u64 = 50;
/// What a read may take before it is an error.
const IN_TIME: &str = "read_timeout=3s&write_timeout=2s";

fn open(folder: &TempDir, keyspace: &Keyspace) -> Persistence {
    let config = moim_persistence::Config { messages: keyspace.address(IN_TIME), ..config(folder) };
    Persistence::open(&config).unwrap()
}

/// The frames of batch `number`, counted from 1.
fn batch(number: u64, generation: u64) -> Batch {
    let first = (number - 1) * OF_BATCH;
    Batch { frames: frames(ROOM.0, first + 1..=first + OF_BATCH), position: number, generation }
}

/// Offers batches up to `last`, again from where the store asks to go back to, until all are confirmed.
async fn offer_up_to(lane: &mut Lane, offered: &mut (u64, u64), last: u64) {
    let (mut rewind, mut confirmed) = (lane.rewind.clone(), lane.confirmed.clone());
    loop {
        let asked = *rewind.borrow_and_update();
        if asked.generation != offered.1 {
            *offered = (asked.position, asked.generation);
        }
        if offered.0 < last {
            lane.offer.send(batch(offered.0 + 1, offered.1)).await.unwrap();
            offered.0 += 1;
        } else {
            tokio::select! {
                changed = rewind.changed() => changed.unwrap(),
                reached = confirmed.wait_for(|&position| position >= last) => { reached.unwrap(); return }
            }
        }
    }
}

/// Everything that the room holds.
async fn whole_room(messages: &MessageStore) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let after = MessageId(all.last().copied().unwrap_or_default());
        let page = messages.page(ROOM, PageQuery::After(after), 1_000, usize::MAX).await.unwrap();
        all.extend(ids(&page.frames));
        if !page.more {
            return all;
        }
    }
}

async fn assert_all_there(persistence: &Persistence, batches: u64) {
    let last = batches * OF_BATCH;
    assert!(
        whole_room(persistence.messages()).await == (1..=last).collect::<Vec<_>>(),
        "lost, doubled or out of order"
    );
    let window = persistence.messages().device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap();
    let newest = last - SENDS_IN_FLIGHT_MAX as u64 + 1..=last;
    assert_eq!(window.iter().map(|(_, id)| id.0).collect::<Vec<_>>(), newest.collect::<Vec<_>>());
}

#[tokio::test]
async fn store_killed_with_9_in_a_burst() {
    let Some(node) = Node::new("store_killed_with_9_in_a_burst") else { return };
    node.start();
    let (folder, keyspace) = (tempfile::tempdir().unwrap(), Keyspace::create(&node.host()).await);
    let persistence = open(&folder, &keyspace);
    let mut lane = persistence.write_behind(0);
    let mut offered = (0, 0);
    offer_up_to(&mut lane, &mut offered, 300).await;
    // More is under way when it dies. What it confirmed a moment ago it has not synced.
    for _ in 0..20 {
        lane.offer.send(batch(offered.0 + 1, 0)).await.unwrap();
        offered.0 += 1;
    }
    node.kill();
    let gone = persistence.messages().newest(ROOM).await;
    assert!(matches!(gone, Err(Error::Unavailable(_))), "{gone:?}");
    node.start();
    offer_up_to(&mut lane, &mut offered, 400).await;
    assert_all_there(&persistence, 400).await;
    let stats = persistence.stats();
    assert_eq!((stats.lanes[0].rewinds_total, stats.messages.reopened_total), (1, 1));
    persistence.close().unwrap();
}

#[tokio::test]
async fn store_absent_at_start() {
    let Some(node) = Node::new("store_absent_at_start") else { return };
    let (folder, keyspace) = (tempfile::tempdir().unwrap(), Keyspace::name(&node.host()));
    let persistence = open(&folder, &keyspace);
    let messages = persistence.messages();
    assert!(matches!(messages.newest(ROOM).await, Err(Error::Unavailable(_))));
    let page = messages.page(ROOM, PageQuery::Before(MessageId::ZERO), 50, usize::MAX).await;
    assert!(matches!(page, Err(Error::Unavailable(_))), "{page:?}");
    assert!(!persistence.stats().messages.open);
    let mut lane = persistence.write_behind(0);
    lane.offer.send(batch(1, 0)).await.unwrap();

    node.start();
    // It answers now, and says what is missing.
    loop {
        match messages.newest(ROOM).await {
            Err(Error::NotSetUp(text)) => break assert!(text.contains("moim store init"), "{text}"),
            other => assert!(matches!(other, Err(Error::Unavailable(_))), "{other:?}"),
        }
    }
    MessageStore::set_up(&keyspace.address("")).unwrap().unwrap().make().await.unwrap();
    offer_up_to(&mut lane, &mut (1, 0), 10).await;
    assert_all_there(&persistence, 10).await;
    assert_eq!(persistence.stats().lanes[0].rewinds_total, 0, "nothing had been confirmed before");
    persistence.close().unwrap();
}

#[tokio::test]
async fn store_stopped() {
    let Some(node) = Node::new("store_stopped") else { return };
    node.start();
    let (folder, keyspace) = (tempfile::tempdir().unwrap(), Keyspace::create(&node.host()).await);
    let persistence = open(&folder, &keyspace);
    let mut lane = persistence.write_behind(0);
    let mut offered = (0, 0);
    offer_up_to(&mut lane, &mut offered, 10).await;
    node.stop_moving();
    lane.offer.send(batch(11, 0)).await.unwrap();
    offered.0 += 1;
    // It neither answers nor refuses: a read is an error in its time, and a write is tried again.
    assert!(matches!(persistence.messages().newest(ROOM).await, Err(Error::Unavailable(_))));
    while persistence.stats().lanes[0].retries_total < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!persistence.stats().messages.open);
    assert_eq!(*lane.confirmed.borrow(), 10);
    node.go_on();
    offer_up_to(&mut lane, &mut offered, 20).await;
    assert_all_there(&persistence, 20).await;
    assert_eq!(persistence.stats().lanes[0].rewinds_total, 0, "it lost nothing, so nothing is written again");
    persistence.close().unwrap();
}

#[tokio::test]
async fn timed_out_after_being_applied() {
    let Some(server) = cql_host("timed_out_after_being_applied") else { return };
    let (folder, keyspace) = (tempfile::tempdir().unwrap(), Keyspace::create(&server).await);
    let proxy = Proxy::start(server).await;
    let address = keyspace.address_through(&proxy.host, "write_timeout=300ms");
    let config = moim_persistence::Config { messages: address, ..config(&folder) };
    let persistence = Persistence::open(&config).unwrap();
    let mut lane = persistence.write_behind(0);
    offer_up_to(&mut lane, &mut (0, 0), 20).await;
    assert_all_there(&persistence, 20).await;
    let stats = persistence.stats().lanes[0];
    assert!(proxy.withheld() >= 2 && stats.retries_total >= 1, "{} {stats:?}", proxy.withheld());
    persistence.close().unwrap();
}
