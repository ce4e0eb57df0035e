//! The message store: pages, counts, windows of devices.

use bytes::Bytes;
use moim_persistence::{Error, Page, PageQuery};
use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{DeviceId, EPOCH_UNIX_MS, MessageId, RoomId, Sequence, UserId};

use crate::message_arm::{MessageArm, on_each_message_arm};
use crate::support::{frame, frames, ids};

const ROOM: RoomId = RoomId(7);

async fn pages_go_both_ways_and_say_whether_there_is_more(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
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

async fn a_page_ends_before_its_bytes_but_always_moves_on(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    messages.write(&[frames(7, 1..=4)]).await.unwrap();
    let one = frame((7, 1, 1, 1, 1)).len();
    let page = messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, 2 * one).await.unwrap();
    assert_eq!((ids(&page.frames), page.more), (vec![1, 2], true));
    let page = messages.page(ROOM, PageQuery::Before(MessageId::ZERO), 100, 0).await.unwrap();
    assert_eq!((ids(&page.frames), page.more), (vec![4], true));
}

async fn newest_and_counts_are_of_the_room_alone(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    assert_eq!(messages.newest(ROOM).await.unwrap(), None);
    messages.write(&[frames(7, 1..=20), frames(8, [999])]).await.unwrap();
    assert_eq!(messages.newest(ROOM).await.unwrap(), Some(MessageId(20)));
    assert_eq!(messages.count_after(ROOM, MessageId(15), 100).await.unwrap(), 5);
    assert_eq!(messages.count_after(ROOM, MessageId::ZERO, 7).await.unwrap(), 7);
    assert_eq!(messages.count_after(ROOM, MessageId(20), 100).await.unwrap(), 0);
}

async fn the_same_batch_twice_is_there_once_and_byte_for_byte(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    let batch = frames(7, 1..=9);
    for _ in 0..2 {
        messages.write_durably(std::slice::from_ref(&batch)).await.unwrap();
    }
    let page = messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, usize::MAX).await.unwrap();
    assert_eq!((page.frames, page.more), (batch, false));
    let window = messages.device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap();
    assert_eq!(window.len(), 9);
}

async fn a_device_window_holds_the_newest_of_all_batches_rising(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
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

async fn a_replay_in_other_batches_gives_the_same_window(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    for first in [1, 5, 9] {
        messages.write(&[frames(7, first..first + 4)]).await.unwrap();
    }
    for range in [1..=2, 3..=10, 11..=12] {
        messages.write(&[frames(7, range)]).await.unwrap();
    }
    let window = messages.device_window(ROOM, UserId(1), DeviceId(1)).await.unwrap();
    assert_eq!(window, (1..=12).map(|n| (Sequence(n), MessageId(u64::from(n)))).collect::<Vec<_>>());
}

async fn a_rooms_own_events_share_one_window_whoever_caused_them(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    messages.write(&[frame((7, 10, 4, 0, 1)), frame((7, 11, 5, 0, 2))]).await.unwrap();
    let window = messages.device_window(ROOM, UserId(0), DeviceId(0)).await.unwrap();
    assert_eq!(window, [(Sequence(1), MessageId(10)), (Sequence(2), MessageId(11))]);
}

async fn what_is_no_message_is_refused_whole(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    let good = frames(7, [1]);
    let cut = good.slice(..good.len() - 1);
    let mut ping = good.to_vec();
    ping[5] = 0x05;
    for wrong in [cut, ping.into(), Bytes::from_static(b"noise that is no frame")] {
        assert!(matches!(messages.write(&[good.clone(), wrong]).await, Err(Error::Internal(_))));
    }
    assert_eq!(messages.newest(ROOM).await.unwrap(), None);
}

async fn messages_are_there_after_closing_and_opening(arm: MessageArm) {
    let mut stores = arm.open().await;
    stores.messages().write(&[frames(7, 1..=5)]).await.unwrap();
    stores.reopen();
    assert_eq!(stores.messages().count_after(ROOM, MessageId::ZERO, 100).await.unwrap(), 5);
}

async fn a_room_is_read_across_long_silences(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    // A message every other day, in far more spans of time than are looked up at once, and one burst among them.
    let day = MessageId::at_unix_ms(EPOCH_UNIX_MS + 24 * 3_600_000).0;
    let mut all: Vec<u64> = (1..=150).map(|n| n * 2 * day).collect();
    all.extend((1..=20).map(|n| 101 * day + n));
    all.sort_unstable();
    messages.write(&all.iter().map(|&id| frame((7, id, 1, 1, 1))).collect::<Vec<_>>()).await.unwrap();
    let (mut back, mut forth) = (Vec::new(), Vec::new());
    loop {
        let before = MessageId(back.first().copied().unwrap_or_default());
        let page = messages.page(ROOM, PageQuery::Before(before), 7, usize::MAX).await.unwrap();
        back = [ids(&page.frames), back].concat();
        if !page.more {
            break;
        }
    }
    loop {
        let after = MessageId(forth.last().copied().unwrap_or_default());
        let page = messages.page(ROOM, PageQuery::After(after), 50, usize::MAX).await.unwrap();
        forth.extend(ids(&page.frames));
        if !page.more {
            break;
        }
    }
    assert_eq!((&back, &forth), (&all, &all));
    assert_eq!(messages.newest(ROOM).await.unwrap(), Some(MessageId(300 * day)));
    assert_eq!(messages.count_after(ROOM, MessageId::ZERO, 1_000).await.unwrap(), 170);
    assert_eq!(messages.count_after(ROOM, MessageId(101 * day), 60).await.unwrap(), 60);
    let between = PageQuery::Before(MessageId(2 * day - 1));
    assert_eq!(messages.page(ROOM, between, 7, usize::MAX).await.unwrap(), Page::default());
}

async fn many_rooms_written_together_keep_apart(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    let batch: Vec<_> = (1..=300u64).flat_map(|id| (1..=12).map(move |room| frame((room, id, room, 1, 1)))).collect();
    messages.write_durably(&batch).await.unwrap();
    for room in (1..=12).map(RoomId) {
        let page = messages.page(room, PageQuery::After(MessageId::ZERO), 1_000, usize::MAX).await.unwrap();
        assert_eq!(ids(&page.frames), (1..=300).collect::<Vec<u64>>());
    }
}

on_each_message_arm! {
    pages_go_both_ways_and_say_whether_there_is_more,
    a_page_ends_before_its_bytes_but_always_moves_on,
    newest_and_counts_are_of_the_room_alone,
    the_same_batch_twice_is_there_once_and_byte_for_byte,
    a_device_window_holds_the_newest_of_all_batches_rising,
    a_replay_in_other_batches_gives_the_same_window,
    a_rooms_own_events_share_one_window_whoever_caused_them,
    what_is_no_message_is_refused_whole,
    messages_are_there_after_closing_and_opening,
    a_room_is_read_across_long_silences,
    many_rooms_written_together_keep_apart,
}
