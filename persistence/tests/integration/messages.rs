//! The message store: pages, counts, windows of devices.

use bytes::Bytes;
use moim_persistence::{Error, PageQuery};
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{DeviceId, MessageId, RoomId, Sequence, UserId};

use crate::arm::Arm;
use crate::support::{Stores, frame, frames, ids};

const ROOM: RoomId = RoomId(7);

#[tokio::test]
async fn pages_go_both_ways_and_say_whether_there_is_more() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    // The rooms on either side must not leak in.
    messages.write(&[frames(6, [1, 900]), frames(7, (10..=50).step_by(10)), frames(8, [1])]).await.unwrap();
    let page = async |query, limit| {
        let page = messages.page(ROOM, query, limit, usize::MAX).await.unwrap();
        assert_eq!(ids(&page.frames).len(), page.count as usize);
        assert_eq!(ids(&page.frames).first().copied(), page.oldest.map(|id| id.0));
        assert_eq!(ids(&page.frames).last().copied(), page.newest.map(|id| id.0));
        (ids(&page.frames), page.more)
    };
    assert_eq!(page(PageQuery::Before(MessageId::ZERO), 2).await, (vec![40, 50], true));
    assert_eq!(page(PageQuery::Before(MessageId(40)), 3).await, (vec![10, 20, 30], false));
    assert_eq!(page(PageQuery::Before(MessageId(10)), 3).await, (vec![], false));
    assert_eq!(page(PageQuery::After(MessageId::ZERO), 2).await, (vec![10, 20], true));
    assert_eq!(page(PageQuery::After(MessageId(25)), 3).await, (vec![30, 40, 50], false));
    assert_eq!(page(PageQuery::After(MessageId(50)), 3).await, (vec![], false));
}

#[tokio::test]
async fn a_page_ends_before_its_bytes_but_always_moves_on() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    messages.write(&[frames(7, 1..=4)]).await.unwrap();
    let one = frame((7, 1, 1, 1, 1)).len();
    let page = messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, 2 * one).await.unwrap();
    assert_eq!((ids(&page.frames), page.more), (vec![1, 2], true));
    let page = messages.page(ROOM, PageQuery::Before(MessageId::ZERO), 100, 0).await.unwrap();
    assert_eq!((ids(&page.frames), page.more), (vec![4], true));
}

#[tokio::test]
async fn newest_and_counts_are_of_the_room_alone() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    assert_eq!(messages.newest(ROOM).await.unwrap(), None);
    messages.write(&[frames(7, 1..=20), frames(8, [999])]).await.unwrap();
    assert_eq!(messages.newest(ROOM).await.unwrap(), Some(MessageId(20)));
    assert_eq!(messages.count_after(ROOM, MessageId(15), 100).await.unwrap(), 5);
    assert_eq!(messages.count_after(ROOM, MessageId::ZERO, 7).await.unwrap(), 7);
    assert_eq!(messages.count_after(ROOM, MessageId(20), 100).await.unwrap(), 0);
}

#[tokio::test]
async fn the_same_batch_twice_is_there_once_and_byte_for_byte() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    let batch = frames(7, 1..=9);
    for _ in 0..2 {
        messages.write_durably(std::slice::from_ref(&batch)).await.unwrap();
    }
    let page = messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, usize::MAX).await.unwrap();
    assert_eq!((page.frames, page.more), (batch, false));
    let window = messages.device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap();
    assert_eq!(window.len(), 9);
}

#[tokio::test]
async fn a_device_window_holds_the_newest_of_all_batches_rising() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    for batch in (1..=200u64).collect::<Vec<_>>().chunks(30) {
        messages.write(&[frames(7, batch.iter().copied())]).await.unwrap();
    }
    // Other devices, users and rooms beside it.
    let others = [(7, 500, 1, 2, 1), (7, 501, 2, 1, 1), (8, 502, 1, 1, 999)];
    messages.write(&others.map(frame)).await.unwrap();
    let expected: Vec<_> = (137..=200).map(|n| (Sequence(n), MessageId(u64::from(n)))).collect();
    assert_eq!(expected.len(), SENDS_IN_FLIGHT_MAX);
    for _ in 0..2 {
        // The first reading prunes; the second must find the same.
        assert_eq!(messages.device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap(), expected);
    }
    let other = messages.device_window(ROOM, UserId(1), DeviceId(2)).await.unwrap();
    assert_eq!(other, [(Sequence(1), MessageId(500))]);
    assert!(messages.device_window(ROOM, UserId(3), DeviceId(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_replay_in_other_batches_gives_the_same_window() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    for first in [1, 5, 9] {
        messages.write(&[frames(7, first..first + 4)]).await.unwrap();
    }
    for range in [1..=2, 3..=10, 11..=12] {
        messages.write(&[frames(7, range)]).await.unwrap();
    }
    let window = messages.device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap();
    assert_eq!(window, (1..=12).map(|n| (Sequence(n), MessageId(u64::from(n)))).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_rooms_own_events_share_one_window_whoever_caused_them() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    messages.write(&[frame((7, 10, 4, 0, 1)), frame((7, 11, 5, 0, 2))]).await.unwrap();
    let window = messages.device_window(ROOM, UserId(0), DeviceId(0)).await.unwrap();
    assert_eq!(window, [(Sequence(1), MessageId(10)), (Sequence(2), MessageId(11))]);
}

#[tokio::test]
async fn what_is_no_message_is_refused_whole() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    let good = frames(7, [1]);
    let cut = good.slice(..good.len() - 1);
    let mut ping = good.to_vec();
    ping[5] = 0x05;
    for wrong in [cut, ping.into(), Bytes::from_static(b"noise that is no frame")] {
        assert!(matches!(messages.write(&[good.clone(), wrong]).await, Err(Error::Internal(_))));
    }
    assert_eq!(messages.newest(ROOM).await.unwrap(), None);
}

#[tokio::test]
async fn messages_are_there_after_closing_and_opening() {
    let stores = Stores::open(Arm::Sqlite);
    stores.persistence.messages().write(&[frames(7, 1..=5)]).await.unwrap();
    let stores = stores.reopen();
    assert_eq!(stores.persistence.messages().count_after(ROOM, MessageId::ZERO, 100).await.unwrap(), 5);
}
