//! A withdrawn message's text leaves the store.

use bytes::Bytes;
use moim_persistence::{MessageId, PageQuery, RoomId};
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{Encoder, Envelope, MessageFields, withdrawal};

use crate::arm::Arm;
use crate::support::{Stores, frame, frames, ids};

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
async fn stored(stores: &Stores) -> Bytes {
    let messages = stores.persistence.messages();
    messages.page(ROOM, PageQuery::After(MessageId::ZERO), 100, usize::MAX).await.unwrap().frames
}

fn says(frames: &[u8], text: &str) -> bool {
    frames.windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

#[tokio::test]
async fn one_of_the_same_batch_is_never_stored_with_its_text() {
    let stores = Stores::open(Arm::Sqlite);
    stores.persistence.messages().write(&[frames(7, 1..=2), delete(3, 1)]).await.unwrap();
    let left = withdrawal::left_of(&frame((7, 1, 1, 1, 1))).unwrap();
    assert_eq!(stored(&stores).await, [&left[..], &frame((7, 2, 1, 1, 2)), &delete(3, 1)].concat());
}

#[tokio::test]
async fn one_of_an_earlier_batch_is_written_over_and_its_neighbours_are_not() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
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
    let stores = stores.reopen();
    assert!(!says(&stored(&stores).await, "message 2"));
}

#[tokio::test]
async fn a_replay_of_both_ends_without_the_text() {
    let stores = Stores::open(Arm::Sqlite);
    let messages = stores.persistence.messages();
    for _ in 0..2 {
        messages.write(&[frames(7, 1..=2)]).await.unwrap();
        messages.write(&[delete(3, 1), delete(4, 99)]).await.unwrap();
    }
    let all = stored(&stores).await;
    assert_eq!(ids(&all), [1, 2, 3, 4], "one that names what is not there adds nothing");
    assert!(!says(&all, "message 1"));
}
