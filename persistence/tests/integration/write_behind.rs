//! The lanes from the journals to the message store.

use bytes::Bytes;
use moim_persistence::{Batch, Error, Lane, Persistence};
use moim_wire::{MessageId, RoomId};
use tokio::sync::mpsc::error::TrySendError;

use crate::arm::Arm;
use crate::support::{Stores, config, frames};

const ROOM: RoomId = RoomId(1);

async fn offer(lane: &Lane, frames: Bytes, position: u64) {
    lane.offer.send(Batch { frames, position, generation: 0 }).await.unwrap();
}

async fn count(persistence: &Persistence) -> u32 {
    persistence.messages().count_after(ROOM, MessageId::ZERO, 10_000).await.unwrap()
}

/// Waits until the counters say that the lane has tried `retries` times in vain.
async fn until_retried(persistence: &Persistence, retries: u64) {
    while persistence.stats().lanes[0].retries_total < retries {
        tokio::task::yield_now().await;
    }
}

/// A batch that no store takes.
fn poison() -> Bytes {
    Bytes::from_static(b"not a frame, whatever the store")
}

#[tokio::test]
async fn what_is_confirmed_is_in_the_store() {
    let stores = Stores::open(Arm::Sqlite);
    let mut lane = stores.persistence.write_behind(3);
    assert_eq!(*lane.confirmed.borrow(), 0);
    for batch in 0..100u64 {
        offer(&lane, frames(1, batch * 10 + 1..=batch * 10 + 10), batch + 1).await;
    }
    let confirmed = *lane.confirmed.wait_for(|&position| position > 0).await.unwrap();
    assert!(u64::from(count(&stores.persistence).await) >= confirmed * 10);
    lane.confirmed.wait_for(|&position| position == 100).await.unwrap();
    assert_eq!(count(&stores.persistence).await, 1_000);
    let stats = stores.persistence.stats().lanes[0];
    assert_eq!((stats.lane, stats.batches_total, stats.taken, stats.confirmed), (3, 100, 100, 100));
    assert!(stats.writes_total <= 100 && stats.retries_total == 0);
}

#[tokio::test]
async fn lanes_do_not_wait_for_one_another() {
    let stores = Stores::open(Arm::Sqlite);
    let stuck = stores.persistence.write_behind(0);
    let mut moving = stores.persistence.write_behind(1);
    offer(&stuck, poison(), 1).await;
    offer(&moving, frames(1, 1..=3), 7).await;
    moving.confirmed.wait_for(|&position| position == 7).await.unwrap();
    assert_eq!(*stuck.confirmed.borrow(), 0);
}

#[tokio::test]
async fn a_failing_store_is_tried_again_and_the_queue_stays_bounded() {
    let stores = Stores::open_with(Arm::Sqlite, |config| {
        config.lane_batches_max = 2;
        config.lane_write_bytes_max = 1;
    });
    let lane = stores.persistence.write_behind(0);
    offer(&lane, poison(), 1).await;
    until_retried(&stores.persistence, 2).await;
    for position in 2..=3 {
        lane.offer.try_send(Batch { frames: frames(1, [position]), position, generation: 0 }).unwrap();
    }
    let full = lane.offer.try_send(Batch { frames: frames(1, [4]), position: 4, generation: 0 });
    assert!(matches!(full, Err(TrySendError::Full(batch)) if batch.position == 4));
    until_retried(&stores.persistence, 3).await;
    let stats = stores.persistence.stats().lanes[0];
    assert_eq!((stats.taken, stats.confirmed, stats.queued, stats.queued_max), (1, 0, 2, 2));
    assert_eq!(count(&stores.persistence).await, 0);
}

#[tokio::test]
async fn closing_stores_what_was_offered() {
    let stores = Stores::open(Arm::Sqlite);
    let lane = stores.persistence.write_behind(0);
    for position in 1..=50 {
        offer(&lane, frames(1, [position]), position).await;
    }
    stores.persistence.close().unwrap();
    assert_eq!(*lane.confirmed.borrow(), 50);
    assert!(lane.offer.is_closed());
    let persistence = Persistence::open(&config(&stores.folder)).unwrap();
    assert_eq!(count(&persistence).await, 50);
}

#[tokio::test]
async fn closing_gives_up_on_a_store_that_fails_and_says_so() {
    let stores = Stores::open(Arm::Sqlite);
    let lane = stores.persistence.write_behind(0);
    offer(&lane, poison(), 1).await;
    until_retried(&stores.persistence, 1).await;
    assert!(matches!(stores.persistence.close(), Err(Error::Internal(_))));
    assert_eq!(*lane.confirmed.borrow(), 0);
}
