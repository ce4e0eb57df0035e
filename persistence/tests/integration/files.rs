//! Files: their way in, what a crash leaves of it, and how they go.

use std::time::Duration;

use bytes::Bytes;
use moim_persistence::{Error, FileEntry, FileId, Kind, NewFile, RoomId, UserId};
use moim_wire::schema::{MessageHead, Role};
use moim_wire::{Encoder, Envelope, MessageFields, MessageId, withdrawal};
use tokio::time::timeout;

use crate::arm::{Arm, on_each_arm};
use crate::support::Stores;

/// For what is done in its own time: a test that waits longer says for what.
const PATIENCE: Duration = Duration::from_secs(60);

fn named(name: &str) -> NewFile {
    NewFile { name: name.to_owned(), content_type: "text/plain".to_owned() }
}

pub(crate) async fn stored(stores: &Stores, user: UserId, room: RoomId, bytes: &'static [u8]) -> FileEntry {
    let mut upload = stores.persistence.accounts().files().begin(user, 1_000).await.unwrap();
    upload.write(Bytes::from_static(bytes)).await.unwrap();
    upload.finish(room, named("회비.txt")).await.unwrap()
}

/// The files of a folder and those below it.
fn files_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path.display().to_string()] }).collect()
}

fn bytes_on_disk(stores: &Stores) -> usize {
    files_in(&stores.folder.path().join("files")).len()
}

async fn a_file_is_read_as_it_was_written(arm: Arm) {
    let stores = Stores::open(arm);
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await;
    let files = stores.persistence.accounts().files();
    let mut upload = files.begin(mina.id, 3_000_000).await.unwrap();
    let piece = Bytes::from((0..=255u8).cycle().take(65_536).collect::<Vec<_>>());
    for _ in 0..40 {
        upload.write(piece.clone()).await.unwrap();
    }
    let file = upload.finish(room.id, named("a")).await.unwrap();
    assert_eq!((file.size, file.user, file.room), (40 * 65_536, mina.id, room.id));
    assert_eq!(files.get(file.id).await.unwrap(), file);
    let mut at = 0;
    while at < file.size {
        let read = files.piece(&file, at, file.size).await.unwrap();
        assert!(read.iter().zip(at..).all(|(&byte, at)| byte == (at % 256) as u8));
        at += read.len() as u64;
    }
    assert_eq!(files.piece(&file, 300, 303).await.unwrap().as_ref(), [44, 45, 46]);
    let empty = files.begin(mina.id, 10).await.unwrap().finish(room.id, named("empty")).await.unwrap();
    assert_eq!((empty.size, files.piece(&empty, 0, 0).await.unwrap().len()), (0, 0));
}

async fn a_room_lists_what_was_shown_newest_first(arm: Arm) {
    let stores = Stores::open(arm);
    let mina = stores.user("mina").await;
    let (room, other) = (stores.room(&mina).await, stores.room(&mina).await);
    let files = stores.persistence.accounts().files();
    let mut ids = Vec::new();
    for message in 1..=3 {
        let file = stored(&stores, mina.id, room.id, b"x").await;
        files.shown(file.id, MessageId(message)).await.unwrap();
        ids.push(file.id);
    }
    stored(&stores, mina.id, room.id, b"not shown").await;
    let listed = async |before, limit| -> Vec<FileId> {
        files.of_room(room.id, before, limit).await.unwrap().into_iter().map(|file| file.id).collect()
    };
    assert_eq!(listed(None, 2).await, [ids[2], ids[1]]);
    assert_eq!(listed(Some(ids[1]), 2).await, [ids[0]]);
    assert!(files.of_room(other.id, None, 10).await.unwrap().is_empty());
}

async fn an_upload_that_is_too_large_or_left_is_taken_back(arm: Arm) {
    let stores = Stores::open_with(arm, |config| {
        config.file_bytes_max = 10;
        config.files_of_user_bytes_max = 12;
    });
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await;
    let files = stores.persistence.accounts().files();
    let mut upload = files.begin(mina.id, 1_000).await.unwrap();
    let refused = upload.write(Bytes::from_static(b"eleven byte")).await;
    assert!(matches!(refused, Err(Error::FileTooLarge { bytes_max: 10 })), "{refused:?}");
    drop(upload);
    let given_back = async {
        while bytes_on_disk(&stores) > 0 {
            tokio::task::yield_now().await;
        }
        loop {
            // The one that was dropped gives its bytes back in its own time.
            let mut upload = files.begin(mina.id, 10).await.unwrap();
            match upload.write(Bytes::from_static(b"ten  bytes")).await {
                Ok(()) => break upload.finish(room.id, named("a")).await.unwrap(),
                Err(error) => assert!(matches!(error, Error::QuotaExceeded { .. }), "{error}"),
            }
        }
    };
    let first = timeout(PATIENCE, given_back).await.expect("a dropped upload gives its bytes back");
    let mut upload = files.begin(mina.id, 10).await.unwrap();
    let refused = upload.write(Bytes::from_static(b"three")).await;
    assert!(matches!(refused, Err(Error::QuotaExceeded { left: 2, quota: 12 })), "{refused:?}");
    files.remove(first.id).await.unwrap();
    assert!(matches!(files.get(first.id).await, Err(Error::NoSuchFile(id)) if id == first.id));
}

async fn a_crash_leaves_nothing_to_be_seen_and_the_next_start_finds_what_was_said(arm: Arm) {
    let stores = Stores::open(arm);
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await;
    let files = stores.persistence.accounts().files();
    let file = stored(&stores, mina.id, room.id, b"said, and not noted").await;
    let lost = stored(&stores, mina.id, room.id, b"not said").await;
    let mut coming = files.begin(mina.id, 100).await.unwrap();
    coming.write(Bytes::from_static(b"half of")).await.unwrap();
    // As if the process had ended: nothing of it is taken back.
    std::mem::forget(coming);
    assert_eq!(bytes_on_disk(&stores), 3);
    let text = format!(r#"{{"fileId":"{}","fileName":"회비.txt","size":19,"contentType":"text/plain"}}"#, file.id);
    const DAY_AND_MORE_MS: u64 = 25 * 60 * 60 * 1_000;
    stores.say(format!("UPDATE files SET created_at_ms = created_at_ms - {DAY_AND_MORE_MS}")).await;
    let said = MessageId::at_unix_ms(file.created_at_ms - DAY_AND_MORE_MS + 5);
    say(&stores, mina.id, room.id, (said, Kind::File, &text)).await;
    let cleaned = files.clean(stores.persistence.messages(), FileId(0)).await.unwrap();
    assert_eq!((cleaned.found, cleaned.removed, cleaned.withdrawn), (1, 2, 0));
    assert_eq!(files.get(file.id).await.unwrap().message, said);
    assert!(matches!(files.get(lost.id).await, Err(Error::NoSuchFile(_))));
    assert_eq!(bytes_on_disk(&stores), 1);
    assert_eq!(files.clean(stores.persistence.messages(), FileId(0)).await.unwrap().removed, 0);
}

async fn a_withdrawn_message_takes_its_file_away(arm: Arm) {
    let stores = Stores::open(arm);
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await;
    let files = stores.persistence.accounts().files();
    let (file, kept) = (stored(&stores, mina.id, room.id, b"x").await, stored(&stores, mina.id, room.id, b"y").await);
    for (file, id) in [(&file, 50), (&kept, 60)] {
        say(&stores, mina.id, room.id, (MessageId(id), Kind::File, "{}")).await;
        files.shown(file.id, MessageId(id)).await.unwrap();
    }
    let file = files.get(file.id).await.unwrap();
    assert!(!files.is_withdrawn(&file, stores.persistence.messages()).await.unwrap());
    let left = withdrawal::left_of(&frame(mina.id, room.id, (MessageId(50), Kind::File, "{}"))).unwrap();
    stores.persistence.messages().write_durably(&[left.into()]).await.unwrap();
    assert!(files.is_withdrawn(&file, stores.persistence.messages()).await.unwrap());
    let cleaned = files.clean(stores.persistence.messages(), FileId(0)).await.unwrap();
    assert_eq!((cleaned.withdrawn, cleaned.removed), (1, 1));
    assert!(files.get(kept.id).await.is_ok());
}

async fn a_deleted_rooms_files_go_with_it_and_a_deleted_persons_stay(arm: Arm) {
    let stores = Stores::open(arm);
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let (room, other) = (stores.room(&mina).await, stores.room(&mina).await);
    let files = stores.persistence.accounts().files();
    let gone = stored(&stores, mina.id, room.id, b"x").await;
    let kept = stored(&stores, jun.id, other.id, b"y").await;
    stores.persistence.accounts().rooms().delete(mina.id, room.id).await.unwrap();
    stores.persistence.accounts().users().delete(jun.id).await.unwrap();
    assert_eq!(files.clean(stores.persistence.messages(), FileId(0)).await.unwrap().removed, 1);
    assert!(matches!(files.get(gone.id).await, Err(Error::NoSuchFile(_))));
    assert_eq!(files.piece(&kept, 0, 1).await.unwrap().as_ref(), b"y");
}

/// Address of a bucket as `files.store` takes it; `ops/testing/run.sh` starts a server with one.
const S3: &str = "MOIM_TEST_S3";

#[tokio::test]
async fn a_bucket_keeps_files_of_several_parts_and_lets_go_of_what_was_given_up() {
    let Ok(bucket) = std::env::var(S3) else {
        assert!(std::env::var_os("CI").is_none(), "{S3} names no bucket");
        return eprintln!("skipped: files in a bucket, because {S3} names none");
    };
    let stores = Stores::open_with(Arm::Sqlite, |config| config.files = bucket.as_str().into());
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await;
    let files = stores.persistence.accounts().files();
    // Two parts of 5 MiB, and the rest.
    let piece = Bytes::from((0..=255u8).cycle().take(1 << 20).collect::<Vec<_>>());
    let mut upload = files.begin(mina.id, 12 << 20).await.unwrap();
    for _ in 0..12 {
        upload.write(piece.clone()).await.unwrap();
    }
    let file = upload.finish(room.id, named("a")).await.unwrap();
    assert_eq!(file.size, 12 << 20);
    for at in [0, 300, (5 << 20) - 2, (12 << 20) - 4] {
        let read = files.piece(&file, at, at + 4).await.unwrap();
        assert_eq!(read.as_ref(), [at, at + 1, at + 2, at + 3].map(|at| (at % 256) as u8));
    }
    let mut given_up = files.begin(mina.id, 12 << 20).await.unwrap();
    for _ in 0..6 {
        given_up.write(piece.clone()).await.unwrap();
    }
    drop(given_up);
    files.remove(file.id).await.unwrap();
    assert!(matches!(files.get(file.id).await, Err(Error::NoSuchFile(_))));
    // Its bytes go in their own time.
    let gone = async {
        while files.piece(&file, 0, 4).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the bytes of a removed file go");
    assert!(matches!(files.piece(&file, 0, 4).await, Err(Error::NoSuchFile(_))));
}

pub(crate) fn frame(sender: UserId, room: RoomId, (id, kind, text): (MessageId, Kind, &str)) -> Bytes {
    let head = MessageHead::new(id.0, 0, room.0, sender.0, 1, 1);
    let mut out = Vec::new();
    let fields = MessageFields { head, text, reference: 0, kind, role: Role::Member };
    Encoder::new().message(&mut out, Envelope::default(), &fields);
    out.into()
}

pub(crate) async fn say(stores: &Stores, sender: UserId, room: RoomId, message: (MessageId, Kind, &str)) {
    stores.persistence.messages().write_durably(&[frame(sender, room, message)]).await.unwrap();
}

on_each_arm! {
    a_file_is_read_as_it_was_written,
    a_room_lists_what_was_shown_newest_first,
    an_upload_that_is_too_large_or_left_is_taken_back,
    a_crash_leaves_nothing_to_be_seen_and_the_next_start_finds_what_was_said,
    a_withdrawn_message_takes_its_file_away,
    a_deleted_rooms_files_go_with_it_and_a_deleted_persons_stay,
}
