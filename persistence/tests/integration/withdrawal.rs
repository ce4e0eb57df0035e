//! A withdrawn message's text leaves the store.

use bytes::Bytes;
use moim_persistence::{MessageId, PageQuery, RoomId};
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{Encoder, Envelope, MessageFields, withdrawal};

use crate::message_arm::{MessageArm, OnArm, on_each_message_arm};
use crate::support::{frame, frames, ids};

const ROOM: RoomId = RoomId(7);

/// A MESSAGE frame of that id which withdraws another.
fn delete(id: u64, withdrawn: u64) -> Bytes {
    let head = MessageHead::new(id, 0, ROOM.0, 1, 1, id as u32);
    let fields = MessageFields { head, text: "", reference: withdrawn, kind: Kind::Delete, role: Role::Member };
    let mut out = Vec::new();
    Encoder::new().message(&mut out, Envelope::default(), &fields);
    out.into()
}

/// All of the room, as it is stored.
async fn stored(stores: &OnArm) -> Bytes {
    let messages = stores.messages();
    messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, usize::MAX).await.unwrap().frames
}

fn says(frames: &[u8], text: &str) -> bool {
    frames.windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

async fn one_of_the_same_batch_is_never_stored_with_its_text(arm: MessageArm) {
    let stores = arm.open().await;
    stores.messages().write(&[frames(7, 1..=2), delete(3, 1)]).await.unwrap();
    let left = withdrawal::left_of(&frame((7, 1, 1, 1, 1))).unwrap();
    assert_eq!(stored(&stores).await, [&left[..], &frame((7, 2, 1, 1, 2)), &delete(3, 1)].concat());
}

async fn one_of_an_earlier_batch_is_written_over_and_its_neighbours_are_not(arm: MessageArm) {
    let mut stores = arm.open().await;
    let messages = stores.messages();
    // Another room has a message of the same id.
    messages.write(&[frames(7, 1..=3), frames(8, [2])]).await.unwrap();
    for _ in 0..2 {
        // Twice, as after a crash between the write and its confirmation.
        messages.write_durably(&[delete(4, 2)]).await.unwrap();
    }
    let all = stored(&stores).await;
    assert_eq!(ids(&all), [1, 2, 3, 4]);
    assert!(says(&all, "message 1") && !says(&all, "message 2") && says(&all, "message 3"));
    let other = messages.page(RoomId(8), PageQuery::After(MessageId::ZERO), 100, usize::MAX).await.unwrap();
    assert_eq!(other.frames, frames(8, [2]));
    stores.reopen();
    assert!(!says(&stored(&stores).await, "message 2"));
}

async fn a_replay_of_both_ends_without_the_text(arm: MessageArm) {
    let stores = arm.open().await;
    let messages = stores.messages();
    for _ in 0..2 {
        messages.write(&[frames(7, 1..=2)]).await.unwrap();
        messages.write(&[delete(3, 1), delete(4, 99)]).await.unwrap();
    }
    let all = stored(&stores).await;
    assert_eq!(ids(&all), [1, 2, 3, 4], "one that names what is not there adds nothing");
    assert!(!says(&all, "message 1"));
}

/// Rows of a CQL server are put in any order; in the embedded store a replay has the Delete behind the message, always.
#[tokio::test]
async fn on_a_cql_server_the_message_written_again_does_not_bring_its_text_back() {
    if !MessageArm::Scylla.is_here("the_message_written_again_does_not_bring_its_text_back") {
        return;
    }
    let stores = MessageArm::Scylla.open().await;
    let messages = stores.messages();
    messages.write(&[frames(7, 1..=2), delete(3, 1)]).await.unwrap();
    messages.write(&[frames(7, 1..=2)]).await.unwrap();
    assert!(!says(&stored(&stores).await, "message 1"));
}

on_each_message_arm! {
    one_of_the_same_batch_is_never_stored_with_its_text,
    one_of_an_earlier_batch_is_written_over_and_its_neighbours_are_not,
    a_replay_of_both_ends_without_the_text,
}
